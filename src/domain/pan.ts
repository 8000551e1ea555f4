/** @module Card numbers: the part that may be shown, and the forms that are none. */

/**
 * The first six and last four digits, with `*` for the rest (PCI DSS 3.4.1). A number that is too short for that is
 * hidden completely.
 */
export function maskPan(pan: string): string {
  if (pan.length < 13) return '*'.repeat(pan.length)
  return `${pan.slice(0, 6)}${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`
}

/** Whether the last digit is the Luhn check digit (ISO/IEC 7812-1 annex B). `pan` has decimal digits only. */
export function hasLuhnDigit(pan: string): boolean {
  let sum = 0
  for (let i = 1; i <= pan.length; i++) {
    const doubled = Number(pan[pan.length - i]) * (i % 2 === 0 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/**
 * Whether a card number or a track may have its pad in front, and be read one place too early. Such a field has an odd number of
 * characters and begins with 0. Cards for payments do not begin with 0 (ISO/IEC 7812-1).
 */
export const mayBeLeftPadded = (field: string): boolean => field.length % 2 === 1 && field.startsWith('0')
