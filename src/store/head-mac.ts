/**
 * @module The MAC of a head. A head covers its whole chain, and so does the MAC. An attacker who can write the database
 * but has no key of the service cannot write another journal. The service signs a head only on a head that it has signed. So it
 * never signs what an attacker wrote.
 */

import { GENESIS } from '../domain/decide-provision.ts'
import { createRecent } from '../domain/recent.ts'
import type { Head } from '../domain/types.ts'
import { isOurMac, type VerifyMac } from './stored-mac.ts'

export interface HeadMac {
  /** The id of the data key `journal` (crypto/data-keys.ts). */
  readonly keyId: number
  /** HMAC-SHA-256, 64 lower-case hex digits. */
  readonly mac: string
}

/** The keys of the service for heads (crypto/keyring.ts). */
interface HeadKeys {
  readonly journalKeyId: number
  journalMac(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  readonly verifyJournalMac: VerifyMac
}

/** A head with its MAC, as the database has both. */
export interface SignedHead extends Head, HeadMac {}

/** The head of a stream without a row. A row with number 0 is not it: every row has an entry. */
export const NEW_STREAM: SignedHead = { ...GENESIS, keyId: 0, mac: '' }

/** Makes the MAC of the head of a stream, after `before`. Throws Error when the MAC of `before` is not the service's. */
export type MacHead = (stream: string, head: Head, before: SignedHead) => Promise<HeadMac>

/** The bytes that the MAC covers: stream, number and hash of the last entry. No part has a `|` but a stream, which comes last. */
export const headContent = (stream: string, { seq, hash }: Head): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(`${seq}|${hash}|${stream}`))

/** Whether the service has signed the head. */
export const isOurHead = (
  { verifyJournalMac }: Pick<HeadKeys, 'verifyJournalMac'>,
  stream: string,
  { keyId, mac, ...head }: SignedHead,
): Promise<boolean> => isOurMac(verifyJournalMac, headContent(stream, head), mac, keyId)

/** The most streams whose last MAC is kept. */
const MOST_OWN = 1_000

const textOf = ({ seq, hash, keyId, mac }: SignedHead): string => `${seq} ${hash} ${keyId} ${mac}`

/** `report` is called with a head that is not the service's. */
export function macHeadWith(keys: HeadKeys, report: (stream: string, seq: number) => void): MacHead {
  // The heads that this isolate has just signed, by stream. Such a head needs no check: the isolate has made its MAC.
  const own = createRecent<string>(MOST_OWN)
  return async (stream, { seq, hash }, before) => {
    const isOurs =
      before === NEW_STREAM || own.get(stream) === textOf(before) || (await isOurHead(keys, stream, before))
    if (!isOurs) {
      report(stream, before.seq)
      throw new Error(`the head ${before.seq} of ${stream} has no MAC of the service`)
    }
    const mac = await keys.journalMac(headContent(stream, { seq, hash }))
    const made = { keyId: keys.journalKeyId, mac: mac.toHex() }
    own.set(stream, textOf({ seq, hash, ...made }))
    return made
  }
}
