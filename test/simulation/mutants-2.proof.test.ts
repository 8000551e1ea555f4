/** @module The simulation detects each removed check, part 2 of 2. */

import { proveNoticed } from './mutants-proof.ts'

proveNoticed('simulation/mutants-2', 1)
