/**
 * @module Keys at rest and keyed fingerprints, all under `MASTER_KEY` (WebCrypto).
 *
 * The master key is only the root of HKDF-SHA-256. Each purpose has its own key under it.
 */

export type KeyUsage = 'tmk' | 'mak' | 'tpk' | 'tdk'

/** The context of a wrapped key. It is the associated data, so a blob in another place does not open. */
export interface KeyContext {
  readonly merchantId: string
  readonly terminalId: string
  readonly usage: KeyUsage
  readonly version: number
}

export interface Keyring {
  /** AES-256-GCM under the key-wrapping key. Base64 of IV (12 bytes), ciphertext and tag (16 bytes). */
  wrap(clear: Uint8Array<ArrayBuffer>, context: KeyContext): Promise<string>
  /** Throws OperationError when the blob was changed or has another context. The caller wipes the key after use. */
  unwrap(wrapped: string, context: KeyContext): Promise<Uint8Array<ArrayBuffer>>
  /**
   * A key of 8 bytes that belongs to no terminal, unwrapped like any other key. A message without a key is verified
   * against it, so that the time of the answer is the same.
   */
  dummyKey(): Promise<Uint8Array<ArrayBuffer>>
  /** HMAC-SHA-256, lower-case hex. `pan` and `content` have different keys. */
  fingerprint(purpose: 'pan' | 'content', data: Uint8Array<ArrayBuffer> | string): Promise<string>
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text))

const associatedData = ({ merchantId, terminalId, usage, version }: KeyContext): Uint8Array<ArrayBuffer> =>
  utf8(`${merchantId}|${terminalId}|${usage}|${version}`)

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

const IV_LENGTH = 12

/** Opens the keyring. `masterKey` is 256 bits, 64 hex digits; throws RangeError on anything else. */
export async function openKeyring(
  masterKey: string | undefined,
  random: (bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<Keyring> {
  if (masterKey === undefined || !/^[0-9a-f]{64}$/i.test(masterKey))
    throw new RangeError('MASTER_KEY: expected 64 hex digits (256 bits)')
  const raw = Uint8Array.from(masterKey.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  const root = await crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveKey'])
  raw.fill(0)
  const derive = (purpose: string, algorithm: AesKeyGenParams | HmacKeyGenParams, usages: KeyUsages) =>
    crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: utf8(`annul ${purpose}`) },
      root,
      algorithm,
      false,
      usages,
    )
  const hmac: HmacKeyGenParams = { name: 'HMAC', hash: 'SHA-256', length: 256 }
  const wrapping = await derive('key wrapping', { name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt'])
  const pan = await derive('pan fingerprint', hmac, ['sign'])
  const content = await derive('content fingerprint', hmac, ['sign'])

  const wrap: Keyring['wrap'] = async (clear, context) => {
    const iv = new Uint8Array(IV_LENGTH)
    random(iv)
    const gcm = { name: 'AES-GCM', iv, additionalData: associatedData(context) }
    const sealed = new Uint8Array(await crypto.subtle.encrypt(gcm, wrapping, clear))
    const blob = new Uint8Array(IV_LENGTH + sealed.length)
    blob.set(iv)
    blob.set(sealed, IV_LENGTH)
    return toBase64(blob)
  }
  const unwrap: Keyring['unwrap'] = async (wrapped, context) => {
    const blob = fromBase64(wrapped)
    const gcm = { name: 'AES-GCM', iv: blob.subarray(0, IV_LENGTH), additionalData: associatedData(context) }
    return new Uint8Array(await crypto.subtle.decrypt(gcm, wrapping, blob.subarray(IV_LENGTH)))
  }
  const dummyContext: KeyContext = { merchantId: '', terminalId: '', usage: 'mak', version: 0 }
  const dummyKey = new Uint8Array(8)
  random(dummyKey)
  const wrappedDummy = await wrap(dummyKey, dummyContext)

  return {
    wrap,
    unwrap,
    dummyKey: () => unwrap(wrappedDummy, dummyContext),
    async fingerprint(purpose, data) {
      const bytes = typeof data === 'string' ? utf8(data) : data
      const mac = await crypto.subtle.sign('HMAC', purpose === 'pan' ? pan : content, bytes)
      return new Uint8Array(mac).toHex()
    },
  }
}

type KeyUsages = ('encrypt' | 'decrypt' | 'sign')[]
interface AesKeyGenParams {
  name: 'AES-GCM'
  length: 256
}
interface HmacKeyGenParams {
  name: 'HMAC'
  hash: 'SHA-256'
  length: 256
}
