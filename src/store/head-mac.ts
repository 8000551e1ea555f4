/**
 * @module The MAC of a head. A head covers its whole chain, and so does the MAC. An attacker who can write the database
 * but has no key of the service cannot write another journal.
 */

import type { Head } from '../domain/types.ts'

export interface HeadMac {
  /** The id of the data key `journal` (crypto/data-keys.ts). */
  readonly keyId: number
  /** HMAC-SHA-256, 64 lower-case hex digits. */
  readonly mac: string
}

/** Makes the MAC of the head of a stream. */
export type MacHead = (stream: string, head: Head) => Promise<HeadMac>

/** The bytes that the MAC covers: stream, number and hash of the last entry. No part has a `|` but a stream, which comes last. */
export const headContent = (stream: string, { seq, hash }: Head): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(`${seq}|${hash}|${stream}`))
