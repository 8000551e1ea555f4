/** @module Converts rows of D1 to values of the domain. */

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { isCaseOpen, isUnsettled } from '../domain/acquirer-state.ts'
import type { DeclaredTotals } from '../domain/decision.ts'
import { posPartsOf } from '../domain/message-key.ts'
import { officeTotals, withOffice } from '../domain/office-totals.ts'
import type { Reversal } from '../domain/reversal.ts'
import type {
  AcquirerMessage,
  Batch,
  Merchant,
  Sale,
  SaleState,
  Terminal,
  VoidRecord,
} from '../domain/types.ts'
import type { batch } from './batch-schema.ts'
import type { SignedHead } from './head-mac.ts'
import type { merchant } from './merchant-schema.ts'
import type { acquirerMessage, reversal, sale, terminal, voidTable } from './schema.ts'

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
  row: Pick<RowOf<typeof reversal>, 'targetKey' | 'kind' | 'stillCounted'> | null,
): Reversal | null =>
  row === null
    ? null
    : {
        targetKey: row.targetKey,
        kind: row.kind,
        ...(row.stillCounted === 1 ? { stillCounted: true as const } : {}),
      }

/** The batch without its terminal. */
export function batchOf(row: RowOf<typeof batch>): Batch {
  const { batchNumber, state, debitAmount, debitCount, creditAmount, creditCount } = row
  return withOffice(
    { batchNumber, state, debitAmount, debitCount, creditAmount, creditCount },
    {
      debitAmount: row.officeDebitAmount,
      debitCount: row.officeDebitCount,
      creditAmount: row.officeCreditAmount,
      creditCount: row.officeCreditCount,
    },
  )
}

/** The columns of a batch, without its terminal. */
export function batchColumns({ office, ...batch }: Batch) {
  const { debitAmount, debitCount, creditAmount, creditCount } = officeTotals({ ...(office && { office }) })
  return {
    ...batch,
    officeDebitAmount: debitAmount,
    officeDebitCount: debitCount,
    officeCreditAmount: creditAmount,
    officeCreditCount: creditCount,
    isDeclaredSigned: 0,
  }
}

/** The totals that the terminal declared last. Null: there are none. */
export const declaredOf = ({ lastDeclared, isDeclaredSigned }: RowOf<typeof batch>): DeclaredTotals | null =>
  lastDeclared === null ? null : { totals: lastDeclared, isSigned: isDeclaredSigned === 1 }

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
  return {
    ...row,
    headerTlv: row.headerTlv === 1,
    batch: batchOf(found.batch),
    head: { seq: headSeq, hash: headHash },
  }
}

/** Null when there is no row. */
export const merchantFrom = (row: RowOf<typeof merchant> | undefined): Merchant | null =>
  row === undefined ? null : merchantOf(row)

/** The merchant without the head of its stream. */
export function merchantOf(row: RowOf<typeof merchant>): Merchant {
  const {
    windowKind,
    windowMinutes,
    headSeq: _,
    headHash: __,
    headMac: ___,
    headMacKey: ____,
    reasonRequired,
    decideWithin,
    ...merchantRow
  } = row
  const window =
    windowKind === 'minutes' ? { kind: windowKind, minutes: windowMinutes ?? 0 } : { kind: windowKind }
  const rules = { reasonRequired: reasonRequired === 1, decideWithin: decideWithin ?? ('window' as const) }
  return { ...merchantRow, ...rules, window }
}

/** Null when there is no row. */
export const forwardedFrom = (
  row: RowOf<typeof acquirerMessage> | null | undefined,
): AcquirerMessage | null => (row == null ? null : messageFrom(row))

/** The message while it waits for the acquirer or a person. A settled one may have a row or none. */
function waitingFrom(row: RowOf<typeof acquirerMessage> | null): AcquirerMessage | null {
  return row !== null && (isUnsettled(row.state) || isCaseOpen(row)) ? messageFrom(row) : null
}

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
  readonly liveVoidMessage: RowOf<typeof acquirerMessage> | null
  readonly liveVoidLost: number
  readonly forwarded: RowOf<typeof acquirerMessage> | null
  readonly reversal: RowOf<typeof reversal> | null
  readonly entryVoids: number
  readonly givenRrns: number
  readonly ownVoids: readonly string[]
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
            message: waitingFrom(row.liveVoidMessage),
          },
    isVoidedByEntries: row.entryVoids > 0,
    isVoidRowLost: liveVoid === null ? row.entryVoids > 0 : row.liveVoidLost === 1,
    isRrnOurs: row.givenRrns === 0,
    reversed: row.reversal !== null,
    ownVoids: row.ownVoids,
    forwarded: forwardedFrom(row.forwarded),
    batchState: row.batch.state,
  }
}

/** The sale with its card; `card` is null when the row has none. */
export function saleOf(row: RowOf<typeof sale>): Sale {
  const { cardFirst6: first6, cardLast4: last4, cardFingerprint: fingerprint, ...others } = row
  const { isDeclined: _, acquirerStan: __, acquirerRrn: ___, settledAfter: ____, ...known } = others
  const { windowMs, isRrnMade, ...rest } = known
  const card =
    first6 === null || last4 === null || fingerprint === null ? null : { first6, last4, fingerprint }
  return {
    ...rest,
    card,
    ...windowFrom(row.soldAt, windowMs),
    ...(isRrnMade === 1 ? { isRrnMade: true } : {}),
  }
}

/** The column of a sale whose window ends with its batch. */
const UNTIL_CLOSE = -1

/** The end of a sale's window as a column: see `sale.windowMs`. */
export const windowMsOf = ({ soldAt, voidableUntil }: Sale): number | undefined =>
  voidableUntil === undefined ? undefined : voidableUntil === null ? UNTIL_CLOSE : voidableUntil - soldAt

const windowFrom = (soldAt: number, windowMs: number | null): Pick<Sale, 'voidableUntil'> =>
  windowMs === null ? {} : { voidableUntil: windowMs === UNTIL_CLOSE ? null : soldAt + windowMs }

/** The void with the members that its sale has too. */
export function voidFrom(row: RowOf<typeof voidTable>, of: RowOf<typeof sale>): VoidRecord {
  const {
    reversedAt: _,
    reversedLate: __,
    acquirerStan: ___,
    acquirerRrn: ____,
    settledAfter: _____,
    ...own
  } = row
  const { merchantId, terminalId, batchNumber, currencyCode, rrn: originalRrn, fee: feeReturned } = of
  const stan = posPartsOf(row.messageKey)?.stan ?? null
  return { ...own, merchantId, terminalId, batchNumber, stan, currencyCode, originalRrn, feeReturned }
}
