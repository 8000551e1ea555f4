/** @module The codec under the inputs of its corpus. */

import { expect, test } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { checkCodec } from './codec-properties.ts'
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
