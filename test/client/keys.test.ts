/** @module The keys of acts: only the routes that have a key send one, and a key that no request can carry is not sent. */

import { describe, expect, it } from 'vitest'
import { ROUTES, type RouteName } from '../../src/api/contract.ts'
import { readIdempotencyKey } from '../../src/api/json/idempotency-key.ts'
import type { CallResult, Client } from '../../src/client/index.ts'
import { APPROVED, broken, SALE, scripted } from './scripted.ts'

/** Any route, with the same input: the types are not the subject here. */
type AnyRequest = (route: RouteName, input: object) => Promise<CallResult<RouteName>>
const requestOf = (client: Client): AnyRequest => client.request as AnyRequest

describe.each(ROUTES)('%s', (route, { idempotencyKey }) => {
  const key = idempotencyKey === true ? 'a-new-key' : null
  it(key === null ? 'has no key' : 'has a key that the client makes', async () => {
    const { client, sent } = scripted([broken], { maxAttempts: 1 })
    await expect(requestOf(client)(route, {})).rejects.toMatchObject({ idempotencyKey: key })
    expect(sent[0]?.headers.get('idempotency-key')).toBe(key === null ? null : `"${key}"`)
  })
})

const KEYS: readonly string[] = [
  'order-4711',
  '~'.repeat(255),
  '~'.repeat(256),
  'a"b\\c',
  '"order 4711"',
  '"a\\"b"',
  '"a"b"',
  '"',
  '""',
  '',
  'order 4711',
  '订单-4711',
  'é',
  'a\r\nx-other: 1',
  'a\u0000',
  'a\n',
]

describe.each(KEYS.map((key) => [JSON.stringify(key).slice(0, 30), key] as const))('the key %s', (_, key) => {
  const read = readIdempotencyKey(key)
  it(read === null ? 'is not sent' : 'is the key that the service reads', async () => {
    const { client, sent } = scripted([APPROVED])
    const result = client.void({ body: SALE, idempotencyKey: key })
    if (read === null) {
      await expect(result).rejects.toThrow(/^idempotencyKey: /)
      expect(sent).toHaveLength(0)
      return
    }
    expect(await result).toMatchObject({ idempotencyKey: key })
    expect(readIdempotencyKey(sent[0]?.headers.get('idempotency-key') ?? '')).toBe(read)
  })
})

it('a key of `newKey` is checked too', async () => {
  const { client, sent } = scripted([APPROVED], { newKey: () => '钥匙' })
  await expect(client.void({ body: SALE })).rejects.toThrow(/^idempotencyKey: /)
  expect(sent).toHaveLength(0)
})

it('a header that no request can carry is a fault of the call, not of the network', async () => {
  const { client, sent, slept } = scripted([APPROVED])
  await expect(client.void({ body: SALE, requestId: '请求' })).rejects.toThrow(TypeError)
  expect([sent, slept]).toEqual([[], []])
})
