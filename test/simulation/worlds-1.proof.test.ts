/** @module Worlds of faults without a violation, part 1 of 3: the parts differ in their seeds. */

import { proveWorlds } from './worlds.ts'

proveWorlds('simulation/worlds-1', 1)
