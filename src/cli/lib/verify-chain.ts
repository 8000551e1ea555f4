/** @module Checks a chain: every link, the head in its own row, and the MAC of the head. */

import type { Keyring } from '../../crypto/keyring.ts'
import { isOurHead } from '../../store/head-mac.ts'
import { type ChainFault, verifyChain } from '../../store/journal.ts'
import type { Chain } from './read-chains.ts'

export async function faultOfChain(
  { head, rows }: Chain,
  keyring: Pick<Keyring, 'verifyJournalMac'>,
): Promise<ChainFault | null> {
  if (head === null) return { seq: rows[0]?.seq ?? 1, why: 'the row with the head of the chain is missing' }
  const fault = await verifyChain(rows, head)
  if (fault !== null) return fault
  return (await isOurHead(keyring, head.stream, head))
    ? null
    : { seq: head.seq, why: 'the MAC of the head is not the service’s' }
}
