/** @module One void with the credential that asks for it, in one trip. */

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
  /** Where it stands with the acquirer, if it was forwarded. */
  readonly forwarded: AcquirerMessage | null
}

/** `reference` is the void's id (32 hex digits) or its RRN (12 digits). */
export async function readVoid(db: Db, credential: string, reference: string): Promise<FoundVoid> {
  const meant = or(eq(voidTable.id, reference), eq(voidTable.rrn, reference))
  const [credentials, records, messages] = await db.batch([
    liveCredential(db, credential),
    db.select().from(voidTable).where(meant).limit(1),
    db
      .select()
      .from(acquirerMessage)
      .where(
        inArray(
          acquirerMessage.messageKey,
          db.select({ key: voidTable.messageKey }).from(voidTable).where(meant),
        ),
      ),
  ])
  return {
    credential: credentials[0] ?? null,
    record: records[0] ?? null,
    forwarded: forwardedFrom(messages[0]),
  }
}
