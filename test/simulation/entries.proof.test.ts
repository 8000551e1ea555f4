/**
 * @module Every entry of simulated worlds, with each acquirer, and of restored databases: its body reads back as the entry
 * that the service wrote. The changes of totals add up to the batches.
 */

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { NO_TOTALS } from '../../src/domain/money.ts'
import type { Batch, DraftEntry, JournalEntry } from '../../src/domain/types.ts'
import { baseKeyOf, type StoredEntry } from '../../src/store/entry/columns.ts'
import { STORED_KINDS } from '../../src/store/entry/entry.ts'
import type { JournalRow } from '../../src/store/journal.ts'
import { Replay } from '../../src/store/replay.ts'
import { isWhole, sizeOf } from '../proofs.ts'
import { bodyOf, columnsOf, expectedEntry, readBack, type Written } from '../store/entry/support.ts'
import { coreModule } from '../support/load-core.ts'
import { ended } from './threads.ts'

const WORLDS = sizeOf('simulation/entries')

/** The rows of the journal of each database. */
async function journals(): Promise<JournalRow[][]> {
  const found: JournalRow[][] = []
  const worker = new Worker(join(import.meta.dirname, 'entries-thread.ts'), {
    workerData: {
      module: coreModule,
      worlds: Array.from({ length: WORLDS }, (_, i) => i + 1),
      restores: Array.from({ length: Math.ceil(WORLDS / 4) }, (_, i) => i + 1),
    },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  worker.on('message', (rows: JournalRow[]) => found.push(rows))
  await ended(worker)
  return found
}

const FIRST: Batch = { ...NO_TOTALS, batchNumber: '000001', state: 'open' }

interface Replayed {
  readonly written: Written
  readonly stored: StoredEntry
}

/** Writes and reads the entries in order, each after the batch and the base that come before it. */
function replay(rows: readonly JournalRow[]): Replayed[] {
  const open = new Map<string, Batch>()
  const byKey = new Map<string, StoredEntry>()
  const replayed = new Replay()
  return rows.map((row) => {
    const { entry, effects } = replayed.next(row)
    const { seq: _, rrn: __, hash: ___, ...read } = entry as JournalEntry & { rrn: string | null }
    const draft: DraftEntry = { ...read, effects }
    const before = open.get(row.terminalId) ?? FIRST
    const base = byKey.get(baseKeyOf(row.messageKey) ?? '') ?? null
    const written = {
      draft,
      columns: columnsOf(draft, row.seq, row.rrn),
      before,
      base,
      merchantId: draft.merchantId,
    }
    expect(bodyOf(written)).toBe(row.body)
    const stored = readBack(written)
    const { batch, nextBatch } = draft.effects
    if (batch !== undefined) open.set(row.terminalId, nextBatch ?? batch)
    byKey.set(row.messageKey, stored)
    return { written, stored }
  })
}

describe('the entries of simulated worlds', async () => {
  const all = (await journals()).map(replay)
  const entries = all.flat()

  it('are many, of every kind that needs no person', () => {
    expect(entries.length).toBeGreaterThan(150 * WORLDS)
    const kinds = new Set(entries.map(({ stored }) => stored.kind))
    const missing = STORED_KINDS.filter((kind) => !kinds.has(kind))
    if (isWhole()) expect(missing.toSorted()).toEqual(['case_closed'])
    else expect(missing.length).toBeLessThan(6)
  })

  it('read back as they were written', () => {
    for (const { written, stored } of entries) expect(stored).toEqual(expectedEntry(written))
  })

  it('have the same body again, when they are written as they were read', () => {
    for (const { written, stored } of entries) {
      const { batch } = written.draft.effects
      const { batchChange: _, ...effects } = stored.effects
      const { seq: __, rrn: ___, ...draft } = stored
      const again = { ...draft, effects: { ...effects, ...(batch === undefined ? {} : { batch }) } }
      expect(bodyOf({ ...written, draft: again })).toBe(bodyOf(written))
    }
  })

  it('change totals that add up to those of each batch', () => {
    for (const journal of all) {
      const sums = new Map<string, Batch>()
      for (const { written, stored } of journal) {
        const { batchChange, nextBatch } = stored.effects
        if (batchChange === undefined) continue
        const key = (number: string): string => `${stored.terminalId} ${number}`
        const sum = sums.get(key(batchChange.batchNumber)) ?? { ...NO_TOTALS, ...FIRST }
        const NONE = { ...NO_TOTALS }
        const [of = NONE, by = NONE] = [sum.office, batchChange.office]
        const office = {
          debitAmount: of.debitAmount + by.debitAmount,
          debitCount: of.debitCount + by.debitCount,
          creditAmount: of.creditAmount + by.creditAmount,
          creditCount: of.creditCount + by.creditCount,
        }
        const after: Batch = {
          ...(Object.values(office).every((total) => total === 0) ? {} : { office }),
          batchNumber: batchChange.batchNumber,
          state: batchChange.state,
          debitAmount: sum.debitAmount + batchChange.debitAmount,
          debitCount: sum.debitCount + batchChange.debitCount,
          creditAmount: sum.creditAmount + batchChange.creditAmount,
          creditCount: sum.creditCount + batchChange.creditCount,
        }
        expect(after).toEqual(written.draft.effects.batch)
        sums.set(key(batchChange.batchNumber), after)
        if (nextBatch !== undefined) sums.set(key(nextBatch.batchNumber), nextBatch)
      }
    }
  })

  it('are less than a sixth of the JSON of all their members', () => {
    const bytes = (text: string): number => Buffer.byteLength(text)
    const full = entries.reduce((sum, { written }) => sum + bytes(JSON.stringify(written.draft)), 0)
    const short = entries.reduce((sum, { written }) => sum + bytes(bodyOf(written)), 0)
    expect(short / full).toBeLessThan(1 / 6)
  })
})
