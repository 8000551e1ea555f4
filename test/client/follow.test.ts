/** @module The client after a 202: a failed query never replaces the last state of the void, and never loses its key. */

import { describe, expect, it } from 'vitest'
import {
  APPROVED,
  broken,
  type Fetch,
  hung,
  json,
  PENDING,
  page,
  problem,
  SALE,
  scripted,
  VOID_ID,
} from './scripted.ts'

const UNDECIDED = {
  ok: true,
  status: 202,
  body: { id: VOID_ID, state: 'pending', certainty: 'UNKNOWN', doNext: 'query' },
  idempotencyKey: 'a-new-key',
}

const FAILURES: readonly (readonly [string, Fetch])[] = [
  ['is overloaded', problem(503, 'overloaded', 'retry')],
  ['has no connection', broken],
  ['is a page of a gateway', page(502)],
]

describe.each(FAILURES)('a query that %s', (_, failure) => {
  it('leaves the void undecided when the time is over', async () => {
    const { client, sent } = scripted([PENDING, failure])
    expect(await client.void({ body: SALE })).toMatchObject(UNDECIDED)
    expect(new Set(sent.slice(1).map(({ route }) => route))).toEqual(new Set([`GET /v1/voids/${VOID_ID}`]))
  })

  it('is sent again as long as there is time', async () => {
    const failures = Array.from({ length: 9 }, () => failure)
    const { client } = scripted([PENDING, ...failures, APPROVED])
    expect(await client.void({ body: SALE })).toMatchObject({
      ok: true,
      body: { state: 'approved', certainty: 'FINAL' },
      idempotencyKey: 'a-new-key',
    })
  })

  it('leaves the void of a reversal undecided too', async () => {
    const reversing = json(200, { voidId: VOID_ID, state: 'pending', certainty: 'UNKNOWN', doNext: 'query' })
    const { client } = scripted([reversing, failure])
    const result = await client.reverse({ body: { ...SALE, idempotencyKey: 'k' } })
    expect(result).toMatchObject({ ok: true, body: { voidId: VOID_ID, certainty: 'UNKNOWN' } })
  })
})

it('a query that is refused for good ends the wait, and the void stays undecided', async () => {
  const { client, sent } = scripted([PENDING, problem(401, 'unauthorized', 'nothing')])
  expect(await client.void({ body: SALE })).toMatchObject(UNDECIDED)
  expect(sent).toHaveLength(2)
})

it('a query that fails after a later state keeps the later state', async () => {
  const later = json(200, { id: VOID_ID, state: 'pending', certainty: 'UNKNOWN', doNext: 'query', rrn: '1' })
  const { client } = scripted([PENDING, later, broken])
  expect(await client.void({ body: SALE })).toMatchObject({ ok: true, status: 200, body: { rrn: '1' } })
})

it('a query that hangs ends with `finalMs`', async () => {
  const { client } = scripted([PENDING, hung], { finalMs: 2100 })
  const from = performance.now()
  expect(await client.void({ body: SALE })).toMatchObject(UNDECIDED)
  expect(performance.now() - from).toBeLessThan(20_000)
})

it('a query that is aborted throws the reason', async () => {
  const controller = new AbortController()
  const abort: Fetch = async () => {
    controller.abort(new Error('no longer wanted'))
    throw new TypeError('aborted')
  }
  const { client } = scripted([PENDING, abort])
  await expect(client.void({ body: SALE, signal: controller.signal })).rejects.toThrow('no longer wanted')
})
