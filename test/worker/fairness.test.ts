/**
 * @module No terminal, merchant or attacker delays another: many messages for one terminal, and one of
 * another.
 */

import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import * as s from './support.ts'
import { openTerminal, sell } from './terminal.ts'
import { watchD1 } from './watched-d1.ts'

it('messages without a right MAC do not delay another terminal', async () => {
  const watched = watchD1(env.DB)
  const isolate = await s.openIsolate({ database: watched.database, mostInside: 1000 })
  const [target, other] = [await openTerminal(isolate), await openTerminal(isolate)]
  watched.trips.length = 0
  const forged = Array.from({ length: 300 }, (_, i) =>
    target.send(s.aSale({ stan: String(i + 1).padStart(6, '0') }), {
      key: { ...target.key, mak: '7'.repeat(16) },
    }),
  )
  const reply = await other.send(s.aSale({ stan: '000001' }))
  expect(reply.fields.get(39)).toBe('00')
  expect(watched.trips.length).toBeLessThan(20)
  for (const { fields } of await Promise.all(forged)) expect(fields.get(39)).toBe('A0')
})

it('a back office that voids a whole day does not delay another terminal', async () => {
  const isolate = await s.openIsolate({ mostInside: 1000 })
  const [harness, other] = [await openTerminal(isolate), await openTerminal(isolate)]
  const sales: string[] = []
  for (let n = 1; n <= 60; n++) {
    const { rrn } = await sell(harness, String(n).padStart(6, '0'))
    sales.push(rrn)
  }
  const key = await s.bearerKey(harness.mid)
  const ids = await Promise.all(
    sales.map(async (rrn) => (await s.ask(isolate, key, 'GET', `/v1/sales/${rrn}`)).body.id as string),
  )
  const order: string[] = []
  const voids = ids.map(async (saleId, n) => {
    const headers = { 'idempotency-key': `day-${n}` }
    const { status } = await s.ask(isolate, key, 'POST', '/v1/voids', { saleId, amount: 1234 }, headers)
    order.push('void')
    return status
  })
  const sale = other.send(s.aSale({ stan: '000001' })).then((reply) => {
    order.push('sale')
    return reply.fields.get(39)
  })
  expect(await sale).toBe('00')
  expect(order.indexOf('sale')).toBeLessThan(10)
  expect(new Set(await Promise.all(voids))).toEqual(new Set([201]))
})
