/**
 * @module The tables. `journal` is the truth. Every table marked as a projection can be rebuilt from it.
 *
 * Money is in minor units, times are milliseconds since the epoch, hashes and fingerprints are lower-case hex. No table
 * has a column for a card number, a track, a PIN block or a clear key.
 *
 * A member `…Raw` is the stored form of the member before the suffix: bytes of its hex digits, or the number of its decimal digits.
 * Readers use the other member, a virtual column of the same value as text. An index is on the stored form.
 */

import { sql } from 'drizzle-orm'
import {
  blob,
  check,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import { CASE_REASONS } from '../domain/acquirer-move.ts'
import { ACQUIRER_STATUSES } from '../domain/acquirer-state.ts'
import { MAC_PROFILES } from '../domain/terminal-profile.ts'
import { digitsOf, digitsOrText, hexOf, partOf, saleFacts, settledNumbers, stateColumn } from './stored.ts'
import { formColumns, headColumns } from './terminal-columns.ts'

/** Projection: a terminal and the head of its journal. */
export const terminal = sqliteTable('terminal', {
  terminalId: text('terminal_id').primaryKey(),
  merchantId: text('merchant_id').notNull(),
  status: text('status', { enum: ['active', 'blocked', 'stolen', 'retired'] }).notNull(),
  macProfile: text('mac_profile', { enum: MAC_PROFILES }).notNull(),
  textEncoding: text('text_encoding', { enum: ['gbk', 'ascii'] }).notNull(),
  settlementMac: text('settlement_mac', { enum: ['optional', 'required'] }).notNull(),
  batchNumber: text('batch_number').notNull(),
  keyVersion: integer('key_version'),
  /** The version of its row in `master_key`. */
  tmkVersion: integer('tmk_version').notNull(),
  ...headColumns(),
  ...formColumns(),
})

/** Data keys, wrapped under the master key `masterId` (crypto/data-keys.ts). Not a projection. */
export const dataKey = sqliteTable(
  'data_key',
  {
    purpose: text('purpose').notNull(),
    id: integer('id').notNull(),
    masterId: text('master_id').notNull(),
    wrapped: text('wrapped').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.purpose, t.id] })],
)

/** Master keys of terminals, wrapped (crypto/keyring.ts). Written beside the journal, in the batch of their `provision` entry. */
export const masterKey = sqliteTable('master_key', {
  terminalId: text('terminal_id').primaryKey(),
  version: integer('version').notNull(),
  wrapped: text('wrapped').notNull(),
})

/** Working keys of one sign-on, wrapped. Pending until the first right MAC under `mak`. Not a projection. */
export const keySet = sqliteTable(
  'key_set',
  {
    terminalId: text('terminal_id').notNull(),
    version: integer('version').notNull(),
    /** Version of the terminal master key of the sign-on. */
    tmkVersion: integer('tmk_version').notNull(),
    /** Field 60.3 of the sign-on. */
    layout: text('layout').notNull(),
    mak: text('mak').notNull(),
    tpk: text('tpk').notNull(),
    tdk: text('tdk'),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.terminalId, t.version] })],
)

/**
 * Append-only, one stream for each terminal, for each merchant (`merchantStream`) and for the region. `body` is the canonical
 * encoding. `hash` covers the hash before it, the stream, the number, the key, the RRN and `body`.
 */
export const journal = sqliteTable(
  'journal',
  {
    terminalId: text('terminal_id').notNull(),
    seq: integer('seq').notNull(),
    hashRaw: blob('hash_raw').notNull(),
    hash: hexOf('hash').notNull(),
    messageKey: text('message_key').notNull(),
    /** The new RRN of this entry; null when the entry has none or repeats one. */
    rrnRaw: integer('rrn_raw'),
    rrn: digitsOf('rrn', 12),
    body: text('body').notNull(),
    /** Number of the voided sale's entry in this stream; negative in an entry that ends a void (domain/void-count.ts). */
    voidOf: integer('void_of'),
  },
  (t) => [
    primaryKey({ columns: [t.terminalId, t.seq] }),
    index('journal_void_of').on(t.terminalId, t.voidOf).where(sql`void_of is not null`),
    uniqueIndex('journal_message_key').on(t.messageKey),
    uniqueIndex('journal_rrn').on(t.rrnRaw),
    check('journal_seq', sql`${t.seq} > 0`),
  ],
)

/** Projection. Only the acquirer's numbers come later: `void` and `reversal` have the later events. */
export const sale = sqliteTable(
  'sale',
  {
    idRaw: blob('id_raw').notNull(),
    id: hexOf('id').notNull(),
    messageKey: text('message_key').notNull(),
    merchantId: text('merchant_id').notNull(),
    terminalId: partOf('terminal_id', 1, 8).notNull(),
    batchNumber: partOf('batch_number', 9, 6).notNull(),
    stan: partOf('stan', 15, 6).notNull(),
    amount: integer('amount').notNull(),
    currencyCode: text('currency_code').notNull(),
    fee: integer('fee'),
    cardFirst6Raw: digitsOrText(6)('card_first6_raw'),
    cardFirst6: digitsOf('card_first6', 6),
    cardLast4Raw: digitsOrText(4)('card_last4_raw'),
    cardLast4: digitsOf('card_last4', 4),
    cardFingerprintRaw: blob('card_fingerprint_raw'),
    cardFingerprint: hexOf('card_fingerprint'),
    rrnRaw: digitsOrText(12)('rrn_raw').notNull(),
    rrn: digitsOf('rrn', 12).notNull(),
    authorizationCodeRaw: digitsOrText(6)('authorization_code_raw'),
    authorizationCode: digitsOf('authorization_code', 6),
    /** 0 or 1. They take no byte. */
    isDeclined: integer('is_declined').notNull(),
    status: text('status', { enum: ['approved', 'declined'] })
      .generatedAlwaysAs(sql`iif(is_declined, 'declined', 'approved')`, { mode: 'virtual' })
      .notNull(),
    soldAt: integer('sold_at').notNull(),
    ...saleFacts(),
  },
  (t) => [
    index('sale_acquirer_stan').on(t.acquirerStanRaw).where(sql`acquirer_stan_raw is not null`),
    index('sale_settled').on(t.soldAt).where(sql`acquirer_stan_raw is not null`),
    uniqueIndex('sale_id').on(t.idRaw),
    uniqueIndex('sale_message_key').on(t.messageKey),
    index('sale_rrn').on(t.rrnRaw),
    check('sale_amount', sql`${t.amount} > 0 and ${t.amount} <= 999999999999`),
    check('sale_fee', sql`${t.fee} is null or ${t.fee} between 0 and ${t.amount}`),
  ],
)

/** Projection. A sale has at most one live void. Live is every state except declined and reversed. */
export const voidTable = sqliteTable(
  'void',
  {
    idRaw: blob('id_raw').notNull(),
    id: hexOf('id').notNull(),
    messageKey: text('message_key').notNull(),
    saleIdRaw: blob('sale_id_raw').notNull(),
    saleId: hexOf('sale_id').notNull(),
    amount: integer('amount').notNull(),
    rrnRaw: integer('rrn_raw').notNull(),
    rrn: digitsOf('rrn', 12).notNull(),
    authorizationCodeRaw: digitsOrText(6)('authorization_code_raw'),
    authorizationCode: digitsOf('authorization_code', 6),
    reason: text('reason'),
    voidedAt: integer('voided_at').notNull(),
    stateRaw: text('state_raw'),
    state: stateColumn(),
    reversedAt: integer('reversed_at'),
    ...settledNumbers(),
    /** 1: a terminal reversed it long after its answer. Otherwise null. */
    reversedLate: integer('reversed_late'),
  },
  (t) => [
    index('void_acquirer_stan').on(t.acquirerStanRaw).where(sql`acquirer_stan_raw is not null`),
    index('void_settled').on(t.voidedAt).where(sql`acquirer_stan_raw is not null`),
    uniqueIndex('void_id').on(t.idRaw),
    uniqueIndex('void_message_key').on(t.messageKey),
    uniqueIndex('void_live').on(t.saleIdRaw).where(sql`state not in ('declined', 'reversed')`),
    index('void_reversed_late').on(t.reversedAt).where(sql`reversed_late is not null`),
    check('void_amount', sql`${t.amount} > 0 and ${t.amount} <= 999999999999`),
  ],
)

/**
 * Forwarded sales and voids, and the outbox: `next_at` is the time of the next try. All columns except `attempts` and
 * `next_at` are a projection. A message on which both sides agree has no row (acquirer-record.ts).
 */
export const acquirerMessage = sqliteTable(
  'acquirer_message',
  {
    messageKey: text('message_key').primaryKey(),
    kind: text('kind', { enum: ['sale', 'void'] }).notNull(),
    merchantId: text('merchant_id').notNull(),
    terminalId: text('terminal_id').notNull(),
    batchNumber: text('batch_number').notNull(),
    acquirerStan: text('acquirer_stan').notNull(),
    amount: integer('amount').notNull(),
    currencyCode: text('currency_code').notNull(),
    originalBatchNumber: text('original_batch_number'),
    originalStan: text('original_stan'),
    originalRrn: text('original_rrn'),
    originalAuthorizationCode: text('original_authorization_code'),
    rrn: text('rrn').notNull(),
    acquirerRrn: text('acquirer_rrn'),
    stateRaw: text('state_raw'),
    state: stateColumn(),
    claimedAt: integer('claimed_at').notNull(),
    decideBy: integer('decide_by').notNull(),
    movedAt: integer('moved_at').notNull(),
    caseReason: text('case_reason', {
      enum: CASE_REASONS,
    }),
    caseOpenedAt: integer('case_opened_at'),
    caseClosedAt: integer('case_closed_at'),
    acquirerStatus: text('acquirer_status', { enum: ACQUIRER_STATUSES }),
    acquirerAmount: integer('acquirer_amount'),
    attempts: integer('attempts').notNull(),
    nextAt: integer('next_at'),
  },
  (t) => [
    uniqueIndex('acquirer_message_stan')
      .on(t.terminalId, t.batchNumber, t.acquirerStan, t.kind)
      .where(sql`acquirer_stan <> '000000'`),
    index('acquirer_message_claimed').on(t.claimedAt),
    index('acquirer_message_late')
      .on(t.decideBy, t.messageKey)
      .where(sql`next_at is not null and case_reason is null`),
    index('acquirer_message_due').on(t.nextAt).where(sql`next_at is not null`),
    index('acquirer_message_undecided').on(t.terminalId).where(sql`state in ('pending', 'undoing')`),
    index('acquirer_message_case').on(t.caseOpenedAt).where(sql`case_opened_at is not null`),
    index('acquirer_message_open_case')
      .on(t.nextAt)
      .where(sql`case_opened_at is not null and case_closed_at is null and next_at is not null`),
  ],
)

/** Projection: messages that can have no effect any more. */
export const reversal = sqliteTable(
  'reversal',
  {
    targetKey: text('target_key').primaryKey(),
    terminalId: text('terminal_id').notNull(),
    seq: integer('seq').notNull(),
    kind: text('kind', { enum: ['reversed', 'tombstone'] }).notNull(),
    /** 1: the terminal's own totals still have the message. */
    stillCounted: integer('still_counted').notNull(),
  },
  // The archiver finds the reversals of a segment by it.
  (table) => [index('reversal_entry').on(table.terminalId, table.seq)],
)

/** Guards (domain/guard.ts). Without a row the version is 0. */
export const guard = sqliteTable('guard', {
  key: text('key').primaryKey(),
  version: integer('version').notNull(),
})

/** Refusals of a sender in a UTC day: entries, and refusals beyond the quota (domain/refusal-quota.ts). */
export const refusalCount = sqliteTable(
  'refusal_count',
  {
    key: text('key').notNull(),
    /** Days since the epoch. */
    day: integer('day').notNull(),
    written: integer('written').notNull(),
    refused: integer('refused').notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.day] }), index('refusal_count_day').on(t.day)],
)
