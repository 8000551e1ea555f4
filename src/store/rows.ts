/** @module Converts rows of D1 to values of the domain. */

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { posPartsOf } from '../domain/message-key.ts'
import type {
  AcquirerMessage,
  Batch,
  Merchant,
  Reversal,
  Sale,
  SaleState,
  Terminal,
  VoidRecord,
} from '../domain/types.ts'
import type { SignedHead } from './head-mac.ts'
import type { acquirerMessage, batch, merchant, reversal, sale, terminal, voidTable } from './schema.ts'

/** The end of the name of a stored form (schema.ts). Readers use the other member. */
const RAW = 'Raw'

/** A row without its stored forms. */
export type RowOf<T extends SQLiteTable> = Omit<T['$inferSelect'], `${string}${typeof RAW}`>

/** The columns that readers use. */
export function readable<T extends SQLiteTable>(table: T) {
  const columns = Object.entries(getTableColumns(table)).filter(([member]) => !member.endsWith(RAW))
  return Object.fromEntries(columns) as Omit<T['_']['columns'], `${string}${typeof RAW}`>
}

/**
 * A whole row of a joined table as one JSON column. D1 returns rows as objects by column name, so equal column names of
 * two tables would overwrite each other.
 */
export function rowOf<T extends SQLiteTable>(table: T, name: string): SQL.Aliased<RowOf<T>> {
  const { json, parse } = listOf(table)
  return json.mapWith(parse).as(name)
}

/** The same for a left join: null when there is no row. */
export function rowOrNull<T extends SQLiteTable>(
  table: T,
  key: SQLiteColumn,
  name: string,
): SQL.Aliased<RowOf<T> | null> {
  const { json, parse } = listOf(table)
  return sql`iif(${key} is null, null, ${json})`.mapWith(parse).as(name)
}

/** A JSON list of the columns, and its reader. A list has half the arguments of an object: D1 allows 32. */
function listOf<T extends SQLiteTable>(table: T) {
  const columns = Object.values<SQLiteColumn>(readable(table))
  return { json: sql`json_array(${sql.join(columns, sql`, `)})`, parse: rowParser(table) }
}

/** Reads a JSON list of the columns that readers use. */
export function rowParser<T extends SQLiteTable>(table: T) {
  const members = Object.keys(readable(table))
  return (text: string): RowOf<T> => {
    const values: unknown[] = JSON.parse(text)
    return Object.fromEntries(members.map((member, i) => [member, values[i]])) as unknown as RowOf<T>
  }
}

/** Null when there is no row. */
export const reversalFrom = (
  row: Pick<RowOf<typeof reversal>, 'targetKey' | 'kind'> | null,
): Reversal | null => (row === null ? null : { targetKey: row.targetKey, kind: row.kind })

/** The batch without its terminal. */
export function batchOf({ terminalId: _, ...row }: RowOf<typeof batch>): Batch {
  return row
}

export type TerminalRow = { terminal: RowOf<typeof terminal>; batch: RowOf<typeof batch> }

/** The head of a stream, from the row of its terminal or merchant. */
export const signedHeadOf = (row: {
  readonly headSeq: number
  readonly headHash: string
  readonly headMac: string
  readonly headMacKey: number
}): SignedHead => ({ seq: row.headSeq, hash: row.headHash, mac: row.headMac, keyId: row.headMacKey })

/** The terminal with its open batch and its head. */
export function terminalOf(found: TerminalRow): Terminal {
  const { headSeq, headHash, headMac: _, headMacKey: __, batchNumber: ___, ...row } = found.terminal
  return { ...row, batch: batchOf(found.batch), head: { seq: headSeq, hash: headHash } }
}

/** Null when there is no row. */
export function merchantFrom(row: RowOf<typeof merchant> | undefined): Merchant | null {
  if (row === undefined) return null
  const {
    windowKind,
    windowMinutes,
    headSeq: _,
    headHash: __,
    headMac: ___,
    headMacKey: ____,
    ...merchantRow
  } = row
  const window =
    windowKind === 'minutes' ? { kind: windowKind, minutes: windowMinutes ?? 0 } : { kind: windowKind }
  return { ...merchantRow, window }
}

/** Null when there is no row. */
export const forwardedFrom = (
  row: RowOf<typeof acquirerMessage> | null | undefined,
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
}: RowOf<typeof acquirerMessage>): AcquirerMessage {
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
  readonly sale: RowOf<typeof sale>
  readonly liveVoid: RowOf<typeof voidTable> | null
  readonly liveVoidForwarded: number
  readonly liveVoidLost: number
  readonly forwarded: RowOf<typeof acquirerMessage> | null
  readonly reversal: RowOf<typeof reversal> | null
  readonly entryVoids: number
  readonly givenRrns: number
  readonly batch: RowOf<typeof batch>
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
    isVoidedByEntries: row.entryVoids > 0,
    isVoidRowLost: liveVoid === null ? row.entryVoids > 0 : row.liveVoidLost === 1,
    isRrnOurs: row.givenRrns === 0,
    reversed: row.reversal !== null,
    forwarded: forwardedFrom(row.forwarded),
    batchState: row.batch.state,
  }
}

/** The sale with its card; `card` is null when the row has none. */
export function saleOf(row: RowOf<typeof sale>): Sale {
  const { cardFirst6: first6, cardLast4: last4, cardFingerprint: fingerprint, ...others } = row
  const { isDeclined: _, acquirerStan: __, acquirerRrn: ___, settledAfter: ____, ...rest } = others
  const card =
    first6 === null || last4 === null || fingerprint === null ? null : { first6, last4, fingerprint }
  return { ...rest, card }
}

/** The void with the members that its sale has too. */
export function voidFrom(row: RowOf<typeof voidTable>, of: RowOf<typeof sale>): VoidRecord {
  const { reversedAt: _, acquirerStan: __, acquirerRrn: ___, settledAfter: ____, ...own } = row
  const { merchantId, terminalId, batchNumber, currencyCode, rrn: originalRrn, fee: feeReturned } = of
  const stan = posPartsOf(row.messageKey)?.stan ?? null
  return { ...own, merchantId, terminalId, batchNumber, stan, currencyCode, originalRrn, feeReturned }
}
