/** @module The core under random programs of calls; `npm run test:fuzz` runs as long as it is asked to. */

import fc from 'fast-check'
import { test } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { CoreRig } from './core-rig.ts'
import { EmbedderRig } from './embedder-rig.ts'
import { anyProgram } from './program-arbitrary.ts'

const SIZE = sizeOf('fuzz/core')
const rigs = { core: new CoreRig(coreModule), embedder: new EmbedderRig(coreModule) }

test('calls touch what is theirs, refuse what is not, and depend on nothing else', () => {
  fc.assert(
    fc.property(anyProgram, (program) => rigs.core.run(program)),
    { numRuns: (3 * SIZE) / 4 },
  )
})

test('what the embedder lets through never traps, and nothing is left behind', () => {
  fc.assert(
    fc.property(anyProgram, (program) => rigs.embedder.run(program)),
    { numRuns: SIZE / 4 },
  )
})
