/**
 * @module Buckets: each merchant has one of 1,024, by its number. Everything of a bucket lies in one database, and each id of
 * ours begins with its bucket. So a request finds its database without a query.
 */

/** The count of buckets. It never changes, because ids begin with a bucket. */
export const BUCKETS = 1024

/** Hex digits of a bucket at the beginning of an id. */
const DIGITS = 3

/** FNV-1a, 32 bits (RFC 9923). `text` is ASCII. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** The bucket of a merchant, 0 to 1023. `merchantId` has 15 ASCII characters. */
export const bucketOf = (merchantId: string): number => fnv1a(merchantId) % BUCKETS

/** The first 3 digits of an id of this bucket: lower-case hex, 000 to 3ff. */
export const bucketDigits = (bucket: number): string => bucket.toString(16).padStart(DIGITS, '0')

/** The bucket of an id of ours, 0 to 1023. Null if the text is no such id. */
export function bucketOfId(id: string): number | null {
  if (!/^[0-9a-f]{32}$/.test(id)) return null
  const bucket = Number.parseInt(id.slice(0, DIGITS), 16)
  return bucket < BUCKETS ? bucket : null
}

/**
 * The bucket of a merchant's bearer key, 0 to 1023: `annul_`, its 3 digits, `_`, and 43 characters of base64url. Null for every
 * other key: one without a bucket is 4 characters shorter.
 */
export function bucketOfKey(key: string): number | null {
  const [, digits] = /^annul_([0-3][0-9a-f]{2})_[A-Za-z0-9_-]{43}$/.exec(key) ?? []
  return digits === undefined ? null : Number.parseInt(digits, 16)
}
