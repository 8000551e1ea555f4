/** @module Checks a chain: every link, the head in its own row, and the MAC of the head. */

import type { Keyring } from '../../crypto/keyring.ts'
import { isOurHead } from '../../store/head-mac.ts'
import { type ChainFault, verifyChain } from '../../store/journal.ts'
import { type ArchivedChain, NOT_ARCHIVED } from './archived-chain.ts'
import type { Chain } from './read-chains.ts'

export async function faultOfChain(
  { head, rows }: Chain,
  keyring: Pick<Keyring, 'verifyJournalMac'>,
  archive: ArchivedChain = NOT_ARCHIVED,
): Promise<ChainFault | null> {
  if (archive.fault !== null) return archive.fault
  if (head === null) return { seq: rows[0]?.seq ?? 1, why: 'the row with the head of the chain is missing' }
  const [first] = rows
  if (first !== undefined && first.seq <= archive.end.seq)
    return { seq: first.seq, why: 'in the archive and in the database: run `annul journal archive` again' }
  const fault = await verifyChain(rows, head, archive.end)
  if (fault !== null) return fault
  return (await isOurHead(keyring, head.stream, head))
    ? null
    : { seq: head.seq, why: 'the MAC of the head is not the service’s' }
}
