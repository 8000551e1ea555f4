/** @module GET /v1/batch-differences: the batches that closed with a difference. */

import { paddedTerminal } from '../domain/terminal-number.ts'
import { type BatchDifference, readDifferences } from '../store/batch-differences.ts'
import { iso } from './json/bodies.ts'
import { FINAL } from './json/certainty.ts'
import { pageIn, pageOver } from './page.ts'
import type { Handler } from './router.ts'

/** The position before the first one. */
const START = '0--0'

export const getBatchDifferences: Handler<'GET /v1/batch-differences'> = async (call) => {
  const { services, credential, query } = call
  const { merchantId, cursor = START, limit } = query
  const page = await pageOver(call, { cursor, start: START, limit }, async (db, position, most) => {
    const [closedAt = '', terminal = '', seq = ''] = position.split('-')
    const terminalId = paddedTerminal(terminal)
    const found = await readDifferences(db, credential, services.now(), {
      merchantId,
      after: { closedAt: Number(closedAt), terminalId, seq: Number(seq) },
      limit: most + 1,
    })
    const positionOf = ({ closedAt, terminalId, seq }: BatchDifference) =>
      `${closedAt}-${terminalId.trimEnd()}-${seq}`
    return { credential: found.credential, ...pageIn(found.differences, most, positionOf) }
  })
  if (!page.ok) return page.error
  const items = page.value.items.map(({ seq: _, closedAt, ...one }) => ({ ...one, closedAt: iso(closedAt) }))
  return { status: 200, body: { items, next: page.value.next, ...FINAL } }
}
