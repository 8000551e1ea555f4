/** @module A bearer key by its hash. */

import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'

/** `credential`: SHA-256 of the key, hex. Null where no key that is not revoked has it. */
export async function readCredential(db: Db, credential: string): Promise<Credential | null> {
  const [found] = await liveCredential(db, credential)
  return found ?? null
}
