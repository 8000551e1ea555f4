/** @module The keys of acts: the routes that have one, and the texts that name one. */

import type { KeyedRoute } from './types.ts'

/** The compiler compares this table with the contract: no route is missing, and none is too many. */
const KEYED = {
  'POST /v1/voids': true,
  'POST /v1/reversals': true,
  'POST /v1/cases/{rrn}': true,
  'POST /v1/cases/{rrn}/notes': true,
  'POST /v1/keys': true,
} satisfies Record<KeyedRoute, true>

export const hasKey = (route: string): boolean => Object.hasOwn(KEYED, route)

/** The service reads the same texts: the characters of a key alone, or a structured-field string (RFC 9651). */
const KEY = /^(?:[!#-~][!-~]{0,254}|"(?:[ !#-[\]-~]|\\["\\]){1,255}")$/

/** The value of the header. Throws if the text names no key, because no retry can help. */
export function keyHeader(key: string): string {
  if (!KEY.test(key))
    throw new TypeError(
      'idempotencyKey: expected 1 to 255 visible ASCII characters, or a quoted string of them',
    )
  return key.startsWith('"') ? key : `"${key.replace(/["\\]/g, '\\$&')}"`
}
