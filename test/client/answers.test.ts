/** @module The answers that the client accepts: JSON and NDJSON. A page is an answer of the documentation only. */

import { describe, expect, it } from 'vitest'
import { APPROVED, broken, type Fetch, json, page, problem, SALE, scripted } from './scripted.ts'

const FOREIGN: readonly (readonly [string, Fetch])[] = [
  ['a page', page(200)],
  ['a page with 201', page(201)],
  ['a text', page(200, 'text/plain', 'ok')],
  ['nothing', page(200, '', '')],
  ['JSON of another type', page(200, 'text/json', '{}')],
  ['JSON that is no object', json(200, null)],
  ['JSON that is a list', json(200, [])],
  ['JSON that broke off', page(200, 'application/json', '{"id":')],
  ['lines that are no objects', page(200, 'application/x-ndjson', '1\n2\n')],
]

describe.each(FOREIGN)('%s instead of an answer', (_, step) => {
  it('is no answer to a void, and its key is kept', async () => {
    const { client, sent } = scripted([step], { maxAttempts: 3 })
    await expect(client.void({ body: SALE })).rejects.toMatchObject({
      name: 'NoAnswer',
      route: 'POST /v1/voids',
      idempotencyKey: 'a-new-key',
      attempts: 3,
    })
    expect(new Set(sent.map(({ headers }) => headers.get('idempotency-key')))).toEqual(
      new Set(['"a-new-key"']),
    )
  })

  it('is not the answer to a later request', async () => {
    const { client } = scripted([step, APPROVED])
    expect(await client.void({ body: SALE })).toMatchObject({ ok: true, attempts: 2 })
  })

  it('is no answer of any other route', async () => {
    const { client } = scripted([step], { maxAttempts: 1 })
    await expect(client.request('GET /v1/cases')).rejects.toMatchObject({ name: 'NoAnswer' })
  })
})

it('a media type is read without its parameters and its case', async () => {
  const { client } = scripted([json(200, { items: [], next: null }, 'Application/JSON ; charset=utf-8')])
  const result = await client.request('GET /v1/cases')
  expect(result).toMatchObject({ ok: true, attempts: 1, body: { items: [], next: null } })
})

it('lines are an answer', async () => {
  const { client } = scripted([page(200, 'application/x-ndjson', '{"state":"approved"}\n{"state":"void"}\n')])
  const result = await client.request('POST /v1/reconciliations', {
    query: { asOf: '2026-06-02T00:00:00+08:00' },
    lines: [],
  })
  expect(result).toMatchObject({ ok: true, body: [{ state: 'approved' }, { state: 'void' }] })
})

it.each([
  ['GET /docs', 'text/html; charset=utf-8'],
  ['GET /docs/style.css', 'text/css'],
] as const)('the text of %s is an answer', async (route, type) => {
  const { client } = scripted([page(200, type, 'a text')])
  expect(await client.request(route)).toMatchObject({ ok: true, body: 'a text' })
})

describe('a request of an act that got no answer, and then a refusal for a while', () => {
  it('is no answer: the lost request may have acted', async () => {
    const { client } = scripted([broken, problem(503, 'overloaded', 'retry')])
    await expect(client.void({ body: SALE })).rejects.toMatchObject({
      name: 'NoAnswer',
      route: 'POST /v1/voids',
      idempotencyKey: 'a-new-key',
    })
  })

  it('is a refusal when every request got it', async () => {
    const { client } = scripted([problem(503, 'overloaded', 'retry')])
    expect(await client.void({ body: SALE })).toMatchObject({ ok: false, status: 503 })
  })

  it('is the final answer when one comes', async () => {
    const { client } = scripted([broken, problem(503, 'overloaded', 'retry'), APPROVED])
    expect(await client.void({ body: SALE })).toMatchObject({ ok: true, body: { state: 'approved' } })
  })
})
