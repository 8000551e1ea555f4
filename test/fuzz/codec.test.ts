/** @module The codec under the inputs of its corpus, and under mistakes made on purpose, which the fuzzer must find. */

import { expect, test } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { checkCodec } from './codec-properties.ts'
import { hunt } from './hunt.ts'
import { MUTANTS } from './mutants.ts'
import { readKept } from './seeds.ts'
import { checkOf } from './targets.ts'

const corpus = readKept('codec')
const check = await checkOf('codec', coreModule)

test('the corpus is what it says, and breaks nothing', () => {
  expect(corpus.length).toBeGreaterThan(100)
  for (const { input, words } of corpus) {
    check(input)
    expect(checkCodec(input).words, Buffer.from(input).toString('hex')).toBe(words)
  }
})

test.each(['length of a field not checked', 'track shown'])(
  'a mistake made on purpose is found: %s',
  async (name) => {
    const mutant = MUTANTS[name]
    if (mutant === undefined) throw new Error(`no mutant ${name}`)
    const limits = { seconds: 50, execs: 200_000, deadlineSeconds: 10 }
    const task = { ...limits, target: mutant.target, module: coreModule, seed: 1, guided: false, mutant }
    expect((await hunt(task)).result?.words).toMatch(/^\w*Error: \w/)
  },
)

test('an input without an end is found', async () => {
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
  const { result } = await hunt({ ...task, seconds: 50, execs: 1_000_000 })
  expect(result?.words).toMatch(/^hangs/)
})
