/**
 * @module Commits a set of decisions in one D1 batch (semantics.md, Exactly once).
 *
 * An entry is written only while all that its decision depends on is as it was loaded: the head of its journal and the
 * guards. The conditions of `incoming` check it. Each row sees the rows before it. So a set may hold several
 * entries of one terminal, and an entry that fails takes only its successors. A set may be sent twice, after an error
 * with an unknown outcome; it is applied once.
 */

import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Need } from '../domain/guard.ts'
import { posMessageKey } from '../domain/message-key.ts'
import { endedKeysOf, type VoidSign, voidSignOf } from '../domain/void-count.ts'
import { type Db, persist } from './db.ts'
import { baseKeyOf } from './entry/columns.ts'
import { incoming } from './incoming.ts'
import type { SealedRow } from './journal.ts'
import { type Loaded, type LoadItem, prepareLoad } from './load.ts'
import { projections } from './projections.ts'
import { journal } from './schema.ts'
import { field, overItems } from './statements.ts'
import { type CommitItem, fromItem } from './step.ts'

/** An entry with its guards and conditions, as a row of `incoming`. */
export type IncomingRow = SealedRow & {
  readonly needs: readonly Need[]
  readonly moves: readonly string[]
  readonly tombstonedKey?: string | undefined
  readonly claimSaleKey?: string | undefined
  readonly baseKey?: string | null
  readonly voidSign?: VoidSign | undefined
  readonly voidedSaleKey?: string | undefined
  readonly endedKeys?: readonly string[] | undefined
  readonly refusalKey?: string | undefined
  readonly refusalDay?: number | undefined
  readonly refusalMost?: number | undefined
}

function incomingRow({ row, needs, moves, effects, refusal, saleKey }: CommitItem): IncomingRow {
  const { claim, reversals } = effects
  const voidSign = voidSignOf(row.messageKey, effects)
  return {
    ...row,
    needs,
    moves,
    tombstonedKey: reversals?.find(({ kind }) => kind === 'tombstone')?.targetKey,
    claimSaleKey:
      claim?.state === 'pending' ? posMessageKey({ ...claim, stan: claim.acquirerStan }, 'sale') : undefined,
    baseKey: baseKeyOf(row.messageKey),
    voidSign,
    voidedSaleKey: voidSign === 1 ? saleKey : undefined,
    endedKeys: voidSign === -1 ? endedKeysOf(effects) : undefined,
    refusalKey: refusal?.key,
    refusalDay: refusal?.day,
    refusalMost: refusal?.most,
  }
}

/** Appends the entries whose conditions hold (`incoming`), without refusals beyond the quota. */
export const append = overItems((db, items) =>
  db.insert(incoming).select(
    sql`select ${fromItem(incoming)} from ${items} where not exists (select 1 from refusal_count
      where key = ${field('refusalKey')} and day = ${field('refusalDay')} and written > ${field('refusalMost')})`,
  ),
)

/** The entries that are in the journal, by their index in the set. */
export const confirm = overItems((db, items) =>
  db
    .select({ i: sql<number>`item.key`.as('i') })
    .from(items)
    .innerJoin(
      journal,
      sql`journal.terminal_id = item.value ->> 'terminalId' and journal.seq = item.value ->> 'seq'
        and journal.hash_raw = unhex(item.value ->> 'hash')`,
    ),
)

/**
 * Commits a set. Returns for each item, in order, whether its entry is in the journal. If not, nothing of the item was
 * written: another writer was first, a guard has moved, or its key, RRN or trace number is taken. Load the message and
 * decide again.
 *
 * Throws the errors of D1. After an error with an unknown outcome the same batch was sent up to three times.
 */
export async function commit(db: Db, set: readonly CommitItem[]): Promise<boolean[]> {
  const { statements, read } = prepareCommit(db, set)
  return read(await persist(() => db.batch(statements)))
}

/** The state of each item of a load, in order. Null if a row does not parse. */
type LoadedAhead = readonly Loaded[] | null

/** Commits a set as `commit` does, and loads the state after it in the same trip. */
export async function commitAndLoad(
  db: Db,
  set: readonly CommitItem[],
  items: readonly LoadItem[],
  now: number,
): Promise<{ readonly written: boolean[]; readonly loaded: LoadedAhead }> {
  const committed = prepareCommit(db, set)
  const next = prepareLoad(db, items, now)
  const { length } = committed.statements
  try {
    const results: unknown[] = await persist(() => db.batch([...committed.statements, ...next.statements]))
    return { written: committed.read(results.slice(0, length)), loaded: next.read(results.slice(length)) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // The set is written, and a row of the load does not parse. The same commit again returns what is written.
    return { written: await commit(db, set), loaded: null }
  }
}

function prepareCommit(db: Db, set: readonly CommitItem[]) {
  const rows = set.map(incomingRow)
  const statements: [BatchItem<'sqlite'>, ...BatchItem<'sqlite'>[]] = [
    append(db, rows),
    ...projections(db, set),
    confirm(db, rows),
  ]
  const read = (results: readonly unknown[]): boolean[] => {
    const written = new Set((results.at(-1) as { i: number }[]).map(({ i }) => i))
    return set.map((_, i) => written.has(i))
  }
  return { statements, read }
}
