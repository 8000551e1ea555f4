/** @module HTTP of the JSON API: caches, the order of refusals, media types, charsets, bytes that are not UTF-8. */

import { beforeAll, describe, expect, it } from 'vitest'
import { dump } from './book.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let terminal: TestTerminal
let key: string
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  key = await s.bearerKey(terminal.mid)
  admin = await s.bearerKey(null)
})

let keys = 0
const fresh = () => ({ 'idempotency-key': `http-${++keys}` })

const request = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  isolate.fetch(path, { ...init, headers: { authorization: `Bearer ${key}`, ...headers } })

const voidOf = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  request(
    '/v1/voids',
    { 'content-type': 'application/json', ...fresh(), ...headers },
    { method: 'POST', body },
  )

const problemOf = async (response: Response) => {
  const body = (await response.json()) as Record<string, unknown>
  return {
    status: response.status,
    headers: response.headers,
    body,
    reason: body.reason,
    errors: body.errors,
  }
}

it('no answer may be stored, a refusal neither', async () => {
  for (const path of [
    '/v1/cases',
    '/v1/nothing',
    '/v1/voids',
    '/',
    '/docs',
    '/docs/style.css',
    '/openapi.json',
  ])
    expect([path, (await request(path)).headers.get('cache-control')]).toEqual([path, 'no-store'])
})

describe('who sends a request comes before what is wrong with it', () => {
  const faults: readonly (readonly [string, Record<string, string>, string])[] = [
    ['a wrong member', {}, '{"amount":"x"}'],
    ['no JSON', {}, '{'],
    ['another media type', { 'content-type': 'text/xml' }, '<void/>'],
    ['a body that is too large', {}, `{"saleId":"${'0'.repeat(20_000)}"}`],
    ['no Idempotency-Key', { 'idempotency-key': '' }, '{}'],
    ['an encoded body', { 'content-encoding': 'gzip' }, '{}'],
  ]
  it.each(faults)('%s of no one who is known is 401', async (_, headers, body) => {
    for (const authorization of ['Bearer not-a-known-key-0123456789', 'Basic eDp5', '']) {
      const refused = await problemOf(await voidOf(body, { ...headers, authorization }))
      expect([refused.status, refused.reason]).toEqual([401, 'unauthorized'])
      expect(refused.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      expect(refused.errors).toBeUndefined()
    }
  })

  it('a wrong request of a merchant for what is an administrator’s is 403', async () => {
    const path = `/v1/merchants/${terminal.mid}`
    const refused = await problemOf(await request(path, {}, { method: 'PUT', body: '{"colour":"red"}' }))
    expect([refused.status, refused.reason]).toEqual([403, 'forbidden'])
    expect(refused.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"')
    for (const bearer of [key, admin]) {
      const reply = await s.ask(isolate, bearer, 'POST', '/v1/reconciliations?asOf=never', '')
      expect(reply.status).toBe(bearer === admin ? 400 : 403)
    }
  })
})

describe('a media type', () => {
  it('that the route does not take is 415, and says what it takes', async () => {
    const headers = { 'content-type': 'application/xml', ...fresh() }
    const one = await problemOf(await request('/v1/reversals', headers, { method: 'POST', body: '<void/>' }))
    expect([one.status, one.body.accepts, one.headers.get('accept')]).toEqual([
      415,
      ['application/json'],
      'application/json',
    ])
    for (const path of ['/v1/sales', '/v1/voids']) {
      const list = await request(
        path,
        { 'content-type': 'text/csv', ...fresh() },
        { method: 'POST', body: 'a,b' },
      )
      expect((await problemOf(list)).headers.get('accept')).toBe('application/json, application/x-ndjson')
    }
    expect(one.errors).toEqual([{ in: 'header', pointer: '/content-type', why: 'expected application/json' }])
  })

  it.each(['utf-8', 'UTF-8', '"utf-8"', 'utf8'])('with the charset %s is taken', async (charset) => {
    const { reason } = await problemOf(
      await voidOf('{}', { 'content-type': `application/json; charset=${charset}` }),
    )
    expect(reason).toBe('invalid_request')
  })

  it('with two charsets is taken only if both are UTF-8', async () => {
    const sent = (parameters: string) => voidOf('{}', { 'content-type': `application/json; ${parameters}` })
    for (const parameters of ['charset=utf-8; charset=gbk', 'charset=gbk; charset=utf-8'])
      expect((await problemOf(await sent(parameters))).reason).toBe('unsupported_media_type')
    expect((await problemOf(await sent('charset=utf-8; charset=utf-8'))).reason).toBe('invalid_request')
  })

  it.each(['gbk', 'gb18030', 'iso-8859-1', 'us-ascii', 'utf-16', ''])(
    'with the charset %s is 415',
    async (charset) => {
      const refused = await problemOf(
        await voidOf('{}', { 'content-type': `application/json;charset=${charset}` }),
      )
      expect([refused.status, refused.errors]).toEqual([
        415,
        [{ in: 'header', pointer: '/content-type', why: 'expected the charset utf-8' }],
      ])
    },
  )

  it('that is encoded is 415, and says that it must not be', async () => {
    const refused = await problemOf(await voidOf('{}', { 'content-encoding': 'gzip' }))
    expect([refused.status, refused.headers.get('accept-encoding')]).toEqual([415, 'identity'])
  })
})

describe('one sale as JSON', () => {
  const post = (size: number, headers: Record<string, string>) =>
    request('/v1/sales', headers, { method: 'POST', body: `"${'x'.repeat(size - 2)}"` })

  it('has the size of every JSON body, and only a list may be longer', async () => {
    const sizes: readonly (readonly [number, Record<string, string>, number])[] = [
      [16_384, { 'content-type': 'application/json' }, 400],
      [16_385, { 'content-type': 'application/json' }, 413],
      [16_385, { 'content-type': 'application/json; charset=utf-8' }, 413],
      [16_385, { 'content-type': 'Application/X-NDJSON; charset=utf-8' }, 200],
      [262_145, { 'content-type': 'application/x-ndjson' }, 413],
    ]
    for (const [size, headers, status] of sizes)
      expect([size, headers, (await post(size, headers)).status]).toEqual([size, headers, status])
  })
})

describe('bytes that are not UTF-8', () => {
  const put = (name: Uint8Array) => {
    const [before, after] = [new TextEncoder().encode('{"name":"'), new TextEncoder().encode('"}')]
    const body = Uint8Array.of(...before, ...name, ...after)
    return isolate.fetch('/v1/merchants/UTF8MERCHANT001', {
      method: 'PUT',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body,
    })
  }
  const wrong: readonly (readonly [string, number[]])[] = [
    ['商户 in GBK', [0xc9, 0xcc, 0xbb, 0xa7]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong form', [0xc0, 0xaf]],
    ['half a character', [0xe5, 0x95]],
    ['no first byte', [0x80]],
  ]
  it.each(wrong)('are refused, and none becomes U+FFFD: %s', async (_, bytes) => {
    const refused = await problemOf(await put(Uint8Array.from(bytes)))
    expect([refused.status, refused.errors]).toEqual([
      400,
      [{ in: 'body', pointer: '', why: 'is not well-formed UTF-8' }],
    ])
    expect(JSON.stringify(await dump())).not.toContain('\ufffd')
  })

  it('are no others: what is UTF-8 is taken as it is', async () => {
    const taken = await put(new TextEncoder().encode('商户 №1 😀'))
    expect([taken.status, (await problemOf(taken)).body.name]).toEqual([201, '商户 №1 😀'])
  })
})
