/** @module Verifies a terminal's message: first the MAC, then the form. Only then does its request reach a decision. */

import { cardOf } from '../crypto/card.ts'
import { refuseUnproved } from '../domain/admit.ts'
import { type PosRequest, type TransactionMessage, withFingerprints } from '../iso8583/pos-message.ts'
import { profileFault } from '../iso8583/profile-fault.ts'
import type { Services } from '../pipeline/services.ts'
import type { Verdict } from '../pipeline/types.ts'
import type { Loaded } from '../store/load.ts'
import { type Signer, verifyMac } from './verify-mac.ts'

export type { Signer }

/**
 * Finds the key for the answer's MAC; null when the message has no proof. The receiver wipes it. `address` is the network of
 * the sender, for the journal.
 */
export async function verifyMessage(
  services: Services,
  posMessage: TransactionMessage,
  loaded: Loaded,
  address: string | null,
): Promise<Verdict<Signer | null>> {
  const proof = goesWithoutMac(posMessage, loaded)
    ? WITHOUT_MAC
    : await verifyMac({ ...services, now: services.now() }, posMessage, loaded)
  if (proof.kind === 'refused') return { kind: 'refused', reason: proof.reason, found: proof.signer }
  const { signer: found, keyVersion } = proof
  try {
    const fault = loaded.terminal === null ? null : profileFault(posMessage, loaded.terminal)
    if (fault !== null) {
      // A fault of a warm state is found again on a fresh load.
      if (loaded.isWarm !== true)
        services.log('format_error', {
          type: posMessage.type,
          terminalId: posMessage.identity.terminalId,
          ...fault,
        })
      return { kind: 'refused', found, reason: 'format_error' }
    }
    const request = await fingerprinted(services, posMessage, loaded)
    const sender = { ...request.sender, address }
    return {
      kind: 'verified',
      found,
      request: { ...request, sender },
      ...(keyVersion === undefined ? {} : { keyVersion }),
    }
  } catch (error) {
    wipe(found)
    throw error
  }
}

/** Zeroes the key. */
export const wipe = (signer: Signer | null): void => void signer?.macKey.fill(0)

/**
 * Whether the message is a settlement message without a MAC, from a terminal that may omit it. A MAC that is present
 * must be right. A terminal that may not send takes the way of an unknown one, so the time does not tell that it exists.
 */
function goesWithoutMac(
  { type, mac, identity }: TransactionMessage,
  { terminal, merchant }: Loaded,
): boolean {
  const settles = type === 'settlement' || type === 'upload' || type === 'upload_end'
  const mayOmit = mac === undefined && terminal?.settlementMac === 'optional'
  return settles && mayOmit && refuseUnproved(terminal, merchant, identity.merchantId) === null
}

/** Such a message stands for its terminal, but its answer gets no MAC. */
const WITHOUT_MAC: { readonly kind: 'proved'; readonly signer: null; readonly keyVersion?: number } = {
  kind: 'proved',
  signer: null,
}

async function fingerprinted(
  { keyring }: Services,
  { request, content, otherContent, pan }: TransactionMessage,
  { earlier }: Loaded,
): Promise<PosRequest> {
  const of = (bytes: typeof content) => keyring.fingerprint('content', bytes)
  const fingerprinted = withFingerprints(request, await of(content), await cardOf(keyring, pan))
  if (earlier === null || otherContent === null) return fingerprinted
  return { ...fingerprinted, otherFingerprint: await of(otherContent) }
}
