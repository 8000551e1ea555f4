/** @module The header `Server-Timing`: its members for terminals and for the JSON API, the trips of a message, and none without the setting. */

import { expect, it } from 'vitest'
import * as s from './support.ts'
import { openTerminal } from './terminal.ts'

const MEMBERS = /^load;dur=\d+, acquirer;dur=\d+, commit;dur=\d+, total;dur=\d+, trips;desc="(\d+)"$/

const tripsIn = (header: string | null): number => Number(MEMBERS.exec(header ?? '')?.[1] ?? Number.NaN)

it('has the trips of a message: two for a terminal that the isolate has not served, and then one', async () => {
  const isolate = await s.openIsolate({ SERVER_TIMING: 'yes' })
  const terminal = await openTerminal(isolate)
  const post = async (message: ReturnType<typeof s.aSale>) => {
    const response = await s.post(isolate, terminal.frame(message))
    return tripsIn(response.headers.get('server-timing'))
  }
  // The first one makes its keys the current ones.
  expect(await post(s.aSale({ stan: '000001' }))).toBe(2)
  expect(await post(s.aSale({ stan: '000002' }))).toBe(1)
  expect(await post(s.aSale({ stan: '000003' }))).toBe(1)
  // A copy gets the answer from memory.
  expect(await post(s.aSale({ stan: '000003' }))).toBe(0)
})

it('is on answers of the JSON API that had a message', async () => {
  const isolate = await s.openIsolate({ SERVER_TIMING: 'yes' })
  const headers = { authorization: `Bearer ${await s.bearerKey(s.MID)}`, 'idempotency-key': 'a' }
  const body = JSON.stringify({ saleId: '0'.repeat(32), amount: 1, reason: 'customer_changed_mind' })
  const type = { 'content-type': 'application/json' }
  const voided = await isolate.fetch('/v1/voids', { method: 'POST', headers: { ...headers, ...type }, body })
  expect([voided.status, tripsIn(voided.headers.get('server-timing'))]).toEqual([404, 1])
  const cases = await isolate.fetch('/v1/cases', { headers })
  expect([cases.status, cases.headers.get('server-timing')]).toEqual([200, null])
})

it('is absent without the setting, and another value is refused', async () => {
  const isolate = await s.openIsolate()
  const terminal = await openTerminal(isolate)
  const response = await s.post(isolate, terminal.frame(s.aSale({ stan: '000001' })))
  expect(response.headers.get('server-timing')).toBeNull()
  await expect(s.openIsolate({ SERVER_TIMING: 'on' })).rejects.toThrow('SERVER_TIMING')
})
