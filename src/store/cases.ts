/** @module Reads cases: the message, its journal entries, and its sale (semantics.md, Cases). */

import { type SQL, sql } from 'drizzle-orm'
import type { AcquirerMessage, JournalEntry, Sale } from '../domain/types.ts'
import { liveCredential, mayRead } from './caller.ts'
import type { Db } from './db.ts'
import type { JournalRow } from './journal.ts'
import type { Credential } from './load.ts'
import { EntryReader } from './replay.ts'
import { messageFrom, readable, rowOf, saleOf } from './rows.ts'
import { acquirerMessage, journal, reversal, sale } from './schema.ts'
import { field, overItems } from './statements.ts'

export interface CaseFile {
  readonly message: AcquirerMessage
  /** Number of tries since the last change. */
  readonly attempts: number
  /** The time of the next try, in milliseconds since the epoch. Null: no more tries. */
  readonly nextAt: number | null
  /** The journal entries of the message and of its reversal, in order. */
  readonly history: readonly JournalEntry[]
  readonly sale: Sale | null
}

/** The cases that the credential may read; `credential` is null when it is unknown, revoked or expired. */
export interface FoundCases {
  readonly credential: Credential | null
  readonly files: readonly CaseFile[]
}

/** A position in the list of cases. The list is in the order in which the cases opened. */
export interface Cursor {
  readonly openedAt: number
  /** Our RRN, 12 digits. */
  readonly rrn: string
}

export interface CaseQuery {
  readonly state: 'open' | 'closed' | undefined
  /** The merchant of the cases. Undefined: all that the credential may read. */
  readonly merchantId: string | undefined
  readonly after: Cursor
  readonly limit: number
}

/** Reads up to `limit` cases after the cursor. `credential` is the SHA-256 of a bearer key, lower-case hex. */
export function readCases(
  db: Db,
  credential: string,
  now: number,
  { state, merchantId, after, limit }: CaseQuery,
): Promise<FoundCases> {
  const isClosed = state === 'closed' ? 'is not null' : 'is null'
  return read(
    db,
    credential,
    now,
    sql`case_opened_at is not null and (case_opened_at, rrn) > (${after.openedAt}, ${after.rrn})
      ${state === undefined ? sql`` : sql`and case_closed_at ${sql.raw(isClosed)}`}
      ${merchantId === undefined ? sql`` : sql`and merchant_id = ${merchantId}`}`,
    limit,
  )
}

/** Reads one case. `rrn` is our own, 12 digits: it names the case. */
export const readCase = (db: Db, credential: string, now: number, rrn: string): Promise<FoundCases> =>
  read(db, credential, now, sql`case_opened_at is not null and rrn = ${rrn}`, 1)

async function read(db: Db, credential: string, now: number, which: SQL, limit: number): Promise<FoundCases> {
  const [credentials, messages] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select(readable(acquirerMessage))
      .from(acquirerMessage)
      .where(sql`${which} and ${mayRead(sql`acquirer_message.merchant_id`, credential, now)}`)
      .orderBy(acquirerMessage.caseOpenedAt, acquirerMessage.rrn)
      .limit(limit),
  ])
  const keys = messages.map(({ messageKey }) => ({ key: messageKey }))
  const [entries, reversals, sales] =
    keys.length === 0
      ? [[], [], []]
      : await db.batch([entriesOf(db, keys), reversalsOf(db, keys), salesOf(db, keys)])
  const files = messages.map((row): CaseFile => {
    const isIts = ({ key }: { key: string }) => key === row.messageKey
    const rows = [...entries, ...reversals].filter(isIts).map(({ journal: entry }) => entry)
    const bySeq = new Map(rows.map((entry) => [entry.seq, entry]))
    const of = sales.find(isIts)
    return {
      message: messageFrom(row),
      attempts: row.attempts,
      nextAt: row.nextAt,
      history: historyOf([...bySeq.values()], row.merchantId),
      sale: of === undefined ? null : saleOf(of.sale),
    }
  })
  return { credential: credentials[0] ?? null, files }
}

/** The entries in order, so that each comes after the one that it follows. */
function historyOf(rows: readonly JournalRow[], merchantId: string): JournalEntry[] {
  const reader = new EntryReader(merchantId)
  return rows.toSorted((a, b) => a.seq - b.seq).map((row) => reader.open(row))
}

const KEY = field('key')
const key = { key: sql<string>`${KEY}`.as('key') }

/**
 * The entries of a message: its own, and all entries whose keys begin with its key. Those are its outcomes and a
 * terminal's reversal of it.
 */
const entriesOf = overItems((db, items) =>
  db
    .select({ ...key, journal: rowOf(journal, 'journal_row') })
    .from(items)
    .innerJoin(journal, sql`journal.message_key >= ${KEY} and journal.message_key < (${KEY}) || '}'`),
)

/** A reversal under another key: a JSON reversal, or the reversal of the sale of a void. */
const reversalsOf = overItems((db, items) =>
  db
    .select({ ...key, journal: rowOf(journal, 'journal_row') })
    .from(items)
    .innerJoin(reversal, sql`reversal.target_key = ${KEY}`)
    .innerJoin(journal, sql`journal.terminal_id = reversal.terminal_id and journal.seq = reversal.seq`),
)

const salesOf = overItems((db, items) =>
  db
    .select({ ...key, sale: rowOf(sale, 'sale_row') })
    .from(items)
    .innerJoin(
      sale,
      sql`sale.id_raw = coalesce((select sale_id_raw from void where message_key = ${KEY}),
        (select id_raw from sale where message_key = ${KEY}))`,
    ),
)
