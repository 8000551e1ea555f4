/**
 * @module Captured sales that an acquirer also knows: their reversal, the acquirer's records and a person's
 * decision, in every order.
 */

import { expect, it } from 'vitest'
import { DECIDE_MS } from '../../src/domain/acquirer-state.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { reconcile } from './acquirer-records.ts'
import { faultOf, rows } from './book.ts'
import { inquire } from './inquire.ts'
import { SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

const RRN = 'CAP000000001'

async function openHarness() {
  const acquirer = scriptedAcquirer()
  const isolate: s.Isolate = await s.openIsolate({
    acquirer: acquirer.port,
    sleep: async (ms) => {
      isolate.clock.now += ms
    },
  })
  const terminal = await openTerminal(isolate)
  const line = {
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    stan: '000077',
    amount: 1234,
  }
  return { acquirer, isolate, terminal, admin: await s.bearerKey(null), line }
}
type Harness = Awaited<ReturnType<typeof openHarness>>

const captureSales = ({ isolate, admin, line }: Harness, more: object = {}) =>
  s.ask(isolate, admin, 'POST', '/v1/sales', { ...line, pan: s.PAN, rrn: RRN, ...more })

const listed = ({ line }: Harness, more: object = {}) => ({
  ...line,
  kind: 'sale',
  state: 'approved',
  rrn: RRN,
  ...more,
})

async function list(harness: Harness, items: readonly object[]) {
  harness.isolate.clock.now += 1
  return reconcile(harness.isolate, items, harness.admin, { apply: true })
}

async function minutes({ isolate }: Harness, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    isolate.clock.now += 60_000
    await recover(isolate.services, isolate.services.now() + 1)
  }
}

const reverse = async ({ terminal, isolate }: Harness) => {
  const reply = await terminal.send(s.aReversal('sale', { stan: '000077' }))
  await isolate.settle()
  return reply.fields.get(39)
}

const forwarded = ({ tid }: TestTerminal) =>
  rows(
    'select kind, state, acquirer_stan, case_reason from acquirer_record where terminal_id = ? order by (select rowid from journal where journal.message_key = acquirer_record.message_key)',
    tid,
  )

async function caseOf({ isolate, admin, terminal }: Harness) {
  const { body } = await s.ask(isolate, admin, 'GET', '/v1/cases?limit=100')
  const items = body.items as {
    rrn: string
    terminalId: string
    state: string
    reason: string
    sale: object | null
  }[]
  return items.find(({ terminalId }) => terminalId === terminal.tid)
}

const decide = (harness: Harness, rrn: string | undefined, resolution: string) =>
  s.ask(
    harness.isolate,
    harness.admin,
    'POST',
    `/v1/cases/${rrn}`,
    { resolution, note: 'by phone' },
    { 'idempotency-key': `decide-${rrn}` },
  )

it('a captured sale in the acquirer’s list agrees, and its reversal is sent to the acquirer', async () => {
  const harness = await openHarness()
  await captureSales(harness)
  const otherTerminal = listed(harness, { terminalId: '00000000' })
  expect(await list(harness, [listed(harness), otherTerminal])).toMatchObject([
    { line: 2, result: 'unknown_terminal' },
  ])
  expect(await forwarded(harness.terminal)).toEqual([])
  expect(await reverse(harness)).toBe('00')
  expect(harness.acquirer.requests.map(({ kind, of, acquirerStan }) => [kind, of, acquirerStan])).toEqual([
    ['reversal', 'sale', '000077'],
  ])
  expect(await faultOf(harness.terminal.tid)).toBeNull()
})

it('a void of it that only the acquirer has is adopted, so that no second void is sent', async () => {
  const harness = await openHarness()
  await captureSales(harness)
  const original = { batchNumber: '000001', stan: '000077' }
  expect(
    await list(harness, [listed(harness), listed(harness, { kind: 'void', stan: '600001', original })]),
  ).toMatchObject([{ line: 2, result: 'differs', difference: 'only_acquirer', applied: true }])
  const secondVoid = await harness.terminal.send(
    s.aVoid({ stan: '000002', original: '000077', rrn: RRN, amount: 1234 }),
  )
  expect(secondVoid.fields.get(39)).toBe('12')
})

it.each([
  ['reversed', { state: 'reversed' }, 'state'],
  ['of another amount', { amount: 1233 }, 'amount'],
] as const)(
  'a captured sale that the acquirer lists as %s becomes a case, which a person closes',
  async (_, more, difference) => {
    const harness = await openHarness()
    await captureSales(harness)
    expect(await list(harness, [listed(harness, more)])).toMatchObject([
      { line: 1, result: 'differs', difference, applied: true },
    ])
    expect(await list(harness, [listed(harness, more)])).toMatchObject([{ result: 'known_case' }])
    const open = await caseOf(harness)
    expect(open).toMatchObject({ reason: 'record_differs', sale: { rrn: RRN } })
    expect((await decide(harness, open?.rrn, 'undone')).status).toBe(200)
    expect(await forwarded(harness.terminal)).toMatchObject([
      { kind: 'sale', state: 'reversed', acquirer_stan: '000077' },
    ])
    const [batch] = await rows('select debit_amount from batch where terminal_id = ?', harness.terminal.tid)
    expect(batch).toEqual({ debit_amount: 0 })
    expect(harness.acquirer.requests).toEqual([])
    expect(await faultOf(harness.terminal.tid)).toBeNull()
  },
)

it('a sale captured again after the acquirer’s list is reversed like any other', async () => {
  const harness = await openHarness()
  expect(await list(harness, [listed(harness)])).toMatchObject([
    { result: 'differs', difference: 'only_acquirer' },
  ])
  const only = await caseOf(harness)
  const inquiry = await s.ask(harness.isolate, harness.admin, 'GET', `/v1/inquiries?rrn=${only?.rrn}`)
  expect(inquiry).toMatchObject({ status: 200, body: { found: true, rrn: only?.rrn, state: 'approved' } })
  expect((await captureSales(harness)).status).toBe(201)
  expect(await reverse(harness)).toBe('00')
  expect((await caseOf(harness))?.state).toBe('closed')
  expect(await forwarded(harness.terminal)).toEqual([
    { kind: 'sale', state: 'reversed', acquirer_stan: '000077', case_reason: 'only_acquirer' },
  ])
  expect(await faultOf(harness.terminal.tid)).toBeNull()
})

it('its reversal with a case is found under its case number, and closed there', async () => {
  const harness = await openHarness()
  await captureSales(harness)
  harness.acquirer.script = { reversal: SILENT, inquiry: SILENT }
  expect(await reverse(harness)).toBe('00')
  harness.isolate.clock.now += DECIDE_MS
  await recover(harness.isolate.services, 0)
  const open = await caseOf(harness)
  const one = await s.ask(harness.isolate, harness.admin, 'GET', `/v1/cases/${open?.rrn}`)
  expect(one).toMatchObject({ status: 200, body: { reason: 'no_answer', sale: { rrn: RRN } } })
  expect((await decide(harness, open?.rrn, 'undone')).status).toBe(200)
  expect(await forwarded(harness.terminal)).toMatchObject([{ state: 'reversed' }])
})

it('a sale reversed before its capture is reversed at the acquirer too, once', async () => {
  const harness = await openHarness()
  expect(await reverse(harness)).toBe('00')
  expect(harness.acquirer.requests).toEqual([])
  for (let i = 0; i < 2; i++)
    expect(await captureSales(harness)).toMatchObject({ status: 409, body: { reason: 'message_reversed' } })
  await harness.isolate.settle()
  expect(
    harness.acquirer.requests.map(({ kind, of, acquirerStan, amount }) => [kind, of, acquirerStan, amount]),
  ).toEqual([['reversal', 'sale', '000077', 1234]])
  expect(await captureSales(harness)).toMatchObject({ status: 409, body: { reason: 'message_reversed' } })
  expect(await forwarded(harness.terminal)).toMatchObject([{ kind: 'sale', state: 'reversed' }])
  expect(await rows('select debit_amount from batch where terminal_id = ?', harness.terminal.tid)).toEqual([
    { debit_amount: 0 },
  ])
  expect(await faultOf(harness.terminal.tid)).toBeNull()
})

it('the acquirer’s missing answer to that reversal opens a case', async () => {
  const harness = await openHarness()
  harness.acquirer.script = { reversal: SILENT, inquiry: SILENT }
  await reverse(harness)
  await captureSales(harness)
  await harness.isolate.settle()
  await minutes(harness, 4)
  const open = await caseOf(harness)
  expect(open).toMatchObject({ reason: 'no_answer' })
  expect((await decide(harness, open?.rrn, 'stands')).status).toBe(200)
  expect((await decide(harness, open?.rrn, 'stands')).status).toBe(200)
  expect(await forwarded(harness.terminal)).toMatchObject([{ state: 'approved' }])
  expect(await faultOf(harness.terminal.tid)).toBeNull()
})

it('a sale captured as declined after its reversal is not sent to the acquirer', async () => {
  const harness = await openHarness()
  await reverse(harness)
  expect(await captureSales(harness, { state: 'declined' })).toMatchObject({ status: 409 })
  await minutes(harness, 1)
  expect(harness.acquirer.requests).toEqual([])
})

it.each([{ state: 'reversed' }, { state: 'declined' }, { amount: 1233 }])(
  'a sale listed as %j before its capture differs as soon as it is listed again',
  async (more) => {
    const harness = await openHarness()
    await list(harness, [listed(harness, more)])
    expect((await captureSales(harness)).status).toBe(201)
    expect(await list(harness, [listed(harness, more)])).toMatchObject([{ result: 'differs', applied: true }])
    const open = await caseOf(harness)
    expect(open).toMatchObject({ reason: 'record_differs', sale: { rrn: RRN } })
    expect((await decide(harness, open?.rrn, 'undone')).status).toBe(200)
    expect(await rows('select debit_amount from batch where terminal_id = ?', harness.terminal.tid)).toEqual([
      { debit_amount: 0 },
    ])
    expect(await faultOf(harness.terminal.tid)).toBeNull()
  },
)

it('a case opened before the capture still exists after the reversal', async () => {
  const harness = await openHarness()
  await list(harness, [listed(harness)])
  const open = await caseOf(harness)
  await captureSales(harness)
  harness.acquirer.script = { reversal: SILENT, inquiry: SILENT }
  expect(await reverse(harness)).toBe('00')
  expect((await s.ask(harness.isolate, harness.admin, 'GET', `/v1/cases/${open?.rrn}`)).status).toBe(200)
  expect((await decide(harness, open?.rrn, 'undone')).status).toBe(200)
  expect(await forwarded(harness.terminal)).toMatchObject([{ state: 'reversed' }])
})

it('a void with a case is reversed once more when its sale is reversed, and before it', async () => {
  const harness = await openHarness()
  await captureSales(harness)
  const voided = await harness.terminal.send(
    s.aVoid({ stan: '000002', original: '000077', rrn: RRN, amount: 1234 }),
  )
  expect(voided.fields.get(39)).toBe('00')
  harness.acquirer.script = { reversal: SILENT, inquiry: SILENT }
  await harness.terminal.send(s.aReversal('void', { stan: '000002' }))
  await harness.isolate.settle()
  await minutes(harness, 6)
  expect(await forwarded(harness.terminal)).toMatchObject([{ kind: 'void', case_reason: 'no_answer' }])
  harness.acquirer.script = {}
  harness.acquirer.requests.length = 0
  expect(await reverse(harness)).toBe('00')
  await minutes(harness, 3)
  expect(harness.acquirer.requests.map(({ kind, of }) => `${kind} ${of}`)).toEqual([
    'reversal void',
    'reversal sale',
  ])
  expect(await forwarded(harness.terminal)).toMatchObject([{ state: 'reversed' }, { state: 'reversed' }])
})

it('a captured sale in another currency is not reversed at the acquirer, but the corrected one is', async () => {
  const harness = await openHarness()
  await reverse(harness)
  expect((await captureSales(harness, { currency: '840' })).status).toBe(409)
  await captureSales(harness)
  await harness.isolate.settle()
  expect(harness.acquirer.requests.map(({ kind, currencyCode }) => [kind, currencyCode])).toEqual([
    ['reversal', '156'],
  ])
})

it('each RRN of the journal finds its message, that of a case too', async () => {
  const harness = await openHarness()
  const found = await rows('select rrn, message_key from journal where rrn is not null')
  expect(found.filter((row) => String(row.message_key).includes('|case|'))).not.toEqual([])
  for (const { rrn } of found) {
    const { status, body } = await inquire(harness.isolate, harness.admin, { rrn: String(rrn) })
    expect([status, body.found]).toEqual([200, true])
  }
})
