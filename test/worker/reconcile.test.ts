/**
 * @module An older database restored under an acquirer that is ahead. The acquirer's records show every
 * difference: safe ones are resolved, the others become cases. Nothing is sent again, and a second run finds
 * nothing new.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import type { LedgerEntry } from '../../src/simulator/app.ts'
import {
  discrepancies,
  ledger,
  NO_ANSWER_TO_VOID,
  openWithAcquirer,
  type ResultLine,
  reconcile,
  recordsFor,
  script,
} from './acquirer-records.ts'
import { dump, effectOf, faultOf, type Row, rows, TABLES } from './book.ts'
import { inquire } from './inquire.ts'
import * as s from './support.ts'
import { openTerminal, sell, sixDigits, type TestTerminal } from './terminal.ts'

let admin: string

beforeAll(async () => {
  admin = await s.bearerKey(null)
})

type Backup = Record<string, Row[]>

async function backUp(): Promise<Backup> {
  const all: Backup = {}
  for (const table of TABLES) {
    // A virtual column follows from the stored ones.
    const stored = await rows(`select name from pragma_table_xinfo('${table}') where hidden = 0`)
    all[table] = await rows(`select ${stored.map(({ name }) => name).join(', ')} from ${table}`)
  }
  return all
}

async function restore(backup: Backup): Promise<void> {
  for (const table of TABLES) {
    await rows(`delete from ${table}`)
    for (const row of backup[table] ?? []) {
      const columns = Object.keys(row)
      await rows(
        `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
        // D1 returns bytes as a list of numbers.
        ...Object.values(row).map((value) => (Array.isArray(value) ? Uint8Array.from(value) : value)),
      )
    }
  }
}

const slotOf = ({ kind, terminalId, stan }: { kind: string; terminalId?: string; stan: string }) =>
  `${kind} ${terminalId} ${stan}`

describe('a restored database while the acquirer is ahead', () => {
  let isolate: s.Isolate
  let terminals: TestTerminal[]
  let missing: LedgerEntry[]
  let changed: LedgerEntry[]
  let pending: LedgerEntry[]
  let lostVoids: { terminal: TestTerminal; request: ReturnType<typeof s.aVoid>; rrn: string }[]

  beforeAll(async () => {
    isolate = await openWithAcquirer()
    terminals = [await openTerminal(isolate), await openTerminal(isolate), await openTerminal(isolate)]
    const sales = new Map<TestTerminal, Awaited<ReturnType<typeof sell>>[]>()
    for (const terminal of terminals) {
      const soldHere = []
      for (let n = 1; n <= 8; n++) soldHere.push(await sell(terminal, sixDigits(n), 1010 + n))
      sales.set(terminal, soldHere)
      for (const [i, sale] of soldHere.slice(0, 2).entries())
        await terminal.send(s.aVoid({ stan: sixDigits(20 + i), ...sale }))
      await script(NO_ANSWER_TO_VOID)
      const unanswered = soldHere[2]
      if (unanswered !== undefined) await terminal.send(s.aVoid({ stan: '000022', ...unanswered }))
      await isolate.settle()
    }
    const before = await ledger()
    pending = before.filter(({ kind }) => kind === 'void').filter((_, i) => i % 3 === 2)
    const backup = await backUp()

    isolate.clock.now += 60_000
    lostVoids = []
    for (const terminal of terminals) {
      for (const [i, sale] of (sales.get(terminal) ?? []).slice(3, 6).entries()) {
        const request = s.aVoid({ stan: sixDigits(30 + i), ...sale })
        const reply = await terminal.send(request)
        expect(reply.fields.get(39)).toBe('00')
        lostVoids.push({ terminal, request, rrn: sale.rrn })
      }
      await sell(terminal, '000040', 4000)
      await terminal.send(s.aSale({ stan: '000041', amount: 1251 }))
      // Undone at the acquirer after the copy was made.
      await terminal.send(s.aReversal('void', { stan: '000020', amount: 1011 }))
    }
    await isolate.settle()
    const later = await ledger()
    const stateBefore = new Map(before.map((item) => [slotOf(item), item.state]))
    missing = later.filter((item) => !stateBefore.has(slotOf(item)))
    changed = later.filter((item) => (stateBefore.get(slotOf(item)) ?? item.state) !== item.state)
    await restore(backup)
    isolate = await openWithAcquirer()
    isolate.clock.now = s.START + 3_600_000
  })

  it('lacks the later messages, and the records have them', () => {
    expect(missing.filter(({ kind, state }) => kind === 'void' && state === 'approved')).toHaveLength(9)
    expect(missing).toHaveLength(15)
    expect(changed).toHaveLength(3)
    expect(pending).toHaveLength(3)
  })

  it('shows every difference line by line, and a dry run writes and sends nothing', async () => {
    const [books, database] = [await ledger(), await dump()]
    const results = await reconcile(isolate, await recordsFor(isolate, admin), admin)
    const found = (which: (one: ResultLine) => boolean) => results.filter(which).map(slotOf).sort()
    expect(found(({ difference }) => difference === 'only_acquirer')).toEqual(missing.map(slotOf).sort())
    expect(found(({ difference }) => difference === 'state')).toEqual(changed.map(slotOf).sort())
    expect(found(({ result }) => result === 'resolves')).toEqual(pending.map(slotOf).sort())
    expect(results).toHaveLength(missing.length + changed.length + pending.length)
    expect(results.every(({ applied }) => applied === null)).toBe(true)
    expect([await ledger(), await dump()]).toEqual([books, database])
  })

  it('is resolved where safe, the rest become cases, and the acquirer receives nothing', async () => {
    const books = await ledger()
    const results = await reconcile(isolate, await recordsFor(isolate, admin), admin, { apply: true })
    expect(results.every(({ applied }) => applied === true)).toBe(true)
    expect(await ledger()).toEqual(books)

    const cases = (await s.ask(isolate, admin, 'GET', '/v1/cases?state=open&limit=100')).body.items as {
      reason: string
    }[]
    const approved = missing.filter(({ state }) => state === 'approved')
    expect(cases.filter(({ reason }) => reason === 'only_acquirer')).toHaveLength(approved.length)
    expect(cases.filter(({ reason }) => reason === 'record_differs')).toHaveLength(changed.length)
    expect(isolate.logged.filter(({ event }) => event === 'alert')).toHaveLength(cases.length)

    // A message that stands at the acquirer stands here, or a person knows of it.
    const ours = await rows(
      `select kind, acquirer_stan, terminal_id, state, case_opened_at is not null as known from acquirer_record`,
    )
    const ourRows = new Map(ours.map((row) => [`${row.kind} ${row.terminal_id} ${row.acquirer_stan}`, row]))
    for (const item of books) {
      const row = ourRows.get(slotOf(item))
      expect(row, slotOf(item)).toBeDefined()
      if (row?.known === 0) expect([slotOf(item), row.state]).toEqual([slotOf(item), item.state])
    }
    for (const { tid } of terminals) expect(await faultOf(tid)).toBeNull()
  })

  it('gives nothing new in a second run, which writes nothing', async () => {
    const database = await dump()
    const list = await recordsFor(isolate, admin)
    for (const apply of [false, true])
      expect(discrepancies(await reconcile(isolate, list, admin, { apply }))).toEqual([])
    isolate.clock.now += 3_600_000
    expect(discrepancies(await reconcile(isolate, list, admin, { apply: true }))).toEqual([])
    expect(await dump()).toEqual(database)
  })

  it('does not repeat a lost void: its copy is declined, and the acquirer receives nothing', async () => {
    const books = await ledger()
    for (const { terminal, request, rrn } of lostVoids) {
      const copy = await terminal.send(request, { to: isolate })
      expect(copy.fields.get(39)).toBe('12')
      const sale = await inquire(isolate, admin, { rrn })
      expect(sale.body.state).toBe('voided')
    }
    expect(await ledger()).toEqual(books)
    for (const { tid } of terminals) {
      const [batch] = (await effectOf(tid)).batches
      // Eight sales; the two earlier voids, the pending one, and the three lost ones.
      expect(batch).toMatchObject({ debit_count: 8, credit_count: 6 })
    }
  })

  it('lets the sale be voided again after a person has such a void undone at the acquirer', async () => {
    const { rrn } = lostVoids[0] ?? { rrn: '' }
    const { body } = await inquire(isolate, admin, { rrn })
    const { body: found } = await s.ask(isolate, admin, 'GET', `/v1/sales/${body.saleId}`)
    const ofVoid = await s.ask(isolate, admin, 'GET', `/v1/voids/${found.voidId}`)
    expect(ofVoid.body).toMatchObject({ state: 'approved', certainty: 'FINAL' })
    const caseId = String(ofVoid.body.rrn)
    const inquiry = await inquire(isolate, admin, { rrn: caseId })
    expect(inquiry.body).toMatchObject({
      kind: 'void',
      answer: null,
      state: 'approved',
      certainty: 'FINAL',
      doNext: 'contact_acquirer',
      case: { rrn: caseId, reason: 'only_acquirer' },
    })
    const decision = { resolution: 'undone', note: 'the acquirer took it back' }
    const headers = { 'idempotency-key': 'undo-lost' }
    const closed = await s.ask(isolate, admin, 'POST', `/v1/cases/${caseId}`, decision, headers)
    expect(closed.body).toMatchObject({
      state: 'closed',
      ours: { state: 'reversed' },
      acquirer: { state: 'approved' },
    })
    const after = await s.ask(isolate, admin, 'GET', `/v1/sales/${body.saleId}`)
    expect(after.body).toMatchObject({ state: 'approved', voidable: true })
    const [batch] = (await effectOf(lostVoids[0]?.terminal.tid ?? '')).batches
    expect(batch).toMatchObject({ credit_count: 5 })
    // A newer list with the same record is reported once more.
    isolate.clock.now += 60_000
    const again = discrepancies(
      await reconcile(isolate, await recordsFor(isolate, admin), admin, { apply: true }),
    )
    expect(again.map(({ result, difference }) => [result, difference])).toEqual([['differs', 'state']])
    expect(
      discrepancies(await reconcile(isolate, await recordsFor(isolate, admin), admin, { apply: true })),
    ).toEqual([])
  })
})
