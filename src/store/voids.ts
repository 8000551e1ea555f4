/** @module One void with the credential that asks for it, in one trip. */

import { and, eq, isNull, or } from 'drizzle-orm'
import type { VoidRecord } from '../domain/types.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { apiKey, voidTable } from './schema.ts'

export interface FoundVoid {
  readonly credential: Credential | null
  readonly record: (VoidRecord & { readonly reversedAt: number | null }) | null
}

/** `reference` is the void's id (32 hex digits) or its RRN (12 digits). */
export async function readVoid(db: Db, credential: string, reference: string): Promise<FoundVoid> {
  const [credentials, records] = await db.batch([
    db
      .select()
      .from(apiKey)
      .where(and(eq(apiKey.hash, credential), isNull(apiKey.revokedAt))),
    db
      .select()
      .from(voidTable)
      .where(or(eq(voidTable.id, reference), eq(voidTable.rrn, reference)))
      .limit(1),
  ])
  return { credential: credentials[0] ?? null, record: records[0] ?? null }
}
