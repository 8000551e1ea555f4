/**
 * @module Commits a set of decisions, at most one per terminal, in one D1 batch (semantics.md, Exactly once).
 *
 * An entry is written only while the head is the one of its decision. A set may be sent twice, after an error with an
 * unknown outcome; it is applied once.
 */

import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { posMessageKey } from '../domain/message-key.ts'
import { type Db, persist } from './db.ts'
import { projections } from './projections.ts'
import { journal } from './schema.ts'
import { overItems } from './statements.ts'
import { type CommitItem, fromItem } from './step.ts'

/**
 * The key of a target that was never seen. The target must not have arrived meanwhile in the journal of another
 * terminal.
 */
const tombstonedKeyOf = ({ effects }: CommitItem): string | undefined =>
  effects.reversals?.find(({ kind }) => kind === 'tombstone')?.targetKey

/**
 * The key that a captured sale under the claim's STAN has. If there is such a sale, the acquirer takes one for the
 * other.
 */
const claimSaleKeyOf = ({ effects: { claim } }: CommitItem): string | undefined =>
  claim?.state === 'pending' ? posMessageKey({ ...claim, stan: claim.acquirerStan }, 'sale') : undefined

/**
 * Appends entries under three conditions: the head has not moved, key and RRN are new, and no reversal names the
 * message. The head does not protect a JSON message that names sales of two terminals; the other conditions do.
 */
export const append = overItems((db, items) =>
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

/** The entries that are in the journal, by their index in the set. */
export const confirm = overItems((db, items) =>
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
 * Commits a set. Returns for each item, in order, whether its entry is in the journal. If not, nothing of the item was
 * written: another writer was first, or its key or RRN is taken. Load the message and decide again.
 *
 * Throws the errors of D1. After an error with an unknown outcome the same batch was sent up to three times.
 */
export async function commit(db: Db, all: readonly CommitItem[]): Promise<boolean[]> {
  // The append statement does not see its own rows, so a message whose tombstone is in this set must wait for the next
  // one.
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
