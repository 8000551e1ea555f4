/** @module Worlds of faults without a violation, part 3 of 3: the parts differ in their seeds. */

import { proveWorlds } from './worlds.ts'

proveWorlds('simulation/worlds-3', 2001)
