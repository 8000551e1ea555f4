/** @module Converts rows of D1 to values of the domain. */

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type {
  AcquirerMessage,
  Batch,
  Merchant,
  Reversal,
  Sale,
  SaleState,
  Terminal,
} from '../domain/types.ts'
import type { acquirerMessage, batch, merchant, reversal, sale, terminal, voidTable } from './schema.ts'

/** SQL of a member of an item (statements.ts). */
export const field = (name: string): SQL => sql`item.value ->> ${sql.raw(`'${name}'`)}`

/**
 * A whole row of a joined table as one JSON column. D1 returns rows as objects by column name, so equal column names of
 * two tables would overwrite each other.
 */
export function rowOf<T extends SQLiteTable>(table: T, name: string): SQL.Aliased<T['$inferSelect']> {
  return jsonOf(table).mapWith(JSON.parse).as(name)
}

/** The same for a left join: null when there is no row. */
export function rowOrNull<T extends SQLiteTable>(
  table: T,
  key: SQLiteColumn,
  name: string,
): SQL.Aliased<T['$inferSelect'] | null> {
  return sql`iif(${key} is null, null, ${jsonOf(table)})`.mapWith(JSON.parse).as(name)
}

function jsonOf(table: SQLiteTable): SQL {
  const members = Object.entries(getTableColumns(table)).map(
    ([member, column]) => sql`${sql.raw(`'${member}'`)}, ${column}`,
  )
  return sql`json_object(${sql.join(members, sql`, `)})`
}

/** Null when there is no row. */
export const reversalFrom = (row: typeof reversal.$inferSelect | undefined): Reversal | null =>
  row === undefined ? null : { targetKey: row.targetKey, kind: row.kind }

/** The batch without its terminal. */
export function batchOf({ terminalId: _, ...row }: typeof batch.$inferSelect): Batch {
  return row
}

export type TerminalRow = { terminal: typeof terminal.$inferSelect; batch: typeof batch.$inferSelect }

/** The terminal with its open batch and its head. */
export function terminalOf(found: TerminalRow): Terminal {
  const { headSeq, headHash, batchNumber: _, ...row } = found.terminal
  return { ...row, batch: batchOf(found.batch), head: { seq: headSeq, hash: headHash } }
}

/** Null when there is no row. */
export function merchantFrom(row: typeof merchant.$inferSelect | undefined): Merchant | null {
  if (row === undefined) return null
  const { windowKind, windowMinutes, headSeq: _, headHash: __, ...merchantRow } = row
  const window =
    windowKind === 'minutes' ? { kind: windowKind, minutes: windowMinutes ?? 0 } : { kind: windowKind }
  return { ...merchantRow, window }
}

/** Null when there is no row. */
export const forwardedFrom = (
  row: typeof acquirerMessage.$inferSelect | null | undefined,
): AcquirerMessage | null => (row == null ? null : messageFrom(row))

/** The message without the columns of the outbox. The columns of the original become one reference. */
export function messageFrom({
  attempts: _,
  nextAt: __,
  originalBatchNumber: batchNumber,
  originalStan: stan,
  originalRrn: rrn,
  originalAuthorizationCode: authorizationCode,
  ...message
}: typeof acquirerMessage.$inferSelect): AcquirerMessage {
  const original =
    batchNumber === null || stan === null ? null : { batchNumber, stan, rrn, authorizationCode }
  return { ...message, original }
}

/** The columns of a message, the inverse of `messageFrom`. */
export const messageColumns = ({ original, ...message }: AcquirerMessage) => ({
  ...message,
  originalBatchNumber: original?.batchNumber ?? null,
  originalStan: original?.stan ?? null,
  originalRrn: original?.rrn ?? null,
  originalAuthorizationCode: original?.authorizationCode ?? null,
})

export interface SaleRow {
  readonly sale: typeof sale.$inferSelect
  readonly liveVoid: typeof voidTable.$inferSelect | null
  readonly liveVoidForwarded: number
  readonly forwarded: typeof acquirerMessage.$inferSelect | null
  readonly reversal: typeof reversal.$inferSelect | null
  readonly batch: typeof batch.$inferSelect
}

/** Null when there is no row. */
export function saleStateOf(row: SaleRow | undefined): SaleState | null {
  if (row === undefined) return null
  const { liveVoid, liveVoidForwarded } = row
  return {
    sale: saleOf(row.sale),
    liveVoid:
      liveVoid === null
        ? null
        : {
            id: liveVoid.id,
            messageKey: liveVoid.messageKey,
            state: liveVoid.state,
            forwarded: liveVoidForwarded === 1,
          },
    reversed: row.reversal !== null,
    forwarded: forwardedFrom(row.forwarded),
    batchState: row.batch.state,
  }
}

/** The sale with its card; `card` is null when the row has none. */
export function saleOf(row: typeof sale.$inferSelect): Sale {
  const { cardFirst6: first6, cardLast4: last4, cardFingerprint: fingerprint, ...rest } = row
  const card =
    first6 === null || last4 === null || fingerprint === null ? null : { first6, last4, fingerprint }
  return { ...rest, card }
}
