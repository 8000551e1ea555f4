/** @module Cases as their readers need them: the message, its entries in the journal, and the sale that it is or voids. */

import { type SQL, sql } from 'drizzle-orm'
import type { AcquirerMessage, JournalEntry, Sale } from '../domain/types.ts'
import { liveCredential, mayBeSeen } from './caller.ts'
import type { Db } from './db.ts'
import { openEntry } from './journal.ts'
import type { Credential } from './load.ts'
import { field, messageFrom, rowOf, saleOf } from './rows.ts'
import { acquirerMessage, journal, reversal, sale } from './schema.ts'
import { overItems } from './statements.ts'

export interface CaseFile {
  readonly message: AcquirerMessage
  /** How often the acquirer was asked since the last change. */
  readonly attempts: number
  /** When it is asked next, in milliseconds since the epoch; null: not any more. */
  readonly nextAt: number | null
  /** What stands in the journal of the message and of its reversal, in order. */
  readonly history: readonly JournalEntry[]
  readonly sale: Sale | null
}

export interface FoundCases {
  readonly credential: Credential | null
  readonly files: readonly CaseFile[]
}

/** A place in the list of cases, which is ordered by when they were opened. */
export interface Cursor {
  readonly openedAt: number
  /** Our RRN. */
  readonly rrn: string
}

export interface CaseQuery {
  readonly state: 'open' | 'closed' | undefined
  readonly after: Cursor
  readonly limit: number
}

export function readCases(
  db: Db,
  credential: string,
  { state, after, limit }: CaseQuery,
): Promise<FoundCases> {
  const isClosed = state === 'closed' ? 'is not null' : 'is null'
  return read(
    db,
    credential,
    sql`case_opened_at is not null and (case_opened_at, rrn) > (${after.openedAt}, ${after.rrn})
      ${state === undefined ? sql`` : sql`and case_closed_at ${sql.raw(isClosed)}`}`,
    limit,
  )
}

/** `rrn`: our own, by which a case is known. */
export const readCase = (db: Db, credential: string, rrn: string): Promise<FoundCases> =>
  read(db, credential, sql`case_opened_at is not null and rrn = ${rrn}`, 1)

async function read(db: Db, credential: string, which: SQL, limit: number): Promise<FoundCases> {
  const [credentials, messages] = await db.batch([
    liveCredential(db, credential),
    db
      .select()
      .from(acquirerMessage)
      .where(sql`${which} and ${mayBeSeen(sql`acquirer_message.merchant_id`, credential)}`)
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
      history: [...bySeq.values()].sort((a, b) => a.seq - b.seq).map(openEntry),
      sale: of === undefined ? null : saleOf(of.sale),
    }
  })
  return { credential: credentials[0] ?? null, files }
}

const KEY = field('key')
const key = { key: sql<string>`${KEY}`.as('key') }

/** Of the message, and all whose keys begin with its own: what followed, and a terminal's reversal of it. */
const entriesOf = overItems((db, items) =>
  db
    .select({ ...key, journal: rowOf(journal, 'journal_row') })
    .from(items)
    .innerJoin(journal, sql`journal.message_key >= ${KEY} and journal.message_key < (${KEY}) || '}'`),
)

/** A reversal by another key: of the sale that a void is of, or by the JSON door. */
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
      sql`sale.id = coalesce((select sale_id from void where message_key = ${KEY}),
        (select id from sale where message_key = ${KEY}))`,
    ),
)
