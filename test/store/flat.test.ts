/** @module The measurement of `flat-command.ts`, with small databases. The times of so few messages say nothing. */

import { expect, it } from 'vitest'
import { measureFlat } from './flat.ts'

it('sends a sale and its void to each database, and the filled one is larger', async () => {
  const [small, large] = await measureFlat([10, 3_000], 4)
  expect(small).toMatchObject({ sales: 10 })
  expect(large).toMatchObject({ sales: 3_000 })
  expect(large?.bytes).toBeGreaterThan((small?.bytes ?? 0) + 3_000 * 400)
  for (const row of [small, large]) expect(row?.voidMs).toBeGreaterThan(0)
})
