/**
 * @module Verifies the MAC of a message over the bytes as received, under the current key set or a pending one. A
 * terminal without a key takes the same path with keys that belong to nobody.
 */

import type { Core } from '../core/instance.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { refuseTerminal, refuseUnproved } from '../domain/admit.ts'
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
  /** `signer` not null: the MAC is right, but the terminal or merchant may not send. The receiver wipes it. */
  | { readonly kind: 'refused'; readonly reason: DeclineReason; readonly signer: Signer | null }

export interface VerifyMacDeps {
  readonly core: Core
  readonly keyring: Keyring
  /** Milliseconds since the epoch. */
  readonly now: number
}

const NO_MAC = new Uint8Array(8)

/** The most live key sets of a terminal: the one in use, and a pending one of each layout that its profile can have. */
export const MOST_KEY_SETS = 4

/**
 * Verifies field 64 against each live key set of the terminal at `now`, the one in use first. A message without a proof costs
 * `MOST_KEY_SETS` keys and MACs for every sender, so that the time tells nothing about the terminal.
 */
export async function verifyMac(
  { core, keyring, now }: VerifyMacDeps,
  { identity, macInput, mac }: Pick<TransactionMessage, 'identity' | 'macInput' | 'mac'>,
  { terminal, merchant, keySets }: Loaded,
): Promise<MacProof> {
  const live = liveKeySets(keySets, terminal?.keyVersion ?? null, now)
  const given = mac ?? NO_MAC
  const nobody = { ...keyring.dummyMak, macProfile: 'cup-ecb' } as const
  for (let i = 0; i < Math.max(MOST_KEY_SETS, live.length); i++) {
    const own = terminal === null ? undefined : live[i]
    // A key that belongs to nobody takes the same steps, to the last one.
    const { merchantId, terminalId, macProfile } = own === undefined || terminal === null ? nobody : terminal
    const set = own ?? nobody.set
    const context = { merchantId, terminalId, usage: 'mak', ...contextOfSet(set) } as const
    const macKey = await keyring.unwrap(set.mak, context)
    const fits = mac !== undefined && macKey.length === makLengthOf(macProfile)
    let isProved = false
    try {
      isProved = fits && core.verifyMac(macAlgorithmOf(macProfile), macKey, macInput, given)
    } finally {
      if (!isProved) macKey.fill(0)
    }
    if (!isProved) continue
    const signer = { macProfile, macKey }
    if (own === undefined || terminal === null) {
      macKey.fill(0)
      continue
    }
    const reason = refuseTerminal(terminal, merchant, identity.merchantId)
    if (reason !== null) return { kind: 'refused', reason, signer }
    const isInUse = own.version === terminal.keyVersion
    return { kind: 'proved', signer, ...(isInUse ? {} : { keyVersion: own.version }) }
  }
  const reason =
    refuseUnproved(terminal, merchant, identity.merchantId) ??
    (live.length === 0 ? 'key_not_established' : 'mac_mismatch')
  return { kind: 'refused', reason, signer: null }
}
