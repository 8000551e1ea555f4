/**
 * @module The owners of the rows of each table. Rows of a bucket move with it, and other rows never move. A test compares these
 * lists with the migrations.
 */

import { REGION_STREAM } from '../domain/decide-api-key.ts'
import { KEYS_SENDER, TERMINAL_SENDER } from '../domain/refusal-quota.ts'

/** SQL: the values of the first column of an index, each once. It reads one row for each value, not the whole table. */
const each = (table: string, column: string): string =>
  `with recursive found (owner) as (select min(${column}) from ${table} union all
  select (select min(${column}) from ${table} where ${column} > owner) from found where owner is not null)
  select owner from found where owner is not null`

/** SQL: the merchants of a table. */
const merchants = (table: string): string =>
  `select distinct 'merchant:' || merchant_id as owner from ${table} where merchant_id is not null`

/** SQL: the buckets of the ids of a table. It reads one row for each bucket. */
const buckets = (table: string): string =>
  `with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < 1023)
  select 'bucket:' || n as owner from numbers where exists (select 1 from ${table}
  where id_raw >= unhex(printf('%03x0', n)) and id_raw < unhex(printf('%03x0', n + 1)))`

/**
 * The tables whose rows move with their bucket, with SQL that lists their owners once each: a terminal, `merchant:M`, or
 * `bucket:B`. The copy of the stream of the region has no owner.
 */
export const BUCKET_OWNERS: Readonly<Record<string, string>> = {
  journal: `${each('journal', 'terminal_id')} and owner <> '${REGION_STREAM}'`,
  merchant: merchants('merchant'),
  terminal: merchants('terminal'),
  sale: buckets('sale'),
  void: buckets('void'),
  batch: each('batch', 'terminal_id'),
  batch_difference: merchants('batch_difference'),
  reversal: each('reversal', 'terminal_id'),
  acquirer_message: merchants('acquirer_message'),
  acquirer_date: 'select distinct terminal_id as owner from acquirer_date',
  archive_segment: each('archive_segment', 'terminal_id'),
  master_key: 'select terminal_id as owner from master_key',
  key_set: each('key_set', 'terminal_id'),
  api_key: merchants('api_key'),
  guard: `select key as owner from guard where key >= 'merchant:' and key < 'merchant;'`,
  refusal_count: `select distinct iif(key like '${TERMINAL_SENDER}%', substr(key, ${TERMINAL_SENDER.length + 1}),
  'merchant:' || substr(key, ${KEYS_SENDER.length + 1})) as owner from refusal_count where key <> '${KEYS_SENDER}admin'`,
}

/** The tables without an owner of their own: each row moves with the row that it names. */
export const WITH_ANOTHER: Readonly<Record<string, string>> = {
  archived: 'archive_segment',
}

/** The tables whose rows never move, with the reason. */
export const NEVER_MOVED: Readonly<Record<string, string>> = {
  acquirer_key: 'the line to the acquirer belongs to the region, and database 0 has its keys',
  acquirer_line: 'the line to the acquirer belongs to the region, and database 0 has its state',
  acquirer_settlement: 'the days of the acquirer belong to the region, and database 0 has them',
  acquirer_sign_on: 'the line to the acquirer belongs to the region, and database 0 has its sign-on',
  bucket: 'it is the table that a move changes, and database 0 has it',
  data_key: 'the data keys of database 0 open what every database has',
  region: 'each database has its own copy of the stream of the administrators’ keys',
}
