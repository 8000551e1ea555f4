/** @module The core under the programs of its corpus. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { CoreRig } from './core-rig.ts'
import { EmbedderRig } from './embedder-rig.ts'
import { NUMBERS, readProgram, showProgram, writeProgram } from './program.ts'
import { anyProgram } from './program-arbitrary.ts'
import { readEntries } from './seeds.ts'

const rigs = { core: new CoreRig(coreModule), embedder: new EmbedderRig(coreModule) }

test('a program reads as it was written', () => {
  expect(NUMBERS.length).toBeLessThanOrEqual(0xf0 - 0xc0)
  fc.assert(
    fc.property(anyProgram, (program) => {
      const calls = readProgram(program)
      expect(readProgram(writeProgram(calls))).toEqual(calls)
    }),
  )
})

test('the corpus matches its descriptions and breaks no property', () => {
  const corpus = readEntries('core')
  expect(corpus.length).toBeGreaterThan(100)
  for (const { input, description } of corpus) {
    expect(showProgram(input)).toBe(description)
    rigs.core.run(input)
    rigs.embedder.run(input)
  }
})
