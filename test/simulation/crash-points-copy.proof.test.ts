/** @module The grid of crash points, mode “copy”. */

import { proveCrashPoints } from './grid-proof.ts'

proveCrashPoints('simulation/crash-points-copy', 'copy')
