/** @module The queries of a load, one statement for each kind of row (load.ts). */

import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { ACQUIRER_KEY, outcomeKey } from '../domain/message-key.ts'
import { KEYS_SENDER, TERMINAL_SENDER } from '../domain/refusal-quota.ts'
import { hasNumbers, ofRecord, recordWithKey } from './acquirer-record.ts'
import { archivedName, archivedSaleTerminal } from './archive/queries.ts'
import { batch } from './batch-schema.ts'
import { isLive } from './caller.ts'
import { isOwnMessage } from './entry/own-message.ts'
import { apiKey } from './key-schema.ts'
import { merchant } from './merchant-schema.ts'
import { rowOf, rowOrNull } from './rows.ts'
import { acquirerMessage, journal, keySet, masterKey, reversal, sale, terminal, voidTable } from './schema.ts'
import { field, overItems } from './statements.ts'
import { stored } from './stored.ts'

/** The role of an entry: the message itself, its target, or the outcome of either. */
export type Role = 'message' | 'outcome' | 'target' | 'target_outcome'

const index = { i: sql<number>`item.value ->> 'i'`.as('i') }
const role = { role: sql<Role>`item.value ->> 'role'`.as('role') }

/**
 * The sale of an item: by id, by its message key, by the key of a void of it, or by RRN. Captured sales bring RRNs of
 * their own, so the caller's own sale comes first.
 */
const SALE_ID = sql`coalesce(
  ${stored('saleId', 'blob')},
  (select id_raw from sale where message_key = item.value ->> 'saleKey'),
  (select sale_id_raw from void where message_key = item.value ->> 'saleOfVoidKey'),
  (select id_raw from sale where rrn_raw = ${stored('saleRrn', 'digits 12')} order by
    terminal_id is item.value ->> 'terminalId' desc,
    merchant_id is coalesce(item.value ->> 'merchantId',
      (select merchant_id from api_key where hash = item.value ->> 'credential')) desc,
    sold_at desc limit 1))`

/** SQL: the journal has the message with the `Idempotency-Key` of an item in this scope. */
const isKnownIn = (scope: SQL): SQL =>
  sql`exists (select 1 from journal where message_key = 'api|' || ${scope} || '|' || (${field('kind')}) || '|'
    || (${field('idempotencyKey')}))`

/** The merchant of the sale of an item, if the message of the item is the merchant's own and no administrator's. */
const OWNER = sql`(select merchant_id from sale where id_raw = unhex(${field('ofSale')})
  and ${isKnownIn(sql`sale.merchant_id`)} and not ${isKnownIn(sql`'admin'`)})`

/**
 * A given message key, or the key that an `Idempotency-Key` makes (`apiMessageKey`) in the scope of its credential. An administrator
 * names the void of a merchant by the merchant's key.
 */
const MESSAGE_KEY = sql`coalesce(${field('key')}, 'api|' || coalesce(
  (select merchant_id from api_key where hash = item.value ->> 'credential'), ${OWNER}, 'admin')
  || '|' || (item.value ->> 'kind') || '|' || (item.value ->> 'idempotencyKey')) || coalesce(${field('suffix')}, '')`

/** The terminal of the sale of an item, when the sale is in the archive. */
const ARCHIVED_SALE = archivedSaleTerminal(
  stored('saleId', 'blob'),
  field('saleKey'),
  stored('saleRrn', 'digits 12'),
)

const named = alias(batch, 'named')
const saleBatch = alias(batch, 'sale_batch')
const voidMessage = alias(acquirerMessage, 'void_message')

/** The version of a guard. Without a row it is 0. */
const versionOf = (key: SQL) =>
  sql<number>`coalesce((select version from guard where guard.key = ${key}), 0)`.as('guard_version')

/** The conditions of a sale that has the STAN of a captured sale at the acquirer. */
const hasCapturedNumbers = hasNumbers({
  terminalId: sql`terminal.terminal_id`,
  batchNumber: field('batchNumber'),
  acquirerStan: field('capturedStan'),
  kind: sql`'sale'`,
})

/** The refusals of a sender that are in the journal, of the day of the load. */
const refusalsOf = (sender: string, name: SQL) =>
  sql<number | null>`(select written from refusal_count where key = ${sql.raw(`'${sender}'`)} || ${name}
    and day = ${field('day')})`.as('refusals')

/**
 * The terminal with its merchant, open batch, named batch and master key. A master key that the journal does not name is not
 * found.
 */
export const terminals = overItems((db, items) =>
  db
    .select({
      ...index,
      terminal: rowOf(terminal, 'terminal_row'),
      merchant: rowOf(merchant, 'merchant_row'),
      batch: rowOf(batch, 'batch_row'),
      named: rowOrNull(named, named.terminalId, 'named_row'),
      masterKey: rowOrNull(masterKey, masterKey.terminalId, 'master_key_row'),
      undecided: sql<number>`exists (select 1 from acquirer_message where terminal_id = terminal.terminal_id
        and state in ('pending', 'undoing') and case_reason is null)`.as('undecided'),
      isBatchUsed: sql<number>`iif(${field('usedBatch')} is null, 0, exists (select 1 from journal
        where message_key > terminal.terminal_id || (${field('usedBatch')})
          and message_key < terminal.terminal_id || (${field('usedBatch')}) || '~'))`.as('is_batch_used'),
      takenBy: sql<string | null>`${ofRecord(
        sql`message_key`,
        (part) => sql`${hasCapturedNumbers(part)} and message_key <> ${field('messageKey')}
        and substr(message_key, 1, ${sql.raw(String(ACQUIRER_KEY.length))}) <> ${sql.raw(`'${ACQUIRER_KEY}'`)}`,
      )}`.as('taken_by'),
      archivedSale: sql<string | null>`${ARCHIVED_SALE}`.as('archived_sale'),
      pendingSale: sql<number>`exists (select 1 from acquirer_message as waiting
        where waiting.message_key in (${field('saleKey')},
          (select message_key from journal where rrn_raw = ${stored('saleRrn', 'digits 12')}))
        and waiting.terminal_id = terminal.terminal_id and waiting.kind = 'sale' and waiting.state in ('pending', 'undoing'))`.as(
        'pending_sale',
      ),
      guardVersion: versionOf(sql`'merchant:' || merchant.merchant_id`),
      refusals: refusalsOf(TERMINAL_SENDER, sql`terminal.terminal_id`),
    })
    .from(items)
    .innerJoin(
      terminal,
      sql`terminal.terminal_id = coalesce(${field('terminalId')},
        (select terminal_id from sale where id_raw = ${SALE_ID}), ${ARCHIVED_SALE})`,
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
    .leftJoin(
      masterKey,
      sql`${field('masterKey')} = 1 and master_key.terminal_id = terminal.terminal_id
        and master_key.version = terminal.tmk_version`,
    ),
)

/** All key sets of the terminal, dead ones too. */
export const keySets = overItems((db, items) =>
  db
    .select({ ...index, keySet: rowOf(keySet, 'key_set_row') })
    .from(items)
    .innerJoin(keySet, sql`key_set.terminal_id = ${field('terminalId')}`),
)

/** The merchant of the terminal of an entry. Bodies leave it out. */
export const merchantOfEntry = sql<
  string | null
>`(select merchant_id from terminal where terminal_id = journal.terminal_id)`.as('entry_merchant')

/** SQL: the terminal sent a sale or void after the entry. */
const IS_FOLLOWED = sql`exists (select 1 from journal as later where later.terminal_id = journal.terminal_id
  and later.seq > journal.seq and ${sql.raw(isOwnMessage('later'))})`

/** The journal entries of the keys, each with its forwarded message. */
export const entries = overItems((db, items) =>
  db
    .select({
      ...index,
      ...role,
      journal: rowOf(journal, 'journal_row'),
      merchantId: merchantOfEntry,
      forwarded: recordWithKey(sql`journal.message_key`, 'forwarded_row'),
      // Only for a terminal's void: nothing else can be reversed late by a terminal.
      followed: sql<number>`${field('role')} = 'target' and substr(journal.message_key, 21) = 'v'
        and ${IS_FOLLOWED}`.as('followed'),
    })
    .from(items)
    .innerJoin(journal, sql`journal.message_key = ${MESSAGE_KEY}`),
)

/** The merchant by its id. */
export const merchants = overItems((db, items) =>
  db
    .select({
      ...index,
      merchant: rowOf(merchant, 'merchant_row'),
      guardVersion: versionOf(sql`'merchant:' || merchant.merchant_id`),
    })
    .from(items)
    .innerJoin(merchant, sql`merchant.merchant_id = ${field('merchantId')}`),
)

/** The reversals that name the keys, and the keys that are in the archive. */
export const reversals = overItems((db, items) =>
  db
    .select({
      ...index,
      ...role,
      reversal: rowOrNull(reversal, reversal.targetKey, 'reversal_row'),
      archivedKey: sql<string | null>`${archivedName(MESSAGE_KEY)}`.as('archived_key'),
    })
    .from(items)
    .leftJoin(reversal, sql`reversal.target_key = ${MESSAGE_KEY}`)
    .where(sql`reversal.target_key is not null or ${archivedName(MESSAGE_KEY)} is not null`),
)

/** SQL: the acquirer has the live void, by the rows. */
const IS_VOID_FORWARDED = sql`(void.acquirer_stan_raw is not null
  or exists (select 1 from acquirer_message where message_key = void.message_key))`

/** SQL: the acquirer has the live void, by the entries. A void without the acquirer is approved at once, and has no outcome. */
const IS_VOID_CLAIMED = sql`(void.state <> 'approved' or void.message_key like ${sql.raw(`'${ACQUIRER_KEY}%'`)}
  or exists (select 1 from journal where message_key = void.message_key || ${sql.raw(`'${outcomeKey('')}'`)}))`

/**
 * SQL: the keys of the voids of the sale that are in the terminal's own totals, a JSON list. A terminal's key has no `|`. The end
 * of an approved void leaves a reversal, which says whether the terminal's totals still have it.
 */
const OWN_VOIDS = sql`(select json_group_array(own.message_key) from journal as made
    join journal as of_sale on of_sale.terminal_id = made.terminal_id and of_sale.void_of = made.seq
    join void as own on own.message_key = of_sale.message_key
    left join reversal as ended on ended.target_key = own.message_key
    where made.message_key = sale.message_key and instr(own.message_key, '|') = 0
      and iif(ended.target_key is null, own.state = 'approved', ended.still_counted = 1))`
  .mapWith((text: string): string[] => JSON.parse(text))
  .as('own_voids')

/** The sale with its live void, reversal, batch and forwarded message. */
export const sales = overItems((db, items) =>
  db
    .select({
      ...index,
      sale: rowOf(sale, 'sale_row'),
      liveVoid: rowOrNull(voidTable, voidTable.idRaw, 'void_row'),
      liveVoidForwarded: sql<number>`${IS_VOID_FORWARDED}`.as('void_forwarded'),
      liveVoidMessage: rowOrNull(voidMessage, voidMessage.messageKey, 'void_message_row'),
      liveVoidLost: sql<number>`(not ${IS_VOID_FORWARDED}) and ${IS_VOID_CLAIMED}`.as('void_lost'),
      forwarded: recordWithKey(sql`sale.message_key`, 'forwarded_row'),
      reversal: rowOrNull(reversal, reversal.targetKey, 'reversal_row'),
      entryVoids: sql<number>`coalesce((select sum(sign(of_sale.void_of)) from journal as made
        join journal as of_sale on of_sale.terminal_id = made.terminal_id and of_sale.void_of in (made.seq, -made.seq)
        where made.message_key = sale.message_key), 0)`.as('entry_voids'),
      givenRrns: sql<number>`(select count(*) from journal where message_key = sale.message_key
        and rrn_raw is null)`.as('given_rrns'),
      ownVoids: OWN_VOIDS,
      batch: rowOf(saleBatch, 'batch_row'),
    })
    .from(items)
    .innerJoin(sale, sql`sale.id_raw = ${SALE_ID}`)
    .innerJoin(
      saleBatch,
      sql`sale_batch.terminal_id = sale.terminal_id and sale_batch.batch_number = sale.batch_number`,
    )
    .leftJoin(voidTable, sql`void.sale_id_raw = sale.id_raw and void.state not in ('declined', 'reversed')`)
    .leftJoin(voidMessage, sql`void_message.message_key = void.message_key`)
    .leftJoin(reversal, sql`reversal.target_key = sale.message_key`),
)

/** The bearer key, unless it is revoked or expired at `now`. */
export const credentials = overItems((db, items) =>
  db
    .select({
      ...index,
      apiKey: rowOf(apiKey, 'api_key_row'),
      guardVersion: versionOf(sql`coalesce('merchant:' || api_key.merchant_id, 'region')`),
      refusals: refusalsOf(KEYS_SENDER, sql`coalesce(api_key.merchant_id, 'admin')`),
    })
    .from(items)
    .innerJoin(apiKey, isLive(field('credential'), field('now'))),
)
