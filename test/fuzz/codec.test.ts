/**
 * @module The codec and the schemas of the JSON API under any bytes, the short form. `npm run test:fuzz` is
 * the long one.
 */

import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'
import { checkCodec } from './codec-properties.ts'
import { fuzz } from './guided.ts'
import { MUTANTS } from './mutants.ts'
import { mutate } from './mutate.ts'
import { runFuzzer } from './run-fuzzer.ts'
import { anyRequestText, checkSchemas } from './schema-properties.ts'
import { goldenInputs, readEntries } from './seeds.ts'
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

test('changed messages and frames break no property', () => {
  const seed = randomInt(2 ** 31)
  const seeds = [...corpus.map(({ input }) => input), ...goldenInputs()]
  let count = 0
  let last = new Uint8Array()
  const attempt = (input: Uint8Array): string => {
    count++
    last = Uint8Array.from(input)
    return check(input)
  }
  try {
    fuzz({ seeds, attempt, mutate, random: seeded(seed), isDone: () => count > 8000 })
  } catch (error) {
    const hex = Buffer.from(last).toString('hex')
    throw new Error(`seed ${seed}; npm run test:fuzz -- --target codec --replay ${hex}`, { cause: error })
  }
})

test('any JSON is accepted, or refused without its content', () => {
  fc.assert(fc.property(anyRequestText, checkSchemas), { numRuns: 2000 })
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
