/** @module Bytes as the own terminal handles them: upper-case hex. */

export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)
  return bytes
}

const DIGITS = '0123456789ABCDEF'

export function hexOfBytes(bytes: ArrayLike<number>): string {
  let hex = ''
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    hex += `${DIGITS[byte >> 4]}${DIGITS[byte & 15]}`
  }
  return hex
}

export const hexOfAscii = (text: string): string =>
  hexOfBytes(Array.from(text, (character) => character.charCodeAt(0)))

/** `count` decimal digits. */
export const digitsOf = (value: number, count: number): string => String(value).padStart(count, '0')

/** A card number with its last digit, which makes the sum of Luhn right. */
export function withLuhnDigit(digits: string): string {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, at) => {
      const value = Number(digit) * (at % 2 === 0 ? 2 : 1)
      return total + (value > 9 ? value - 9 : value)
    }, 0)
  return digits + ((10 - (sum % 10)) % 10)
}
