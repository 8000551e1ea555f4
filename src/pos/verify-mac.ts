/**
 * @module Verifies the MAC of a message over the bytes as received, under the current key set or a pending one. A
 * terminal without a key takes the same path with a key that belongs to nobody.
 */

import type { Core } from '../core/instance.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { refuseTerminal } from '../domain/admit.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import { contextOfSet, liveKeySets } from '../domain/key-lifetime.ts'
import { macAlgorithmOf, makLengthOf } from '../domain/mac-profile.ts'
import type { MacProfile } from '../domain/terminal-profile.ts'
import type { TransactionMessage } from '../iso8583/pos-message.ts'
import type { Loaded } from '../store/load.ts'

/** The key for the MAC of an answer. It is always the key of the request's own right MAC. */
export interface Signer {
  readonly macProfile: MacProfile
  /** Clear key. The receiver wipes it. */
  readonly macKey: Uint8Array
}

export type MacProof =
  | {
      readonly kind: 'proved'
      readonly signer: Signer
      /** Present when the key set was pending. This message makes it current. */
      readonly keyVersion?: number
    }
  | { readonly kind: 'refused'; readonly reason: DeclineReason }

export interface VerifyMacDeps {
  readonly core: Core
  readonly keyring: Keyring
  /** Milliseconds since the epoch. */
  readonly now: number
}

const NO_MAC = new Uint8Array(8)

/** Verifies field 64 against each live key set of the terminal at `now`, the one in use first. */
export async function verifyMac(
  { core, keyring, now }: VerifyMacDeps,
  { identity, macInput, mac }: Pick<TransactionMessage, 'identity' | 'macInput' | 'mac'>,
  { terminal, merchant, keySets }: Loaded,
): Promise<MacProof> {
  const live = liveKeySets(keySets, terminal?.keyVersion ?? null, now)
  const given = mac ?? NO_MAC
  const refusal =
    refuseTerminal(terminal, merchant, identity.merchantId) ??
    (live.length === 0 ? 'key_not_established' : null)
  if (refusal !== null || terminal === null) {
    core.verifyMac('cup-ecb', await keyring.dummyKey(), macInput, given)
    return { kind: 'refused', reason: refusal ?? 'terminal_unknown' }
  }
  const { merchantId, terminalId, macProfile } = terminal
  const algorithm = macAlgorithmOf(macProfile)
  for (const set of live) {
    const { version, mak } = set
    const macKey = await keyring.unwrap(mak, { merchantId, terminalId, usage: 'mak', ...contextOfSet(set) })
    const fits = mac !== undefined && macKey.length === makLengthOf(macProfile)
    let isProved = false
    try {
      isProved = fits && core.verifyMac(algorithm, macKey, macInput, given)
    } finally {
      if (!isProved) macKey.fill(0)
    }
    if (isProved)
      return {
        kind: 'proved',
        signer: { macProfile, macKey },
        ...(version === terminal.keyVersion ? {} : { keyVersion: version }),
      }
  }
  return { kind: 'refused', reason: 'mac_mismatch' }
}
