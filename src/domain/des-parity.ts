/** @module The parity of DES keys (FIPS 46-3): the lowest bit of a byte makes its number of ones odd. */

function onesOf(byte: number): number {
  let ones = 0
  for (let bits = byte; bits > 0; bits >>= 1) ones += bits & 1
  return ones
}

/** Sets the lowest bit of each byte for odd parity. Some terminals check it. */
export function setOddParity(key: Uint8Array): void {
  for (const [i, byte] of key.entries()) key[i] = (byte & 0xfe) | (onesOf(byte >> 1) % 2 === 0 ? 1 : 0)
}

export const hasOddParity = (key: Uint8Array): boolean => key.every((byte) => onesOf(byte) % 2 === 1)

/** DES ignores the parity bits: two keys that differ only there are one. */
export const withoutParity = (key: Uint8Array): Uint8Array => key.map((byte) => byte & 0xfe)
