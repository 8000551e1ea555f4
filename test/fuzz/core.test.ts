/** @module The core under the programs of its corpus, and deliberate mistakes that the fuzzer must find. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { moduleAt } from '../../src/cli/lib/core.ts'
import { coreModule } from '../support/load-core.ts'
import { CoreRig } from './core-rig.ts'
import { EmbedderRig } from './embedder-rig.ts'
import { buildMutant, MUTANTS } from './mutants.ts'
import { NUMBERS, readProgram, showProgram, writeProgram } from './program.ts'
import { anyProgram } from './program-arbitrary.ts'
import { runFuzzer } from './run-fuzzer.ts'
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

test.each(['chaining from a leftover', 'keys not wiped'])(
  'a deliberate mistake is found: %s',
  async (name) => {
    const mutant = MUTANTS[name]
    if (mutant === undefined) throw new Error(`no mutant ${name}`)
    const isCore = mutant.file.startsWith('assembly/')
    const module = isCore ? await moduleAt(await buildMutant(mutant, `build/fuzz/short ${name}`)) : coreModule
    const limits = { seconds: 50, execs: 200_000, deadlineSeconds: 10 }
    const { result } = await runFuzzer({
      ...limits,
      target: mutant.target,
      module,
      seed: 1,
      guided: false,
      mutant,
    })
    expect(result?.description).toMatch(/^Error: \w/)
  },
)
