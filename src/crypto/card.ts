/** @module The parts of a card number that Annul keeps: the first six and last four digits, and a keyed fingerprint. */

import type { Card } from '../domain/types.ts'
import type { Keyring } from './keyring.ts'

/** Null when there is no card number. `pan` is 13 to 19 digits. */
export async function cardOf(keyring: Keyring, pan: string | undefined): Promise<Card | null> {
  if (pan === undefined) return null
  return { first6: pan.slice(0, 6), last4: pan.slice(-4), fingerprint: await keyring.fingerprint('pan', pan) }
}
