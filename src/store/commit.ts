/**
 * @module Writes a set of decisions, at most one per terminal, in one D1 batch.
 *
 * An entry finds its place only while the head is still the one its decision was made on, and every projection joins
 * on an entry that the terminal's row has not counted yet; the terminal's row is moved last. So a set sent twice, after
 * an error that left its outcome unknown, is applied once.
 */

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { DEFAULT_MERCHANT } from '../domain/admit.ts'
import type { Effects, Terminal } from '../domain/types.ts'
import { type Db, persist } from './db.ts'
import type { JournalRow } from './journal.ts'
import { field, items } from './rows.ts'
import { batch, journal, keySet, masterKey, merchant, reversal, sale, terminal, voidTable } from './schema.ts'

export interface CommitItem {
  readonly row: JournalRow
  readonly effects: Effects
  /** The terminal as it was loaded. */
  readonly terminal: Terminal
  /** A new master key, wrapped; only with a `provision` entry. */
  readonly masterKey?: { readonly version: number; readonly wrapped: string }
}

type Row = Record<string, unknown>

/** `item.value ->> 'name'` for every column, in the table's order. */
function fromItem(table: SQLiteTable): SQL {
  return sql.join(Object.keys(getTableColumns(table)).map(field), sql`, `)
}

/** The entry stands in the journal and the terminal's row has not counted it yet. */
const IS_NEW = sql`exists (select 1 from journal where terminal_id = item.value ->> 'entryTerminalId'
    and seq = item.value ->> 'entrySeq' and hash = item.value ->> 'entryHash')
  and not exists (select 1 from terminal where terminal_id = item.value ->> 'entryTerminalId'
    and head_seq >= item.value ->> 'entrySeq')`

const place = ({ row }: CommitItem): Row => ({
  entryTerminalId: row.terminalId,
  entrySeq: row.seq,
  entryHash: row.hash,
})

const insertNew = (table: SQLiteTable, rows: readonly Row[]): SQL =>
  sql`select ${fromItem(table)} from ${items(rows)} where ${IS_NEW}`

/** For each item of the set that has one, the row with the place of its entry. */
function rowsOf(set: readonly CommitItem[], read: (item: CommitItem) => readonly object[]): Row[] {
  return set.flatMap((item) => read(item).map((row) => ({ ...row, ...place(item) })))
}

const optional = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value])

const saleRows = ({ effects }: CommitItem) =>
  optional(effects.sale).map((s) => ({
    ...s,
    cardFirst6: s.card?.first6,
    cardLast4: s.card?.last4,
    cardFingerprint: s.card?.fingerprint,
  }))

const merchantRows = ({ effects }: CommitItem) =>
  optional(effects.merchant).map(({ window, ...named }) => ({
    ...named,
    windowKind: window?.kind,
    windowMinutes: window?.kind === 'minutes' ? window.minutes : undefined,
  }))

/** What is named, else what stands, else the default; a merchant's one currency never changes once it stands. */
function mergedMerchant(rows: readonly Row[]): SQL {
  const stands = (column: string) =>
    sql`(select ${sql.raw(column)} from merchant where merchant_id = item.value ->> 'merchantId')`
  const { timeZone, cutOff, window, currencyCode } = DEFAULT_MERCHANT
  return sql`select ${field('merchantId')},
    coalesce(${field('name')}, ${stands('name')}, ${field('merchantId')}),
    coalesce(${field('status')}, ${stands('status')}, 'active'),
    coalesce(${field('timeZone')}, ${stands('time_zone')}, ${timeZone}),
    coalesce(${field('cutOff')}, ${stands('cut_off')}, ${cutOff}),
    coalesce(${field('windowKind')}, ${stands('window_kind')}, ${window.kind}),
    iif(${field('windowKind')} is null, ${stands('window_minutes')}, ${field('windowMinutes')}),
    coalesce(${stands('currency_code')}, ${field('currencyCode')}, ${currencyCode})
    from ${items(rows)} where ${IS_NEW}`
}

function batchRows({ effects, row }: CommitItem) {
  return [...optional(effects.batch), ...optional(effects.nextBatch)].map((b) => ({
    ...b,
    terminalId: row.terminalId,
  }))
}

const reversalRows = ({ effects, row }: CommitItem) =>
  (effects.reversals ?? []).map((r) => ({ ...r, terminalId: row.terminalId, seq: row.seq }))

/** The terminal's row after the entry. */
function terminalRow({ row, effects, terminal: before }: CommitItem) {
  const open = effects.nextBatch ?? before.batch
  return {
    ...before,
    ...effects.terminal,
    batchNumber: open.batchNumber,
    keyVersion: effects.keyVersion === undefined ? before.keyVersion : effects.keyVersion,
    headSeq: row.seq,
    headHash: row.hash,
  }
}

const excluded = (column: string): SQL => sql`${sql.raw(`excluded.${column}`)}`

/** The statements that carry the effects of entries into the projections; the terminal's row last. */
export function projections(db: Db, set: readonly CommitItem[]): BatchItem<'sqlite'>[] {
  const statements: BatchItem<'sqlite'>[] = []
  const add = (rows: readonly Row[], statement: (rows: readonly Row[]) => BatchItem<'sqlite'>) => {
    if (rows.length > 0) statements.push(statement(rows))
  }
  add(rowsOf(set, merchantRows), (rows) =>
    db
      .insert(merchant)
      .select(mergedMerchant(rows))
      .onConflictDoUpdate({
        target: merchant.merchantId,
        set: {
          name: excluded('name'),
          status: excluded('status'),
          timeZone: excluded('time_zone'),
          cutOff: excluded('cut_off'),
          windowKind: excluded('window_kind'),
          windowMinutes: excluded('window_minutes'),
        },
      }),
  )
  add(rowsOf(set, saleRows), (rows) => db.insert(sale).select(insertNew(sale, rows)))
  add(
    rowsOf(set, ({ effects }) => optional(effects.voidReversed)),
    (rows) =>
      db
        .update(voidTable)
        .set({ reversedAt: sql`item.value ->> 'reversedAt'` })
        .from(items(rows))
        .where(sql`void.id = item.value ->> 'id' and ${IS_NEW}`),
  )
  add(
    rowsOf(set, ({ effects }) => optional(effects.voidRecord)),
    (rows) => db.insert(voidTable).select(insertNew(voidTable, rows)),
  )
  add(rowsOf(set, reversalRows), (rows) =>
    db.insert(reversal).select(insertNew(reversal, rows)).onConflictDoNothing(),
  )
  add(rowsOf(set, batchRows), (rows) =>
    db
      .insert(batch)
      .select(insertNew(batch, rows))
      .onConflictDoUpdate({
        target: [batch.terminalId, batch.batchNumber],
        set: {
          state: excluded('state'),
          debitAmount: excluded('debit_amount'),
          debitCount: excluded('debit_count'),
          creditAmount: excluded('credit_amount'),
          creditCount: excluded('credit_count'),
        },
      }),
  )
  add(
    rowsOf(set, (item) =>
      optional(item.masterKey).map((key) => ({ ...key, terminalId: item.row.terminalId })),
    ),
    (rows) =>
      db
        .insert(masterKey)
        .select(insertNew(masterKey, rows))
        .onConflictDoUpdate({
          target: masterKey.terminalId,
          set: { version: excluded('version'), wrapped: excluded('wrapped') },
        }),
  )
  // Once a key set is in use, the ones before it are dead; a new master key ends them all.
  add(
    rowsOf(set, ({ effects, row }) =>
      optional(effects.keyVersion).map((version) => ({ terminalId: row.terminalId, version })),
    ),
    (rows) =>
      db.delete(keySet).where(
        sql`(terminal_id, version) in (select key_set.terminal_id, key_set.version from ${items(rows)}
          join key_set on key_set.terminal_id = item.value ->> 'terminalId'
            and key_set.version < coalesce(item.value ->> 'version', 9007199254740991) where ${IS_NEW})`,
      ),
  )
  add(
    rowsOf(set, (item) => [terminalRow(item)]),
    (rows) =>
      db
        .insert(terminal)
        .select(insertNew(terminal, rows))
        .onConflictDoUpdate({
          target: terminal.terminalId,
          set: {
            status: excluded('status'),
            macProfile: excluded('mac_profile'),
            textEncoding: excluded('text_encoding'),
            settlementMac: excluded('settlement_mac'),
            batchNumber: excluded('batch_number'),
            keyVersion: excluded('key_version'),
            headSeq: excluded('head_seq'),
            headHash: excluded('head_hash'),
          },
        }),
  )
  return statements
}

/** Appends the entries whose place is free: the head has not moved and neither key nor RRN is taken. */
function append(db: Db, rows: readonly JournalRow[]): BatchItem<'sqlite'> {
  return db
    .insert(journal)
    .select(
      sql`select ${fromItem(journal)} from ${items(rows)}
        where (item.value ->> 'seq' = 1 or exists (select 1 from journal
            where terminal_id = item.value ->> 'terminalId' and seq = (item.value ->> 'seq') - 1
              and hash = item.value ->> 'previousHash'))
          and not exists (select 1 from journal
            where terminal_id = item.value ->> 'terminalId' and seq = item.value ->> 'seq')`,
    )
    .onConflictDoNothing()
}

/**
 * Commits a set. Returns, per item and in its order, whether its entry stands; where it does not, another writer was
 * first (or its key or RRN was taken), nothing of it was written, and the message is to be loaded and decided again.
 * Throws what D1 throws; after an error that left the outcome unknown the same batch has already been repeated.
 */
export async function commit(db: Db, set: readonly CommitItem[]): Promise<boolean[]> {
  const rows = set.map((item) => item.row)
  const confirm = db
    .select({ i: sql<number>`item.key`.as('i') })
    .from(items(rows))
    .innerJoin(
      journal,
      sql`journal.terminal_id = item.value ->> 'terminalId' and journal.seq = item.value ->> 'seq'
        and journal.hash = item.value ->> 'hash'`,
    )
  const statements: [BatchItem<'sqlite'>, ...BatchItem<'sqlite'>[]] = [
    append(db, rows),
    ...projections(db, set),
    confirm,
  ]
  const results = await persist(() => db.batch(statements))
  const stands = new Set((results.at(-1) as { i: number }[]).map(({ i }) => i))
  return set.map((_, i) => stands.has(i))
}
