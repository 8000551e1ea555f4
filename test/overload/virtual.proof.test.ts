/**
 * @module Overload in virtual time: every goal is met on every database, and a closed connection frees its
 * slot.
 */

import { expect, test } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { openLoop } from './load.ts'
import { goalsOf, linesOf, measure } from './measure.ts'
import { inVirtualTime } from './virtual.ts'

const DATABASES: readonly (readonly [number, number, string])[] = [
  [10, 10, 'slow, one call at a time'],
  [25, 0, 'far away'],
]

test.each(DATABASES.slice(0, sizeOf('overload/virtual')))(
  'meets every goal on a database that takes %i ms, %i of them exclusively (%s)',
  async (d1Ms, d1BusyMs) => {
    const plan = { d1Ms, times: 5, rounds: 1, seconds: 0.5, connections: 512, terminals: 300 }
    const measured = await inVirtualTime({ seed: 1, d1Ms, d1BusyMs, terminals: plan.terminals }, (service) =>
      measure(service, plan),
    )
    const missed = goalsOf(measured).filter(({ isMet }) => !isMet)
    expect(missed, linesOf(measured).join('\n')).toEqual([])
  },
  120_000,
)

test('frees the slot of a request whose client closed the connection when it ends', async () => {
  const refused = await inVirtualTime(
    { seed: 1, d1Ms: 200, d1BusyMs: 0, terminals: 250 },
    async (service) => {
      const { terminals, sendAndClose: abandon, sleep } = service
      // At most as many sales and look-ups as the limit admits at a time, ten times over.
      for (let round = 0; round < 10; round++) {
        const jobs = [
          ...Array.from({ length: 20 }, () => 'sale' as const),
          'report' as const,
          'report' as const,
        ]
        await Promise.all(
          jobs.map(async (kind) => {
            const job = terminals.next(kind) ?? expect.fail('no free terminal')
            await abandon(job.request)
            job.done({ status: 503, retryAfter: 1, body: Buffer.alloc(0) })
          }),
        )
        await sleep(2000)
      }
      const { kinds } = await openLoop(
        { ...service, terminals: { next: () => terminals.next('sale') } },
        1000,
        0.1,
      )
      return [kinds.sale.refused, kinds.sale.accepted + kinds.void.accepted + kinds.report.accepted]
    },
  )
  expect(refused).toEqual([0, 100])
})
