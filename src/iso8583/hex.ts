/** @module Bytes as hex and back, in upper case as in the fields of a message. */

/** Upper-case hex, two digits a byte. */
export const toHex = (bytes: Uint8Array): string => bytes.toHex().toUpperCase()

/**
 * The bytes of a hex string, in either case and without separators. Undefined when it is no hex, or not of `bytes`
 * bytes.
 */
export function fromHex(hex: string, bytes?: number): Uint8Array<ArrayBuffer> | undefined {
  if (bytes !== undefined && hex.length !== 2 * bytes) return undefined
  try {
    return Uint8Array.fromHex(hex)
  } catch {
    return undefined
  }
}
