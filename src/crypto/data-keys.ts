/**
 * @module Data keys: one 256-bit key for each purpose, wrapped under the master key.
 *
 * The rotation of a master key wraps the same data keys again. So no fingerprint, MAC or wrapped key changes. The first data
 * keys come from the master key by HKDF-SHA-256. So two isolates that open a new database at once make equal keys.
 */

import { type FillRandom, unwrapUnder, utf8, wrapUnder } from './wrap-under.ts'

/** Each purpose with the HKDF info of its first data key, after `annul `. */
const FIRST_KEY_INFO = {
  wrapping: 'key wrapping',
  pan: 'pan fingerprint',
  content: 'content fingerprint',
  journal: 'journal mac',
  pin: 'pin pepper',
  ticket: 'ticket signature',
  link: 'link signature',
} as const

export type Purpose = keyof typeof FIRST_KEY_INFO

const PURPOSES = Object.keys(FIRST_KEY_INFO) as Purpose[]

const isPurpose = (text: string): text is Purpose => Object.hasOwn(FIRST_KEY_INFO, text)

/** The id of the first data key of each purpose. */
export const FIRST_KEY_ID = 1

/** A row of the table `data_key`. */
export interface DataKeyRow {
  readonly purpose: string
  readonly id: number
  /** The id of the master key that wraps it (`MasterKey.id`). */
  readonly masterId: string
  /** Base64 of IV, ciphertext and tag; the associated data is `purpose|id|masterId`. */
  readonly wrapped: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export interface DataKey {
  readonly purpose: Purpose
  readonly id: number
  /** 32 bytes in clear. The receiver wipes them. */
  readonly key: Uint8Array<ArrayBuffer>
}

/** The rows of one database. */
export interface DataKeyStore {
  read(): Promise<readonly DataKeyRow[]>
  /** Writes the first rows. A row that is there stays. */
  addFirst(rows: readonly DataKeyRow[]): Promise<void>
}

type DataKeyContext = Omit<DataKeyRow, 'wrapped' | 'createdAt'>

export interface MasterKey {
  /** Check value: 8 bytes of HKDF-SHA-256, lower-case hex. It reveals nothing about the key. */
  readonly id: string
  wrap(key: Uint8Array<ArrayBuffer>, purpose: string, id: number, random: FillRandom): Promise<string>
  /** Throws RangeError when the row was changed. */
  unwrap(row: DataKeyRow): Promise<Uint8Array<ArrayBuffer>>
  /** The first data key of a purpose. */
  first(purpose: Purpose): Promise<Uint8Array<ArrayBuffer>>
}

/** Reads a master key of 256 bits, 64 hex digits. Throws RangeError with the `name` of the setting, never its value. */
export async function readMasterKey(text: string | undefined, name = 'MASTER_KEY'): Promise<MasterKey> {
  if (text === undefined || !/^[0-9a-f]{64}$/i.test(text))
    throw new RangeError(`${name}: expected 64 hex digits (256 bits)`)
  const raw = Uint8Array.fromHex(text)
  const root = await crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveBits'])
  raw.fill(0)
  const derive = async (info: string, bytes: number): Promise<Uint8Array<ArrayBuffer>> => {
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: utf8(`annul ${info}`) }
    return new Uint8Array(await crypto.subtle.deriveBits(hkdf, root, 8 * bytes))
  }
  const id = (await derive('master key check', 8)).toHex()
  const clear = await derive('data key wrapping', 32)
  const wrapping = await crypto.subtle.importKey('raw', clear, 'AES-GCM', false, ['encrypt', 'decrypt'])
  clear.fill(0)
  return {
    id,
    wrap: (key, purpose, keyId, random) =>
      wrapUnder(wrapping, key, contextOf({ purpose, id: keyId, masterId: id }), random),
    unwrap: (row) =>
      unwrapUnder(wrapping, row.wrapped, contextOf(row)).catch(() => {
        throw new RangeError(`data_key: the key ${row.purpose} ${row.id} does not open: its row was changed`)
      }),
    first: (purpose) => derive(FIRST_KEY_INFO[purpose], 32),
  }
}

const contextOf = ({ purpose, id, masterId }: DataKeyContext): string => `${purpose}|${id}|${masterId}`

/** The master key that wraps a row. Throws RangeError when it is neither of the two: a rotation may be half done. */
export function masterKeyOf(
  { masterId }: DataKeyRow,
  current: MasterKey,
  previous: MasterKey | undefined,
): MasterKey {
  if (masterId === current.id) return current
  if (previous !== undefined && masterId === previous.id) return previous
  throw new RangeError(
    previous === undefined
      ? 'MASTER_KEY: is not the key of this database'
      : 'MASTER_KEY, MASTER_KEY_PREVIOUS: neither is the key of this database',
  )
}

export interface MasterKeys {
  readonly current: MasterKey
  /** `MASTER_KEY_PREVIOUS`, during a rotation. */
  readonly previous: MasterKey | undefined
}

/**
 * Opens the data keys of a database, and writes the first ones into an empty table. Throws RangeError when the master key is
 * another one, when a row was changed, or when a purpose has no key.
 */
export async function openDataKeys(
  { current, previous }: MasterKeys,
  store: DataKeyStore,
  random: FillRandom,
  now: number,
): Promise<DataKey[]> {
  let rows = await store.read()
  if (rows.length === 0) {
    await store.addFirst(await firstRows(current, random, now))
    rows = await store.read()
  }
  if (rows.length === 0)
    throw new RangeError(
      'data_key: is empty, and the journal is not: restore its rows, or make a database of an earlier version again',
    )
  const owners = rows.map((row) => masterKeyOf(row, current, previous))
  const opened: DataKey[] = []
  try {
    for (const [i, row] of rows.entries()) {
      const { purpose, id } = row
      // A later version may have further purposes.
      if (isPurpose(purpose)) opened.push({ purpose, id, key: await (owners[i] ?? current).unwrap(row) })
    }
    const missing = PURPOSES.find((purpose) => !opened.some((key) => key.purpose === purpose))
    if (missing !== undefined)
      throw new RangeError(`data_key: has no key ${missing}: restore its row from a backup`)
    return opened
  } catch (error) {
    for (const { key } of opened) key.fill(0)
    throw error
  }
}

async function firstRows(master: MasterKey, random: FillRandom, createdAt: number): Promise<DataKeyRow[]> {
  const rows: DataKeyRow[] = []
  for (const purpose of PURPOSES) {
    const key = await master.first(purpose)
    const wrapped = await master.wrap(key, purpose, FIRST_KEY_ID, random)
    key.fill(0)
    rows.push({ purpose, id: FIRST_KEY_ID, masterId: master.id, wrapped, createdAt })
  }
  return rows
}
