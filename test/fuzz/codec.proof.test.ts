/** @module The codec and the schemas of the JSON API under random bytes. `npm run test:fuzz` runs longer. */

import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'
import { fuzz } from './guided.ts'
import { mutate } from './mutate.ts'
import { anyRequestText, checkSchemas } from './schema-properties.ts'
import { goldenInputs, readEntries } from './seeds.ts'
import { checkOf } from './targets.ts'

const SIZE = sizeOf('fuzz/codec')
const corpus = readEntries('codec')
const check = await checkOf('codec', coreModule)

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
    fuzz({ seeds, attempt, mutate, random: seeded(seed), isDone: () => count > SIZE })
  } catch (error) {
    const hex = Buffer.from(last).toString('hex')
    throw new Error(`seed ${seed}; npm run test:fuzz -- --target codec --replay ${hex}`, { cause: error })
  }
})

test('any JSON is accepted, or refused without its content', () => {
  fc.assert(fc.property(anyRequestText, checkSchemas), { numRuns: SIZE / 4 })
})
