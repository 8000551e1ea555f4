/**
 * @module Proves that a message is its terminal's: the MAC over the bytes as received, under the key set in use or one
 * that is pending. Every message takes the same path, with a key of no one's where there is none of its own.
 */

import type { Core, MacAlgorithm } from '../core/instance.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { refuseTerminal } from '../domain/admit.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import { macAlgorithmOf, makLengthOf } from '../domain/mac-profile.ts'
import type { Loaded } from '../store/load.ts'

/** The part of a message that its MAC is about. */
export interface Unverified {
  readonly terminalId: string
  readonly merchantId: string
  /** MTI … last field before 64, as received. */
  readonly macInput: Uint8Array
  /** Field 64, 8 bytes; undefined where the message has none. */
  readonly mac: Uint8Array | undefined
}

export type Verified =
  | {
      readonly kind: 'verified'
      /** The MAC key in clear; the caller wipes it. */
      readonly mak: Uint8Array
      readonly algorithm: MacAlgorithm
      /** Set where the key set was pending: this message makes it current. */
      readonly keyVersion?: number
    }
  | { readonly kind: 'refused'; readonly reason: DeclineReason }

const NO_MAC = new Uint8Array(8)

export async function verifyTerminal(
  core: Core,
  keyring: Keyring,
  message: Unverified,
  loaded: Loaded,
): Promise<Verified> {
  const { terminal, keySets } = loaded
  const mac = message.mac ?? NO_MAC
  const refusal =
    refuseTerminal(terminal, loaded.merchant, message.merchantId) ??
    (keySets.length === 0 ? 'key_not_established' : null)
  if (refusal !== null || terminal === null) {
    core.verifyMac('cup-ecb', await keyring.noOnesKey(), message.macInput, mac)
    return { kind: 'refused', reason: refusal ?? 'terminal_unknown' }
  }
  const { merchantId, terminalId, macProfile } = terminal
  const algorithm = macAlgorithmOf(macProfile)
  for (const { version, mak: wrapped } of keySets) {
    const mak = await keyring.unwrap(wrapped, { merchantId, terminalId, usage: 'mak', version })
    const fits = message.mac !== undefined && mak.length === makLengthOf(macProfile)
    if (fits && core.verifyMac(algorithm, mak, message.macInput, mac))
      return {
        kind: 'verified',
        mak,
        algorithm,
        ...(version === terminal.keyVersion ? {} : { keyVersion: version }),
      }
    mak.fill(0)
  }
  return { kind: 'refused', reason: 'mac_mismatch' }
}
