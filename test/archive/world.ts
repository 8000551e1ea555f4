/** @module A service with two terminals that have lived three months of 2025, and the archiver over its database. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArchiveFolder } from '../../src/cli/lib/archive-folder.ts'
import { type ArchivedSegment, archiveJournal } from '../../src/cli/lib/archive-journal.ts'
import type { Execute } from '../../src/cli/lib/archived-chain.ts'
import { auditTables } from '../../src/cli/lib/compare-tables.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { Row as TableRow } from '../../src/cli/lib/database.ts'
import { readJournal, replay } from '../../src/cli/lib/read-journal.ts'
import { createSimulator } from '../../src/simulator/app.ts'
import type { LogEntry } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { RecordedTerminal, Recorder } from '../integrate/recorder.ts'
import { openService, type Service } from '../integrate/service.ts'
import { DELETE_INSERTED_KEYS } from '../support/api-key-row.ts'

const MAC_KEY = '0123456789ABCDEF'

/** The second has a number of two characters. Inside it has the blanks of field 41. */
export const TERMINALS = ['12345678', 'T1      '] as const
export type TerminalId = (typeof TERMINALS)[number]

export const DAY_MS = 24 * 60 * 60_000

/** Ten in the morning in Shanghai, on a day of 2025. */
export const dayOf = (month: number, day: number): number => Date.UTC(2025, month - 1, day, 2)

/** March 2025 ended more than 190 days before. */
export const MARCH_IS_OVER = Date.UTC(2025, 3, 1) + 190 * DAY_MS + 1

/** SQL: the first terminal's first sale with this condition, as a message at the acquirer with another value in one column. */
export const messageOfSale = (column: string, value: string, where: string): string =>
  `insert or replace into acquirer_message (message_key, kind, merchant_id, terminal_id, batch_number, acquirer_stan, amount,
    currency_code, rrn, claimed_at, decide_by, moved_at, attempts, ${column})
   select message_key, 'sale', merchant_id, terminal_id, batch_number, '499999', amount, currency_code, rrn, sold_at, sold_at,
    sold_at, 0, ${value} from sale where terminal_id = '${TERMINALS[0]}' and ${where} order by sold_at limit 1`

/** The names of one month: sold and voided, sold and kept. */
export interface MonthOf {
  readonly voided: string
  readonly kept: string
  readonly saleRrn: string
  /** The log of the terminal before the settlement. */
  readonly log: readonly LogEntry[]
  /** The `Idempotency-Key` of the void by JSON. */
  readonly voidKey: string
}

export class ArchiveWorld {
  readonly service: Service
  folder: ArchiveFolder
  readonly #folders: string[] = []
  readonly terminals: ReadonlyMap<string, RecordedTerminal>
  readonly #now: { now: number }

  private constructor(
    service: Service,
    terminals: ReadonlyMap<string, RecordedTerminal>,
    now: { now: number },
  ) {
    this.service = service
    this.terminals = terminals
    this.#now = now
    this.folder = this.#newFolder()
  }

  /** `isForwarded`: the acquirer is another system. */
  static async open(isForwarded: boolean): Promise<ArchiveWorld> {
    const core = await loadCore()
    const now = { now: 0 }
    const simulator = createSimulator({
      core,
      macProfile: 'cup-ecb',
      macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
      now: () => now.now,
      sleep: async () => {},
    })
    const service = await openService(
      isForwarded
        ? {
            ACQUIRER: 'https',
            ACQUIRER_MAC_KEY: MAC_KEY,
            ACQUIRER_SERVICE: { fetch: (url, init) => simulator(new Request(url, init)) },
          }
        : {},
    )
    const recorder = new Recorder(service, core, { isNamed: false })
    const terminals = TERMINALS.map((terminalId) => {
      const pos = new RecordedTerminal(recorder, { terminalId, tmk: EXAMPLE_TMK, macProfile: 'cup-ecb' })
      return [terminalId, pos] as const
    })
    const world = new ArchiveWorld(service, new Map(terminals), now)
    world.setTime(Date.UTC(2025, 0, 10, 2))
    for (const [, pos] of terminals) await pos.provision()
    return world
  }

  #newFolder(): ArchiveFolder {
    const path = mkdtempSync(join(tmpdir(), 'annul-archive-'))
    this.#folders.push(path)
    return new ArchiveFolder(path)
  }

  /** The path of the folder. */
  get path(): string {
    return this.#folders.at(-1) ?? ''
  }

  /** Three months of both terminals. The newest batch is open and young. */
  static async threeMonths(isForwarded: boolean): Promise<ArchiveWorld> {
    const world = await ArchiveWorld.open(isForwarded)
    for (const month of [1, 2, 3]) for (const id of TERMINALS) await world.live(id, dayOf(month, 20))
    for (const id of TERMINALS) await world.live(id, dayOf(9, 20), false)
    world.service.storage.backUp()
    return world
  }

  /** An empty folder over the database as it was when it was backed up. */
  restart(): ArchiveFolder {
    this.service.storage.restore()
    this.folder = this.#newFolder()
    return this.folder
  }

  setTime(at: number): void {
    this.service.clock.now = at
    this.#now.now = at
  }

  terminal(id: string): RecordedTerminal {
    const found = this.terminals.get(id)
    if (found === undefined) throw new Error(`${id}: no such terminal`)
    return found
  }

  /** One batch of a terminal: three sales, a void, a void by JSON that is repeated and reversed, a reversal first. */
  async live(id: string, at: number, settles = true): Promise<MonthOf> {
    this.setTime(at)
    const pos = this.terminal(id)
    await pos.terminal.signOn()
    const stans: string[] = []
    const rrns: string[] = []
    for (let i = 0; i < 3; i++) {
      const sold = await pos.terminal.sale(1000 + 100 * i, testCard(i))
      if (!sold.ok) throw new Error(sold.error)
      stans.push(sold.value.sent.fields.get(11) ?? '')
      rrns.push(sold.value.received?.fields.get(37) ?? '')
    }
    const [voided = '', kept = '', byJson = ''] = stans
    const done = await pos.terminal.voidSale(voided)
    if (!done.ok) throw new Error(done.error)
    const [sale] = this.rows(`select id from sale where terminal_id = '${id}' and stan = '${byJson}'`)
    const body = { saleId: sale?.id, amount: 1200 }
    const name = `${id.trimEnd()}-${at}`
    await this.service.json('POST', '/v1/voids', body, { 'idempotency-key': name })
    const undo = { ...body, idempotencyKey: name }
    await this.service.json('POST', '/v1/reversals', undo, { 'idempotency-key': `${name}-undo` })
    const early = { ...body, idempotencyKey: `${name}-early` }
    await this.service.json('POST', '/v1/reversals', early, { 'idempotency-key': `${name}-first` })
    const log = [...pos.state.log]
    if (settles) await pos.terminal.settle()
    return { voided, kept, saleRrn: rrns[1] ?? '', log, voidKey: name }
  }

  rows<T = Record<string, unknown>>(sql: string): T[] {
    return this.service.storage.rows<T>(sql)
  }

  /** All rows of all tables, in their order. */
  dump(): Record<string, unknown> {
    const tables = this.rows<{ name: string }>(
      `select name from sqlite_master where type = 'table' order by 1`,
    )
    return Object.fromEntries(tables.map(({ name }) => [name, this.rows(`select * from ${name}`)]))
  }

  /** Statements as one transaction. */
  readonly execute: Execute = async (statements) =>
    this.service.storage
      .apply({ statements: statements.map((sql) => ({ sql, params: [] })) })
      .map(({ results }) => results)

  /** Runs the archiver. */
  async archive(
    now: number,
    { isApplied = true, execute = this.execute, folder = this.folder } = {},
  ): Promise<ArchivedSegment[]> {
    const told: ArchivedSegment[] = []
    const { keyring } = this.service
    await archiveJournal({ execute, keyring, folder, now, isApplied, tell: (one) => void told.push(one) })
    return told
  }

  /** `annul journal verify`: what is not sound, by chain and table. */
  async verify(folder?: ArchiveFolder): Promise<Record<string, string>> {
    const journal = await readJournal(this.execute, this.service.keyring, { folder })
    const bad = journal.verified.filter(({ fault }) => fault !== null)
    if (bad.length > 0) return Object.fromEntries(bad.map((one) => [one.terminalId, one.fault?.why ?? '']))
    const { replica, fault } = await replay(journal)
    if (fault !== null) return { [fault.terminalId]: fault.fault?.why ?? '' }
    const { keyring, clock } = this.service
    const opens: Parameters<typeof auditTables>[3] = (wrapped, context) =>
      keyring.unwrap(wrapped, context).then(
        () => true,
        () => false,
      )
    const runSql = async (text: string) => text.split(';\n').map((one) => this.rows<TableRow>(one))
    this.rows('savepoint verify')
    // The keys of the test have no entry.
    this.rows(DELETE_INSERTED_KEYS)
    const { tables } = await auditTables(runSql, replica, journal.heads, opens, clock.now)
    this.rows('rollback to verify')
    this.rows('release verify')
    replica.close()
    return Object.fromEntries(
      tables.flatMap(({ table, fault: one }) => (one === null ? [] : [[table, `${one.key}: ${one.why}`]])),
    )
  }

  close(): void {
    this.service.close()
    for (const path of this.#folders) rmSync(path, { recursive: true, force: true })
  }
}
