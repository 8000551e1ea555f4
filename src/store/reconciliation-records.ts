/**
 * @module Forwarded messages under the acquirer's numbers: our records for the lines of a list, and all records page by
 * page.
 */

import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { OurRecord } from '../domain/compare-record.ts'
import { ourRecordOfCapturedSale } from '../domain/decide-claim.ts'
import { ACQUIRER_KEY, posMessageKey } from '../domain/message-key.ts'
import type { AcquirerMessage, AcquirerReference } from '../domain/types.ts'
import {
  fromEachPart,
  hasNoRow,
  hasNumbers,
  ofRecord,
  parseRecord,
  RECORD_LIST,
  type RecordPart,
} from './acquirer-record.ts'
import { isBatchArchived } from './archive/queries.ts'
import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { forwardedFrom, messageFrom, type RowOf, rowOrNull, saleOf } from './rows.ts'
import { type acquirerMessage, sale, terminal } from './schema.ts'
import { field, overItems } from './statements.ts'

/** The acquirer's reference of a message, and the sale of a void. */
export interface RecordReference {
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly acquirerStan: string
  readonly original: Pick<AcquirerReference, 'batchNumber' | 'stan'> | null
}

/** Our record under a reference. The page has null when the merchant has no such terminal. */
export interface FoundRecord {
  readonly ourRecord: OurRecord | null
  /** Message key of the sale itself, or of the sale that the void names. */
  readonly saleKey: string | null
  /** Whether records of the closed batch are in the archive. */
  readonly isArchived: boolean
}

/** One record for each reference, in order; `credential` is null when it is unknown or revoked. */
export interface FoundRecords {
  readonly credential: Credential | null
  readonly records: readonly (FoundRecord | null)[]
}

const captured = alias(sale, 'captured')

/** The acquirer knows a captured sale by its own STAN. It knows a sale of ours only by the STAN that we gave it. */
const isCaptured = (key: string): SQL =>
  sql`captured.message_key = ${field(key)} and captured.stan = coalesce(
    (select acquirer_stan from acquirer_message as own where own.message_key = captured.message_key),
    captured.acquirer_stan, captured.stan)`

/** The conditions of the message that a line names, and of its sale. */
const isListed = hasNumbers({
  terminalId: field('terminalId'),
  batchNumber: field('batchNumber'),
  acquirerStan: field('acquirerStan'),
  kind: field('kind'),
})
const isOriginal = hasNumbers({
  terminalId: field('terminalId'),
  batchNumber: field('originalBatch'),
  acquirerStan: field('originalStan'),
  kind: sql`'sale'`,
})

const recordsOf = overItems((db, items) =>
  db
    .select({
      i: sql<number>`item.key`.as('i'),
      openBatch: sql<string>`terminal.batch_number`.as('open_batch'),
      ourRecord: ofRecord(RECORD_LIST, isListed).mapWith(parseRecord).as('our_row'),
      saleKey: sql<
        string | null
      >`coalesce((select message_key from sale as captured where ${isCaptured('originalKey')}),
        ${ofRecord(sql`message_key`, isOriginal)})`.as('sale_key'),
      isArchived: isBatchArchived(field('terminalId'), field('batchNumber')).as('is_archived'),
      captured: rowOrNull(captured, captured.messageKey, 'captured_row'),
      isReversed: sql<number>`exists (select 1 from reversal where target_key = captured.message_key)`.as(
        'is_reversed',
      ),
    })
    .from(items)
    .innerJoin(
      terminal,
      sql`terminal.terminal_id = ${field('terminalId')} and terminal.merchant_id = ${field('merchantId')}`,
    )
    .leftJoin(captured, isCaptured('ownKey')),
)

/** Finds our records. `credential` is the SHA-256 of a bearer key, lower-case hex. */
export async function findRecords(
  db: Db,
  credential: string,
  now: number,
  records: readonly RecordReference[],
): Promise<FoundRecords> {
  const rows = records.map(({ original, ...reference }) => ({
    ...reference,
    originalBatch: original?.batchNumber,
    originalStan: original?.stan,
    originalKey:
      original === null
        ? undefined
        : saleKeyAt({ ...reference, batchNumber: original.batchNumber, acquirerStan: original.stan }),
    ownKey: reference.kind === 'sale' ? saleKeyAt(reference) : undefined,
  }))
  const [credentials, found] = await db.batch([liveCredential(db, credential, now), recordsOf(db, rows)])
  const byItem = new Map(found.map((row) => [row.i, row]))
  return {
    credential: credentials[0] ?? null,
    records: records.map((_, i): FoundRecord | null => {
      const row = byItem.get(i)
      if (row === undefined) return null
      const { ourRecord, openBatch, saleKey, captured, isReversed, isArchived } = row
      const ofCapturedSale =
        captured === null ? null : ourRecordOfCapturedSale(saleOf(captured), isReversed === 1)
      const forwarded = forwardedFrom(ourRecord)
      // A record from the list that came before the captured sale is that sale.
      const isForwarded = forwarded !== null && !forwarded.messageKey.startsWith(ACQUIRER_KEY)
      const message = isForwarded ? forwarded : (ofCapturedSale ?? forwarded)
      return {
        ourRecord: message === null ? null : { message, isBatchOpen: message.batchNumber === openBatch },
        saleKey: saleKey ?? ofCapturedSale?.messageKey ?? null,
        isArchived: isArchived === 1,
      }
    }),
  }
}

const saleKeyAt = ({ acquirerStan, ...reference }: Omit<RecordReference, 'kind' | 'original'>): string =>
  posMessageKey({ ...reference, stan: acquirerStan }, 'sale')

/** A position in the list of forwarded messages. No change of a message moves it. */
export interface RecordCursor {
  /** Milliseconds since the epoch. */
  readonly claimedAt: number
  /** Our RRN. */
  readonly rrn: string
}

export interface ForwardedPage {
  readonly credential: Credential | null
  readonly messages: readonly AcquirerMessage[]
  /** The position of the last message; null when no page follows. */
  readonly next: RecordCursor | null
}

/** Reads up to `limit` messages after the cursor, in the order of their claims. */
export async function readForwarded(
  db: Db,
  credential: string,
  now: number,
  { claimedAt, rrn }: RecordCursor,
  limit: number,
): Promise<ForwardedPage> {
  const ofPart = (part: RecordPart): SQL =>
    sql`select * from (select claimed_at, rrn, ${RECORD_LIST} as record from ${sql.raw(part)}
      where claimed_at >= ${claimedAt} and (claimed_at, rrn) > (${claimedAt}, ${rrn}) and ${hasNoRow(part)}
      order by claimed_at, rrn limit ${limit}) as found`
  const [credentials, rows] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select({ message: sql<RowOf<typeof acquirerMessage>>`record`.mapWith(parseRecord).as('record') })
      .from(sql`(${fromEachPart(ofPart)} order by claimed_at, rrn limit ${limit}) as found`),
  ])
  const messages = rows.map(({ message }) => messageFrom(message))
  const last = messages.at(-1)
  return {
    credential: credentials[0] ?? null,
    messages,
    next: messages.length < limit || last === undefined ? null : { claimedAt: last.claimedAt, rrn: last.rrn },
  }
}
