/** @module Finds the entries of a sale or void in the folder of an archive. */

import type { Keyring } from '../../crypto/keyring.ts'
import { posPartsOf } from '../../domain/message-key.ts'
import { paddedTerminal } from '../../domain/terminal-number.ts'
import type { JournalEntry } from '../../domain/types.ts'
import { EntryReader } from '../../store/replay.ts'
import type { ArchiveFolder } from './archive-folder.ts'
import { Failure } from './failure.ts'
import { namesOf } from './plan-archive.ts'

/** An entry with the RRN of its row. */
export interface FoundEntry {
  readonly entry: JournalEntry
  readonly rrn: string | null
}

/** Terminal, batch and trace number with all eight characters of the terminal's number. Other references stay as they are. */
const fullReference = (reference: string): string =>
  reference.length === 12 || reference.length === 32
    ? reference
    : paddedTerminal(reference.slice(0, -12)) + reference.slice(-12)

/** Whether the entry has the reference: an id, an RRN, or terminal, batch and trace number. */
function has({ entry, rrn }: FoundEntry, reference: string): boolean {
  const { messageKey, effects } = entry
  if (reference.length === 12)
    return [rrn, effects.sale?.rrn, effects.claimedSale?.rrn, effects.voidRecord?.rrn].includes(reference)
  if (reference.length === 32) return namesOf(entry).includes(reference)
  const parts = posPartsOf(messageKey)
  return parts !== null && `${parts.terminalId}${parts.batchNumber}${parts.stan}` === reference
}

/**
 * The entries that have the reference, and those that share a sale, a void or a message with one of them. They are in the order of
 * their streams. Throws Failure when a file is not sealed as it is.
 */
export async function findEntries(
  folder: ArchiveFolder,
  keyring: Pick<Keyring, 'verifyJournalMac'>,
  reference: string,
): Promise<FoundEntry[]> {
  const found: FoundEntry[] = []
  const wanted = fullReference(reference)
  for (const stream of folder.streams()) {
    if (wanted.length === 20 && !wanted.startsWith(stream)) continue
    const reader = new EntryReader()
    const all: FoundEntry[] = []
    for (const name of folder.files(stream)) {
      const file = await folder.file(stream, name, keyring)
      if (typeof file === 'string') throw new Failure(`${stream}/${name}: ${file}`)
      for (const row of file.rows) all.push({ entry: reader.open(row), rrn: row.rrn })
    }
    const names = new Set(all.filter((one) => has(one, wanted)).flatMap(({ entry }) => namesOf(entry)))
    found.push(...all.filter(({ entry }) => namesOf(entry).some((name) => names.has(name))))
  }
  return found
}
