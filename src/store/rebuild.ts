/** @module Writes the projections anew from the journal. The keys of terminals and the guards are no projections: they stay. */

import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Terminal } from '../domain/types.ts'
import { apiKeyProjections } from './api-keys.ts'
import { batch } from './batch-schema.ts'
import type { Db } from './db.ts'
import type { HeadMac, SignedHead } from './head-mac.ts'
import type { JournalRow } from './journal.ts'
import { merchantProjection } from './merchants.ts'
import { projections } from './projections.ts'
import { Replay, type Replayed } from './replay.ts'
import { batchColumns } from './rows.ts'
import { terminal } from './schema.ts'

/** The tables that follow from the journal. */
export const PROJECTIONS = [
  'acquirer_date',
  'acquirer_message',
  'api_key',
  'batch',
  'batch_difference',
  'merchant',
  'region',
  'reversal',
  'sale',
  'terminal',
  'void',
] as const

/** The statements that apply an entry to the projections. */
function statementsOf(
  db: Db,
  { row, effects, terminal: before }: Replayed,
  headMac: HeadMac,
): BatchItem<'sqlite'>[] {
  if (effects.merchant !== undefined) return [merchantProjection(db, row, effects.merchant, headMac)]
  if (effects.apiKey !== undefined) return apiKeyProjections(db, row, effects.apiKey, headMac)
  if (before === null) return []
  const sealed = { ...row, previousHash: before.head.hash }
  return projections(db, [
    { row: sealed, headMac, effects, terminal: before, needs: [], moves: [], isReplayed: true },
  ])
}

/** The MACs of the heads, by stream. They are not made anew: only the service says that a head is its own. */
export type HeadMacs = ReadonlyMap<string, HeadMac>

/** SQL: every head with its MAC. */
export const HEADS = `select terminal_id as stream, head_seq as seq, head_hash as hash, head_mac as mac, head_mac_key as keyId
  from terminal union all
  select 'merchant:' || merchant_id, head_seq, head_hash, head_mac, head_mac_key from merchant union all
  select 'region', head_seq, head_hash, head_mac, head_mac_key from region`

/** A row of `HEADS`. */
export interface HeadRow extends SignedHead {
  readonly stream: string
}

export const macsOf = (heads: readonly HeadRow[]): HeadMacs =>
  new Map(heads.map((head) => [head.stream, head]))

const NO_MAC: HeadMac = { keyId: 0, mac: '' }

/**
 * Empties the projections, and applies every entry in the order of its commit. `rows` is in that order. `archived`: each terminal
 * whose first entries are in the archive, after the last of them.
 */
export async function rebuild(
  db: Db,
  rows: Iterable<JournalRow>,
  macs: HeadMacs,
  archived: readonly Terminal[] = [],
): Promise<void> {
  for (const table of PROJECTIONS) await db.run(sql.raw(`delete from ${table}`))
  for (const { head, batch: open, ...one } of archived) {
    const { terminalId } = one
    const headRow = { headSeq: head.seq, headHash: head.hash, headMac: NO_MAC.mac, headMacKey: NO_MAC.keyId }
    const headerTlv = Number(one.headerTlv)
    await db.insert(terminal).values({ ...one, ...headRow, headerTlv, batchNumber: open.batchNumber })
    await db.insert(batch).values({ ...batchColumns(open), terminalId })
  }
  const replay = new Replay(archived)
  for (const row of rows) {
    const headMac = macs.get(row.terminalId) ?? NO_MAC
    const [first, ...more] = statementsOf(db, replay.next(row), headMac)
    if (first !== undefined) await db.batch([first, ...more])
  }
}
