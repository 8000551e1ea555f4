/**
 * @module Proves that a message is its terminal's: the MAC over the bytes as received, under the current key set or a pending
 * one. Every message takes the same path: where the terminal has no key, under a key that belongs to no one.
 */

import type { Core } from '../core/instance.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { refuseTerminal } from '../domain/admit.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import { macAlgorithmOf, makLengthOf } from '../domain/mac-profile.ts'
import type { MacProfile } from '../domain/types.ts'
import type { TransactionMessage } from '../iso8583/pos-message.ts'
import type { Loaded } from '../store/load.ts'

/** The key for an answer's MAC: only ever the one under which the request's own MAC verified. */
export interface Signer {
  readonly macProfile: MacProfile
  /** In clear; its receiver wipes it. */
  readonly macKey: Uint8Array
}

export type MacProof =
  | {
      readonly kind: 'proved'
      readonly signer: Signer
      /** Set where the key set was pending: this message makes it current. */
      readonly keyVersion?: number
    }
  | { readonly kind: 'refused'; readonly reason: DeclineReason }

const NO_MAC = new Uint8Array(8)

export async function verifyMac(
  core: Core,
  keyring: Keyring,
  { identity, macInput, mac }: Pick<TransactionMessage, 'identity' | 'macInput' | 'mac'>,
  { terminal, merchant, keySets }: Loaded,
): Promise<MacProof> {
  const given = mac ?? NO_MAC
  const refusal =
    refuseTerminal(terminal, merchant, identity.merchantId) ??
    (keySets.length === 0 ? 'key_not_established' : null)
  if (refusal !== null || terminal === null) {
    core.verifyMac('cup-ecb', await keyring.noOnesKey(), macInput, given)
    return { kind: 'refused', reason: refusal ?? 'terminal_unknown' }
  }
  const { merchantId, terminalId, macProfile } = terminal
  const algorithm = macAlgorithmOf(macProfile)
  for (const { version, mak } of keySets) {
    const macKey = await keyring.unwrap(mak, { merchantId, terminalId, usage: 'mak', version })
    const fits = mac !== undefined && macKey.length === makLengthOf(macProfile)
    if (fits && core.verifyMac(algorithm, macKey, macInput, given))
      return {
        kind: 'proved',
        signer: { macProfile, macKey },
        ...(version === terminal.keyVersion ? {} : { keyVersion: version }),
      }
    macKey.fill(0)
  }
  return { kind: 'refused', reason: 'mac_mismatch' }
}
