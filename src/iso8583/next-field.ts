/** @module The walk over the fields in the bitmap of a message. */

/** The number of the next field after `number` in the bitmap of a body of 10 bytes or more; 0 after the last one. Begin with 0. */
export function nextField(body: Uint8Array, number: number): number {
  for (let byte = number >> 3, mask = 0xff >> (number & 7); byte < 8; byte++, mask = 0xff) {
    const bits = (body[2 + byte] ?? 0) & mask
    if (bits !== 0) return 8 * byte + Math.clz32(bits) - 23
  }
  return 0
}
