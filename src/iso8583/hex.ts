/** @module Bytes to hex and back, in the upper case of the field. */

/** Upper-case hex, two digits a byte. */
export const toHex = (bytes: Uint8Array): string => bytes.toHex().toUpperCase()

/** The bytes of a hex string of either case, without separators; undefined if it is not one, or not of this many bytes. */
export function fromHex(hex: string, bytes?: number): Uint8Array<ArrayBuffer> | undefined {
  if (bytes !== undefined && hex.length !== 2 * bytes) return undefined
  try {
    return Uint8Array.fromHex(hex)
  } catch {
    return undefined
  }
}
