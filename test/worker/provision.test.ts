/**
 * @module Provisioning a terminal: components, check values, and changes that take effect at once. New master
 * keys end every earlier key. Changes race with a sign-on or another change.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { EntryReader } from '../../src/store/replay.ts'
import { desDecrypt, desEncrypt } from '../support/micro-des.ts'
import { sm4Encrypt } from '../support/micro-sm4.ts'
import { faultOf, journalOf, rows } from './book.ts'
import * as s from './support.ts'
import { bytes, hexOf, openTerminal, sell, type TestTerminal } from './terminal.ts'
import { watchD1 } from './watched-d1.ts'

let isolate: s.Isolate
let admin: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  await s.provisionMerchant(isolate, s.MID)
  admin = await s.bearerKey(null)
})

const FIRST = '0123456789ABCDEFFEDCBA9876543210'
const xor = (a: string, b: string) => hexOf(bytes(a).map((byte, i) => byte ^ (bytes(b)[i] ?? 0)))
const SECOND = xor(FIRST, s.TMK)
const kcv = (key: string, length = 4) => hexOf(desEncrypt(bytes(key), new Uint8Array(8)).subarray(0, length))
const kcvSm4 = (key: string) => hexOf(sm4Encrypt(bytes(key), new Uint8Array(16)).subarray(0, 4))

const components = (first = FIRST, second = SECOND, check = (key: string) => kcv(key)) => ({
  components: [
    { value: first, checkValue: check(first) },
    { value: second, checkValue: check(second) },
  ],
})

let next = 0
const freshTid = () => `P${String(++next).padStart(7, '0')}`

const put = (tid: string, body: unknown, mid = s.MID, to = isolate) =>
  s.ask(to, admin, 'PUT', `/v1/merchants/${mid}/terminals/${tid}`, body)

const reasonOf = ({ status, body }: s.JsonReply) => [status, body.reason]

describe('a new terminal', () => {
  it('needs a master key in two components with right check values, and never returns them', async () => {
    const tid = freshTid()
    const { status, body, text } = await put(tid, { tmk: { ...components(), checkValue: kcv(s.TMK) } })
    expect(status).toBe(201)
    expect(body).toEqual({
      merchantId: s.MID,
      terminalId: tid,
      state: 'active',
      macProfile: 'cup-ecb',
      textEncoding: 'gbk',
      settlementMac: 'required',
      ...USUAL_FORMS,
      batchNumber: '000001',
      certainty: 'FINAL',
      doNext: 'nothing',
    })
    for (const secret of [FIRST, SECOND, s.TMK]) expect(text.toUpperCase()).not.toContain(secret)
    expect((await put(tid, {})).status).toBe(200)
    expect(await faultOf(tid)).toBeNull()
  })

  it('accepts check values of two bytes, single-length and SM4 keys', async () => {
    const two = (key: string) => kcv(key, 2)
    expect((await put(freshTid(), { tmk: components(FIRST, SECOND, two) })).status).toBe(201)
    expect(
      (
        await put(freshTid(), {
          tmk: { ...components(FIRST.slice(0, 16), SECOND.slice(0, 16)), allowSingleLength: true },
        })
      ).status,
    ).toBe(201)
    const sm4 = { macProfile: 'cup-sm4', tmk: components(FIRST, SECOND, kcvSm4) }
    expect((await put(freshTid(), sm4)).status).toBe(201)
  })

  const wrong: readonly (readonly [string, object, number, string])[] = [
    ['no key', {}, 422, 'master_key_required'],
    ['a wrong check value', { tmk: components(FIRST, SECOND, () => '00000000') }, 422, 'check_value_differs'],
    [
      'a wrong check value of the whole key',
      { tmk: { ...components(), checkValue: '00000000' } },
      422,
      'check_value_differs',
    ],
    [
      'components of two lengths',
      { tmk: components(FIRST, SECOND.slice(0, 16)) },
      422,
      'check_value_differs',
    ],
    [
      'check values of another cipher',
      { macProfile: 'cup-sm4', tmk: components() },
      422,
      'check_value_differs',
    ],
    ['one component', { tmk: { components: components().components.slice(1) } }, 400, 'invalid_request'],
    [
      'a key in base64',
      { tmk: components('AAECAwQFBgcICQoLDA0ODw==', SECOND, () => '00000000') },
      400,
      'invalid_request',
    ],
    ['a clear key', { tmk: s.TMK }, 400, 'invalid_request'],
    ['an unknown member', { tmk: components(), mak: s.MAK }, 400, 'invalid_request'],
    ['an unknown profile', { tmk: components(), macProfile: 'none' }, 400, 'invalid_request'],
    ['settings of its merchant', { tmk: components(), merchant: { name: 'Bakery' } }, 400, 'invalid_request'],
  ]
  it.each(wrong)('with %s is rejected and not created', async (_name, body, status, reason) => {
    const tid = freshTid()
    const reply = await put(tid, body)
    expect(reasonOf(reply)).toEqual([status, reason])
    for (const secret of [FIRST, SECOND, s.TMK]) expect(reply.text.toUpperCase()).not.toContain(secret)
    expect(await journalOf(tid)).toEqual([])
  })

  it.each([' T1', 'T 1', 'T1      ', 'T 000001', 'T00000001', 'T000000é'])(
    'cannot be called %s',
    async (tid) => {
      expect((await put(encodeURIComponent(tid), { tmk: components() })).status).toBe(400)
    },
  )

  it('belongs to one merchant, also when two send it at once', async () => {
    const tid = freshTid()
    const mids = ['000000000000001', '000000000000002']
    for (const mid of mids) await s.provisionMerchant(isolate, mid)
    const replies = await Promise.all(mids.map((mid) => put(tid, { tmk: components() }, mid)))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409])
    const loser = replies.find(({ status }) => status === 409)
    expect(loser?.body.reason).toBe('terminal_of_other_merchant')
  })
})

const codeOf = async (terminal: TestTerminal, stan: string, attemptOf = {}) =>
  (await terminal.send(s.aSale({ stan }), attemptOf)).fields.get(39)

describe('a change', () => {
  it.each(['blocked', 'stolen', 'retired'])(
    'to %s takes effect at once, and so does its return',
    async (state) => {
      const terminal = await openTerminal(isolate)
      expect(await codeOf(terminal, '000001')).toBe('00')
      await put(terminal.tid, { state })
      const other = await s.openIsolate()
      expect(await codeOf(terminal, '000002', { to: other })).toBe('58')
      expect(await codeOf(terminal, '000003')).toBe('58')
      const signOn = await terminal.send(s.aManagement('0800', '003', { stan: '000009' }), { key: null })
      // A sign-on proves nothing, so it gets the answer of an unknown terminal.
      expect([signOn.fields.get(39), signOn.fields.has(62)]).toEqual(['97', false])
      await put(terminal.tid, { state: 'active' })
      expect(await codeOf(terminal, '000004', { to: other })).toBe('00')
    },
  )

  it('of the merchant applies to all its terminals: closed, and another cut-off', async () => {
    const mid = '000000000000009'
    const [one, two] = [await openTerminal(isolate, { mid }), await openTerminal(isolate, { mid })]
    await s.provisionMerchant(isolate, mid, { state: 'closed' })
    expect(await codeOf(one, '000001')).toBe('03')
    expect(await codeOf(two, '000001')).toBe('03')
    await s.provisionMerchant(isolate, mid, { state: 'active', cutOff: '10:18' })
    // 10:18 in Shanghai is now: the business day of this sale is the next day.
    const sale = await two.send(s.aSale({ stan: '000002' }))
    expect([sale.fields.get(12), sale.fields.get(13), sale.fields.get(15)]).toEqual([
      '101800',
      '0601',
      '0602',
    ])
  })

  it('of the MAC profile needs a master key', async () => {
    const terminal = await openTerminal(isolate)
    expect(reasonOf(await put(terminal.tid, { macProfile: 'x9.9' }))).toEqual([422, 'master_key_required'])
    expect((await put(terminal.tid, { macProfile: 'x9.9', tmk: components() })).status).toBe(200)
    expect(await codeOf(terminal, '000001')).toBe('77')
  })

  it('of the master key ends every key, current and waiting', async () => {
    const terminal = await openTerminal(isolate)
    expect(await codeOf(terminal, '000001')).toBe('00')
    await s.installKey(isolate, '5'.repeat(16), terminal, 2)
    await put(terminal.tid, { tmk: components() })
    expect(await rows('select 1 from key_set where terminal_id = ?', terminal.tid)).toEqual([])
    expect(await codeOf(terminal, '000002')).toBe('77')
    expect(await codeOf(terminal, '000003', { key: { ...terminal.key, mak: '5'.repeat(16) } })).toBe('77')
  })

  it('of the settlement MAC decides whether settlement must carry one', async () => {
    const terminal = await openTerminal(isolate)
    await sell(terminal, '000001')
    await put(terminal.tid, { settlementMac: 'required' })
    const settlement = s.aSettlement({ stan: '000002' }, s.totalsOf(1234, 1, 0, 0))
    const bare = await terminal.send(settlement, { key: null })
    expect([bare.fields.get(39), bare.fields.get(48)?.[30]]).toEqual(['A0', '3'])
    expect((await terminal.send(settlement)).fields.get(48)?.[30]).toBe('1')
  })

  it('keeps the settings that it does not name', async () => {
    const terminal = await openTerminal(isolate, { body: { textEncoding: 'ascii' } as object })
    await put(terminal.tid, { settlementMac: 'required' })
    const { body } = await put(terminal.tid, {})
    expect(body).toMatchObject({ textEncoding: 'ascii', settlementMac: 'required', state: 'active' })
  })
})

describe('changes that race', () => {
  /** An isolate in which `meanwhile` runs once, just before its next write of a kind. */
  async function interrupted(kind: RegExp, meanwhile: () => Promise<unknown>) {
    const watched = watchD1(env.DB)
    const opened = await s.openIsolate({ database: watched.database })
    watched.watch.before = async ({ statements }) => {
      if (!statements.some(({ sql }) => kind.test(sql))) return
      watched.watch = {}
      await meanwhile()
    }
    return opened
  }

  it('a sign-on under a master key that is being replaced leaves no key of the old one', async () => {
    const terminal = await openTerminal(isolate, { hasKey: false })
    const newKey = components(FIRST, xor(SECOND, '77'.repeat(16)))
    const old = await interrupted(/^insert into "key_set"/i, () => put(terminal.tid, { tmk: newKey }))
    const signOn = s.aManagement('0800', '003', { stan: '000001' })
    const reply = await terminal.send(signOn, { key: null, to: old })
    // Only the holder of the new master key can open the returned key: its check value matches no other.
    const field62 = bytes(reply.fields.get(62) ?? '')
    const open = (tmk: string) => hexOf(desDecrypt(bytes(tmk), field62.subarray(20, 28)))
    const tmk = xor(s.TMK, '77'.repeat(16))
    expect(kcv(open(tmk))).toBe(hexOf(field62.subarray(36, 40)))
    expect(await codeOf(terminal, '000001', { key: { ...terminal.key, mak: open(s.TMK) } })).toBe('A0')
    expect(await codeOf(terminal, '000001', { key: { ...terminal.key, mak: open(tmk) } })).toBe('00')
    expect(await rows('select 1 from key_set where terminal_id = ?', terminal.tid)).toHaveLength(1)
  })

  it('a sign-on for a profile that is being changed leaves no key that the new profile cannot use', async () => {
    const terminal = await openTerminal(isolate, { hasKey: false })
    const sm4 = { macProfile: 'cup-sm4', tmk: components(FIRST, SECOND, kcvSm4) }
    const old = await interrupted(/^insert into "key_set"/i, () => put(terminal.tid, sm4))
    await terminal.send(s.aManagement('0800', '003', { stan: '000001' }), { key: null, to: old })
    const reply = await terminal.send(s.aSale({ stan: '000001' }))
    expect([reply.status, reply.fields.get(39)]).toEqual([200, '77'])
  })

  it('a change of one terminal keeps a concurrent change of its merchant', async () => {
    const mid = '000000000000008'
    const two = await openTerminal(isolate, { mid })
    const slow = await interrupted(/^insert into "incoming"/i, () =>
      s.provisionMerchant(isolate, mid, { state: 'closed' }),
    )
    await put(two.tid, { textEncoding: 'ascii' }, mid, slow)
    expect(await rows('select status from merchant where merchant_id = ?', mid)).toEqual([
      { status: 'closed' },
    ])
  })

  it('a sale decided before its terminal was reported stolen is not committed afterwards', async () => {
    const terminal = await openTerminal(isolate)
    const slow = await interrupted(/^insert into "incoming"/i, () => put(terminal.tid, { state: 'stolen' }))
    expect(await codeOf(terminal, '000001', { to: slow })).toBe('58')
    expect(await rows('select 1 from sale where terminal_id = ?', terminal.tid)).toEqual([])
  })
})

describe('the entry of a change', () => {
  /** The settings of each entry, as the entry has them. */
  const settingsOf = async (tid: string, reader = new EntryReader()) =>
    (await journalOf(tid)).map((row) => reader.open(row).request)

  it('has each changed setting with its old and its new value, and never a key', async () => {
    const tid = freshTid()
    await put(tid, { tmk: components(), macProfile: 'x9.19' })
    await put(tid, { state: 'stolen', textEncoding: 'gbk' })
    await put(tid, { state: 'active', settlementMac: 'optional', tmk: components() })
    await put(tid, { state: 'active' })
    const forms = Object.entries(USUAL_FORMS).map(([name, usual]) => [name, JSON.stringify([null, usual])])
    const formsOfNew = Object.fromEntries(forms) as Record<string, string>
    expect(await settingsOf(tid)).toEqual([
      {
        status: '[null,"active"]',
        macProfile: '[null,"x9.19"]',
        textEncoding: '[null,"gbk"]',
        settlementMac: '[null,"required"]',
        ...formsOfNew,
        newMasterKey: 'true',
      },
      { status: '["active","stolen"]', newMasterKey: 'false' },
      { status: '["stolen","active"]', settlementMac: '["required","optional"]', newMasterKey: 'true' },
      { newMasterKey: 'false' },
    ])
    const text = JSON.stringify(await journalOf(tid)).toUpperCase()
    for (const secret of [FIRST, SECOND, s.TMK, kcv(s.TMK)]) expect(text).not.toContain(secret)
  })
})
