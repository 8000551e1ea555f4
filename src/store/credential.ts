/** @module A bearer key by its hash. */

import { and, eq, isNull } from 'drizzle-orm'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { apiKey } from './schema.ts'

/** `credential`: SHA-256 of the key, hex. Null where no key that is not revoked has it. */
export async function readCredential(db: Db, credential: string): Promise<Credential | null> {
  const [found] = await db
    .select()
    .from(apiKey)
    .where(and(eq(apiKey.hash, credential), isNull(apiKey.revokedAt)))
  return found ?? null
}
