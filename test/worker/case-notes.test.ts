/** @module Notes on cases, retries by a person, and the first good answer of an acquirer, which makes all open cases due. */

import { beforeAll, describe, expect, it } from 'vitest'
import { recover } from '../../src/pipeline/recover.ts'
import { faultOf, journalOf, rows } from './book.ts'
import {
  decide,
  type Harness,
  NO_ANSWERS,
  onlyCase,
  openHarness,
  openVoidCase,
  waitForCase,
} from './case-client.ts'
import { SILENT, YES } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell } from './terminal.ts'

let admin: string
beforeAll(async () => {
  admin = await s.bearerKey(null)
})

let merchants = 0
const freshMid = () => `N${String(++merchants).padStart(14, '0')}`

interface Event {
  readonly kind: string
  readonly note?: string
  readonly notedBy?: string
}

const note = ({ isolate }: Harness, bearer: string, rrn: string, text: unknown, name: string) =>
  s.ask(isolate, bearer, 'POST', `/v1/cases/${rrn}/notes`, { note: text }, { 'idempotency-key': name })

const notesIn = ({ body }: s.JsonReply) =>
  (body.history as Event[]).filter(({ kind }) => kind === 'case_note').map((event) => event.note)

describe('a note', () => {
  it('of a merchant is kept in the history of its own case, and decides nothing', async () => {
    const harness = await openHarness(freshMid())
    const { caseId } = await openVoidCase(harness, admin)
    const own = await s.bearerKey(harness.terminal.mid)
    const first = await note(harness, own, caseId, '顾客有签购单: has a receipt', 'n1')
    expect(first).toMatchObject({ status: 201, body: { state: 'open', rrn: caseId } })
    const second = await note(harness, admin, caseId, 'called the acquirer', 'n2')
    expect(notesIn(second)).toEqual(['顾客有签购单: has a receipt', 'called the acquirer'])
    const shown = await s.ask(harness.isolate, own, 'GET', `/v1/cases/${caseId}`)
    expect([shown.text, (shown.body.history as Event[]).at(-1)?.notedBy]).toEqual([
      second.text,
      expect.any(String),
    ])
    expect(await faultOf(harness.terminal.tid)).toBeNull()
    harness.acquirer.script = {}
    expect((await decide(harness, admin, caseId, 'undone')).status).toBe(200)
  })

  it('sent again under its key is written once, also by two at once, and other text is refused', async () => {
    const harness = await openHarness(freshMid())
    const { caseId } = await openVoidCase(harness, admin)
    const own = await s.bearerKey(harness.terminal.mid)
    const both = await Promise.all([1, 2].map(() => note(harness, own, caseId, 'same', 'n')))
    expect(both.map(({ status }) => status)).toEqual([201, 201])
    const entries = (await journalOf(harness.terminal.tid)).length
    const again = await note(harness, own, caseId, 'same', 'n')
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect(notesIn(again)).toEqual(['same'])
    expect(await note(harness, own, caseId, 'other', 'n')).toMatchObject({
      status: 422,
      body: { reason: 'key_reused_with_different_content' },
    })
    expect(await journalOf(harness.terminal.tid)).toHaveLength(entries)
  })

  it('is not for another merchant, for a key that only reads, or for a closed case', async () => {
    const harness = await openHarness(freshMid())
    const { caseId } = await openVoidCase(harness, admin)
    const { mid, tid } = harness.terminal
    const entries = (await journalOf(tid)).length
    expect((await note(harness, await s.bearerKey(s.MID), caseId, 'x', 'n')).status).toBe(404)
    const reader = await s.bearerKey(mid, { scopes: ['read'] })
    expect((await note(harness, reader, caseId, 'x', 'n')).status).toBe(403)
    expect(await journalOf(tid)).toHaveLength(entries)
    harness.acquirer.script = {}
    const own = await s.bearerKey(mid)
    await note(harness, own, caseId, 'before', 'n')
    await decide(harness, admin, caseId, 'undone')
    expect(await note(harness, own, caseId, 'after', 'n2')).toMatchObject({
      status: 409,
      body: { reason: 'case_closed' },
    })
    expect((await note(harness, own, caseId, 'before', 'n')).status).toBe(201)
  })

  it.each(['6225000000000014', '卡号 6225 0000 0000 0014', '', ' ', 'a\nb', 'x'.repeat(501), 5])(
    'may not be %j',
    async (text) => {
      const harness = await openHarness(freshMid())
      const { caseId } = await openVoidCase(harness, admin)
      expect(await note(harness, admin, caseId, text, 'n')).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/note' }] },
      })
    },
  )
})

const retry = ({ isolate }: Harness, bearer: string, rrn: string) =>
  s.ask(isolate, bearer, 'POST', `/v1/cases/${rrn}/retry`)

describe('a retry', () => {
  it('asks the acquirer at once, and a good answer closes the case', async () => {
    const harness = await openHarness(freshMid())
    const { caseId } = await openVoidCase(harness, admin)
    await recover(harness.isolate.services, 0)
    const before = harness.acquirer.requests.length
    const silent = await retry(harness, admin, caseId)
    expect(silent).toMatchObject({ status: 200, body: { state: 'open' } })
    expect(harness.acquirer.requests.length).toBeGreaterThan(before)
    harness.acquirer.script = { inquiry: YES, reversal: YES }
    expect(await retry(harness, admin, caseId)).toMatchObject({
      status: 200,
      body: { state: 'closed', certainty: 'FINAL' },
    })
    expect(await retry(harness, admin, caseId)).toMatchObject({
      status: 409,
      body: { reason: 'case_closed' },
    })
  })

  it('is for administrators, and of a case that exists', async () => {
    const harness = await openHarness(freshMid())
    const { caseId } = await openVoidCase(harness, admin)
    expect((await retry(harness, await s.bearerKey(harness.terminal.mid), caseId)).status).toBe(403)
    expect((await retry(harness, admin, '000000000000')).status).toBe(404)
  })
})

describe('the first good answer after a silence', () => {
  it.each(['a sale of a terminal', 'a retry of one case', 'the try of the cron'] as const)(
    'of %s makes all open cases due at once',
    async (how) => {
      const harness = await openHarness(freshMid())
      const { isolate, acquirer, terminal } = harness
      const others = await Promise.all([1, 2, 3].map(() => openTerminal(isolate, { mid: terminal.mid })))
      const sales = await Promise.all(others.map((one) => sell(one, '000001')))
      const own = await sell(terminal, '000001')
      acquirer.script = NO_ANSWERS
      await Promise.all(others.map((one, i) => one.send(s.aVoid({ stan: '000002', ...(sales[i] ?? own) }))))
      await terminal.send(s.aVoid({ stan: '000002', ...own }))
      await waitForCase(harness)
      await recover(isolate.services, 0)
      const key = await s.bearerKey(terminal.mid)
      const open = async () =>
        ((await s.ask(isolate, key, 'GET', '/v1/cases?state=open')).body.items as unknown[]).length
      expect(await open()).toBe(4)
      acquirer.script = {}
      if (how === 'a sale of a terminal') {
        await sell(await openTerminal(isolate, { mid: terminal.mid }), '000001')
        await isolate.settle()
      } else if (how === 'a retry of one case')
        await retry(harness, admin, (await onlyCase(harness, admin)).rrn)
      else {
        // The hour of one case is over.
        isolate.clock.now += 3_600_000
      }
      // A run begins six tries, and other tests of this file left cases too.
      for (let runs = 0; runs < 5; runs++) await recover(isolate.services, 0)
      expect(await open()).toBe(0)
    },
  )

  it('an answer for one message does not end the wait of a case that the acquirer answered', async () => {
    const harness = await openHarness(freshMid())
    const { isolate, acquirer, terminal } = harness
    const { caseId } = await openVoidCase(harness, admin)
    acquirer.script = {
      ...NO_ANSWERS,
      reversal: { kind: 'declined', reason: 'issuer_declined' },
      inquiry: YES,
    }
    await terminal.send(s.aReversal('void', { stan: '000002' }))
    await isolate.settle()
    await recover(isolate.services, 0)
    const shown = await s.ask(isolate, admin, 'GET', `/v1/cases/${caseId}`)
    expect(shown.body).toMatchObject({ state: 'open', reason: 'reversal_refused' })
    const before = acquirer.requests.length
    for (let minutes = 0; minutes < 3; minutes++) {
      isolate.clock.now += 61_000
      await sell(await openTerminal(isolate, { mid: terminal.mid }), '000001')
      await isolate.settle()
      await recover(isolate.services, 0)
    }
    expect(acquirer.requests.slice(before).map(({ kind }) => kind)).toEqual(['sale', 'sale', 'sale'])
  })
})

describe('a void that is kept', () => {
  const HOUR = 3_600_000

  async function openOutage(rules: object) {
    const harness = await openHarness(freshMid())
    const { isolate, terminal, acquirer } = harness
    await s.ask(isolate, admin, 'PUT', `/v1/merchants/${terminal.mid}`, rules)
    const key = await s.bearerKey(terminal.mid)
    const { rrn } = await sell(terminal, '000001')
    const sale = (await s.ask(isolate, key, 'GET', `/v1/sales/${rrn}`)).body
    acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    const at = isolate.clock.now
    const body = { saleId: sale.id, amount: 1234 }
    const voided = await s.ask(isolate, key, 'POST', '/v1/voids', body, { 'idempotency-key': 'v' })
    await isolate.settle()
    const look = async () =>
      (await s.ask(isolate, key, 'GET', `/v1/voids/${voided.body.id}`)).body as Record<string, unknown>
    const until = async (time: number) => {
      isolate.clock.now = time
      await recover(isolate.services, 0)
    }
    /** The database has the cases of other tests too. */
    const sent = () =>
      acquirer.requests.filter(({ terminalId }) => terminalId === terminal.tid).map(({ kind }) => kind)
    return { ...harness, at, sale, voided, look, until, sent }
  }

  it('is PENDING until its time, tried meanwhile, given up 120 s before it, and then a case', async () => {
    const { at, voided, look, until, sent } = await openOutage({ decideWithin: 7200 })
    const decideBy = at + 2 * HOUR
    expect(voided).toMatchObject({
      status: 202,
      body: {
        state: 'pending',
        certainty: 'PENDING',
        doNext: 'query',
        decideBy: new Date(decideBy).toISOString(),
      },
    })
    for (const time of [at + 60_000, at + 180_000, at + HOUR, decideBy - 120_001]) {
      const before = sent().length
      await until(time)
      expect(await look()).toMatchObject({ state: 'pending', certainty: 'PENDING' })
      expect(sent().slice(before)).toContain('inquiry')
      expect(sent()).not.toContain('reversal')
    }
    await until(decideBy - 120_000 + 60_000)
    expect(await look()).toMatchObject({ state: 'pending', certainty: 'UNKNOWN' })
    expect(sent()).toContain('reversal')
    await until(decideBy)
    expect(await look()).toMatchObject({ doNext: 'contact_acquirer', case: { reason: 'no_answer' } })
  })

  it('is done when the acquirer answers hours later, and leaves no row behind', async () => {
    const { at, look, until, acquirer, terminal, sent } = await openOutage({ decideWithin: 'window' })
    await until(at + HOUR)
    acquirer.script = { inquiry: { kind: 'not_found' } }
    await until(at + 2 * HOUR)
    expect(await look()).toMatchObject({ state: 'approved', certainty: 'FINAL' })
    expect(sent().at(-1)).toBe('void')
    const left = await rows('select 1 from acquirer_message where terminal_id = ?', terminal.tid)
    expect(left).toEqual([])
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it.each([
    ['window', (until: number) => until],
    [31_536_000, (until: number) => until],
    [600, (_: number, at: number) => at + 600_000],
    [180, (_: number, at: number) => at + 180_000],
  ] as const)(
    'with %s has a deadline that is at most the end of the window',
    async (decideWithin, wanted) => {
      const { at, sale, voided } = await openOutage({ decideWithin })
      const until = Date.parse(String(sale.voidableUntil))
      expect(voided.body.decideBy).toBe(new Date(wanted(until, at)).toISOString())
    },
  )

  it('and a window that is over sooner has 180 s as ever', async () => {
    const { at, voided } = await openOutage({
      decideWithin: 'window',
      window: { kind: 'minutes', minutes: 1 },
    })
    expect(voided.body.decideBy).toBe(new Date(at + 180_000).toISOString())
  })
})
