/**
 * @module Bearer keys: entries in the stream of their merchant or of the region, and the table that follows from them. The
 * stream's own row has its head.
 */

import { and, asc, eq, gt, inArray, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { ApiKey } from '../domain/api-key.ts'
import { keyGuard, merchantGuard, type Need } from '../domain/guard.ts'
import { scopesIn, scopeText } from '../domain/scope.ts'
import type { JournalEntry } from '../domain/types.ts'
import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import { type HeadMac, NEW_STREAM, type SignedHead } from './head-mac.ts'
import { type JournalRow, openEntry, type SealedRow, WITHOUT_TERMINAL } from './journal.ts'
import { apiKey, region } from './key-schema.ts'
import type { Credential } from './load.ts'
import { merchant } from './merchant-schema.ts'
import { journal } from './schema.ts'
import { field, overItems } from './statements.ts'
import { excluded, fromItem } from './step.ts'
import { commitToStream, IS_WRITTEN, needsFrom, selectGuards } from './stream.ts'

const apiKeyOf = ({ scopes, ...row }: typeof apiKey.$inferSelect): ApiKey => ({
  ...row,
  scopes: scopesIn(scopes),
})

/** The stream to which an entry about a key belongs, and what that entry depends on. */
export interface KeyStream {
  readonly credential: Credential | null
  /** Null if the merchant of the key is not registered. */
  readonly head: SignedHead | null
  /** The guards of the key's stream, and of administrators' keys. */
  readonly needs: readonly Need[]
}

export interface FoundKey extends KeyStream {
  readonly apiKey: ApiKey | null
}

/** The caller: SHA-256 of its bearer key, and the time of its request in milliseconds since the epoch. */
export interface Asker {
  readonly credential: string
  readonly now: number
}

const headColumns = <T extends typeof region | typeof merchant>({
  headSeq,
  headHash,
  headMac,
  headMacKey,
}: T) => ({ seq: headSeq, hash: headHash, mac: headMac, keyId: headMacKey }) as const

/** The head of the stream in which keys of `merchantId` are. */
const headsOf = (db: Db, merchantId: string | SQL | null) =>
  merchantId === null
    ? db.select(headColumns(region)).from(region)
    : db.select(headColumns(merchant)).from(merchant).where(eq(merchant.merchantId, merchantId))

function contextOf(
  merchantId: string | null,
  caller: Credential | undefined,
  head: SignedHead | undefined,
  versions: Parameters<typeof needsFrom>[1],
): KeyStream {
  return {
    credential: caller ?? null,
    // The stream of the region is there before its first entry. A merchant is registered first.
    head: head ?? (merchantId === null ? NEW_STREAM : null),
    needs: needsFrom(guardsOf(merchantId), versions),
  }
}

/** Only an administrator makes or revokes keys. */
const guardsOf = (merchantId: string | null): string[] => [...new Set([keyGuard(merchantId), keyGuard(null)])]

/** The state that a new key depends on. `earlier`: the entry that has one of the message keys. */
export async function readKeyContext(
  db: Db,
  { credential, now }: Asker,
  merchantId: string | null,
  messageKeys: readonly string[],
): Promise<KeyStream & { readonly earlier: JournalEntry | null }> {
  const [[caller], [head], versions, [earlier]] = await db.batch([
    liveCredential(db, credential, now),
    headsOf(db, merchantId),
    selectGuards(db, guardsOf(merchantId)),
    db.select().from(journal).where(inArray(journal.messageKey, messageKeys)),
  ])
  return {
    ...contextOf(merchantId, caller, head, versions),
    earlier: earlier === undefined ? null : openEntry(earlier, WITHOUT_TERMINAL),
  }
}

/** A key by its id, with the state that its next entry depends on. The merchant of a key never changes. */
export async function readKey(db: Db, asker: Asker, id: string): Promise<FoundKey> {
  const { credential, now } = asker
  const owner = sql`(select merchant_id from api_key where id = ${id})`
  const [[caller], [found], [ofMerchant], [ofRegion], versions] = await db.batch([
    liveCredential(db, credential, now),
    db.select().from(apiKey).where(eq(apiKey.id, id)),
    headsOf(db, owner),
    headsOf(db, null),
    selectGuards(db, [keyGuard(null), sql`${merchantGuard('')} || ${owner}`]),
  ])
  if (found === undefined) return { credential: caller ?? null, head: null, needs: [], apiKey: null }
  const { merchantId } = found
  const head = merchantId === null ? ofRegion : ofMerchant
  return { ...contextOf(merchantId, caller, head, versions), apiKey: apiKeyOf(found) }
}

/** A position in a list of keys, which is in the order in which they were made. */
export interface KeyCursor {
  readonly createdAt: number
  readonly id: string
}

/** Reads up to `limit` keys of a merchant, or of the administrators, after the cursor. */
export async function readKeys(
  db: Db,
  { credential, now }: Asker,
  merchantId: string | null,
  after: KeyCursor,
  limit: number,
): Promise<{ readonly credential: Credential | null; readonly keys: readonly ApiKey[] }> {
  const owner = merchantId === null ? isNull(apiKey.merchantId) : eq(apiKey.merchantId, merchantId)
  const isAfter = or(
    gt(apiKey.createdAt, after.createdAt),
    and(eq(apiKey.createdAt, after.createdAt), gt(apiKey.id, after.id)),
  )
  const [[caller], rows] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select()
      .from(apiKey)
      .where(and(owner, isAfter))
      .orderBy(asc(apiKey.createdAt), asc(apiKey.id))
      .limit(limit),
  ])
  return { credential: caller ?? null, keys: rows.map(apiKeyOf) }
}

/** SQL: the row of the stream does not count the entry yet. A later entry of the key must not be undone by a set that comes twice. */
const IS_NEXT = sql`item.value ->> 'headSeq' > coalesce(iif(item.value ->> 'merchantId' is null,
  (select head_seq from region), (select head_seq from merchant where merchant_id = item.value ->> 'merchantId')), 0)`

const put = overItems((db, items) =>
  db
    .insert(apiKey)
    .select(sql`select ${fromItem(apiKey)} from ${items} where ${IS_WRITTEN} and ${IS_NEXT}`)
    .onConflictDoUpdate({
      target: apiKey.id,
      set: {
        name: excluded('name'),
        scopes: excluded('scopes'),
        expiresAt: excluded('expires_at'),
        revokedAt: excluded('revoked_at'),
      },
    }),
)

const moveRegion = overItems((db, items) =>
  db
    .insert(region)
    .select(
      sql`select 1, ${field('headSeq')}, ${field('headHash')}, ${field('headMac')}, ${field('headMacKey')}
        from ${items} where ${IS_WRITTEN}`,
    )
    .onConflictDoUpdate({
      target: region.id,
      set: {
        headSeq: excluded('head_seq'),
        headHash: excluded('head_hash'),
        headMac: excluded('head_mac'),
        headMacKey: excluded('head_mac_key'),
      },
      setWhere: sql`region.head_seq < excluded.head_seq`,
    }),
)

const moveMerchant = overItems((db, items) =>
  db
    .update(merchant)
    .set({
      headSeq: field('headSeq'),
      headHash: field('headHash'),
      headMac: field('headMac'),
      headMacKey: field('headMacKey'),
    })
    .from(items)
    .where(
      sql`merchant.merchant_id = item.value ->> 'merchantId' and ${IS_WRITTEN}
        and merchant.head_seq < item.value ->> 'headSeq'`,
    ),
)

/** The statements that apply an entry about a key to the tables. The head of its stream comes last. */
export function apiKeyProjections(
  db: Db,
  { terminalId: stream, seq, hash }: JournalRow,
  key: ApiKey,
  { mac: headMac, keyId: headMacKey }: HeadMac,
): BatchItem<'sqlite'>[] {
  const head = { stream, headSeq: seq, headHash: hash, headMac, headMacKey }
  const row = { ...key, scopes: scopeText(key.scopes), ...head }
  return [put(db, [row]), (key.merchantId === null ? moveRegion : moveMerchant)(db, [row])]
}

/**
 * Raises the guard of the key's stream with the entry. So each message that was loaded under the old state of the key is decided again. True if the entry is
 * in the journal. Otherwise another writer was first, and nothing was written. Throws the errors of D1.
 */
export const commitKey = (
  db: Db,
  row: SealedRow,
  key: ApiKey,
  needs: readonly Need[],
  headMac: HeadMac,
): Promise<boolean> =>
  commitToStream(db, row, apiKeyProjections(db, row, key, headMac), needs, keyGuard(key.merchantId))
