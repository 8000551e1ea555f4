/**
 * @module Carries the effects of entries into the projections. Every row joins on an entry that the terminal's row has not
 * counted yet, and holds absolute values; the terminal's row is moved last. So a set sent twice is applied once.
 */

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { DEFAULT_MERCHANT } from '../domain/admit.ts'
import { FIRST_TRY_MS, HOST_STATES, isOwed } from '../domain/host-state.ts'
import type { Effects, Terminal } from '../domain/types.ts'
import type { Db } from './db.ts'
import type { JournalRow } from './journal.ts'
import { field } from './rows.ts'
import {
  batch,
  hostMessage,
  keySet,
  masterKey,
  merchant,
  reversal,
  sale,
  terminal,
  voidTable,
} from './schema.ts'
import { overItems } from './statements.ts'

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
export function fromItem(table: SQLiteTable): SQL {
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

const newItems = (table: SQLiteTable, items: SQL): SQL =>
  sql`select ${fromItem(table)} from ${items} where ${IS_NEW}`

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
function mergedMerchant(items: SQL): SQL {
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
    from ${items} where ${IS_NEW}`
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

/** What is pending is left alone while the request that claimed it asks the host itself; of what only the host has nothing is asked. */
const claimRows = ({ effects }: CommitItem) =>
  optional(effects.claim).map((claim) => ({
    ...claim,
    attempts: 0,
    nextAt: isOwed(claim.state) ? claim.claimedAt + (claim.state === 'pending' ? FIRST_TRY_MS : 0) : null,
  }))

const MEANT_MESSAGE = sql`host_message.message_key = item.value ->> 'messageKey'`

const isAgreed = sql.join(
  HOST_STATES.filter((state) => !isOwed(state)).map((state) => sql.raw(`'${state}'`)),
  sql`, `,
)

const CLOSES = sql`case_opened_at is not null and case_closed_at is null
  and item.value ->> 'state' in (${isAgreed})`

/** A new state is asked about afresh; agreement closes a case, and one that was closed is over when something is owed anew. */
const MOVED = {
  state: sql`item.value ->> 'state'`,
  hostRrn: sql`coalesce(item.value ->> 'hostRrn', host_rrn)`,
  movedAt: sql`iif(item.value ->> 'state' = state, moved_at, item.value ->> 'at')`,
  hostAmount: sql`coalesce(item.value ->> 'hostAmount', host_amount)`,
  hostSaid: sql`coalesce(item.value ->> 'hostSaid', host_said)`,
  decideBy: sql`coalesce(item.value ->> 'decideBy', decide_by)`,
  caseReason: sql`coalesce(item.value ->> 'caseReason', iif(case_closed_at is null, case_reason, null))`,
  caseOpenedAt: sql`coalesce(iif(case_closed_at is null, case_opened_at, null),
    iif(item.value ->> 'caseReason' is null, null, item.value ->> 'at'))`,
  caseClosedAt: sql`iif(item.value ->> 'caseReason' is null and ${CLOSES}, item.value ->> 'at', null)`,
  attempts: sql`0`,
  nextAt: sql`item.value ->> 'nextAt'`,
}

const excluded = (column: string): SQL => sql`${sql.raw(`excluded.${column}`)}`

type Statement = (db: Db, rows: readonly Row[]) => BatchItem<'sqlite'>

/** What each item of a set brings, and the statement that carries it into its table; the terminal's row last. */
const STEPS: readonly (readonly [(item: CommitItem) => readonly object[], Statement])[] = [
  [
    merchantRows,
    overItems((db, items) =>
      db
        .insert(merchant)
        .select(mergedMerchant(items))
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
    ),
  ],
  [saleRows, overItems((db, items) => db.insert(sale).select(newItems(sale, items)))],
  [
    ({ effects }) => optional(effects.voidMoved),
    overItems((db, items) =>
      db
        .update(voidTable)
        .set({
          state: sql`item.value ->> 'state'`,
          reversedAt: sql`coalesce(item.value ->> 'reversedAt', reversed_at)`,
        })
        .from(items)
        .where(sql`void.id = item.value ->> 'id' and ${IS_NEW}`),
    ),
  ],
  [
    ({ effects }) => optional(effects.voidRecord),
    overItems((db, items) =>
      db
        .insert(voidTable)
        .select(newItems(voidTable, items))
        .onConflictDoUpdate({
          target: voidTable.id,
          set: { state: excluded('state'), authorizationCode: excluded('authorization_code') },
        }),
    ),
  ],
  [claimRows, overItems((db, items) => db.insert(hostMessage).select(newItems(hostMessage, items)))],
  [
    ({ effects }) => effects.hostMoves ?? [],
    overItems((db, items) =>
      db.update(hostMessage).set(MOVED).from(items).where(sql`${MEANT_MESSAGE} and ${IS_NEW}`),
    ),
  ],
  [
    reversalRows,
    overItems((db, items) => db.insert(reversal).select(newItems(reversal, items)).onConflictDoNothing()),
  ],
  [
    batchRows,
    overItems((db, items) =>
      db
        .insert(batch)
        .select(newItems(batch, items))
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
    ),
  ],
  [
    ({ masterKey: key, row }) => optional(key).map((one) => ({ ...one, terminalId: row.terminalId })),
    overItems((db, items) =>
      db
        .insert(masterKey)
        .select(newItems(masterKey, items))
        .onConflictDoUpdate({
          target: masterKey.terminalId,
          set: { version: excluded('version'), wrapped: excluded('wrapped') },
        }),
    ),
  ],
  // Once a key set is in use, the ones before it are dead; a new master key ends them all.
  [
    ({ effects, row }) =>
      optional(effects.keyVersion).map((version) => ({ terminalId: row.terminalId, version })),
    overItems((db, items) =>
      db.delete(keySet).where(
        sql`(terminal_id, version) in (select key_set.terminal_id, key_set.version from ${items}
          join key_set on key_set.terminal_id = item.value ->> 'terminalId'
            and key_set.version < coalesce(item.value ->> 'version', 9007199254740991) where ${IS_NEW})`,
      ),
    ),
  ],
  [
    (item) => [terminalRow(item)],
    overItems((db, items) =>
      db
        .insert(terminal)
        .select(newItems(terminal, items))
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
    ),
  ],
]

/** The statements that carry the effects of entries into the projections; those that no item needs are left out. */
export const projections = (db: Db, set: readonly CommitItem[]): BatchItem<'sqlite'>[] =>
  STEPS.flatMap(([read, statement]) => {
    const rows = rowsOf(set, read)
    return rows.length === 0 ? [] : [statement(db, rows)]
  })
