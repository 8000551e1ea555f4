/** @module Writes the projections anew from the journal. The keys of terminals and the guards are no projections: they stay. */

import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { apiKeyProjections } from './api-keys.ts'
import type { Db } from './db.ts'
import type { JournalRow } from './journal.ts'
import { merchantProjection } from './merchants.ts'
import { projections } from './projections.ts'
import type { Replayed } from './replay.ts'
import { Replay } from './replay.ts'

/** The tables that follow from the journal. */
export const PROJECTIONS = [
  'acquirer_message',
  'api_key',
  'batch',
  'merchant',
  'region',
  'reversal',
  'sale',
  'terminal',
  'void',
] as const

/** The statements that apply an entry to the projections. */
function statementsOf(db: Db, { row, effects, terminal }: Replayed): BatchItem<'sqlite'>[] {
  if (effects.merchant !== undefined) return [merchantProjection(db, row, effects.merchant)]
  if (effects.apiKey !== undefined) return apiKeyProjections(db, row, effects.apiKey)
  if (terminal === null) return []
  const sealed = { ...row, previousHash: terminal.head.hash }
  return projections(db, [{ row: sealed, effects, terminal, needs: [], moves: [], isReplayed: true }])
}

/** Empties the projections, and applies every entry in the order of its commit. `rows` is in that order. */
export async function rebuild(db: Db, rows: Iterable<JournalRow>): Promise<void> {
  for (const table of PROJECTIONS) await db.run(sql.raw(`delete from ${table}`))
  const replay = new Replay()
  for (const row of rows) {
    const [first, ...more] = statementsOf(db, replay.next(row))
    if (first !== undefined) await db.batch([first, ...more])
  }
}
