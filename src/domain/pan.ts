/** @module The part of a card number that may be shown. */

/**
 * The first six and last four digits, with `*` for the rest (PCI DSS 3.4.1). A number that is too short for that is
 * hidden completely.
 */
export function maskPan(pan: string): string {
  if (pan.length < 13) return '*'.repeat(pan.length)
  return `${pan.slice(0, 6)}${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`
}
