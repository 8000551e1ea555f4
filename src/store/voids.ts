/** @module Reads one void and the caller's credential in one trip. */

import { eq, inArray, or } from 'drizzle-orm'
import type { AcquirerMessage, VoidRecord } from '../domain/types.ts'
import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { forwardedFrom } from './rows.ts'
import { acquirerMessage, voidTable } from './schema.ts'

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
  const matches = or(eq(voidTable.id, reference), eq(voidTable.rrn, reference))
  const [credentials, records, messages] = await db.batch([
    liveCredential(db, credential, now),
    db.select().from(voidTable).where(matches).limit(1),
    db
      .select()
      .from(acquirerMessage)
      .where(
        inArray(
          acquirerMessage.messageKey,
          db.select({ key: voidTable.messageKey }).from(voidTable).where(matches),
        ),
      ),
  ])
  return {
    credential: credentials[0] ?? null,
    record: records[0] ?? null,
    forwarded: forwardedFrom(messages[0]),
  }
}
