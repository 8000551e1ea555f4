/**
 * @module Field 62 of a sign-on answer: the working keys under the master key, each with its check value (protocol.md
 * §3.1).
 */

import type { Core } from '../core/instance.ts'
import { isSm4Profile, makLengthOf } from '../domain/mac-profile.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { MacProfile } from '../domain/terminal-profile.ts'
import { fromHex } from '../iso8583/hex.ts'
import type { KeyLayout, WrappedKeys } from './state.ts'

const KCV_LENGTH = 4
const NAMES = ['PIN key', 'MAC key', 'track key']

/** The number of keys in a layout, and the bytes of each key before its check value. */
const LAYOUTS: Readonly<Record<KeyLayout, { readonly keys: number; readonly bytes: 8 | 16 }>> = {
  '001': { keys: 2, bytes: 8 },
  '003': { keys: 2, bytes: 16 },
  '004': { keys: 3, bytes: 16 },
  '006': { keys: 3, bytes: 16 },
}

/** The layout that a terminal requests when nobody names one. */
export const defaultLayout = (profile: MacProfile): KeyLayout => (isSm4Profile(profile) ? '006' : '003')

/**
 * The MAC key in clear, after a comparison of every check value. The error names the fault and never contains key
 * bytes. The caller wipes the key.
 */
export function openMacKey(
  core: Core,
  profile: MacProfile,
  tmk: Uint8Array,
  { layout, field62 }: WrappedKeys,
): Result<Uint8Array, string> {
  const { keys, bytes } = LAYOUTS[layout]
  const records = fromHex(field62)
  const length = keys * (bytes + KCV_LENGTH)
  if (records?.length !== length)
    return err(`field 62: ${length} bytes expected, ${records?.length ?? 0} there`)
  let macKey = new Uint8Array(0)
  for (let i = 0; i < keys; i++) {
    const record = records.subarray(i * (bytes + KCV_LENGTH), (i + 1) * (bytes + KCV_LENGTH))
    const used = i === 1 ? Math.min(makLengthOf(profile), bytes) : bytes
    const isSm4 = isSm4Profile(profile)
    const key = core.unwrapKey(isSm4 ? 'sm4' : 'des', tmk, record.subarray(0, used))
    const cipher = isSm4 ? 'sm4' : used === 8 ? 'des' : '3des'
    const checkValue = core.keyCheckValue(cipher, key, KCV_LENGTH)
    if (checkValue.some((byte, at) => byte !== record[bytes + at]))
      return err(`check value of the ${NAMES[i]} differs`)
    if (i === 1) macKey = Uint8Array.from(key)
    key.fill(0)
  }
  return ok(macKey)
}
