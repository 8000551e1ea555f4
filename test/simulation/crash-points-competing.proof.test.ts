/** @module The grid of crash points, mode “competing”. */

import { proveCrashPoints } from './grid-proof.ts'

proveCrashPoints('simulation/crash-points-competing', 'competing')
