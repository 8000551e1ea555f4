/** @module The tables of a database that follow from its journal, and a replica that has what the journal gives. */

import { keyGuard, merchantGuard } from '../../domain/guard.ts'
import type { JournalEntry } from '../../domain/types.ts'
import type { SegmentState } from '../../store/archive/segment.ts'
import type { JournalRow } from '../../store/journal.ts'
import { type HeadRow, macsOf, PROJECTIONS, rebuild } from '../../store/rebuild.ts'
import { EntryReader, VoidCounter } from '../../store/replay.ts'
import { Failure } from './failure.ts'
import { Replica } from './replica.ts'

/** A table, and the columns to compare. */
export type AuditedColumns = readonly [table: string, columns: readonly string[]]

/** The columns that name a row. */
export const KEYS: Readonly<Record<string, readonly string[]>> = {
  acquirer_date: ['message_key'],
  acquirer_message: ['message_key'],
  api_key: ['id'],
  batch: ['terminal_id', 'batch_number'],
  batch_difference: ['terminal_id', 'seq'],
  guard: ['key'],
  journal: ['terminal_id', 'seq'],
  merchant: ['merchant_id'],
  region: ['id'],
  reversal: ['target_key'],
  sale: ['message_key'],
  terminal: ['terminal_id'],
  void: ['message_key'],
}

/** The outbox and the totals that a terminal declared last are no projections. */
export const NOT_PROJECTED: readonly string[] = ['attempts', 'next_at', 'last_declared', 'is_declared_signed']

/** The chains cover the other columns of the journal. */
const AUDITED = [...PROJECTIONS, 'guard', 'journal'] as const

/** The guard that an entry raises; null for none. */
export function raisedBy({ kind, seq, merchantId, effects: { apiKey } }: JournalEntry): string | null {
  if (apiKey !== undefined) return keyGuard(apiKey.merchantId)
  return kind === 'merchant' || (kind === 'provision' && seq > 1) ? merchantGuard(merchantId) : null
}

/** An entry that cannot be applied after those before it. The order of the commits is no part of a chain, so it may be wrong. */
export class UnappliedEntry extends Failure {
  readonly terminalId: string
  readonly seq: number

  constructor({ terminalId, seq }: JournalRow, cause: unknown) {
    super(
      `it does not follow from the entries committed before it: ${cause instanceof Error ? cause.message : cause}`,
    )
    this.terminalId = terminalId
    this.seq = seq
  }
}

/**
 * A database that has exactly what the journal gives. `journal` is in the order of the commits. `archived`: the terminals whose first
 * entries are in the archive. Throws UnappliedEntry.
 */
export async function replicaOf(
  journal: readonly JournalRow[],
  heads: readonly HeadRow[],
  archived: readonly SegmentState[] = [],
): Promise<Replica> {
  const replica = new Replica()
  const terminals = archived.map(({ terminal }) => terminal)
  const reader = new EntryReader(null, terminals)
  const raise = (guard: string, by: number) =>
    replica.rows(
      'insert into guard (key, version) values (?1, ?2) on conflict (key) do update set version = version + ?2',
      guard,
      by,
    )
  for (const { terminal, raised } of archived)
    if (raised > 0) raise(merchantGuard(terminal.merchantId), raised)
  const counter = new VoidCounter()
  let last: JournalRow | undefined
  function* inOrder() {
    for (last of journal) yield last
  }
  try {
    for (const row of inOrder()) {
      const entry = reader.open(row)
      replica.insertEntry(row, counter.next(entry))
      replica.refusals.next(entry)
      const raised = raisedBy(entry)
      if (raised !== null) raise(raised, 1)
    }
    await rebuild(replica.db, inOrder(), macsOf(heads), terminals)
    return replica
  } catch (error) {
    replica.close()
    if (last === undefined) throw error
    throw new UnappliedEntry(last, error)
  }
}

/** The tables to compare with a replica, and their columns. */
export const auditedColumns = (replica: Replica): AuditedColumns[] =>
  AUDITED.map((table) => [
    table,
    table === 'journal'
      ? ['terminal_id', 'seq', 'hash_raw', 'rrn_raw', 'void_of']
      : replica.storedColumns(table).filter((name) => !NOT_PROJECTED.includes(name)),
  ])

/** A stored form as a literal with its type: the same digits as a text are another value, and no statement finds them. */
export const plain = (column: string): string =>
  column.endsWith('_raw') ? `quote(${column}) as ${column}` : column
