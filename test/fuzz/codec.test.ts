/** @module The codec and the schemas of the JSON door under any bytes, the short form; `npm run test:fuzz` is the long one. */

import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'
import { checkCodec } from './codec-properties.ts'
import { fuzz } from './guided.ts'
import { hunt } from './hunt.ts'
import { MUTANTS } from './mutants.ts'
import { mutate } from './mutate.ts'
import { anyRequestText, checkSchemas } from './schema-properties.ts'
import { goldenInputs, readKept } from './seeds.ts'
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

test('changed messages and frames break nothing', () => {
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
    fuzz({ seeds, attempt, mutate, random: seeded(seed), isOver: () => count > 8000 })
  } catch (error) {
    const hex = Buffer.from(last).toString('hex')
    throw new Error(`seed ${seed}; npm run test:fuzz -- --target codec --replay ${hex}`, { cause: error })
  }
})

test('any JSON is accepted or refused in words of our own', () => {
  fc.assert(fc.property(anyRequestText, checkSchemas), { numRuns: 2000 })
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
