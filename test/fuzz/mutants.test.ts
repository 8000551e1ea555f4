/** @module The deliberate mistakes of the fuzzer fit the source: each replaced text occurs once. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MUTANTS } from './mutants.ts'

test.each(Object.entries(MUTANTS))('%s', (_, { file, from }) => {
  const source = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
  expect(source.split(from)).toHaveLength(2)
})
