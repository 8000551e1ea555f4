/** @module What may be shown of a card number. */

/** First six and last four digits, the rest `*` (PCI DSS 3.4.1). A number too short to mask so is hidden whole. */
export function maskPan(pan: string): string {
  if (pan.length < 13) return '*'.repeat(pan.length)
  return `${pan.slice(0, 6)}${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`
}
