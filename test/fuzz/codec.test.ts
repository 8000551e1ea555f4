/** @module The codec under the inputs of its corpus, and deliberate mistakes that the fuzzer must find. */

import { expect, test } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { checkCodec } from './codec-properties.ts'
import { MUTANTS } from './mutants.ts'
import { runFuzzer } from './run-fuzzer.ts'
import { readEntries } from './seeds.ts'
import { checkOf } from './targets.ts'

const corpus = readEntries('codec')
const check = await checkOf('codec', coreModule)

test('the corpus matches its descriptions and breaks no property', () => {
  expect(corpus.length).toBeGreaterThan(100)
  for (const { input, description } of corpus) {
    check(input)
    expect(checkCodec(input).description, Buffer.from(input).toString('hex')).toBe(description)
  }
})

test.each(['length of a field not checked', 'track shown'])(
  'a deliberate mistake is found: %s',
  async (name) => {
    const mutant = MUTANTS[name]
    if (mutant === undefined) throw new Error(`no mutant ${name}`)
    const limits = { seconds: 50, execs: 200_000, deadlineSeconds: 10 }
    const task = { ...limits, target: mutant.target, module: coreModule, seed: 1, guided: false, mutant }
    expect((await runFuzzer(task)).result?.description).toMatch(/^\w*Error: \w/)
  },
)

test('an input that never ends is found', async () => {
  const mutant = MUTANTS['hang in a text']
  if (mutant === undefined) throw new Error('no such mutant')
  const task = {
    target: 'codec',
    module: coreModule,
    seed: 1,
    guided: false,
    mutant,
    deadlineSeconds: 2,
  } as const
  const { result } = await runFuzzer({ ...task, seconds: 50, execs: 1_000_000 })
  expect(result?.description).toMatch(/^hangs/)
})
