/** @module Field 64: signs a message, and checks the MAC of a received one (protocol.md §4). */

import type { Core } from '../core/instance.ts'
import { macAlgorithmOf } from '../domain/mac-profile.ts'
import type { MacProfile } from '../domain/terminal-profile.ts'
import { fromHex } from './hex.ts'
import { type Message, macInput, type PackForms, pack } from './message.ts'

/** A MAC key with its profile, and the core that computes. */
export interface MacKey {
  readonly core: Core
  readonly macProfile: MacProfile
  /** Clear key. Its length depends on the profile. */
  readonly macKey: Uint8Array
}

const MAC_LENGTH = 8

/**
 * Packs the message with field 64, 8 bytes. `mac` gets the bytes before field 64 and returns their MAC. Throws
 * RangeError when a value does not fit its field.
 */
export function packWithMac(
  message: Message,
  mac: (input: Uint8Array) => Uint8Array,
  forms?: PackForms,
): Uint8Array {
  const fields = new Map([...message.fields, [64, '0'.repeat(2 * MAC_LENGTH)] as const])
  const body = pack({ ...message, fields }, forms)
  const end = body.length - MAC_LENGTH
  body.set(mac(body.subarray(0, end)), end)
  return body
}

/** Packs the message and signs it under the key. Throws like `packWithMac`. */
export const packSigned = (
  { core, macProfile, macKey }: MacKey,
  message: Message,
  forms?: PackForms,
): Uint8Array =>
  packWithMac(message, (input) => core.computeMac(macAlgorithmOf(macProfile), macKey, input), forms)

/** Field 64, 8 bytes; undefined when the message has none. */
export const macOf = ({ fields }: Message): Uint8Array | undefined =>
  fromHex(fields.get(64) ?? '', MAC_LENGTH)

/** The fault of the MAC of a received message; null when it is right. `body` is MTI to field 64, as received. */
export function macFault(
  { core, macProfile, macKey }: MacKey,
  body: Uint8Array,
  message: Message,
): 'no MAC' | 'the MAC is wrong' | null {
  const mac = macOf(message)
  if (mac === undefined) return 'no MAC'
  return core.verifyMac(macAlgorithmOf(macProfile), macKey, macInput(body), mac) ? null : 'the MAC is wrong'
}
