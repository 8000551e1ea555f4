/** @module `Idempotency-Key` as the IETF draft has it: a structured-field string (RFC 9651), or its characters alone. */

import { idempotencyKey } from './schemas.ts'

/** The key that a text names: `"k"` and `k` name the same key. Null where it names none. */
export function readIdempotencyKey(text: string): string | null {
  return idempotencyKey.safeParse(text).success ? keyIn(text) : null
}

/** The key in a text that the schema has checked. */
export const keyIn = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replace(/\\(["\\])/g, '$1') : text

/** A text that names the key: its characters alone if they are enough, else a structured-field string. */
export const writeIdempotencyKey = (key: string): string =>
  readIdempotencyKey(key) === key ? key : `"${key.replace(/["\\]/g, '\\$&')}"`
