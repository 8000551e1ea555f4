/**
 * @module Forwarding to an acquirer: claim, request, outcome. The terminal's and the back office's answers
 * while the acquirer does not answer, recovery, and late answers that never approve a given-up or reversed
 * void.
 */

import { describe, expect, it } from 'vitest'
import { DECIDE_MS, GIVE_UP_MS } from '../../src/domain/acquirer-state.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { kindOfBody } from '../support/kind-of-body.ts'
import { effectOf, faultOf, journalOf, rows } from './book.ts'
import { NO, type ScriptedAcquirer, SILENT, scriptedAcquirer, YES } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell, type TestTerminal } from './terminal.ts'

interface Harness {
  readonly acquirer: ScriptedAcquirer
  readonly isolate: s.Isolate
  readonly terminal: TestTerminal
}

/** Waits move the test clock and take no time. */
async function openHarness(acquirer = scriptedAcquirer()): Promise<Harness> {
  const isolate: s.Isolate = await s.openIsolate({
    acquirer: acquirer.port,
    sleep: async (ms) => {
      isolate.clock.now += ms
    },
  })
  return { acquirer, isolate, terminal: await openTerminal(isolate) }
}

/** Moves the clock and runs the cron once a minute. */
async function minutes({ isolate }: Harness, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    isolate.clock.now += 60_000
    await recover(isolate.services, isolate.services.now() + 1)
  }
}

const stateOf = async (terminal: TestTerminal): Promise<string[]> =>
  (
    await rows(
      'select kind, state from acquirer_record where terminal_id = ? order by (select rowid from journal where journal.message_key = acquirer_record.message_key)',
      terminal.tid,
    )
  ).map(({ kind, state }) => `${kind} ${state}`)

const casesOf = (terminal: TestTerminal) =>
  rows(
    'select case_reason, case_closed_at from acquirer_record where case_reason is not null and terminal_id = ?',
    terminal.tid,
  )

const kindsOf = async (terminal: TestTerminal): Promise<string[]> =>
  (await journalOf(terminal.tid)).slice(1).map(({ body }) => kindOfBody(body))

const totalsOf = async (terminal: TestTerminal) => (await effectOf(terminal.tid)).batches.at(-1)

const voidOf = (sale: Awaited<ReturnType<typeof sell>>, stan = '000002') => s.aVoid({ stan, ...sale })

describe('an acquirer that answers', () => {
  it('approves: writes the claim and the outcome, and returns its authorisation code', async () => {
    const { terminal, acquirer } = await openHarness()
    const sale = await sell(terminal, '000001')
    const reply = await terminal.send(voidOf(sale))
    expect(reply.fields.get(39)).toBe('00')
    expect(reply.fields.get(38)).toBe('424242')
    expect(acquirer.kinds()).toEqual(['sale', 'void'])
    expect(await kindsOf(terminal)).toEqual(['sale_claim', 'sale', 'void_claim', 'void'])
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void approved'])
    expect(await totalsOf(terminal)).toMatchObject({ debit_amount: 1234, credit_amount: 1234 })
    // The void names the sale by the acquirer's references.
    const [saleRequest, voided] = acquirer.requests
    expect(voided?.original).toEqual({
      batchNumber: '000001',
      stan: saleRequest?.acquirerStan,
      rrn: YES.kind === 'approved' ? YES.rrn : '',
      authorizationCode: '424242',
    })
    expect(saleRequest?.cardFields?.get(2)).toBe(s.PAN)
    expect(voided?.cardFields?.has(35)).toBe(false)
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('declines a sale and a void, which then have no effect and may be sent again under a new STAN', async () => {
    const { terminal, acquirer } = await openHarness()
    acquirer.script.sale = NO
    expect((await terminal.send(s.aSale({ stan: '000009' }))).fields.get(39)).toBe('05')
    acquirer.script = {}
    const sale = await sell(terminal, '000001')
    acquirer.script.void = NO
    const declined = await terminal.send(voidOf(sale))
    expect(declined.fields.get(39)).toBe('05')
    expect(hexOf((await terminal.send(voidOf(sale))).bytes)).toBe(hexOf(declined.bytes))
    expect((await effectOf(terminal.tid)).sales).toMatchObject([{ live_voids: 0 }, { status: 'declined' }])
    acquirer.script = {}
    expect((await terminal.send(voidOf(sale, '000003'))).fields.get(39)).toBe('00')
    expect(await totalsOf(terminal)).toMatchObject({ debit_amount: 1234, credit_amount: 1234 })
  })

  it('receives one request for copies that arrive during the first', async () => {
    const { terminal, acquirer } = await openHarness()
    const sale = await sell(terminal, '000001')
    const answer = Promise.withResolvers<typeof YES>()
    acquirer.script.void = () => answer.promise
    const first = terminal.send(voidOf(sale))
    const other = await s.openIsolate({ acquirer: acquirer.port })
    while (!acquirer.kinds().includes('void')) await new Promise((resolve) => setTimeout(resolve, 5))
    const copy = await terminal.send(voidOf(sale), { to: other })
    expect([copy.status, copy.bytes.length]).toEqual([503, 0])
    answer.resolve(YES)
    const reply = await first
    expect(reply.fields.get(39)).toBe('00')
    expect(hexOf((await terminal.send(voidOf(sale), { to: other })).bytes)).toBe(hexOf(reply.bytes))
    expect(acquirer.kinds()).toEqual(['sale', 'void'])
  })
})

describe('an acquirer that does not answer', () => {
  it('leaves the terminal without an answer and the void pending, until an inquiry finds it', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, inquiry: YES }
    const reply = await terminal.send(voidOf(sale))
    expect([reply.status, reply.bytes.length]).toEqual([503, 0])
    expect(isolate.logged.some(({ event, kind }) => event === 'no_answer' && kind === 'pending')).toBe(true)
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void approved'])
    expect((await terminal.send(voidOf(sale))).fields.get(39)).toBe('00')
    expect(acquirer.kinds().filter((kind) => kind === 'void')).toHaveLength(1)
    expect(await totalsOf(terminal)).toMatchObject({ credit_amount: 1234 })
  })

  it('and does not find the void gets it again under the same identity', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    let first = true
    acquirer.script = {
      inquiry: { kind: 'not_found' },
      void: async () => {
        if (!first) return YES
        first = false
        return SILENT
      },
    }
    expect((await terminal.send(voidOf(sale))).status).toBe(503)
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void approved'])
    const [one, two] = acquirer.requests.filter(({ kind }) => kind === 'void')
    expect({ ...two, cardFields: null }).toEqual({ ...one, cardFields: null, isCopy: true })
  })

  it('and has no inquiry gets the same message again', async () => {
    const harness = await openHarness(scriptedAcquirer('repeat'))
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT }
    expect((await terminal.send(voidOf(sale))).status).toBe(503)
    acquirer.script = {}
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void approved'])
    expect(acquirer.kinds()).not.toContain('inquiry')
  })

  it('for a minute: the void is given up and undone, and its copy gets that answer', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, inquiry: SILENT }
    await terminal.send(voidOf(sale))
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void pending'])
    isolate.clock.now += GIVE_UP_MS
    await minutes(harness, 1)
    expect(acquirer.kinds().at(-1)).toBe('reversal')
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void declined'])
    expect(await kindsOf(terminal)).toEqual(['sale_claim', 'sale', 'void_claim', 'give_up', 'void'])
    expect((await terminal.send(voidOf(sale))).fields.get(39)).toBe('68')
    expect((await effectOf(terminal.tid)).sales).toMatchObject([{ live_voids: 0 }])
    acquirer.script = {}
    expect((await terminal.send(voidOf(sale, '000003'))).fields.get(39)).toBe('00')
  })

  it('until the deadline: opens a case, which closes at its next answer', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await terminal.send(voidOf(sale))
    await isolate.settle()
    const until = isolate.clock.now + DECIDE_MS
    while (isolate.clock.now < until) await minutes(harness, 1)
    expect(
      await rows(
        'select case_reason, case_closed_at from acquirer_record where kind = ? and terminal_id = ?',
        'void',
        terminal.tid,
      ),
    ).toEqual([{ case_reason: 'no_answer', case_closed_at: null }])
    acquirer.script = {}
    isolate.clock.now += 3_600_000
    await minutes(harness, 1)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void declined'])
    const [closed] = await rows(
      'select case_closed_at from acquirer_record where kind = ? and terminal_id = ?',
      'void',
      terminal.tid,
    )
    expect(closed?.case_closed_at).not.toBeNull()
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it("to a sale: the sale is undone because its card is not kept, and the terminal's reversal finds nothing", async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    acquirer.script = { sale: SILENT, inquiry: { kind: 'not_found' } }
    expect((await terminal.send(s.aSale({ stan: '000001' }))).status).toBe(503)
    await isolate.settle()
    await minutes(harness, 2)
    expect(await stateOf(terminal)).toEqual(['sale declined'])
    expect(acquirer.kinds().filter((kind) => kind === 'sale')).toHaveLength(1)
    expect((await terminal.send(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
    expect(await totalsOf(terminal)).toMatchObject({ debit_amount: 0, debit_count: 0 })
  })
})

describe('while a void is pending', () => {
  const pending = async (): Promise<Harness & { sale: Awaited<ReturnType<typeof sell>> }> => {
    const harness = await openHarness()
    const sale = await sell(harness.terminal, '000001')
    harness.acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await harness.terminal.send(voidOf(sale))
    await harness.isolate.settle()
    return { ...harness, sale }
  }

  it('its copy gets no answer, and another void of the sale is declined for good', async () => {
    const { terminal, sale, acquirer } = await pending()
    expect((await terminal.send(voidOf(sale))).status).toBe(503)
    const second = await terminal.send(voidOf(sale, '000003'))
    expect(second.fields.get(39)).toBe('09')
    acquirer.script = {}
    expect(hexOf((await terminal.send(voidOf(sale, '000003'))).bytes)).toBe(hexOf(second.bytes))
    expect((await effectOf(terminal.tid)).sales).toMatchObject([{ live_voids: 1 }])
  })

  it('the batch stays open until the void is decided', async () => {
    const harness = await pending()
    const { terminal, acquirer } = harness
    const settle = (stan: string, credit: [number, number]) =>
      terminal.send(s.aSettlement({ stan }, s.totalsOf(1234, 1, ...credit)))
    expect((await settle('000090', [0, 0])).fields.get(48)?.[30]).toBe('3')
    acquirer.script = { inquiry: YES }
    await minutes(harness, 1)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void approved'])
    expect((await settle('000091', [1234, 1])).fields.get(48)?.[30]).toBe('1')
  })

  it('its reversal gets 00 at once and stays queued until the acquirer agrees', async () => {
    const harness = await pending()
    const { terminal, acquirer, isolate, sale } = harness
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversing'])
    expect((await terminal.send(voidOf(sale))).fields.get(39)).toBe('12')
    expect((await terminal.send(voidOf(sale, '000003'))).fields.get(39)).toBe('09')
    acquirer.script = {}
    await minutes(harness, 2)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversed'])
    expect((await terminal.send(voidOf(sale, '000004'))).fields.get(39)).toBe('00')
    expect(await totalsOf(terminal)).toMatchObject({ credit_amount: 1234, credit_count: 1 })
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('the reversal of its sale reverses both', async () => {
    const harness = await pending()
    const { terminal, acquirer, isolate } = harness
    expect((await terminal.send(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
    acquirer.script = {}
    await isolate.settle()
    await minutes(harness, 2)
    expect(await stateOf(terminal)).toEqual(['sale reversed', 'void reversed'])
    expect(await totalsOf(terminal)).toMatchObject({ debit_amount: 0, credit_amount: 0 })
  })
})

describe('a late answer', () => {
  it('that approves after the terminal reversed the void changes nothing', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    const answer = Promise.withResolvers<typeof YES>()
    acquirer.script.void = () => answer.promise
    const waiting = terminal.send(voidOf(sale))
    while (!acquirer.kinds().includes('void')) await new Promise((resolve) => setTimeout(resolve, 5))
    const other = await s.openIsolate({ acquirer: acquirer.port })
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }), { to: other })).fields.get(39)).toBe(
      '00',
    )
    await other.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversed'])
    answer.resolve(YES)
    expect((await waiting).status).toBe(503)
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversed'])
    expect(await totalsOf(terminal)).toMatchObject({ credit_amount: 0 })
  })

  it('that refuses the undo of a given-up void makes the void stand', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await terminal.send(voidOf(sale))
    await isolate.settle()
    await minutes(harness, 1)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void undoing'])
    acquirer.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' }, inquiry: YES }
    await minutes(harness, 1)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void approved'])
    expect((await terminal.send(voidOf(sale))).fields.get(39)).toBe('00')
  })

  it('that refuses a reversal which the terminal got approved opens a case', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    await terminal.send(voidOf(sale))
    acquirer.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' }, inquiry: YES }
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversing'])
    expect(
      await rows(
        'select case_reason from acquirer_record where kind = ? and terminal_id = ?',
        'void',
        terminal.tid,
      ),
    ).toEqual([{ case_reason: 'reversal_refused' }])
  })
})

describe('a void that is reversed long after its approval', () => {
  it('is queued with a deadline of its own, and opens no case at once', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    await terminal.send(voidOf(sale))
    isolate.clock.now += 3 * 3_600_000
    acquirer.script = { reversal: SILENT }
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversing'])
    expect(await casesOf(terminal)).toEqual([])
    await minutes(harness, 4)
    expect(await casesOf(terminal)).toMatchObject([{ case_reason: 'no_answer', case_closed_at: null }])
  })

  it('opens another case after a closed one', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await terminal.send(voidOf(sale))
    await isolate.settle()
    await minutes(harness, 4)
    acquirer.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' } }
    isolate.clock.now += 3_600_000
    await minutes(harness, 1)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void approved'])
    expect(await casesOf(terminal)).toMatchObject([{ case_closed_at: expect.any(Number) }])
    await terminal.send(s.aReversal('void', { stan: '000002' }))
    await isolate.settle()
    expect(await casesOf(terminal)).toMatchObject([{ case_reason: 'reversal_refused', case_closed_at: null }])
    expect(await faultOf(terminal.tid)).toBeNull()
  })
})

describe('two drivers of one message', () => {
  it('at once give one outcome and exact totals', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, inquiry: SILENT }
    await terminal.send(voidOf(sale))
    await isolate.settle()
    acquirer.script = { inquiry: YES }
    isolate.clock.now += 60_000
    await rows('update acquirer_message set next_at = 0 where next_at is not null')
    const other = await s.openIsolate({ acquirer: acquirer.port })
    other.clock.now = isolate.clock.now
    await Promise.all([recover(isolate.services, 0), recover(other.services, 0), recover(other.services, 0)])
    expect(await totalsOf(terminal)).toMatchObject({ credit_amount: 1234, credit_count: 1 })
    expect(await faultOf(terminal.tid)).toBeNull()
  })
})

describe('a back office', () => {
  it('gets 202 with the deadline and the location while the outcome is unknown', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const key = await s.bearerKey(terminal.mid)
    const [row] = await rows('select id from sale where rrn = ?', (await sell(terminal, '000001')).rrn)
    const post = () =>
      s.ask(isolate, key, 'POST', '/v1/voids', { saleId: row?.id, amount: 1234 }, { 'idempotency-key': 'k' })
    acquirer.script = { void: SILENT, inquiry: SILENT }
    const claimedAt = isolate.clock.now
    const reply = await post()
    expect(reply).toMatchObject({
      status: 202,
      body: {
        state: 'pending',
        certainty: 'PENDING',
        doNext: 'query',
        retryAfter: 2,
        decideBy: new Date(claimedAt + DECIDE_MS).toISOString(),
      },
    })
    const path = reply.headers.get('location') ?? ''
    await isolate.settle()
    expect(await s.ask(isolate, key, 'GET', path)).toMatchObject({ status: 200, body: reply.body })
    expect((await s.ask(isolate, key, 'GET', `/v1/sales/${row?.id}`)).body).toMatchObject({
      state: 'void_pending',
      voidable: false,
    })
    acquirer.script = { inquiry: YES }
    await minutes(harness, 1)
    const found = await s.ask(isolate, key, 'GET', path)
    expect(found.body).toMatchObject({ state: 'approved', certainty: 'FINAL', doNext: 'print_receipt' })
    expect(await post()).toMatchObject({
      status: 201,
      body: { state: 'approved', certainty: 'FINAL', acquirerRrn: 'ACQR00000001' },
    })
  })
})

describe('an acquirer that refuses a reversal', () => {
  it('and has no inquiry gives no result for the void: a case is opened', async () => {
    const harness = await openHarness(scriptedAcquirer('repeat'))
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, reversal: { kind: 'declined', reason: 'format_error' } }
    await terminal.send(voidOf(sale))
    await isolate.settle()
    await minutes(harness, 1)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void undoing'])
    expect(await casesOf(terminal)).toMatchObject([{ case_reason: 'reversal_refused' }])
    expect(await totalsOf(terminal)).toMatchObject({ credit_amount: 0 })
  })

  it('because it finds nothing leaves the void open while a copy may be under way', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    acquirer.script = { void: SILENT, inquiry: { kind: 'not_found' }, reversal: { kind: 'not_found' } }
    await terminal.send(voidOf(sale))
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversing'])
    // It arrived late.
    acquirer.script = { reversal: YES }
    await minutes(harness, 1)
    expect(await stateOf(terminal)).toEqual(['sale approved', 'void reversed'])
  })

  it('of a sale gets it only after the void of the sale is undone', async () => {
    const harness = await openHarness()
    const { terminal, acquirer, isolate } = harness
    const sale = await sell(terminal, '000001')
    await terminal.send(voidOf(sale))
    acquirer.script = { reversal: async ({ of }) => (of === 'void' ? SILENT : YES) }
    await terminal.send(s.aReversal('sale', { stan: '000001' }))
    await isolate.settle()
    expect(acquirer.requests.filter(({ kind, of }) => kind === 'reversal' && of === 'sale')).toEqual([])
    acquirer.script = {}
    await minutes(harness, 2)
    expect(await stateOf(terminal)).toEqual(['sale reversed', 'void reversed'])
    expect(acquirer.requests.filter(({ kind }) => kind === 'reversal').at(-1)?.of).toBe('sale')
  })
})

it('a copy that the acquirer refuses gives no result for the first void', async () => {
  const harness = await openHarness(scriptedAcquirer('repeat'))
  const { terminal, acquirer, isolate } = harness
  const sale = await sell(terminal, '000001')
  acquirer.script = { void: SILENT }
  await terminal.send(voidOf(sale))
  await isolate.settle()
  expect(
    acquirer.requests
      .filter(({ kind }) => kind === 'void')
      .slice(1)
      .every(({ isCopy }) => isCopy === true),
  ).toBe(true)
  expect(acquirer.requests.filter(({ kind }) => kind === 'void').length).toBeGreaterThan(2)
})

it('the reversal of a captured sale is sent to the acquirer after the reversal of its void', async () => {
  const harness = await openHarness()
  const { terminal, acquirer, isolate } = harness
  const key = await s.bearerKey(terminal.mid)
  const capturedSale = {
    merchantId: terminal.mid,
    terminalId: terminal.tid,
    batchNumber: '000001',
    stan: '000077',
    amount: 1234,
  }
  const reply = await s.ask(isolate, key, 'POST', '/v1/sales', {
    ...capturedSale,
    pan: s.PAN,
    rrn: 'CAP000000001',
  })
  expect(reply.status).toBe(201)
  expect(
    (
      await terminal.send(s.aVoid({ stan: '000002', original: '000077', rrn: 'CAP000000001', amount: 1234 }))
    ).fields.get(39),
  ).toBe('00')
  expect((await terminal.send(s.aReversal('sale', { stan: '000077' }))).fields.get(39)).toBe('00')
  await isolate.settle()
  await minutes(harness, 1)
  expect(
    acquirer.requests
      .filter(({ kind }) => kind === 'reversal')
      .map(({ of, acquirerStan }) => [of, acquirerStan]),
  ).toEqual([
    // Our STAN differs from every STAN of the terminal's own messages.
    ['void', expect.stringMatching(/^[5-9]\d{5}$/)],
    ['sale', '000077'],
  ])
  expect((await stateOf(terminal)).sort()).toEqual(['sale reversed', 'void reversed'])
  expect(await faultOf(terminal.tid)).toBeNull()
})

it('a sale waits until its void is undone at the acquirer, despite a case, up to its own deadline', async () => {
  const harness = await openHarness()
  const { terminal, acquirer, isolate } = harness
  const sale = await sell(terminal, '000001')
  acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  await terminal.send(voidOf(sale))
  await isolate.settle()
  await minutes(harness, 4)
  expect(await casesOf(terminal)).toHaveLength(1)
  const reversals = (kind: string) =>
    acquirer.requests.filter((saleRequest) => saleRequest.kind === 'reversal' && saleRequest.of === kind)
      .length
  expect((await terminal.send(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
  await isolate.settle()
  await minutes(harness, 1)
  expect(reversals('sale')).toBe(0)
  acquirer.script = { reversal: async ({ of }) => (of === 'void' ? SILENT : YES) }
  await minutes(harness, 65)
  expect(reversals('sale')).toBe(1)
})

it('cases are opened at the deadline, however long the acquirer takes', async () => {
  const harness = await openHarness()
  const { terminal, acquirer, isolate } = harness
  const terminals = [terminal, ...(await Promise.all(Array.from({ length: 9 }, () => openTerminal(isolate))))]
  const sales = await Promise.all(terminals.map((one) => sell(one, '000001')))
  acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  await Promise.all(
    terminals.map((one, i) => one.send(voidOf(sales[i] ?? { original: '', rrn: '', amount: 0, batch: '' }))),
  )
  await isolate.settle()
  isolate.clock.now += DECIDE_MS
  const answer = Promise.withResolvers<typeof SILENT>()
  acquirer.script = { inquiry: () => answer.promise, reversal: () => answer.promise }
  const running = recover(isolate.services, 0)
  const cases = async () => (await Promise.all(terminals.map(casesOf))).flat().length
  while ((await cases()) < terminals.length) await scheduler.wait(5)
  answer.resolve(SILENT)
  await running
  for (const one of terminals) expect(await faultOf(one.tid)).toBeNull()
})
