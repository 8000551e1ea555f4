/** @module What is kept of a card number that came through a door. */

import type { Card } from '../domain/types.ts'
import type { Services } from '../services.ts'

export async function cardOf({ keyring }: Services, pan: string | undefined): Promise<Card | null> {
  if (pan === undefined) return null
  return { first6: pan.slice(0, 6), last4: pan.slice(-4), fingerprint: await keyring.fingerprint('pan', pan) }
}
