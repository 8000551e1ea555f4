/**
 * @module An administrator's key that is revoked between the load and the commit of its act: the act is decided again, and denied. So the
 * guard of administrators' keys belongs to each of these acts.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { rows } from './book.ts'
import { keyClient } from './key-client.ts'
import * as s from './support.ts'
import { openTerminal } from './terminal.ts'
import { watchD1, writesJournal } from './watched-d1.ts'

let isolate: s.Isolate
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

const { newMerchant, make, revoke } = keyClient(() => ({ isolate, admin }))

const watched = watchD1(env.DB)
type Act = (to: s.Isolate, bearer: string) => Promise<s.JsonReply>

/** Each act, for a new merchant with a key and a terminal. */
const ACTS: readonly (readonly [string, (mid: string, keyId: string, tid: string) => Act])[] = [
  [
    'settings of a merchant',
    (mid) => (to, bearer) => s.ask(to, bearer, 'PUT', `/v1/merchants/${mid}`, { cutOff: '21:00' }),
  ],
  [
    'a new key of a merchant',
    (mid) => (to, bearer) =>
      s.ask(to, bearer, 'POST', '/v1/keys', { merchantId: mid, name: 'x' }, { 'idempotency-key': mid }),
  ],
  [
    'a revocation of a merchant’s key',
    (_, keyId) => (to, bearer) => s.ask(to, bearer, 'POST', `/v1/keys/${keyId}/revoke`),
  ],
  [
    'a new key of an administrator',
    (mid) => (to, bearer) =>
      s.ask(to, bearer, 'POST', '/v1/keys', { name: 'x' }, { 'idempotency-key': `${mid}-admin` }),
  ],
  [
    'a state of a terminal',
    (mid, _, tid) => (to, bearer) =>
      s.ask(to, bearer, 'PUT', `/v1/merchants/${mid}/terminals/${tid}`, { state: 'blocked' }),
  ],
]

it.each(ACTS)('%s: the act is denied, and nothing is written by it', async (_, actFor) => {
  const mid = await newMerchant()
  const mine = await make({ merchantId: mid, name: 'first' })
  const own = await make({ name: 'about to go' })
  const { tid } = await openTerminal(isolate, { mid })
  const act = actFor(mid, String(mine.body.id), tid)
  const to = await s.openIsolate({ database: watched.database })
  let revocations = 0
  watched.watch.before = async (trip) => {
    if (!writesJournal(trip) || revocations++ > 0) return
    expect((await revoke(String(own.body.id))).status).toBe(200)
  }
  const [before] = await rows('select count(*) as n from journal')
  const denied = await act(to, String(own.body.key))
  watched.watch = {}
  const [after] = await rows('select count(*) as n from journal')
  expect([denied.status, revocations]).toEqual([401, 1])
  // Only the revocation.
  expect(after).toEqual({ n: Number(before?.n) + 1 })
})
