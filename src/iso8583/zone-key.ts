/** @module Field 62 of a sign-on at the acquirer: the working keys under the zone key, each with its check value (protocol.md §3.1). */

import type { Core, WrappingCipher } from '../core/instance.ts'
import { isSm4Profile, makLengthOf } from '../domain/mac-profile.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { MacProfile } from '../domain/terminal-profile.ts'
import { fromHex } from './hex.ts'

/** A key that both sides have: it wraps the working keys. */
export interface ZoneKey {
  readonly core: Core
  readonly macProfile: MacProfile
  /** Clear key, 16 bytes: two-key 3DES, or SM4 for an SM4 profile. */
  readonly zoneKey: Uint8Array
}

/** Bytes of a zone key. */
export const ZONE_KEY_BYTES = 16

const KCV_BYTES = 4

/** 60.3 of a sign-on: the layout of field 62 (protocol.md §3.1). */
export const layoutOf = (profile: MacProfile): '003' | '006' => (isSm4Profile(profile) ? '006' : '003')

/** Field 62 by its bytes: the number of keys, and the bytes of each key before its check value. */
const RECORDS: Readonly<Record<number, { readonly keys: number; readonly bytes: 8 | 16 }>> = {
  12: { keys: 1, bytes: 8 },
  20: { keys: 1, bytes: 16 },
  24: { keys: 2, bytes: 8 },
  40: { keys: 2, bytes: 16 },
  60: { keys: 3, bytes: 16 },
}

/**
 * The MAC key in clear, after a comparison of every check value. It is the second of several keys, as in a terminal's sign-on,
 * or the only one. The error names the fault and never contains key bytes. The caller wipes the key.
 */
export function openWorkingKey(
  { core, macProfile, zoneKey }: ZoneKey,
  field62: string,
): Result<Uint8Array<ArrayBuffer>, string> {
  const records = fromHex(field62)
  const layout = records === undefined ? undefined : RECORDS[records.length]
  if (records === undefined || layout === undefined) return err('field 62 has an unknown length')
  const { keys, bytes } = layout
  const length = makLengthOf(macProfile)
  if (length > bytes) return err('the MAC key is too short')
  let macKey: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  for (let i = 0; i < keys; i++) {
    const record = records.subarray(i * (bytes + KCV_BYTES), (i + 1) * (bytes + KCV_BYTES))
    const isMacKey = i === Math.min(1, keys - 1)
    // A shorter MAC key has zeros behind it.
    const used = isMacKey ? length : bytes
    const key = core.unwrapKey(familyOf(macProfile), zoneKey, record.subarray(0, used))
    const check = core.keyCheckValue(checkCipherOf(macProfile, used), key, KCV_BYTES)
    const isRight = check.every((byte, at) => byte === record[bytes + at])
    if (isMacKey && isRight) macKey = Uint8Array.from(key)
    key.fill(0)
    if (!isRight) {
      macKey.fill(0)
      return err('a check value differs')
    }
  }
  return ok(macKey)
}

/** One key under the zone key: its record in field 62, with zeros up to `bytes`, and its check value. */
export function wrappedRecord(
  { core, macProfile, zoneKey }: ZoneKey,
  key: Uint8Array,
  bytes: number,
): Uint8Array {
  const record = new Uint8Array(bytes + KCV_BYTES)
  record.set(core.wrapKey(familyOf(macProfile), zoneKey, key))
  record.set(core.keyCheckValue(checkCipherOf(macProfile, key.length), key, KCV_BYTES), bytes)
  return record
}

const familyOf = (profile: MacProfile): WrappingCipher => (isSm4Profile(profile) ? 'sm4' : 'des')

const checkCipherOf = (profile: MacProfile, bytes: number) =>
  isSm4Profile(profile) ? 'sm4' : bytes === 8 ? 'des' : '3des'
