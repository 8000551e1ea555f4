/** @module Field 64: how a message is signed, and how a received one is checked (protocol.md §4). */

import type { Core } from '../core/instance.ts'
import { macAlgorithmOf } from '../domain/mac-profile.ts'
import type { MacProfile } from '../domain/types.ts'
import { fromHex } from './hex.ts'
import { type Message, macInput, pack } from './message.ts'

/** A key for MACs, the profile that it is used under, and the core that computes them. */
export interface MacKey {
  readonly core: Core
  readonly macProfile: MacProfile
  /** In clear; as long as the profile wants it. */
  readonly macKey: Uint8Array
}

const MAC_LENGTH = 8

/**
 * The packed message with field 64 set to what `mac` computes over the bytes before it. Throws RangeError where a value does not
 * fit its field.
 */
export function packWithMac(message: Message, mac: (input: Uint8Array) => Uint8Array): Uint8Array {
  const fields = new Map([...message.fields, [64, '0'.repeat(2 * MAC_LENGTH)] as const])
  const body = pack({ ...message, fields })
  const end = body.length - MAC_LENGTH
  body.set(mac(body.subarray(0, end)), end)
  return body
}

/** The packed message, signed. */
export const packSigned = ({ core, macProfile, macKey }: MacKey, message: Message): Uint8Array =>
  packWithMac(message, (input) => core.computeMac(macAlgorithmOf(macProfile), macKey, input))

/** Field 64, 8 bytes; undefined where the message has none. */
export const macOf = ({ fields }: Message): Uint8Array | undefined =>
  fromHex(fields.get(64) ?? '', MAC_LENGTH)

/** What is wrong with the MAC of a received message; null where it is right. `body`: MTI … field 64, as received. */
export function macFault(
  { core, macProfile, macKey }: MacKey,
  body: Uint8Array,
  message: Message,
): 'no MAC' | 'the MAC is wrong' | null {
  const mac = macOf(message)
  if (mac === undefined) return 'no MAC'
  return core.verifyMac(macAlgorithmOf(macProfile), macKey, macInput(body), mac) ? null : 'the MAC is wrong'
}
