/**
 * @module Sales that a feed tells of, with a host behind us that knows them: what their reversal, the host's list and a person make
 * of them, in whichever order these come.
 */

import { expect, it } from 'vitest'
import { DECIDE_MS } from '../../src/domain/host-state.ts'
import { recover } from '../../src/recover.ts'
import { faultOf, rows } from './book.ts'
import { reconcile } from './host-list.ts'
import { SILENT, scriptedHost } from './scripted-host.ts'
import * as s from './support.ts'
import { openTill, type Till } from './till.ts'

const RRN = 'FED000000001'

async function openShop() {
  const host = scriptedHost()
  const isolate: s.Isolate = await s.openIsolate({
    acquirer: host.acquirer,
    sleep: async (ms) => {
      isolate.clock.now += ms
    },
  })
  const till = await openTill(isolate)
  const line = {
    merchantId: till.mid,
    terminalId: till.tid,
    batchNumber: '000001',
    stan: '000077',
    amount: 1234,
  }
  return { host, isolate, till, admin: await s.bearerKey(null), line }
}
type Shop = Awaited<ReturnType<typeof openShop>>

const feed = ({ isolate, admin, line }: Shop, more: object = {}) =>
  s.ask(isolate, admin, 'POST', '/v1/sales', { ...line, pan: s.PAN, rrn: RRN, ...more })

const listed = ({ line }: Shop, more: object = {}) => ({
  ...line,
  of: 'sale',
  state: 'approved',
  rrn: RRN,
  ...more,
})

async function list(shop: Shop, items: readonly object[]) {
  shop.isolate.clock.now += 1
  return reconcile(shop.isolate, items, shop.admin, { apply: true })
}

async function minutes({ isolate }: Shop, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    isolate.clock.now += 60_000
    await recover(isolate.services, isolate.services.now() + 1)
  }
}

const reverse = async ({ till, isolate }: Shop) => {
  const reply = await till.say(s.aReversal('sale', { stan: '000077' }))
  await isolate.settle()
  return reply.fields.get(39)
}

const forwarded = ({ tid }: Till) =>
  rows(
    'select kind, state, host_stan, case_reason from host_message where terminal_id = ? order by rowid',
    tid,
  )

async function caseOf({ isolate, admin, till }: Shop) {
  const { body } = await s.ask(isolate, admin, 'GET', '/v1/cases?limit=100')
  const items = body.items as {
    id: string
    terminalId: string
    state: string
    reason: string
    sale: object | null
  }[]
  return items.find(({ terminalId }) => terminalId === till.tid)
}

const decide = (shop: Shop, id: string | undefined, resolution: string) =>
  s.ask(
    shop.isolate,
    shop.admin,
    'POST',
    `/v1/cases/${id}`,
    { resolution, note: 'by phone' },
    { 'idempotency-key': `decide-${id}` },
  )

it('one that the host lists is no difference, and is reversed there afterwards', async () => {
  const shop = await openShop()
  await feed(shop)
  const nowhere = listed(shop, { terminalId: '00000000' })
  expect(await list(shop, [listed(shop), nowhere])).toMatchObject([{ line: 2, finding: 'unknown_terminal' }])
  expect(await forwarded(shop.till)).toEqual([])
  expect(await reverse(shop)).toBe('00')
  expect(shop.host.asked.map(({ kind, of, hostStan }) => [kind, of, hostStan])).toEqual([
    ['reversal', 'sale', '000077'],
  ])
  expect(await faultOf(shop.till.tid)).toBeNull()
})

it('and a void of it that only the host has is taken up, so that no other goes out', async () => {
  const shop = await openShop()
  await feed(shop)
  const original = { batchNumber: '000001', stan: '000077' }
  expect(
    await list(shop, [listed(shop), listed(shop, { of: 'void', stan: '600001', original })]),
  ).toMatchObject([{ line: 2, finding: 'differs', difference: 'only_host', applied: true }])
  const another = await shop.till.say(s.aVoid({ stan: '000002', original: '000077', rrn: RRN, amount: 1234 }))
  expect(another.fields.get(39)).toBe('12')
})

it.each([
  ['reversed', { state: 'reversed' }, 'state'],
  ['of another amount', { amount: 1233 }, 'amount'],
] as const)('one that the host lists as %s is a case, which a person ends', async (_, more, difference) => {
  const shop = await openShop()
  await feed(shop)
  expect(await list(shop, [listed(shop, more)])).toMatchObject([
    { line: 1, finding: 'differs', difference, applied: true },
  ])
  expect(await list(shop, [listed(shop, more)])).toMatchObject([{ finding: 'known' }])
  const open = await caseOf(shop)
  expect(open).toMatchObject({ reason: 'host_differs', sale: { rrn: RRN } })
  expect((await decide(shop, open?.id, 'undone')).status).toBe(200)
  expect(await forwarded(shop.till)).toMatchObject([{ kind: 'sale', state: 'reversed', host_stan: '000077' }])
  const [batch] = await rows('select debit_amount from batch where terminal_id = ?', shop.till.tid)
  expect(batch).toEqual({ debit_amount: 0 })
  expect(shop.host.asked).toEqual([])
  expect(await faultOf(shop.till.tid)).toBeNull()
})

it('one that was fed again after the host’s list had told of it is reversed like any other', async () => {
  const shop = await openShop()
  expect(await list(shop, [listed(shop)])).toMatchObject([{ finding: 'differs', difference: 'only_host' }])
  const only = await caseOf(shop)
  const inquired = await s.ask(shop.isolate, shop.admin, 'GET', `/v1/inquiries?rrn=${only?.id}`)
  expect(inquired).toMatchObject({ status: 200, body: { found: true, rrn: only?.id, state: 'approved' } })
  expect((await feed(shop)).status).toBe(201)
  expect(await reverse(shop)).toBe('00')
  expect((await caseOf(shop))?.state).toBe('closed')
  expect(await forwarded(shop.till)).toEqual([
    { kind: 'sale', state: 'reversed', host_stan: '000077', case_reason: 'only_host' },
  ])
  expect(await faultOf(shop.till.tid)).toBeNull()
})

it('its reversal that becomes a case is found under the number by which it is listed, and ended there', async () => {
  const shop = await openShop()
  await feed(shop)
  shop.host.script = { reversal: SILENT, inquiry: SILENT }
  expect(await reverse(shop)).toBe('00')
  shop.isolate.clock.now += DECIDE_MS
  await recover(shop.isolate.services, 0)
  const open = await caseOf(shop)
  const one = await s.ask(shop.isolate, shop.admin, 'GET', `/v1/cases/${open?.id}`)
  expect(one).toMatchObject({ status: 200, body: { reason: 'host_silent', sale: { rrn: RRN } } })
  expect((await decide(shop, open?.id, 'undone')).status).toBe(200)
  expect(await forwarded(shop.till)).toMatchObject([{ state: 'reversed' }])
})

it('one that was reversed before the feed told of it is reversed at the host too, once', async () => {
  const shop = await openShop()
  expect(await reverse(shop)).toBe('00')
  expect(shop.host.asked).toEqual([])
  for (let i = 0; i < 2; i++)
    expect(await feed(shop)).toMatchObject({ status: 409, body: { reason: 'message_reversed' } })
  await shop.isolate.settle()
  expect(shop.host.asked.map(({ kind, of, hostStan, amount }) => [kind, of, hostStan, amount])).toEqual([
    ['reversal', 'sale', '000077', 1234],
  ])
  expect(await feed(shop)).toMatchObject({ status: 409, body: { reason: 'message_reversed' } })
  expect(await forwarded(shop.till)).toMatchObject([{ kind: 'sale', state: 'reversed' }])
  expect(await rows('select debit_amount from batch where terminal_id = ?', shop.till.tid)).toEqual([
    { debit_amount: 0 },
  ])
  expect(await faultOf(shop.till.tid)).toBeNull()
})

it('and a person is called where the host does not answer', async () => {
  const shop = await openShop()
  shop.host.script = { reversal: SILENT, inquiry: SILENT }
  await reverse(shop)
  await feed(shop)
  await shop.isolate.settle()
  await minutes(shop, 4)
  const open = await caseOf(shop)
  expect(open).toMatchObject({ reason: 'host_silent' })
  expect((await decide(shop, open?.id, 'stands')).status).toBe(200)
  expect((await decide(shop, open?.id, 'stands')).status).toBe(200)
  expect(await forwarded(shop.till)).toMatchObject([{ state: 'approved' }])
  expect(await faultOf(shop.till.tid)).toBeNull()
})

it('but not one that the feed tells of as declined', async () => {
  const shop = await openShop()
  await reverse(shop)
  expect(await feed(shop, { status: 'declined' })).toMatchObject({ status: 409 })
  await minutes(shop, 1)
  expect(shop.host.asked).toEqual([])
})

it.each([{ state: 'reversed' }, { state: 'declined' }, { amount: 1233 }])(
  'one that was listed as %j before it was fed is a difference as soon as it is listed again',
  async (more) => {
    const shop = await openShop()
    await list(shop, [listed(shop, more)])
    expect((await feed(shop)).status).toBe(201)
    expect(await list(shop, [listed(shop, more)])).toMatchObject([{ finding: 'differs', applied: true }])
    const open = await caseOf(shop)
    expect(open).toMatchObject({ reason: 'host_differs', sale: { rrn: RRN } })
    expect((await decide(shop, open?.id, 'undone')).status).toBe(200)
    expect(await rows('select debit_amount from batch where terminal_id = ?', shop.till.tid)).toEqual([
      { debit_amount: 0 },
    ])
    expect(await faultOf(shop.till.tid)).toBeNull()
  },
)

it('a case that was open before the feed is still there after the reversal', async () => {
  const shop = await openShop()
  await list(shop, [listed(shop)])
  const open = await caseOf(shop)
  await feed(shop)
  shop.host.script = { reversal: SILENT, inquiry: SILENT }
  expect(await reverse(shop)).toBe('00')
  expect((await s.ask(shop.isolate, shop.admin, 'GET', `/v1/cases/${open?.id}`)).status).toBe(200)
  expect((await decide(shop, open?.id, 'undone')).status).toBe(200)
  expect(await forwarded(shop.till)).toMatchObject([{ state: 'reversed' }])
})

it('a void for which a person was called is told once more when its sale is reversed, and before it', async () => {
  const shop = await openShop()
  await feed(shop)
  const voided = await shop.till.say(s.aVoid({ stan: '000002', original: '000077', rrn: RRN, amount: 1234 }))
  expect(voided.fields.get(39)).toBe('00')
  shop.host.script = { reversal: SILENT, inquiry: SILENT }
  await shop.till.say(s.aReversal('void', { stan: '000002' }))
  await shop.isolate.settle()
  await minutes(shop, 6)
  expect(await forwarded(shop.till)).toMatchObject([{ kind: 'void', case_reason: 'host_silent' }])
  shop.host.script = {}
  shop.host.asked.length = 0
  expect(await reverse(shop)).toBe('00')
  await minutes(shop, 3)
  expect(shop.host.asked.map(({ kind, of }) => `${kind} ${of}`)).toEqual(['reversal void', 'reversal sale'])
  expect(await forwarded(shop.till)).toMatchObject([{ state: 'reversed' }, { state: 'reversed' }])
})

it('a line of another currency under a reversal is no sale at the host; the mended one is', async () => {
  const shop = await openShop()
  await reverse(shop)
  expect((await feed(shop, { currency: '840' })).status).toBe(409)
  await feed(shop)
  await shop.isolate.settle()
  expect(shop.host.asked.map(({ kind, currencyCode }) => [kind, currencyCode])).toEqual([['reversal', '156']])
})
