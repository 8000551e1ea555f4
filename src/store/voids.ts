/** @module Reads one void and the caller's credential in one trip. */

import { eq, type SQL, sql } from 'drizzle-orm'
import type { AcquirerMessage, Card, VoidRecord } from '../domain/types.ts'
import { recordWithKey } from './acquirer-record.ts'
import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { forwardedFrom, rowOf, saleOf, voidFrom } from './rows.ts'
import { sale, voidTable } from './schema.ts'
import { value, withValues } from './statements.ts'

export interface FoundVoid {
  readonly credential: Credential | null
  readonly record:
    | (VoidRecord & { readonly reversedAt: number | null; readonly reversedLate: boolean })
    | null
  /** The void at the acquirer; null when it was not forwarded. */
  readonly forwarded: AcquirerMessage | null
  /** The card of its sale; null when it is not known. */
  readonly card: Card | null
}

/**
 * Finds a void by its id (32 hex digits) or its RRN (12 digits). `credential` is the SHA-256 of a bearer key,
 * lower-case hex, and `now` the time of the request.
 */
export async function readVoid(
  db: Db,
  credential: string,
  now: number,
  reference: string,
): Promise<FoundVoid> {
  // Twelve digits are an RRN. An id is longer.
  const isRrn = reference.length === 12
  const find = isRrn ? BY_RRN : BY_ID
  const [credentials, [found]] = await db.batch([
    liveCredential(db, credential, now),
    find(db, { reference: isRrn ? Number(reference) : reference }),
  ])
  return {
    credential: credentials[0] ?? null,
    record:
      found === undefined
        ? null
        : {
            ...voidFrom(found.record, found.sale),
            reversedAt: found.record.reversedAt,
            reversedLate: found.record.reversedLate === 1,
          },
    forwarded: forwardedFrom(found?.forwarded),
    card: found === undefined ? null : saleOf(found.sale).card,
  }
}

/** The columns of a void with its sale and its forwarded message. */
export const VOID_WITH_SALE = {
  record: rowOf(voidTable, 'void_row'),
  sale: rowOf(sale, 'sale_row'),
  forwarded: recordWithKey(sql`void.message_key`, 'forwarded_row'),
}

/** The void with its sale and its forwarded message, by the value `reference`. */
const foundBy = (matches: SQL) =>
  withValues((db) =>
    db
      .select(VOID_WITH_SALE)
      .from(voidTable)
      .innerJoin(sale, eq(sale.idRaw, voidTable.saleIdRaw))
      .where(matches)
      .limit(1),
  )

/** The void has the RRN of its entry. */
const BY_RRN = foundBy(
  sql`${voidTable.messageKey} = (select message_key from journal where rrn_raw = ${value('reference')})
    and ${voidTable.rrnRaw} = ${value('reference')}`,
)
const BY_ID = foundBy(sql`${voidTable.idRaw} = unhex(${value('reference')})`)
