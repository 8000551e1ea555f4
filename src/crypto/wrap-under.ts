/** @module AES-256-GCM over a key: base64 of IV (12 bytes), ciphertext and tag (16 bytes). */

const IV_LENGTH = 12

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text))

export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => void

/** Wraps `clear` with a fresh IV. `context` is the associated data: a blob in another place does not open. */
export async function wrapUnder(
  key: CryptoKey,
  clear: Uint8Array<ArrayBuffer>,
  context: string,
  random: FillRandom,
): Promise<string> {
  const iv = new Uint8Array(IV_LENGTH)
  random(iv)
  const gcm = { name: 'AES-GCM', iv, additionalData: utf8(context) }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(gcm, key, clear))
  const blob = new Uint8Array(IV_LENGTH + sealed.length)
  blob.set(iv)
  blob.set(sealed, IV_LENGTH)
  return toBase64(blob)
}

/** Throws OperationError when the blob was changed or has another context. The caller wipes the result after use. */
export async function unwrapUnder(
  key: CryptoKey,
  sealed: string,
  context: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const blob = fromBase64(sealed)
  const gcm = { name: 'AES-GCM', iv: blob.subarray(0, IV_LENGTH), additionalData: utf8(context) }
  return new Uint8Array(await crypto.subtle.decrypt(gcm, key, blob.subarray(IV_LENGTH)))
}
