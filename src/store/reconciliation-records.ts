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
import { isBatchArchived } from './archive/queries.ts'
import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { forwardedFrom, messageFrom, rowOrNull, saleOf } from './rows.ts'
import { acquirerMessage, sale, terminal } from './schema.ts'
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

const ofVoid = alias(acquirerMessage, 'of_void')
const captured = alias(sale, 'captured')

/** The acquirer knows a captured sale by its own STAN. It knows a sale of ours only by the STAN that we gave it. */
const isCaptured = (key: string): SQL =>
  sql`captured.message_key = ${field(key)} and not exists (select 1 from acquirer_message as own
    where own.message_key = captured.message_key and own.acquirer_stan <> captured.stan)`

const recordsOf = overItems((db, items) =>
  db
    .select({
      i: sql<number>`item.key`.as('i'),
      openBatch: sql<string>`terminal.batch_number`.as('open_batch'),
      ourRecord: rowOrNull(acquirerMessage, acquirerMessage.messageKey, 'our_row'),
      saleKey: sql<
        string | null
      >`coalesce((select message_key from sale as captured where ${isCaptured('originalKey')}),
        of_void.message_key)`.as('sale_key'),
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
    .leftJoin(
      acquirerMessage,
      sql`acquirer_message.terminal_id = ${field('terminalId')} and acquirer_message.batch_number = ${field('batchNumber')}
        and acquirer_message.acquirer_stan = ${field('acquirerStan')} and acquirer_message.kind = ${field('kind')}
        and acquirer_message.acquirer_stan <> '000000'`,
    )
    .leftJoin(
      ofVoid,
      sql`of_void.terminal_id = ${field('terminalId')} and of_void.batch_number = ${field('originalBatch')}
        and of_void.acquirer_stan = ${field('originalStan')} and of_void.kind = 'sale'
        and of_void.acquirer_stan <> '000000'`,
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

export interface ForwardedPage {
  readonly credential: Credential | null
  readonly messages: readonly AcquirerMessage[]
  /** Row id of the last message; null when no page follows. */
  readonly next: number | null
}

/** Reads up to `limit` messages after the row id `after`, in the order in which they were written. */
export async function readForwarded(
  db: Db,
  credential: string,
  now: number,
  after: number,
  limit: number,
): Promise<ForwardedPage> {
  const [credentials, rows] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select({
        reference: sql<number>`rowid`.as('reference'),
        message: rowOrNull(acquirerMessage, acquirerMessage.messageKey, 'row'),
      })
      .from(acquirerMessage)
      .where(sql`rowid > ${after}`)
      .orderBy(sql`rowid`)
      .limit(limit),
  ])
  return {
    credential: credentials[0] ?? null,
    messages: rows.flatMap(({ message }) => (message === null ? [] : [messageFrom(message)])),
    next: rows.length < limit ? null : (rows.at(-1)?.reference ?? null),
  }
}
