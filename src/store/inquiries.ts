/** @module Finds the message of a reference, among the messages that the caller may read. */

import { type SQL, sql } from 'drizzle-orm'
import type { ArchivedMonth } from '../domain/archived-message.ts'
import { archivedAs, nameInArchive } from './archive/find.ts'
import { isLive, mayRead } from './caller.ts'
import { undecidedSaleWithId } from './claimed-sale.ts'
import type { Db } from './db.ts'
import { messageKeyIn } from './entry/columns.ts'
import { type JournalRow, openEntry } from './journal.ts'
import { apiKey } from './key-schema.ts'
import { merchantOfEntry } from './queries.ts'
import { rowOrNull } from './rows.ts'
import { journal, sale, voidTable } from './schema.ts'

export type Reference =
  /** Our own RRN, 12 digits. */
  | { readonly rrn: string; readonly merchantId?: string | undefined }
  | { readonly saleId: string }
  | { readonly voidId: string }
  /** Fingerprint of the caller's `Idempotency-Key`. The same key may name a void and a reversal. */
  | { readonly idempotencyKey: string; readonly kind: 'void' | 'void_reversal' | 'sale_reversal' }

export interface Meant {
  readonly messageKey: string
  /** The sale in a JSON message, when the journal has it. */
  readonly saleId: string | null
}

/** The message of a reference, in the tables or in the archive. */
export interface FoundReference {
  /** Null when nothing in the tables has it. */
  readonly meant: Meant | null
  /** Not null: the archive has it. */
  readonly archived: ArchivedMonth | null
}

/** One trip. `credential` is the SHA-256 of the caller's bearer key, lower-case hex. */
export async function findMessage(
  db: Db,
  credential: string,
  now: number,
  reference: Reference,
): Promise<FoundReference> {
  const key = keyOf(credential, now, reference)
  const merchantId = 'merchantId' in reference ? reference.merchantId : undefined
  const [[found], [archived = null]] = await db.batch([
    db
      .select({
        messageKey: sql<string | null>`found.key`,
        journal: rowOrNull(journal, journal.terminalId, 'journal_row'),
        merchantId: merchantOfEntry,
      })
      .from(sql`(select ${key} as key) as found`)
      .leftJoin(journal, sql`journal.message_key = found.key`),
    archivedAs(db, credential, now, archivedNameOf(reference, key), merchantId),
  ])
  return { meant: meantBy(found), archived }
}

/** A case of a captured sale has an RRN of its own. It is about the sale. */
const MESSAGE_KEY = sql.raw(messageKeyIn('message_key'))

interface FoundRow {
  readonly messageKey: string | null
  readonly journal: JournalRow | null
  readonly merchantId: string | null
}

function meantBy(found: FoundRow | undefined): Meant | null {
  if (found === undefined || found.messageKey === null) return null
  const { messageKey, merchantId, journal: row } = found
  if (row === null) return { messageKey, saleId: null }
  const { request } = openEntry(row, { base: null, merchantId })
  return { messageKey, saleId: request.saleId ?? null }
}

/** The archive keeps message keys, ids and RRNs. */
function archivedNameOf(reference: Reference, key: SQL): SQL {
  if ('saleId' in reference) return nameInArchive({ id: reference.saleId })
  if ('voidId' in reference) return nameInArchive({ id: reference.voidId })
  return 'rrn' in reference ? nameInArchive(reference) : key
}

/**
 * Captured sales bring RRNs of their own. Another merchant's RRN with the same digits must not hide the caller's own.
 */
function keyOf(credential: string, now: number, reference: Reference): SQL {
  const caller = sql`(select merchant_id from ${apiKey} where ${isLive(credential, now)})`
  if ('saleId' in reference)
    return sql`coalesce((select message_key from ${sale} where id_raw = unhex(${reference.saleId})),
      ${undecidedSaleWithId(reference.saleId)})`
  if ('voidId' in reference)
    return sql`(select message_key from ${voidTable} where id_raw = unhex(${reference.voidId}))`
  if ('rrn' in reference) {
    const digits = /^\d{12}$/.test(reference.rrn) ? Number(reference.rrn) : null
    const { merchantId } = reference
    const ofEntry = sql`(select merchant_id from terminal where terminal_id = journal.terminal_id)`
    const isOf = (of: SQL) => (merchantId === undefined ? sql`` : sql`and ${of} = ${merchantId}`)
    return sql`coalesce(
      (select ${MESSAGE_KEY} from ${journal} where rrn_raw = ${digits} and ${mayRead(ofEntry, credential, now)} ${isOf(ofEntry)}),
      (select message_key from ${sale} where rrn_raw = ${digits ?? reference.rrn} and ${mayRead(sql`sale.merchant_id`, credential, now)} ${isOf(sql`sale.merchant_id`)}
        order by sold_at desc limit 1))`
  }
  return sql`'api|' || coalesce(${caller}, 'admin') || '|' || ${reference.kind} || '|' || ${reference.idempotencyKey}`
}
