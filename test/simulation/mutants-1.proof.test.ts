/** @module The simulation notices each check that is taken out, part 1 of 2. */

import { proveNoticed } from './mutants-proof.ts'

proveNoticed('simulation/mutants-1', 0)
