/** @module Random reference numbers and ids. */

import { bucketDigits } from '../domain/bucket.ts'

export type Random = (bytes: Uint8Array<ArrayBuffer>) => void

/** `length` random decimal digits without bias. */
function digits(random: Random, length: number): string {
  let text = ''
  const bytes = new Uint8Array(2 * length)
  while (text.length < length) {
    random(bytes)
    for (const byte of bytes) if (byte < 250 && text.length < length) text += byte % 10
  }
  return text
}

/**
 * A retrieval reference number, 12 digits, not all zeros, because zeros mean "unknown". A unique index finds a number
 * that is used again.
 */
export const freshRrn = (random: Random): string => {
  const rrn = digits(random, 12)
  return /^0+$/.test(rrn) ? freshRrn(random) : rrn
}

/**
 * A STAN for the acquirer, 500000 to 999999. Terminals count from 000001, so a captured sale seldom has the same STAN.
 */
export const freshAcquirerStan = (random: Random): string =>
  String(500_000 + (Number(digits(random, 6)) % 500_000))

/** An authorization code, 6 digits, not all zeros. */
export const freshSixDigits = (random: Random): string => {
  const code = digits(random, 6)
  return /^0+$/.test(code) ? freshSixDigits(random) : code
}

/** Secret scanners recognise a leaked key by it. */
const KEY_PREFIX = 'annul_'

/**
 * A bearer key: `annul_` and 256 random bits in base64url, 43 characters (RFC 4648 §5). Before these, the key of a merchant has the 3
 * digits of its bucket and `_`. `bucket` null: the key of an administrator.
 */
export function freshBearerKey(bucket: number | null, random: Random): string {
  const bytes = new Uint8Array(32)
  random(bytes)
  const prefix = bucket === null ? KEY_PREFIX : `${KEY_PREFIX}${bucketDigits(bucket)}_`
  const key = prefix + bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
  bytes.fill(0)
  return key
}

/** An opaque id, 128 bits, 32 lower-case hex digits. */
export function freshId(random: Random): string {
  const bytes = new Uint8Array(16)
  random(bytes)
  return bytes.toHex()
}

/**
 * An id of this bucket, 32 lower-case hex digits: the 3 digits of the bucket, then 116 random bits. A unique index finds an id
 * that is used again.
 */
export const freshIdIn = (bucket: number, random: Random): string => {
  const digits = bucketDigits(bucket)
  return digits + freshId(random).slice(digits.length)
}

/** An id of what belongs to no merchant, 32 lower-case hex digits: `f`, then 124 random bits. No bucket begins with `f`. */
export const freshIdOutside = (random: Random): string => `f${freshId(random).slice(1)}`
