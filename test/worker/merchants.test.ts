/** @module Merchants by the JSON API: their settings, who may change them, and the stream of the journal that they come from. */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { merchantStream } from '../../src/domain/decide-merchant.ts'
import { faultOf, journalOf, rows } from './book.ts'
import * as s from './support.ts'
import { openTerminal } from './terminal.ts'
import { watchD1, writesJournal } from './watched-d1.ts'

let isolate: s.Isolate
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

let merchants = 0
const freshMid = () => `M${String(++merchants).padStart(14, '0')}`

const put = (mid: string, body: unknown, to = isolate, bearer = admin) =>
  s.ask(to, bearer, 'PUT', `/v1/merchants/${mid}`, body)

describe('a merchant', () => {
  it('is new with the usual settings, and changed in those that are named', async () => {
    const mid = freshMid()
    const first = await put(mid, { name: '示例商店' })
    expect([first.status, first.body]).toEqual([
      201,
      {
        merchantId: mid,
        name: '示例商店',
        state: 'active',
        timeZone: 'Asia/Shanghai',
        cutOff: '23:00',
        currency: '156',
        window: { kind: 'business_day' },
        lateReversals: 'allow',
        reasonRequired: false,
        decideWithin: 180,
        certainty: 'FINAL',
        doNext: 'nothing',
      },
    ])
    const changes = { state: 'closed', timeZone: 'Europe/Berlin', window: { kind: 'minutes', minutes: 30 } }
    const second = await put(mid, changes)
    expect([second.status, second.body]).toEqual([200, { ...first.body, ...changes }])
    const third = await put(mid, { window: { kind: 'same_batch' } })
    expect(third.body).toMatchObject({ state: 'closed', window: { kind: 'same_batch' } })
    expect(await rows('select window_minutes from merchant where merchant_id = ?', mid)).toEqual([
      { window_minutes: null },
    ])
  })

  it('has rules that are read as they were set, and each change names the old value', async () => {
    const mid = freshMid()
    await put(mid, {})
    const rules = { lateReversals: 'refuse', reasonRequired: true, decideWithin: 'window' }
    expect((await put(mid, rules)).body).toMatchObject(rules)
    expect((await put(mid, { decideWithin: 3600 })).body).toMatchObject({ ...rules, decideWithin: 3600 })
    const read = await s.ask(isolate, await s.bearerKey(mid), 'GET', `/v1/merchants/${mid}`)
    expect([read.status, read.body]).toEqual([200, (await put(mid, {})).body])
    const [, set, changed] = await journalOf(merchantStream(mid))
    for (const [name, values] of [
      ['lateReversals', ['allow', 'refuse']],
      ['reasonRequired', [false, true]],
      ['decideWithin', [180, 'window']],
    ])
      expect([name, set?.body.includes(JSON.stringify(JSON.stringify(values)))]).toEqual([name, true])
    expect(changed?.body).toContain(JSON.stringify(JSON.stringify(['window', 3600])))
    expect(await faultOf(merchantStream(mid))).toBeNull()
  })

  it('is read by itself and by administrators, and by no other merchant', async () => {
    const [mid, other] = [freshMid(), freshMid()]
    for (const one of [mid, other]) await put(one, {})
    const read = async (bearer: string, of: string) =>
      (await s.ask(isolate, bearer, 'GET', `/v1/merchants/${of}`)).status
    const own = await s.bearerKey(mid)
    expect([await read(own, mid), await read(admin, mid), await read(own, other)]).toEqual([200, 200, 404])
    expect(await read(admin, freshMid())).toBe(404)
  })

  it('has a stream of its own: an entry for each change, none where nothing is named', async () => {
    const mid = freshMid()
    const stream = merchantStream(mid)
    for (const body of [{}, {}, { cutOff: '22:00' }, {}])
      expect((await put(mid, body)).status).toBeLessThan(300)
    expect(await journalOf(stream)).toHaveLength(2)
    expect(await faultOf(stream)).toBeNull()
    await rows("update journal set body = replace(body, '22:00', '21:00') where terminal_id = ?", stream)
    expect(await faultOf(stream)).toMatchObject({ seq: 2 })
    await rows('delete from journal where terminal_id = ? and seq = 2', stream)
    expect(await faultOf(stream)).toMatchObject({ seq: 2 })
  })

  it('keeps the currency that it began with', async () => {
    const mid = freshMid()
    expect((await put(mid, { currency: '978' })).body.currency).toBe('978')
    expect(await put(mid, { currency: '156' })).toMatchObject({
      status: 409,
      body: { reason: 'currency_fixed' },
    })
    expect((await put(mid, { currency: '978', cutOff: '20:00' })).status).toBe(200)
  })

  const wrong: readonly (readonly [string, unknown])[] = [
    ['/timeZone', { timeZone: 'Mars/Base' }],
    ['/cutOff', { cutOff: '24:00' }],
    ['/name', { name: '' }],
    ['/state', { state: 'blocked' }],
    ['/window', { window: { kind: 'forever' } }],
    ['/lateReversals', { lateReversals: 'sometimes' }],
    ['/reasonRequired', { reasonRequired: 'true' }],
    ['/decideWithin', { decideWithin: 179 }],
    ['/decideWithin', { decideWithin: 31_536_001 }],
    ['/decideWithin', { decideWithin: 'ever' }],
    ['/decideWithin', { decideWithin: 200.5 }],
    ['', { fee: 1 }],
    ['', []],
  ]
  it.each(wrong)('is refused with a wrong %s, and is not there', async (pointer, body) => {
    const mid = freshMid()
    const reply = await put(mid, body)
    expect([reply.status, reply.body.reason]).toEqual([400, 'invalid_request'])
    expect((reply.body.errors as { pointer: string }[])[0]?.pointer).toMatch(new RegExp(`^${pointer}`))
    expect(await rows('select 1 from merchant where merchant_id = ?', mid)).toEqual([])
  })

  it.each(['1', '1234567890123456', '12345678901234-'])('cannot be called %s', async (mid) => {
    expect(await put(mid, {})).toMatchObject({
      status: 400,
      body: { errors: [{ in: 'path', pointer: '/merchantId' }] },
    })
  })

  it('is for administrators to change', async () => {
    const mid = freshMid()
    await put(mid, {})
    const own = await s.bearerKey(mid)
    for (const bearer of [own, await s.bearerKey(freshMid())])
      expect(await put(mid, { cutOff: '20:00' }, isolate, bearer)).toMatchObject({
        status: 403,
        body: { reason: 'forbidden' },
      })
    expect(await journalOf(merchantStream(mid))).toHaveLength(1)
  })
})

describe('changes that cross', () => {
  it('are all kept: the one that lost is decided again on what the other left', async () => {
    const mid = freshMid()
    await put(mid, {})
    const watched = watchD1(env.DB)
    const slow = await s.openIsolate({ database: watched.database })
    watched.watch.before = async (trip) => {
      if (!writesJournal(trip)) return
      watched.watch = {}
      await put(mid, { name: 'Meanwhile' })
    }
    expect((await put(mid, { cutOff: '20:00' }, slow)).body).toMatchObject({
      name: 'Meanwhile',
      cutOff: '20:00',
    })
    expect(await faultOf(merchantStream(mid))).toBeNull()
  })

  it('without end are given up: nothing was written, and the same request may come again', async () => {
    const mid = freshMid()
    await put(mid, {})
    const watched = watchD1(env.DB)
    const slow = await s.openIsolate({ database: watched.database })
    let minutes = 0
    watched.watch.before = async (trip) => {
      if (writesJournal(trip)) await put(mid, { window: { kind: 'minutes', minutes: ++minutes } })
    }
    const lost = await put(mid, { cutOff: '20:00' }, slow)
    expect(lost).toMatchObject({
      status: 409,
      body: { reason: 'in_progress', certainty: 'PENDING', doNext: 'retry' },
    })
    expect((await put(mid, {})).body.cutOff).toBe('23:00')
  })
})

it('a terminal comes after its merchant', async () => {
  const mid = freshMid()
  const early = await s.ask(isolate, admin, 'PUT', `/v1/merchants/${mid}/terminals/AFTER001`, {
    state: 'active',
  })
  expect([early.status, early.body.reason]).toEqual([409, 'merchant_required'])
  await put(mid, {})
  const bare = await s.ask(isolate, admin, 'PUT', `/v1/merchants/${mid}/terminals/AFTER001`, {
    state: 'active',
  })
  expect([bare.status, bare.body.reason]).toEqual([422, 'master_key_required'])
  expect(await rows("select 1 from terminal where terminal_id = 'AFTER001'")).toEqual([])
  expect((await openTerminal(isolate, { mid, tid: 'AFTER001' })).mid).toBe(mid)
})
