/** @module The result that reading an entry must give, computed without the code under test. */

import type { Batch, DraftEntry } from '../../../src/domain/types.ts'
import type { BaseEntry, EntryColumns, StoredEntry } from '../../../src/store/entry/columns.ts'
import { decodeEntry, encodeEntry } from '../../../src/store/entry/entry.ts'

export interface Written {
  readonly draft: DraftEntry
  readonly columns: EntryColumns
  readonly before: Batch | null
  readonly base: BaseEntry | null
  readonly merchantId: string | null
}

/** The entry that reading must give: totals as a change, and the columns. */
export function expectedEntry({ draft, columns, before }: Written): StoredEntry {
  const { batch, ...effects } = draft.effects
  const { seq, rrn } = columns
  if (batch === undefined) return { ...draft, effects, seq, rrn }
  if (before === null) throw new Error('a batch after an entry follows the batch before it')
  const change = (name: 'debitAmount' | 'debitCount' | 'creditAmount' | 'creditCount') =>
    batch[name] - before[name]
  const batchChange = {
    batchNumber: batch.batchNumber,
    state: batch.state,
    debitAmount: change('debitAmount'),
    debitCount: change('debitCount'),
    creditAmount: change('creditAmount'),
    creditCount: change('creditCount'),
  }
  const NONE = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }
  const [now = NONE, then = NONE] = [batch.office, before.office]
  const office = {
    debitAmount: now.debitAmount - then.debitAmount,
    debitCount: now.debitCount - then.debitCount,
    creditAmount: now.creditAmount - then.creditAmount,
    creditCount: now.creditCount - then.creditCount,
  }
  const hasOffice = Object.values(office).some((value) => value !== 0)
  const changed = hasOffice ? { ...batchChange, office } : batchChange
  return { ...draft, effects: { ...effects, batchChange: changed }, seq, rrn }
}

export const bodyOf = ({ draft, columns: { rrn }, before, base, merchantId }: Written): string =>
  encodeEntry(draft, { rrn, before, base, merchantId })

export const readBack = (written: Written): StoredEntry =>
  decodeEntry(written.columns, bodyOf(written), written)

export const columnsOf = ({ terminalId, messageKey }: DraftEntry, seq: number, rrn: string | null) => ({
  terminalId,
  messageKey,
  seq,
  rrn,
})
