/** @module The revocation of bearer keys: at once, once, and whatever crosses it between a load and a commit. */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { merchantStream } from '../../src/domain/decide-merchant.ts'
import { faultOf, journalOf, rows } from './book.ts'
import { keyClient } from './key-client.ts'
import * as s from './support.ts'
import { watchD1, writesJournal } from './watched-d1.ts'

let isolate: s.Isolate
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

const { newMerchant, make, revoke, list, canRead } = keyClient(() => ({ isolate, admin }))

describe('a revocation', () => {
  it('ends a key at once, is an entry, and may come twice', async () => {
    const mid = await newMerchant()
    const { body } = await make({ merchantId: mid, name: 'old' })
    expect(await canRead(body.key)).toBe(true)
    const first = await revoke(body.id)
    expect([first.status, first.body.state, first.body.revokedAt]).toEqual([
      200,
      'revoked',
      new Date(s.START).toISOString(),
    ])
    expect(await canRead(body.key)).toBe(false)
    const length = (await journalOf(merchantStream(mid))).length
    expect((await revoke(body.id)).body).toEqual(first.body)
    expect(await journalOf(merchantStream(mid))).toHaveLength(length)
    expect(await faultOf(merchantStream(mid))).toBeNull()
  })

  it('of an unknown key is refused', async () => {
    for (const id of ['0'.repeat(32), 'x'])
      expect(await revoke(id)).toMatchObject({ status: 404, body: { reason: 'not_found' } })
  })

  it('survives a change of settings that crosses it, and the other way round', async () => {
    const mid = await newMerchant()
    const { body } = await make({ merchantId: mid, name: 'crossing' })
    const watched = watchD1(env.DB)
    const slow = await s.openIsolate({ database: watched.database })
    watched.watch.before = async (trip) => {
      if (!writesJournal(trip)) return
      watched.watch = {}
      await s.provisionMerchant(isolate, mid, { cutOff: '20:00' })
    }
    expect((await revoke(body.id, { to: slow })).body.state).toBe('revoked')
    expect(await rows('select cut_off from merchant where merchant_id = ?', mid)).toEqual([
      { cut_off: '20:00' },
    ])
    expect(await faultOf(merchantStream(mid))).toBeNull()
  })

  it.each([
    ['made', (to: s.Isolate, bearer: string) => make({ name: 'x' }, { to, bearer })],
    ['revoked', (to: s.Isolate, bearer: string) => revoke(victim, { to, bearer })],
  ])('of the asker’s own key between its load and its commit: no key is %s', async (_, ask) => {
    victim = (await make({ name: 'victim' })).body.id
    const asker = await make({ name: 'asker' })
    const watched = watchD1(env.DB)
    const slow = await s.openIsolate({ database: watched.database })
    watched.watch.before = async (trip) => {
      if (!writesJournal(trip)) return
      watched.watch = {}
      await revoke(asker.body.id)
    }
    const [{ n: before } = {}] = await rows('select count(*) as n from journal')
    expect((await ask(slow, String(asker.body.key))).status).toBe(401)
    // Only the revocation of the asker.
    expect(await rows('select count(*) as n from journal')).toEqual([{ n: Number(before) + 1 }])
  })

  let victim: unknown

  it('that loses without end is given up', async () => {
    const mid = await newMerchant()
    const { body } = await make({ merchantId: mid, name: 'busy' })
    const watched = watchD1(env.DB)
    const slow = await s.openIsolate({ database: watched.database })
    let minutes = 0
    watched.watch.before = async (trip) => {
      if (writesJournal(trip))
        await s.provisionMerchant(isolate, mid, { window: { kind: 'minutes', minutes: ++minutes } })
    }
    expect(await revoke(body.id, { to: slow })).toMatchObject({
      status: 409,
      body: { reason: 'in_progress' },
    })
    expect([minutes, await canRead(body.key)]).toEqual([8, true])
  })
})

it('a set that comes twice does not bring a revoked key back', async () => {
  const mid = await newMerchant()
  const watched = watchD1(env.DB)
  const retrying = await s.openIsolate({ database: watched.database })
  watched.watch.after = async (trip) => {
    if (!writesJournal(trip)) return
    watched.watch = {}
    const [row] = await rows('select id from api_key where merchant_id = ?', mid)
    await revoke(row?.id)
    throw new Error('Network connection lost.')
  }
  const made = await make({ merchantId: mid, name: 'twice' }, { to: retrying })
  expect(made.status).toBe(201)
  expect((await list(`?merchantId=${mid}`)).body.items).toMatchObject([{ state: 'revoked' }])
  expect(await canRead(made.body.key)).toBe(false)
  expect(await faultOf(merchantStream(mid))).toBeNull()
})
