/** @module Reads one void and the caller's credential in one trip. */

import { eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { AcquirerMessage, VoidRecord } from '../domain/types.ts'
import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { forwardedFrom, rowOf, voidFrom } from './rows.ts'
import { acquirerMessage, sale, voidTable } from './schema.ts'
import { value, withValues } from './statements.ts'

export interface FoundVoid {
  readonly credential: Credential | null
  readonly record: (VoidRecord & { readonly reversedAt: number | null }) | null
  /** The void at the acquirer; null when it was not forwarded. */
  readonly forwarded: AcquirerMessage | null
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
  const { record, message } = isRrn ? BY_RRN : BY_ID
  const values = { reference: isRrn ? Number(reference) : reference }
  const [credentials, [found], messages] = await db.batch([
    liveCredential(db, credential, now),
    record(db, values),
    message(db, values),
  ])
  return {
    credential: credentials[0] ?? null,
    record:
      found === undefined
        ? null
        : { ...voidFrom(found.record, found.sale), reversedAt: found.record.reversedAt },
    forwarded: forwardedFrom(messages[0]?.message),
  }
}

/** The void and its forwarded message, by the value `reference`. */
const foundBy = (matches: SQL) => ({
  record: withValues((db) =>
    db
      .select({ record: rowOf(voidTable, 'void_row'), sale: rowOf(sale, 'sale_row') })
      .from(voidTable)
      .innerJoin(sale, eq(sale.idRaw, voidTable.saleIdRaw))
      .where(matches)
      .limit(1),
  ),
  message: withValues((db) =>
    db
      .select({ message: rowOf(acquirerMessage, 'message_row') })
      .from(acquirerMessage)
      .where(
        inArray(
          acquirerMessage.messageKey,
          db.select({ key: voidTable.messageKey }).from(voidTable).where(matches),
        ),
      ),
  ),
})

const BY_RRN = foundBy(sql`${voidTable.rrnRaw} = ${value('reference')}`)
const BY_ID = foundBy(sql`${voidTable.idRaw} = unhex(${value('reference')})`)
