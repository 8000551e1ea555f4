/** @module Card numbers: the part that may be shown, and the forms that are none. */

/**
 * The first six and last four digits, with `*` for the rest (PCI DSS 3.4.1). A number that is too short for that is
 * hidden completely.
 */
export function maskPan(pan: string): string {
  if (pan.length < 13) return '*'.repeat(pan.length)
  return `${pan.slice(0, 6)}${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`
}

/**
 * Whether a card number or a track may have its pad in front, and be read one place too early. Such a field has an odd number of
 * characters and begins with 0. Cards for payments do not begin with 0 (ISO/IEC 7812-1).
 */
export const mayBeLeftPadded = (field: string): boolean => field.length % 2 === 1 && field.startsWith('0')
