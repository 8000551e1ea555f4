/**
 * @module WebCrypto as far as Annul uses it, computed at once by `node:crypto`. The real one answers from a
 * pool of threads in any order, so the scheduler sometimes delays an answer, as the pool would.
 */

import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import { running } from './scheduler.ts'

type Bytes = ArrayBuffer | ArrayBufferView

interface Key {
  readonly bytes: Uint8Array
}

interface Algorithm {
  readonly name: string
  readonly hash?: string
  readonly salt?: Bytes
  readonly info?: Bytes
  readonly iv?: Bytes
  readonly additionalData?: Bytes
}

const TAG = 16

const bytesOf = (data: Bytes | undefined): Uint8Array =>
  data === undefined
    ? new Uint8Array(0)
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)

/** A buffer of its own, as WebCrypto returns one. */
const own = (...parts: Uint8Array[]): ArrayBuffer => Uint8Array.from(Buffer.concat(parts)).buffer

function soon<T>(compute: () => T): Promise<T> {
  const { scheduler, owner } = running.getStore() ?? {}
  const result = new Promise<T>((resolve) => resolve(compute()))
  if (scheduler === undefined || owner === undefined || !scheduler.random.chance(scheduler.delayProbability))
    return result
  return new Promise((resolve, reject) => {
    scheduler.after(scheduler.random.below(3), owner, 'crypto', () => result.then(resolve, reject))
    result.catch(() => {})
  })
}

const expect = (algorithm: Algorithm | string, ...names: string[]): Algorithm => {
  const named = typeof algorithm === 'string' ? { name: algorithm } : algorithm
  if (!names.includes(named.name)) throw new RangeError(`not simulated: ${named.name}`)
  return named
}

export const subtle = {
  digest: (algorithm: string, data: Bytes) =>
    soon(() => {
      expect(algorithm, 'SHA-256')
      return own(createHash('sha256').update(bytesOf(data)).digest())
    }),
  importKey: (_format: string, data: Bytes) => soon((): Key => ({ bytes: bytesOf(data).slice() })),
  deriveBits: (algorithm: Algorithm, root: Key, bits: number) =>
    soon(() => {
      const { salt, info } = expect(algorithm, 'HKDF')
      return own(new Uint8Array(hkdfSync('sha256', root.bytes, bytesOf(salt), bytesOf(info), bits / 8)))
    }),
  sign: (algorithm: string, key: Key, data: Bytes) =>
    soon(() => {
      expect(algorithm, 'HMAC')
      return own(createHmac('sha256', key.bytes).update(bytesOf(data)).digest())
    }),
  verify: (algorithm: string, key: Key, mac: Bytes, data: Bytes) =>
    soon(() => {
      expect(algorithm, 'HMAC')
      const right = createHmac('sha256', key.bytes).update(bytesOf(data)).digest()
      return right.equals(bytesOf(mac))
    }),
  encrypt: (algorithm: Algorithm, key: Key, data: Bytes) =>
    soon(() => {
      const { iv, additionalData } = expect(algorithm, 'AES-GCM')
      const cipher = createCipheriv('aes-256-gcm', key.bytes, bytesOf(iv)).setAAD(bytesOf(additionalData))
      return own(cipher.update(bytesOf(data)), cipher.final(), cipher.getAuthTag())
    }),
  decrypt: (algorithm: Algorithm, key: Key, data: Bytes) =>
    soon(() => {
      const { iv, additionalData } = expect(algorithm, 'AES-GCM')
      const sealed = bytesOf(data)
      const cipher = createDecipheriv('aes-256-gcm', key.bytes, bytesOf(iv))
        .setAAD(bytesOf(additionalData))
        .setAuthTag(sealed.subarray(sealed.length - TAG))
      return own(cipher.update(sealed.subarray(0, sealed.length - TAG)), cipher.final())
    }),
}
