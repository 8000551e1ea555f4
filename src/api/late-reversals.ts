/** @module The list of late reversals: what a person compares with the receipts of the terminal. */

import { readLateReversals } from '../store/late-reversals.ts'
import { voidBodyOf } from './json/bodies.ts'
import { FINAL } from './json/certainty.ts'
import { pageIn, pageOver } from './page.ts'
import type { Handler } from './router.ts'

/** The position before the first reversal. */
const START = '0-000000000000'

export const getLateReversals: Handler<'GET /v1/late-reversals'> = async (call) => {
  const { services, credential, query } = call
  const { merchantId, cursor = START, limit } = query
  const page = await pageOver(call, { cursor, start: START, limit }, async (db, position, most) => {
    const [reversedAt = '', rrn = ''] = position.split('-')
    const after = { reversedAt: Number(reversedAt), rrn }
    const found = await readLateReversals(db, credential, services.now(), {
      merchantId,
      after,
      limit: most + 1,
    })
    const part = pageIn(found.items, most, ({ reversedAt, record }) => `${reversedAt}-${record.rrn}`)
    return { credential: found.credential, ...part }
  })
  if (!page.ok) return page.error
  const { items, next } = page.value
  const bodies = items.map((item) => voidBodyOf({ ...item, reversedLate: true }))
  return { status: 200, body: { items: bodies, next, ...FINAL } }
}
