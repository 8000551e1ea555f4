/** @module Keys at rest, keyed fingerprints and the MAC of the journal, each under its data key (WebCrypto). */

import {
  type DataKey,
  type DataKeyStore,
  FIRST_KEY_ID,
  type MasterKeys,
  openDataKeys,
  type Purpose,
  readMasterKey,
} from './data-keys.ts'
import { type FillRandom, unwrapUnder, utf8, wrapUnder } from './wrap-under.ts'

/** `zak`: a MAC key of the acquirer, which belongs to no terminal. */
export type KeyUsage = 'tmk' | 'mak' | 'tpk' | 'tdk' | 'zak'

/** The context of a wrapped key. It is the associated data, so a blob in another place does not open. */
export interface KeyContext {
  readonly merchantId: string
  readonly terminalId: string
  readonly usage: KeyUsage
  readonly version: number
  /**
   * Working keys have the version of the terminal master key, the layout (field 60.3) and the time of their sign-on, in
   * milliseconds since the epoch.
   */
  readonly tmkVersion?: number | undefined
  readonly layout?: string | undefined
  readonly createdAt?: number | undefined
}

/** A wrapped key that belongs to nobody, in the form of a terminal's key set. */
export interface DummyMak {
  readonly merchantId: string
  readonly terminalId: string
  readonly set: {
    readonly mak: string
    readonly version: number
    readonly tmkVersion: number
    readonly layout: string
    readonly createdAt: number
  }
}

/** Bytes of a fingerprint. */
const FINGERPRINT_BYTES = 16

export interface Keyring {
  /** AES-256-GCM under the data key `wrapping`. Base64 of IV (12 bytes), ciphertext and tag (16 bytes). */
  wrap(clear: Uint8Array<ArrayBuffer>, context: KeyContext): Promise<string>
  /** Throws OperationError when the blob was changed or has another context. The caller wipes the key after use. */
  unwrap(wrapped: string, context: KeyContext): Promise<Uint8Array<ArrayBuffer>>
  /**
   * A MAC key of 8 bytes that belongs to no terminal, with its context. It is unwrapped like any other key. A message without a key is
   * verified against it, so that the time of the answer is the same.
   */
  readonly dummyMak: DummyMak
  /**
   * The first 16 bytes of HMAC-SHA-256, lower-case hex. `pan` and `content` have different keys. 128 bits suffice, because nobody
   * can compute one without the key. Each entry of a journal has one, so its length counts.
   */
  fingerprint(purpose: 'pan' | 'content', data: Uint8Array<ArrayBuffer> | string): Promise<string>
  /** The id of the data key of `journalMac`. */
  readonly journalKeyId: number
  /** HMAC-SHA-256 (32 bytes) under the newest data key `journal`. */
  journalMac(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  /** Whether `mac` is the MAC of `data` under the data key `journal` with this id. False for an id that is not there. */
  verifyJournalMac(
    data: Uint8Array<ArrayBuffer>,
    mac: Uint8Array<ArrayBuffer>,
    keyId: number,
  ): Promise<boolean>
}

/** The settings of the keyring: 256 bits each, 64 hex digits. */
export interface KeyringSettings {
  readonly MASTER_KEY?: string | undefined
  /** During a rotation: the master key before. Empty or absent otherwise. */
  readonly MASTER_KEY_PREVIOUS?: string | undefined
}

/** Reads both master keys. Throws RangeError with the name of the wrong setting, never its value. */
export async function readMasterKeys({ MASTER_KEY, MASTER_KEY_PREVIOUS }: KeyringSettings) {
  return {
    current: await readMasterKey(MASTER_KEY),
    previous: MASTER_KEY_PREVIOUS
      ? await readMasterKey(MASTER_KEY_PREVIOUS, 'MASTER_KEY_PREVIOUS')
      : undefined,
  }
}

/**
 * Opens the keyring of a database; `now` is the time of its first keys. Throws RangeError when a setting or a row is wrong, and
 * the errors of the store.
 */
export const openKeyring = async (
  settings: KeyringSettings,
  store: DataKeyStore,
  random: FillRandom,
  now: number,
): Promise<Keyring> => openKeyringUnder(await readMasterKeys(settings), store, random, now)

/** The same, under master keys that were read already. */
export async function openKeyringUnder(
  masterKeys: MasterKeys,
  store: DataKeyStore,
  random: FillRandom,
  now: number,
): Promise<Keyring> {
  const keys = await openDataKeys(masterKeys, store, random, now)
  try {
    return await keyringOf(keys, random)
  } finally {
    for (const { key } of keys) key.fill(0)
  }
}

/** A time with as many digits as that of a sign-on. */
const DUMMY_TIME = 1_000_000_000_000

const HMAC = { name: 'HMAC', hash: 'SHA-256', length: 256 } as const

const associatedData = ({ merchantId, terminalId, usage, version, ...ofSignOn }: KeyContext): string =>
  [merchantId, terminalId, usage, version, ofSignOn.tmkVersion, ofSignOn.layout, ofSignOn.createdAt]
    .filter((part) => part !== undefined)
    .join('|')

async function keyringOf(keys: readonly DataKey[], random: FillRandom): Promise<Keyring> {
  // Fingerprints and wrapped keys have no key id beside them, so their first data key is for good.
  const first = (purpose: Purpose): Uint8Array<ArrayBuffer> => {
    const found = keys.find((key) => key.purpose === purpose && key.id === FIRST_KEY_ID)
    if (found === undefined) throw new RangeError(`data_key: has no key ${purpose} ${FIRST_KEY_ID}`)
    return found.key
  }
  const hmac = (key: Uint8Array<ArrayBuffer>) =>
    crypto.subtle.importKey('raw', key, HMAC, false, ['sign', 'verify'])
  const wrapping = await crypto.subtle.importKey('raw', first('wrapping'), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ])
  const fingerprintKeys = { pan: await hmac(first('pan')), content: await hmac(first('content')) }
  const journal = new Map<number, CryptoKey>()
  for (const { purpose, id, key } of keys) if (purpose === 'journal') journal.set(id, await hmac(key))
  const journalKeyId = Math.max(...journal.keys())
  const newest = journal.get(journalKeyId) ?? (await hmac(first('journal')))

  const wrap: Keyring['wrap'] = (clear, context) =>
    wrapUnder(wrapping, clear, associatedData(context), random)
  const unwrap: Keyring['unwrap'] = (wrapped, context) =>
    unwrapUnder(wrapping, wrapped, associatedData(context))
  // As long as the context of a terminal's key. No merchant has a number of dots.
  const nobody = { merchantId: '.'.repeat(15), terminalId: '.'.repeat(8) }
  const ofSet = { version: DUMMY_TIME, tmkVersion: 1, layout: '003', createdAt: DUMMY_TIME }
  const dummyKey = new Uint8Array(8)
  random(dummyKey)
  const dummySet = { ...ofSet, mak: await wrap(dummyKey, { ...nobody, usage: 'mak', ...ofSet }) }

  return {
    wrap,
    unwrap,
    dummyMak: { ...nobody, set: dummySet },
    async fingerprint(purpose, data) {
      const bytes = typeof data === 'string' ? utf8(data) : data
      const mac = new Uint8Array(await crypto.subtle.sign('HMAC', fingerprintKeys[purpose], bytes))
      return mac.subarray(0, FINGERPRINT_BYTES).toHex()
    },
    journalKeyId,
    journalMac: async (data) => new Uint8Array(await crypto.subtle.sign('HMAC', newest, data)),
    async verifyJournalMac(data, mac, keyId) {
      const key = journal.get(keyId)
      return key !== undefined && (await crypto.subtle.verify('HMAC', key, mac, data))
    },
  }
}
