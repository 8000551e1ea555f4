/** @module The journal: entries in a SHA-256 chain (docs/journal.md), and the check of a whole chain. */

import { GENESIS } from '../domain/decide-provision.ts'
import type { DraftEntry, Head, JournalEntry } from '../domain/types.ts'
import type { EntryContext } from './entry/columns.ts'
import { decodeEntry, encodeEntry, type WritingContext } from './entry/entry.ts'
import { entryHash, sealedContent } from './entry/hash.ts'

export interface JournalRow {
  readonly terminalId: string
  readonly seq: number
  readonly hash: string
  readonly messageKey: string
  readonly rrn: string | null
  readonly body: string
}

/** A new entry. Its place is after the entry with `previousHash`. */
export interface SealedRow extends JournalRow {
  readonly previousHash: string
}

/** JSON with sorted keys and no blanks, so that equal values have equal bytes (after RFC 8785). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}

/** SHA-256 of a text in UTF-8, lower-case hex. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return new Uint8Array(digest).toHex()
}

/** The state that an entry is written with: the open batch of its decision, and the entry that it follows. */
export type SealContext = Omit<WritingContext, 'rrn'>

/** The context of an entry of a merchant's stream. */
export const WITHOUT_TERMINAL: SealContext = { before: null, base: null, merchantId: null }

/** Gives a draft its number and hash after `head`. `rrn` is the new RRN of the entry, null when it has none. */
export async function seal(
  draft: DraftEntry,
  head: Head,
  rrn: string | null,
  context: SealContext,
): Promise<SealedRow> {
  const { terminalId, messageKey } = draft
  const columns = { terminalId, seq: head.seq + 1, messageKey, rrn }
  const body = encodeEntry(draft, { ...context, rrn })
  const hash = await entryHash(head.hash, sealedContent(columns, body))
  return { ...columns, previousHash: head.hash, hash, body }
}

/** Reads a row of the journal. Throws SyntaxError when the body is no entry, or when its base is missing. */
export const openEntry = (row: JournalRow, context: EntryContext): JournalEntry => ({
  ...decodeEntry(row, row.body, context),
  hash: row.hash,
})

export interface ChainFault {
  /** Number of the first bad entry: missing, moved or changed. */
  readonly seq: number
  readonly why: string
}

/** Checks one entry after `head`; null when it is right. */
export async function checkEntry(row: JournalRow, head: Head): Promise<ChainFault | null> {
  const seq = head.seq + 1
  const fault = (why: string): ChainFault => ({ seq, why })
  if (row.seq !== seq) return fault(`missing: the next entry is ${row.seq}`)
  if (row.hash !== (await entryHash(head.hash, sealedContent(row, row.body))))
    return fault('its content was changed, or it does not follow from the entry before it')
  return null
}

/**
 * Checks a terminal's whole chain, rows in the order of `seq`. Returns the first fault, or null. `kept` is the head in
 * the terminal's row: without it, a chain without its last entries would look complete. `start` is the last entry in the archive.
 */
export async function verifyChain(
  rows: Iterable<JournalRow>,
  kept: Head,
  start: Head = GENESIS,
): Promise<ChainFault | null> {
  let head = start
  for (const row of rows) {
    const fault = await checkEntry(row, head)
    if (fault !== null) return fault
    head = { seq: row.seq, hash: row.hash }
  }
  if (head.seq < kept.seq)
    return { seq: head.seq + 1, why: `missing: the chain ends before its head ${kept.seq}` }
  if (head.seq > kept.seq) return { seq: kept.seq + 1, why: `beyond the head, which is ${kept.seq}` }
  return head.hash === kept.hash ? null : { seq: head.seq, why: 'differs from the head' }
}
