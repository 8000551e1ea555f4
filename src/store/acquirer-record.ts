/**
 * @module Reads forwarded messages. While anything is due, open or unusual, a message has its row in `acquirer_message`. When both
 * sides agree, its row goes, and it follows from its sale or void (`settled_sale`, `settled_void`).
 *
 * The view `acquirer_record` has all of them, but SQLite does not use the indexes of a union inside a join. So a statement reads
 * the three parts one after another.
 */

import { type SQL, sql } from 'drizzle-orm'
import { type RowOf, readable, rowParser } from './rows.ts'
import { acquirerMessage } from './schema.ts'

/** The parts, in the order in which they are searched. A message with a row may have a sale or void with its numbers too. */
const PARTS = ['acquirer_message', 'settled_sale', 'settled_void'] as const
export type RecordPart = (typeof PARTS)[number]

/** Names of the columns, without a table: all parts have them. */
const COLUMNS = Object.values(readable(acquirerMessage)).map(({ name }) => name)

/** SQL: the columns of a record as a JSON list, where the part is the table. */
export const RECORD_LIST = sql.raw(`json_array(${COLUMNS.join(', ')})`)

/** Reads the list back. */
export const parseRecord = rowParser(acquirerMessage)

/** SQL: one value of the first record that meets a condition; null when none does. */
export const ofRecord = (value: SQL, where: (part: RecordPart) => SQL): SQL =>
  sql`coalesce(${sql.join(
    PARTS.map((part) => sql`(select ${value} from ${sql.raw(part)} where ${where(part)})`),
    sql`, `,
  )})`

/** SQL: the record of the message with this key. A key of an outer table needs the name of its table. */
export const recordWithKey = (key: SQL, name: string): SQL.Aliased<RowOf<typeof acquirerMessage> | null> =>
  ofRecord(RECORD_LIST, () => sql`message_key = ${key}`)
    .mapWith(parseRecord)
    .as(name)

export interface AcquirerNumbers {
  readonly terminalId: SQL
  readonly batchNumber: SQL
  readonly acquirerStan: SQL
  readonly kind: SQL
}

/** SQL: the conditions of a record under the acquirer's numbers. A settled one is found by its number first. */
export const hasNumbers =
  ({ terminalId, batchNumber, acquirerStan, kind }: AcquirerNumbers) =>
  (part: RecordPart): SQL =>
    sql`terminal_id = ${terminalId} and batch_number = ${batchNumber} and acquirer_stan = ${acquirerStan}
      and acquirer_stan <> '000000' and kind = ${kind}
      ${part === 'acquirer_message' ? sql`` : sql`and acquirer_number = cast(${acquirerStan} as integer)`}`

/** SQL: no row of its own. A settled message that comes back has one again. */
export const hasNoRow = (part: RecordPart): SQL =>
  part === 'acquirer_message'
    ? sql`true`
    : sql`not exists (select 1 from acquirer_message as own where own.message_key = ${sql.raw(part)}.message_key)`

/** SQL over each part, as one list. */
export const fromEachPart = (select: (part: RecordPart) => SQL): SQL =>
  sql.join(PARTS.map(select), sql` union all `)
