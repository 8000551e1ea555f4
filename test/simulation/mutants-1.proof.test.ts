/** @module The simulation detects each removed check, part 1 of 2. */

import { proveNoticed } from './mutants-proof.ts'

proveNoticed('simulation/mutants-1', 0)
