/** @module The core under random programs of calls. `npm run test:fuzz` runs longer. */

import fc from 'fast-check'
import { test } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { CoreRig } from './core-rig.ts'
import { EmbedderRig } from './embedder-rig.ts'
import { anyProgram } from './program-arbitrary.ts'

const SIZE = sizeOf('fuzz/core')
const rigs = { core: new CoreRig(coreModule), embedder: new EmbedderRig(coreModule) }

test('calls touch only their own bytes, refuse all others, and depend on nothing else', () => {
  fc.assert(
    fc.property(anyProgram, (program) => rigs.core.run(program)),
    { numRuns: (3 * SIZE) / 4 },
  )
})

test('calls that the embedder accepts never trap, and leave nothing behind', () => {
  fc.assert(
    fc.property(anyProgram, (program) => rigs.embedder.run(program)),
    { numRuns: SIZE / 4 },
  )
})
