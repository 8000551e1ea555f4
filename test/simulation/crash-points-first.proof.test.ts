/** @module The grid of crash points, mode “first”. */

import { proveCrashPoints } from './grid-proof.ts'

proveCrashPoints('simulation/crash-points-first', 'first')
