/** @module Reads, in one D1 batch, everything that the decisions of a set may depend on. */

import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Situation } from '../domain/decision.ts'
import { outcomeKey } from '../domain/message-key.ts'
import type { JournalEntry, Merchant, Terminal } from '../domain/types.ts'
import type { Db } from './db.ts'
import { openEntry } from './journal.ts'
import {
  batchOf,
  field,
  forwardedFrom,
  merchantFrom,
  reversalFrom,
  rowOf,
  rowOrNull,
  saleStateOf,
  terminalOf,
} from './rows.ts'
import {
  apiKey,
  batch,
  hostMessage,
  journal,
  keySet,
  masterKey,
  merchant,
  reversal,
  sale,
  terminal,
  voidTable,
} from './schema.ts'
import { overItems } from './statements.ts'

/** What to load for one message; what is absent is not looked for. */
export interface LoadItem {
  readonly terminalId?: string
  readonly messageKey?: string
  /** The message that a reversal names. */
  readonly targetKey?: string
  readonly batchNumber?: string
  /** Which sale: the first of these that finds one. */
  readonly saleId?: string
  readonly saleKey?: string
  readonly saleOfVoidKey?: string
  readonly saleRrn?: string
  /** SHA-256 of a bearer key, hex. */
  readonly credential?: string
  /** Look for the entry with the key that this `Idempotency-Key` makes together with the credential's merchant. */
  readonly idempotencyKey?: string
  /** What that message asks; a void where it is not said. */
  readonly idempotencyKind?: 'void' | 'void_reversal'
  /** The void that a reversal names by the `Idempotency-Key` that it came with. */
  readonly targetIdempotencyKey?: string
  /** A merchant whose terminal may not be there yet. */
  readonly merchantId?: string
  /** Load the terminal's master key as well. */
  readonly masterKey?: boolean
}

/** The working keys of one sign-on as they lie in the database: wrapped. */
export interface WrappedKeySet {
  readonly version: number
  readonly layout: string
  readonly mak: string
  readonly tpk: string
  readonly tdk: string | null
  readonly createdAt: number
}

export interface Credential {
  readonly name: string
  /** Null: an administrator. */
  readonly merchantId: string | null
}

export interface Loaded extends Omit<Situation, 'terminal' | 'merchant'> {
  readonly terminal: Terminal | null
  readonly merchant: Merchant | null
  /** The set in use first, then the pending ones, newest first. */
  readonly keySets: readonly WrappedKeySet[]
  readonly masterKey: { readonly version: number; readonly wrapped: string } | null
  readonly credential: Credential | null
}

const index = { i: sql<number>`item.value ->> 'i'`.as('i') }
const role = { role: sql<Role>`item.value ->> 'role'`.as('role') }

/**
 * The sale that an item means: by id, by its message key, by the key of a void of it, or by RRN. Sales that are fed bring
 * RRNs of their own, so that the asker's own sale comes before another's of the same RRN.
 */
const MEANT_SALE = sql`coalesce(
  ${field('saleId')},
  (select id from sale where message_key = item.value ->> 'saleKey'),
  (select sale_id from void where message_key = item.value ->> 'saleOfVoidKey'),
  (select id from sale where rrn = item.value ->> 'saleRrn' order by
    terminal_id is item.value ->> 'terminalId' desc,
    merchant_id is (select merchant_id from api_key where hash = item.value ->> 'credential') desc,
    sold_at desc limit 1))`

/** A message key as given, or the one that an idempotency key makes (`apiMessageKey`) in its credential's scope. */
const MEANT_KEY = sql`coalesce(${field('key')}, 'api|' || coalesce(
  (select merchant_id from api_key where hash = item.value ->> 'credential'), 'admin')
  || '|' || (item.value ->> 'kind') || '|' || (item.value ->> 'idempotencyKey')) || coalesce(${field('suffix')}, '')`

const named = alias(batch, 'named')
const saleBatch = alias(batch, 'sale_batch')

const terminals = overItems((db, items) =>
  db
    .select({
      ...index,
      terminal: rowOf(terminal, 'terminal_row'),
      merchant: rowOf(merchant, 'merchant_row'),
      batch: rowOf(batch, 'batch_row'),
      named: rowOrNull(named, named.terminalId, 'named_row'),
      masterKey: rowOrNull(masterKey, masterKey.terminalId, 'master_key_row'),
      undecided: sql<number>`exists (select 1 from host_message where terminal_id = terminal.terminal_id
        and state in ('pending', 'undoing') and case_reason is null)`.as('undecided'),
    })
    .from(items)
    .innerJoin(
      terminal,
      sql`terminal.terminal_id = coalesce(${field('terminalId')},
        (select terminal_id from sale where id = ${MEANT_SALE}))`,
    )
    .innerJoin(merchant, sql`merchant.merchant_id = terminal.merchant_id`)
    .innerJoin(
      batch,
      sql`batch.terminal_id = terminal.terminal_id and batch.batch_number = terminal.batch_number`,
    )
    .leftJoin(
      named,
      sql`named.terminal_id = terminal.terminal_id and named.batch_number = ${field('batchNumber')}`,
    )
    .leftJoin(masterKey, sql`${field('masterKey')} = 1 and master_key.terminal_id = terminal.terminal_id`),
)

const keySets = overItems((db, items) =>
  db
    .select({ ...index, keySet: rowOf(keySet, 'key_set_row') })
    .from(items)
    .innerJoin(keySet, sql`key_set.terminal_id = ${field('terminalId')}`),
)

const entries = overItems((db, items) =>
  db
    .select({
      ...index,
      ...role,
      journal: rowOf(journal, 'journal_row'),
      forwarded: rowOrNull(hostMessage, hostMessage.messageKey, 'forwarded_row'),
    })
    .from(items)
    .innerJoin(journal, sql`journal.message_key = ${MEANT_KEY}`)
    .leftJoin(hostMessage, sql`host_message.message_key = journal.message_key`),
)

const merchants = overItems((db, items) =>
  db
    .select({ ...index, merchant: rowOf(merchant, 'merchant_row') })
    .from(items)
    .innerJoin(merchant, sql`merchant.merchant_id = ${field('merchantId')}`),
)

const reversals = overItems((db, items) =>
  db
    .select({ ...index, ...role, reversal: rowOf(reversal, 'reversal_row') })
    .from(items)
    .innerJoin(reversal, sql`reversal.target_key = ${MEANT_KEY}`),
)

const sales = overItems((db, items) =>
  db
    .select({
      ...index,
      sale: rowOf(sale, 'sale_row'),
      liveVoid: rowOrNull(voidTable, voidTable.id, 'void_row'),
      liveVoidForwarded:
        sql<number>`exists (select 1 from host_message where message_key = void.message_key)`.as(
          'void_forwarded',
        ),
      forwarded: rowOrNull(hostMessage, hostMessage.messageKey, 'forwarded_row'),
      reversal: rowOrNull(reversal, reversal.targetKey, 'reversal_row'),
      batch: rowOf(saleBatch, 'batch_row'),
    })
    .from(items)
    .innerJoin(sale, sql`sale.id = ${MEANT_SALE}`)
    .innerJoin(
      saleBatch,
      sql`sale_batch.terminal_id = sale.terminal_id and sale_batch.batch_number = sale.batch_number`,
    )
    .leftJoin(voidTable, sql`void.sale_id = sale.id and void.state not in ('declined', 'reversed')`)
    .leftJoin(hostMessage, sql`host_message.message_key = sale.message_key`)
    .leftJoin(reversal, sql`reversal.target_key = sale.message_key`),
)

const credentials = overItems((db, items) =>
  db
    .select({ ...index, apiKey: rowOf(apiKey, 'api_key_row') })
    .from(items)
    .innerJoin(apiKey, sql`api_key.hash = ${field('credential')} and api_key.revoked_at is null`),
)

type Role = 'message' | 'outcome' | 'target' | 'target_outcome'

/** One row per key that is looked for in the journal and among the reversals. */
const roles = (items: readonly LoadItem[]): object[] =>
  items.flatMap(({ credential, messageKey, targetKey, ...item }, i) => {
    const { idempotencyKey, idempotencyKind: kind = 'void', targetIdempotencyKey } = item
    const target = { credential, kind: 'void', idempotencyKey: targetIdempotencyKey }
    return [
      ...(messageKey === undefined ? [] : entryAndOutcome(i, 'message', { key: messageKey })),
      ...(idempotencyKey === undefined
        ? []
        : entryAndOutcome(i, 'message', { credential, kind, idempotencyKey })),
      ...(targetKey === undefined ? [] : entryAndOutcome(i, 'target', { key: targetKey })),
      ...(targetIdempotencyKey === undefined ? [] : entryAndOutcome(i, 'target', target)),
    ]
  })

/** A message's entry and, where it was forwarded to the host, its outcome. */
const entryAndOutcome = (i: number, role: 'message' | 'target', key: object): object[] => [
  { i, role, ...key },
  { i, role: role === 'message' ? 'outcome' : 'target_outcome', ...key, suffix: outcomeKey('') },
]

type Rows<S> = S extends { then: unknown } ? Awaited<S> : []

/** Sends the statements that are there in one batch; gives each its rows, none where it was not asked. */
async function askFor<T extends readonly (BatchItem<'sqlite'> | null)[]>(
  db: Db,
  statements: T,
): Promise<{ [K in keyof T]: Rows<NonNullable<T[K]>> }> {
  const asked = statements.filter((statement) => statement !== null)
  const found = await db.batch(asked as [BatchItem<'sqlite'>, ...BatchItem<'sqlite'>[]])
  let next = 0
  const all = statements.map((statement) => (statement === null ? [] : found[next++]))
  return all as { [K in keyof T]: Rows<NonNullable<T[K]>> }
}

/** Whether any of the items has one of these members: what no item wants is not asked. */
const wants = (items: readonly LoadItem[], ...names: (keyof LoadItem)[]): boolean =>
  items.some((item) => names.some((name) => item[name] !== undefined))

export async function load(db: Db, items: readonly LoadItem[]): Promise<Loaded[]> {
  const rows = items.map((item, i) => ({ ...item, i }))
  const keys = roles(items)
  const meansSale = wants(items, 'saleId', 'saleKey', 'saleOfVoidKey', 'saleRrn')
  const statements = [
    terminals(db, rows),
    wants(items, 'terminalId') ? keySets(db, rows) : null,
    keys.length > 0 ? entries(db, keys) : null,
    keys.length > 0 ? reversals(db, keys) : null,
    meansSale ? sales(db, rows) : null,
    wants(items, 'credential') ? credentials(db, rows) : null,
    wants(items, 'merchantId') ? merchants(db, rows) : null,
  ] as const
  const [inTerminals, inKeySets, inEntries, inReversals, inSales, inCredentials, inMerchants] = await askFor(
    db,
    statements,
  )
  return rows.map(({ i }) => {
    const mine = <T extends { i: number }>(found: readonly T[]): T[] => found.filter((row) => row.i === i)
    const place = mine(inTerminals)[0]
    const found = (role: Role) => mine(inEntries).find((row) => row.role === role)
    const entryOf = (role: Role) => entry(found(role)?.journal)
    const message = entryOf('message')
    const reversalOf = (role: Role) => mine(inReversals).find((row) => row.role === role)?.reversal
    return {
      terminal: place === undefined ? null : terminalOf(place),
      merchant: merchantFrom(place?.merchant ?? mine(inMerchants)[0]?.merchant),
      namedBatch: place?.named == null ? null : batchOf(place.named),
      masterKey: place?.masterKey ?? null,
      keySets: usable(
        mine(inKeySets).map((row) => row.keySet),
        place?.terminal.keyVersion ?? null,
      ),
      earlier: entryOf('outcome') ?? message,
      claim: message?.effects.claim === undefined ? null : message,
      forwarded: forwardedFrom(found('message')?.forwarded),
      target: entryOf('target_outcome') ?? entryOf('target'),
      targetForwarded: forwardedFrom(found('target')?.forwarded),
      undecided: place?.undecided === 1,
      reversal: reversalFrom(reversalOf('message')),
      targetReversal: reversalFrom(reversalOf('target')),
      original: saleStateOf(mine(inSales)[0]),
      credential: mine(inCredentials)[0]?.apiKey ?? null,
    }
  })
}

const entry = (row: typeof journal.$inferSelect | undefined): JournalEntry | null =>
  row === undefined ? null : openEntry(row)

/** A key set older than the one in use is dead, even where its row is still there. */
function usable(sets: readonly WrappedKeySet[], inUse: number | null): WrappedKeySet[] {
  const alive = sets.filter((set) => inUse === null || set.version >= inUse)
  return alive.sort(
    (a, b) => Number(b.version === inUse) - Number(a.version === inUse) || b.version - a.version,
  )
}
