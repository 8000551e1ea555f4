/**
 * @module A forwarded sale that has no row, because the acquirer has not answered, or because it was reversed before that. Its claim
 * has what is known of it.
 */

import { type SQL, sql } from 'drizzle-orm'
import { endOfWindow } from '../domain/sale-known.ts'
import type { JournalEntry, SaleState } from '../domain/types.ts'
import { recordWithKey } from './acquirer-record.ts'
import { batch } from './batch-schema.ts'
import { mayRead } from './caller.ts'
import type { Db } from './db.ts'
import { openEntry } from './journal.ts'
import { merchant } from './merchant-schema.ts'
import { forwardedFrom, merchantOf, rowOf } from './rows.ts'
import { journal } from './schema.ts'

/** A sale by its id (32 hex digits) or its RRN (12 digits), also as a text. `merchantId`: only of this merchant. */
export interface ClaimedReference {
  readonly reference: string
  readonly merchantId?: string | undefined
}

export interface ClaimedSale {
  /** Whether the sale has its row by now. */
  readonly isAnswered: boolean
  /** The end of its window (`endOfWindow`). */
  readonly until: number | null
  readonly original: SaleState
}

/** Hex digits as the journal writes them: base64url without padding. */
const packed = (id: string): string =>
  Uint8Array.fromHex(id).toBase64({ alphabet: 'base64url', omitPadding: true })

/** SQL: the keys of the undecided sales whose claim has this id, 32 hex digits. They are few, and an id is never part of another. */
export const undecidedSaleWithId = (id: string): SQL =>
  sql`(select waiting.message_key from acquirer_message as waiting
    join journal as claim on claim.message_key = waiting.message_key
    where waiting.kind = 'sale' and waiting.state in ('pending', 'undoing') and instr(claim.body, ${`"${packed(id)}"`}) > 0)`

/** SQL: the same of many ids. It reads each claim once, however many ids there are. */
const undecidedSalesWithIds = (ids: readonly string[]): SQL =>
  sql`(select waiting.message_key from acquirer_message as waiting
    join journal as claim on claim.message_key = waiting.message_key
    where waiting.kind = 'sale' and waiting.state in ('pending', 'undoing') and exists (
      select 1 from json_tree(claim.body) as part
      where part.type = 'text' and part.value in (select value from json_each(${JSON.stringify(ids.map(packed))}))))`

/** SQL: the key is that of a terminal's sale, and of no entry that follows one. */
const IS_SALE = sql`substr(journal.message_key, 21) = 's'`

const keyOf = (reference: string): SQL => {
  if (/^[0-9a-f]{32}$/.test(reference)) return undecidedSaleWithId(reference)
  const digits = /^\d{12}$/.test(reference) ? Number(reference) : null
  return sql`(select message_key from journal where rrn_raw = ${digits})`
}

/** Null: no claim of a sale has the reference, or the caller may not read it. `credential` is the SHA-256 of a bearer key. */
export async function findClaimedSale(
  db: Db,
  credential: string,
  now: number,
  { reference, merchantId }: ClaimedReference,
): Promise<ClaimedSale | null> {
  const keys = keyOf(reference)
  const [found] = await claimsOf(
    db,
    sql`journal.message_key = ${keys}
    and merchant.merchant_id = coalesce(${merchantId ?? null}, merchant.merchant_id)`,
    { credential, now },
  ).limit(1)
  return found === undefined ? null : claimedSaleOf(found)
}

/** The sales with these ids that the acquirer has not answered, and that the caller may read. The others are left out. */
export async function findClaimedSales(
  db: Db,
  credential: string,
  now: number,
  ids: readonly string[],
): Promise<ClaimedSale[]> {
  const [first] = ids
  if (first === undefined) return []
  const keys = ids.length === 1 ? undecidedSaleWithId(first) : undecidedSalesWithIds(ids)
  const found = await claimsOf(db, sql`journal.message_key in ${keys}`, { credential, now })
  return found.flatMap((row) => claimedSaleOf(row) ?? [])
}

/** The claims of sales that the caller may read, with what a sale has beside them. */
const claimsOf = (db: Db, which: SQL, { credential, now }: { credential: string; now: number }) =>
  db
    .select({
      journal: rowOf(journal, 'journal_row'),
      merchant: rowOf(merchant, 'merchant_row'),
      batch: rowOf(batch, 'batch_row'),
      forwarded: recordWithKey(sql`journal.message_key`, 'forwarded_row'),
      isAnswered: sql<number>`exists (select 1 from sale where message_key = journal.message_key)`.as(
        'answered',
      ),
      isReversed: sql<number>`exists (select 1 from reversal where target_key = journal.message_key)`.as(
        'reversed',
      ),
    })
    .from(journal)
    .innerJoin(
      merchant,
      sql`merchant.merchant_id = (select merchant_id from terminal where terminal_id = journal.terminal_id)`,
    )
    .innerJoin(
      batch,
      sql`batch.terminal_id = journal.terminal_id and batch.batch_number = substr(journal.message_key, 9, 6)`,
    )
    .where(sql`${which} and ${IS_SALE} and ${mayRead(sql`merchant.merchant_id`, credential, now)}`)

/** Null: the entry is no claim of a sale. */
function claimedSaleOf(found: Awaited<ReturnType<typeof claimsOf>>[number]): ClaimedSale | null {
  const { merchantId: of } = found.merchant
  const entry: JournalEntry = openEntry(found.journal, { base: null, merchantId: of })
  const { claim, claimedSale: sale } = entry.effects
  if (claim === undefined || sale === undefined) return null
  const reversed = found.isReversed === 1
  return {
    isAnswered: found.isAnswered === 1,
    until: endOfWindow(sale, merchantOf(found.merchant)),
    original: {
      sale,
      liveVoid: null,
      isVoidedByEntries: false,
      isVoidRowLost: false,
      isRrnOurs: true,
      ownVoids: [],
      reversed,
      // Both sides agree on a reversed message, and then its row may be gone.
      forwarded: forwardedFrom(found.forwarded) ?? (reversed ? null : claim),
      batchState: found.batch.state,
    },
  }
}
