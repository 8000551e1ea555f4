/** @module A message on which both sides agree has no row at the acquirer. No answer, record or list shows the difference. */

import { expect, it } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { runWeeks } from './days.ts'

it('random days are the same as in a service that keeps every row', { timeout: 300_000 }, async () => {
  const size = sizeOf('model/settled')
  const { commands, tally, failure } = await runWeeks(7, (done) => done >= size, { hasTwin: true, days: 10 })
  expect(failure?.report ?? null).toBeNull()
  expect(commands).toBeGreaterThanOrEqual(size)
  expect(tally.get('a row goes')).toBeGreaterThan(size / 100)
  expect(tally.get('a row comes back')).toBeGreaterThan(size / 1000)
})
