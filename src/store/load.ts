/** @module Loads all state that the decisions of a set may depend on, in one D1 batch. */

import type { BatchItem } from 'drizzle-orm/batch'
import type { ArchivedMessage } from '../domain/archived-message.ts'
import type { LoadedState, SenderRefusals } from '../domain/decision.ts'
import { keyGuard, merchantGuard, type Need } from '../domain/guard.ts'
import { outcomeKey } from '../domain/message-key.ts'
import { KEYS_SENDER, TERMINAL_SENDER } from '../domain/refusal-quota.ts'
import type { Reversal } from '../domain/reversal.ts'
import type { JournalEntry, Merchant, Terminal } from '../domain/types.ts'
import type { Db } from './db.ts'
import { NEW_STREAM, type SignedHead } from './head-mac.ts'
import { type JournalRow, openEntry } from './journal.ts'
import {
  credentials,
  entries,
  keySets,
  merchants,
  type Role,
  reversals,
  sales,
  terminals,
} from './queries.ts'
import {
  batchOf,
  declaredOf,
  forwardedFrom,
  merchantFrom,
  type RowOf,
  reversalFrom,
  saleStateOf,
  signedHeadOf,
  terminalOf,
} from './rows.ts'
import type { reversal } from './schema.ts'

/** The state to load for one message. Absent members load nothing. */
export interface LoadItem {
  readonly terminalId?: string
  readonly messageKey?: string
  /** The message that a reversal names. */
  readonly targetKey?: string
  readonly batchNumber?: string
  /** The same batch, to load whether the journal has a message of it. */
  readonly usedBatch?: string
  /** The sale: the first of these members that finds one. */
  readonly saleId?: string
  readonly saleKey?: string
  readonly saleOfVoidKey?: string
  readonly saleRrn?: string
  /** SHA-256 of a bearer key, lower-case hex. */
  readonly credential?: string
  /** Loads the entry of this `Idempotency-Key` (as a fingerprint) in the scope of the credential's merchant. */
  readonly idempotencyKey?: string
  /** The kind of that message; a void by default. */
  readonly idempotencyKind?: 'void' | 'void_reversal' | 'sale_reversal'
  /** The void that a reversal names by its `Idempotency-Key` (as a fingerprint). */
  readonly targetIdempotencyKey?: string
  /** Whether that key may also be one of the sale's merchant, when the caller is an administrator. */
  readonly isTargetOfMerchant?: boolean
  /** The STAN of a captured sale, in the batch `batchNumber`. Loads the sale that has it at the acquirer. */
  readonly capturedStan?: string
  /** A merchant, also when its terminal does not exist yet. */
  readonly merchantId?: string
  /** Loads the terminal's master key too. */
  readonly masterKey?: boolean
  /** A UTC day, in days since the epoch. Loads the refusals of the sender in that day. */
  readonly day?: number
}

/** The wrapped working keys of one sign-on (crypto/keyring.ts). */
export interface WrappedKeySet {
  readonly version: number
  readonly tmkVersion: number
  readonly layout: string
  readonly mak: string
  readonly tpk: string
  readonly tdk: string | null
  readonly createdAt: number
}

export interface Credential {
  /** Id of the key, 32 hex digits. */
  readonly id: string
  readonly name: string
  /** Null: an administrator. */
  readonly merchantId: string | null
  /** With blanks between them (`scopeText`). */
  readonly scopes: string
  readonly expiresAt: number | null
}

export interface Loaded extends Omit<LoadedState, 'terminal' | 'merchant'> {
  /** From the memory of the isolate (pipeline/warm.ts). It may be stale, so only an entry is decided on it. */
  readonly isWarm?: true
  readonly terminal: Terminal | null
  /** The head of the terminal's journal, with its MAC. */
  readonly head: SignedHead
  readonly merchant: Merchant | null
  /** The set in use first, then the pending sets, newest first. */
  readonly keySets: readonly WrappedKeySet[]
  readonly masterKey: { readonly version: number; readonly wrapped: string } | null
  readonly credential: Credential | null
}

/** One row for each key to find in the journal and among the reversals. */
const roles = (items: readonly LoadItem[]): object[] =>
  items.flatMap(({ credential, messageKey, targetKey, ...item }, i) => {
    const { idempotencyKey, idempotencyKind: kind = 'void', targetIdempotencyKey } = item
    const target = {
      credential,
      kind: 'void',
      idempotencyKey: targetIdempotencyKey,
      ...(item.isTargetOfMerchant === true ? { ofSale: item.saleId } : {}),
    }
    return [
      ...(messageKey === undefined ? [] : entryAndOutcome(i, 'message', { key: messageKey })),
      ...(idempotencyKey === undefined
        ? []
        : entryAndOutcome(i, 'message', { credential, kind, idempotencyKey })),
      ...(targetKey === undefined ? [] : entryAndOutcome(i, 'target', { key: targetKey })),
      ...(targetIdempotencyKey === undefined ? [] : entryAndOutcome(i, 'target', target)),
    ]
  })

/** The entry of a message and, when it was forwarded, its outcome. */
const entryAndOutcome = (i: number, role: 'message' | 'target', key: object): object[] => [
  { i, role, ...key },
  { i, role: role === 'message' ? 'outcome' : 'target_outcome', ...key, suffix: outcomeKey('') },
]

type Rows<S> = S extends { then: unknown } ? Awaited<S> : []

/** The rows of each statement, out of those that were sent. A null statement has none. */
function rowsOf<T extends readonly (BatchItem<'sqlite'> | null)[]>(
  statements: T,
  found: readonly unknown[],
): { [K in keyof T]: Rows<NonNullable<T[K]>> } {
  let next = 0
  const all = statements.map((statement) => (statement === null ? [] : found[next++]))
  return all as { [K in keyof T]: Rows<NonNullable<T[K]>> }
}

/** Whether an item has one of these members. A statement that no item needs is not sent. */
const needs = (items: readonly LoadItem[], ...names: (keyof LoadItem)[]): boolean =>
  items.some((item) => names.some((name) => item[name] !== undefined))

/** A load as a part of a batch. */
export interface PreparedLoad {
  readonly statements: readonly [BatchItem<'sqlite'>, ...BatchItem<'sqlite'>[]]
  /** Reads the results of the statements, in their order. Throws SyntaxError for a row that does not parse. */
  read(found: readonly unknown[]): Loaded[]
}

/**
 * Loads the state of each item, in order. A credential that expires at `now`, in milliseconds since the epoch, is not found.
 * Throws the errors of D1.
 */
export async function load(db: Db, items: readonly LoadItem[], now: number): Promise<Loaded[]> {
  const { statements, read } = prepareLoad(db, items, now)
  return read(await db.batch(statements))
}

/** The statements of `load`, for a batch with others. */
export function prepareLoad(db: Db, items: readonly LoadItem[], now: number): PreparedLoad {
  const rows = items.map((item, i) => ({ ...item, i, now }))
  const keys = roles(items)
  const needsSale = needs(items, 'saleId', 'saleKey', 'saleOfVoidKey', 'saleRrn')
  const all = [
    terminals(db, rows),
    needs(items, 'terminalId') ? keySets(db, rows) : null,
    keys.length > 0 ? entries(db, keys) : null,
    keys.length > 0 ? reversals(db, keys) : null,
    needsSale ? sales(db, rows) : null,
    needs(items, 'credential') ? credentials(db, rows) : null,
    needs(items, 'merchantId') ? merchants(db, rows) : null,
  ] as const
  const read = (results: readonly unknown[]): Loaded[] => {
    const [inTerminals, inKeySets, inEntries, inReversals, inSales, inCredentials, inMerchants] = rowsOf(
      all,
      results,
    )
    return rows.map(({ i, day }) => {
      const mine = <T extends { i: number }>(found: readonly T[]): T[] => found.filter((row) => row.i === i)
      const row = mine(inTerminals)[0]
      const found = (role: Role) => mine(inEntries).find((row) => row.role === role)
      /** An outcome is read with the entry that it follows. */
      const entryOf = (role: Role, base: JournalEntry | null = null) => entryFrom(found(role), base)
      const message = entryOf('message')
      // A note follows the message itself.
      const target = entryOf('target', message)
      const reversalOf = (role: Role) => endOf(mine(inReversals).find((one) => one.role === role))
      const original = saleStateOf(mine(inSales)[0])
      return {
        terminal: row === undefined ? null : terminalOf(row),
        head: row === undefined ? NEW_STREAM : signedHeadOf(row.terminal),
        merchant: merchantFrom(row?.merchant ?? mine(inMerchants)[0]?.merchant),
        namedBatch: row?.named == null ? null : batchOf(row.named),
        isBatchUsed: row?.isBatchUsed === 1,
        declared: row?.named == null ? null : declaredOf(row.named),
        masterKey: row?.masterKey ?? null,
        keySets: usableKeySets(
          mine(inKeySets).map((row) => row.keySet),
          row?.terminal,
        ),
        earlier: entryOf('outcome', message) ?? message,
        claim: found('message')?.forwarded == null ? null : message,
        forwarded: forwardedFrom(found('message')?.forwarded),
        target: entryOf('target_outcome', target) ?? target,
        targetForwarded: forwardedFrom(found('target')?.forwarded),
        isTargetClaimed: target !== null && target.effects.claim?.messageKey === target.messageKey,
        isTargetFollowed: found('target')?.followed === 1,
        undecided: row?.undecided === 1,
        takenBy: row?.takenBy ?? null,
        needs: needsOf(row ?? mine(inMerchants)[0], mine(inCredentials)[0]),
        refusals: day === undefined ? null : refusalsOf(day, row, mine(inCredentials)[0]),
        reversal: reversalOf('message'),
        targetReversal: reversalOf('target'),
        original,
        isOriginalArchived:
          original === null && row !== undefined && row.archivedSale === row.terminal.terminalId,
        isOriginalPending: original === null && row?.pendingSale === 1,
        credential: mine(inCredentials)[0]?.apiKey ?? null,
      }
    })
  }
  const [first, ...others] = all
  return { statements: [first, ...others.filter((statement) => statement !== null)], read }
}

/** The guards of a loaded merchant and of a loaded credential. */
function needsOf(
  ofMerchant: { merchant: { merchantId: string }; guardVersion: number } | undefined,
  ofKey: { apiKey: Credential; guardVersion: number } | undefined,
): Need[] {
  const needs = new Map<string, number>()
  if (ofMerchant !== undefined)
    needs.set(merchantGuard(ofMerchant.merchant.merchantId), ofMerchant.guardVersion)
  if (ofKey !== undefined) needs.set(keyGuard(ofKey.apiKey.merchantId), ofKey.guardVersion)
  return [...needs]
}

/** The reversal of a message, or the message in the archive. Null without either. */
function endOf(
  row: { readonly reversal: RowOf<typeof reversal> | null; readonly archivedKey: string | null } | undefined,
): Reversal | ArchivedMessage | null {
  if (row === undefined) return null
  if (row.archivedKey !== null) return { targetKey: row.archivedKey, kind: 'archived' }
  return reversalFrom(row.reversal)
}

const entryFrom = (
  row: { readonly journal: JournalRow; readonly merchantId: string | null } | undefined,
  base: JournalEntry | null,
): JournalEntry | null =>
  row === undefined ? null : openEntry(row.journal, { base, merchantId: row.merchantId })

/** The refusals of the bearer key's merchant. Without a bearer key those of the terminal. */
function refusalsOf(
  day: number,
  ofTerminal: { terminal: { terminalId: string }; refusals: number | null } | undefined,
  ofKey: { apiKey: Credential; refusals: number | null } | undefined,
): SenderRefusals | null {
  if (ofKey !== undefined)
    return { key: KEYS_SENDER + (ofKey.apiKey.merchantId ?? 'admin'), day, written: ofKey.refusals ?? 0 }
  if (ofTerminal === undefined) return null
  return { key: TERMINAL_SENDER + ofTerminal.terminal.terminalId, day, written: ofTerminal.refusals ?? 0 }
}

/**
 * A key set older than the set in use is dead, and so is one of another master key, even when its row still exists. So a row
 * that someone puts back brings no key back.
 */
export function usableKeySets(
  sets: readonly WrappedKeySet[],
  terminal: { readonly keyVersion: number | null; readonly tmkVersion: number } | undefined,
): WrappedKeySet[] {
  const { keyVersion: inUse = null, tmkVersion } = terminal ?? {}
  const alive = sets.filter(
    (set) => set.tmkVersion === tmkVersion && (inUse === null || set.version >= inUse),
  )
  return alive.sort(
    (a, b) => Number(b.version === inUse) - Number(a.version === inUse) || b.version - a.version,
  )
}
