/**
 * @module The effect of a person's case decision on a message, its totals and its copies. It is made once.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { recover } from '../../src/pipeline/recover.ts'
import { dump, effectOf, faultOf, journalOf } from './book.ts'
import { type CaseBody, decide, type Harness, onlyCase, openHarness, openVoidCase } from './case-client.ts'
import { inquire } from './inquire.ts'
import { aSale, openOffice, openWithAcquirer, type Sold } from './merchant-client.ts'
import { YES } from './scripted-acquirer.ts'
import * as s from './support.ts'

let admin: string
let key: string

beforeAll(async () => {
  admin = await s.bearerKey(null)
  key = await s.bearerKey(s.MID)
})

const totalsOf = async ({ terminal }: Harness) => (await effectOf(terminal.tid)).batches[0]

describe('a void that a person decides', () => {
  it('stands: its copy gets 00, it counts, the batch can close, and the inquiries stop', async () => {
    const harness = await openHarness()
    const { request, caseId } = await openVoidCase(harness, admin)
    const { terminal, isolate, acquirer } = harness
    const decided = await decide(harness, admin, caseId, 'stands')
    expect(decided).toMatchObject({
      status: 200,
      body: {
        rrn: caseId,
        state: 'closed',
        ours: { state: 'approved' },
        toDo: null,
        certainty: 'FINAL',
        doNext: 'nothing',
      },
    })
    expect((decided.body as unknown as CaseBody).history.at(-1)).toMatchObject({
      kind: 'case_closed',
      responseCode: '00',
      resolution: 'stands',
      note: '电话确认: by phone',
      decidedBy: 'test',
    })
    expect((await terminal.send(request)).fields.get(39)).toBe('00')
    expect(await totalsOf(harness)).toMatchObject({
      debit_amount: 1234,
      credit_amount: 1234,
      credit_count: 1,
    })
    const sentRequests = () => acquirer.requests.filter(({ terminalId }) => terminalId === terminal.tid)
    const before = sentRequests()
    isolate.clock.now += 2 * 3_600_000
    await recover(isolate.services, 0)
    expect(sentRequests()).toEqual(before)
    expect((await inquire(isolate, key, { rrn: caseId })).body).toMatchObject({
      kind: 'void',
      answer: { responseCode: '00' },
      state: 'approved',
      certainty: 'FINAL',
    })
    const closing = await terminal.send(s.aSettlement({ stan: '000009' }, s.totalsOf(1234, 1, 1234, 1)))
    expect(closing.fields.get(48)?.[30]).toBe('1')
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('is undone: its copy gets that answer, and the sale may be voided again', async () => {
    const harness = await openHarness()
    const { sale, request, caseId } = await openVoidCase(harness, admin)
    expect((await decide(harness, admin, caseId, 'undone')).body).toMatchObject({
      state: 'closed',
      ours: { state: 'declined' },
    })
    expect((await harness.terminal.send(request)).fields.get(39)).toBe('68')
    harness.acquirer.script = {}
    expect((await harness.terminal.send(s.aVoid({ stan: '000003', ...sale }))).fields.get(39)).toBe('00')
    expect(await totalsOf(harness)).toMatchObject({ credit_amount: 1234 })
  })

  it('stands although its terminal reversed it: the sale is voided, and counts as such', async () => {
    const harness = await openHarness()
    const office = openOffice(harness.isolate, key)
    const sale: Sold = await aSale(harness.terminal)
    const voided = await office.void(sale, `${harness.terminal.tid}-1`)
    harness.acquirer.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' }, inquiry: YES }
    const undone = await office.reverse(sale, `${harness.terminal.tid}-1`)
    await harness.isolate.settle()
    const { rrn } = await onlyCase(harness, admin)
    expect((await s.ask(harness.isolate, key, 'GET', `/v1/cases/${rrn}`)).body).toMatchObject({
      reason: 'reversal_refused',
      ours: { state: 'reversing' },
      acquirer: { state: 'approved' },
      stan: null,
      voidId: voided.body.id,
      history: [{ kind: 'void_claim' }, { kind: 'void' }, { kind: 'void_reversal' }, { kind: 'case' }],
    })
    expect(await totalsOf(harness)).toMatchObject({ credit_amount: 0 })
    expect((await decide(harness, admin, rrn, 'stands')).status).toBe(200)
    expect(await totalsOf(harness)).toMatchObject({ credit_amount: 1234 })
    expect((await s.ask(harness.isolate, key, 'GET', `/v1/voids/${voided.body.id}`)).body).toMatchObject({
      state: 'approved',
      reversedAt: null,
      certainty: 'FINAL',
    })
    expect((await office.void(sale, 'another')).body.reason).toBe('original_already_voided')
    expect((await office.reverse(sale, `${harness.terminal.tid}-1`)).body).toMatchObject({
      state: 'stands',
      voidId: undone.body.voidId,
    })
    expect(await faultOf(harness.terminal.tid)).toBeNull()
  })

  it('stands in a batch that was settled with the case open: it is stored, and no total moves', async () => {
    const harness = await openHarness()
    const { request, caseId } = await openVoidCase(harness, admin)
    const { terminal } = harness
    const closing = await terminal.send(s.aSettlement({ stan: '000009' }, s.totalsOf(1234, 1, 0, 0)))
    expect(closing.fields.get(48)?.[30]).toBe('1')
    expect((await decide(harness, admin, caseId, 'stands')).body).toMatchObject({
      state: 'closed',
      ours: { state: 'approved' },
    })
    expect((await terminal.send(request)).fields.get(39)).toBe('00')
    expect((await effectOf(terminal.tid)).batches).toMatchObject([
      { state: 'closed', credit_amount: 0 },
      { state: 'open', credit_amount: 0 },
    ])
  })
})

it('gives a sale that its terminal reversed the same state in sale and inquiry when it stands', async () => {
  const harness = await openHarness()
  const { terminal, acquirer, isolate } = harness
  const sale: Sold = await aSale(terminal)
  acquirer.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' }, inquiry: YES }
  expect((await terminal.send(s.aReversal('sale', { stan: sale.stan }))).fields.get(39)).toBe('00')
  await isolate.settle()
  const { rrn } = await onlyCase(harness, admin)
  const read = async () => {
    const inquiry = await s.ask(isolate, admin, 'GET', `/v1/inquiries?saleId=${sale.saleId}`)
    const found = await s.ask(isolate, admin, 'GET', `/v1/sales/${sale.saleId}`)
    return [inquiry.body.state, found.body.state, found.body.voidable]
  }
  expect((await decide(harness, admin, rrn, 'stands')).status).toBe(200)
  expect(await read()).toEqual(['approved', 'approved', false])
})

it('is not described as reversed in its case when no client got an answer', async () => {
  const harness = await openHarness()
  const { caseId } = await openVoidCase(harness, admin)
  const { terminal, acquirer, isolate } = harness
  const closing = await terminal.send(s.aSettlement({ stan: '000009' }, s.totalsOf(1234, 1, 0, 0)))
  expect(closing.fields.get(48)?.[30]).toBe('1')
  acquirer.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' }, inquiry: YES }
  isolate.clock.now += 3_600_000
  await recover(isolate.services, 0)
  const { body } = await s.ask(isolate, admin, 'GET', `/v1/cases/${caseId}`)
  expect(body).toMatchObject({
    reason: 'reversal_refused',
    toDo: { en: expect.stringContaining('got no answer') },
  })
})

describe('a decision', () => {
  it('repeated gets the same answer; other content under its key, or another decision, is rejected', async () => {
    const harness = await openHarness()
    const { caseId } = await openVoidCase(harness, admin)
    const first = await decide(harness, admin, caseId, 'stands', { name: 'once' })
    const again = await decide(harness, admin, caseId, 'stands', { name: 'once' })
    expect([again.status, again.text]).toEqual([200, first.text])
    expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true'])
    const entries = await journalOf(harness.terminal.tid)
    expect((await decide(harness, admin, caseId, 'undone', { name: 'once' })).status).toBe(422)
    expect((await decide(harness, admin, caseId, 'stands', { name: 'once', note: 'other' })).status).toBe(422)
    expect(await decide(harness, admin, caseId, 'undone')).toMatchObject({
      status: 409,
      body: { reason: 'case_closed' },
    })
    expect(await journalOf(harness.terminal.tid)).toEqual(entries)
  })

  it('is made once, although two people decide at once and the acquirer answers as well', async () => {
    const harness = await openHarness()
    const { caseId } = await openVoidCase(harness, admin)
    harness.acquirer.script = { inquiry: YES }
    harness.isolate.clock.now += 2 * 3_600_000
    const other = await openWithAcquirer(harness.acquirer)
    const [one, two] = await Promise.all([
      decide(harness, admin, caseId, 'stands'),
      decide({ isolate: other }, admin, caseId, 'undone'),
      recover(harness.isolate.services, 0),
    ])
    expect([one.status, two.status].filter((status) => status === 200).length).toBeLessThanOrEqual(1)
    const closings = (await onlyCase(harness, admin)).history.filter(
      ({ kind }) => kind === 'case_closed' || kind === 'void',
    )
    expect(closings).toHaveLength(1)
    expect(await faultOf(harness.terminal.tid)).toBeNull()
  })

  it.each([
    ['no key', { resolution: 'stands', note: 'x' }, undefined, 'idempotency_key_required'],
    ['no note', { resolution: 'stands' }, 'k', 'invalid_request'],
    ['another resolution', { resolution: 'maybe', note: 'x' }, 'k', 'invalid_request'],
    ['a line break', { resolution: 'stands', note: 'a\nb' }, 'k', 'invalid_request'],
    ['too long a note', { resolution: 'stands', note: 'x'.repeat(501) }, 'k', 'invalid_request'],
  ])('with %s is rejected', async (_, body, name, reason) => {
    const { isolate } = await openHarness()
    const before = await dump()
    const headers: Record<string, string> = name === undefined ? {} : { 'idempotency-key': name }
    const reply = await s.ask(isolate, admin, 'POST', '/v1/cases/000000000000', body, headers)
    expect([reply.status, reply.body.reason]).toEqual([400, reason])
    expect(reply.text).not.toContain('0014')
    expect(await dump()).toEqual(before)
  })

  it.each([' ', '-', '\u00a0', '  ', '/', ' – ', '.'])(
    'may not hold a card number, grouped by “%s”',
    async (gap) => {
      const { isolate } = await openHarness()
      const body = { resolution: 'stands', note: `card 6225${gap}0000${gap}0000${gap}0014` }
      const reply = await s.ask(isolate, admin, 'POST', '/v1/cases/000000000000', body, {
        'idempotency-key': 'k',
      })
      expect([reply.status, reply.body.reason]).toEqual([400, 'invalid_request'])
      expect(reply.text).not.toContain('0014')
    },
  )

  it.each(['2026-11-23 14:05:30 by phone', 'RRN 605261256658, then 13:14'])('may hold “%s”', async (note) => {
    const { isolate } = await openHarness()
    const body = { resolution: 'stands', note }
    const reply = await s.ask(isolate, admin, 'POST', '/v1/cases/000000000000', body, {
      'idempotency-key': 'k',
    })
    expect(reply.status).toBe(404)
  })
})
