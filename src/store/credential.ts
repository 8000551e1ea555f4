/** @module A bearer key by its hash. */

import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'

/** `credential`: SHA-256 of the key, hex. Null where no key that is live at `now` has it. */
export async function readCredential(db: Db, credential: string, now: number): Promise<Credential | null> {
  const [[found]] = await db.batch([liveCredential(db, credential, now)])
  return found ?? null
}
