/**
 * @module Writes a set of decisions, at most one per terminal, in one D1 batch.
 *
 * An entry finds its place only while the head is still the one its decision was made on. A set sent twice, after an error
 * that left its outcome unknown, is applied once.
 */

import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { posMessageKey } from '../domain/message-key.ts'
import { type Db, persist } from './db.ts'
import { projections } from './projections.ts'
import { journal } from './schema.ts'
import { overItems } from './statements.ts'
import { type CommitItem, fromItem } from './step.ts'

/** Where the message that an entry reverses was never seen: it may not have come in another terminal's journal meanwhile. */
const tombstonedKeyOf = ({ effects }: CommitItem): string | undefined =>
  effects.reversals?.find(({ kind }) => kind === 'tombstone')?.targetKey

/** The sale that was fed under the trace number which a claim would have at the acquirer: one of the two would pass for the other. */
const claimSaleKeyOf = ({ effects: { claim } }: CommitItem): string | undefined =>
  claim?.state === 'pending' ? posMessageKey({ ...claim, stan: claim.acquirerStan }, 'sale') : undefined

/**
 * Appends the entries whose place is free: the head has not moved, neither key nor RRN is taken, and the message was not
 * reversed meanwhile. What a terminal's head does not protect are messages of the JSON door that name two terminals' sales.
 */
const append = overItems((db, items) =>
  db
    .insert(journal)
    .select(
      sql`select ${fromItem(journal)} from ${items}
        where (item.value ->> 'seq' = 1 or exists (select 1 from journal
            where terminal_id = item.value ->> 'terminalId' and seq = (item.value ->> 'seq') - 1
              and hash = item.value ->> 'previousHash'))
          and not exists (select 1 from journal
            where terminal_id = item.value ->> 'terminalId' and seq = item.value ->> 'seq')
          and not exists (select 1 from reversal where target_key = item.value ->> 'messageKey')
          and not exists (select 1 from journal where message_key = item.value ->> 'tombstonedKey')
          and not exists (select 1 from sale where message_key = item.value ->> 'claimSaleKey')`,
    )
    .onConflictDoNothing(),
)

/** The entries that stand, by their place in the set. */
const confirm = overItems((db, items) =>
  db
    .select({ i: sql<number>`item.key`.as('i') })
    .from(items)
    .innerJoin(
      journal,
      sql`journal.terminal_id = item.value ->> 'terminalId' and journal.seq = item.value ->> 'seq'
        and journal.hash = item.value ->> 'hash'`,
    ),
)

/**
 * Commits a set. Returns, per item and in its order, whether its entry stands; where it does not, another writer was
 * first (or its key or RRN was taken), nothing of it was written, and the message is to be loaded and decided again.
 * Throws what D1 throws; after an error that left the outcome unknown the same batch has already been repeated.
 */
export async function commit(db: Db, all: readonly CommitItem[]): Promise<boolean[]> {
  // The statement that appends a set does not see its own rows: what another of the set buries goes again.
  const tombstonedHere = new Set(all.map(tombstonedKeyOf))
  const set = all.filter(({ row }) => !tombstonedHere.has(row.messageKey))
  const rows = set.map((item) => ({
    ...item.row,
    tombstonedKey: tombstonedKeyOf(item),
    claimSaleKey: claimSaleKeyOf(item),
  }))
  const statements: [BatchItem<'sqlite'>, ...BatchItem<'sqlite'>[]] = [
    append(db, rows),
    ...projections(db, set),
    confirm(db, rows),
  ]
  const results = await persist(() => db.batch(statements))
  const written = new Set((results.at(-1) as { i: number }[]).map(({ i }) => set[i]))
  return all.map((item) => written.has(item))
}
