/**
 * @module The settings of a merchant, and their stream of the journal. The merchant's row has the head of the stream. An entry is
 * appended only if that head is still the head of its decision.
 */

import { eq, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { keyGuard, merchantGuard, type Need } from '../domain/guard.ts'
import { rulesOf } from '../domain/merchant-rules.ts'
import type { Merchant } from '../domain/types.ts'
import { liveCredential } from './caller.ts'
import type { Db } from './db.ts'
import { type HeadMac, NEW_STREAM, type SignedHead } from './head-mac.ts'
import type { JournalRow, SealedRow } from './journal.ts'
import type { Credential } from './load.ts'
import { merchant } from './merchant-schema.ts'
import { merchantFrom, signedHeadOf } from './rows.ts'
import { overItems } from './statements.ts'
import { excluded, fromItem } from './step.ts'
import { commitToStream, IS_WRITTEN, needsFrom, selectGuards } from './stream.ts'

export interface FoundMerchant {
  readonly credential: Credential | null
  readonly merchant: Merchant | null
  readonly head: SignedHead
  /** The guards of the merchant and of the credential. */
  readonly needs: readonly Need[]
}

/** `credential`: SHA-256 of the asker's bearer key. */
export async function readMerchant(
  db: Db,
  credential: string,
  now: number,
  merchantId: string,
): Promise<FoundMerchant> {
  // Only an administrator changes settings.
  const keys = [merchantGuard(merchantId), keyGuard(null)]
  const [[caller], [row], versions] = await db.batch([
    liveCredential(db, credential, now),
    db.select().from(merchant).where(eq(merchant.merchantId, merchantId)),
    selectGuards(db, keys),
  ])
  return {
    credential: caller ?? null,
    merchant: merchantFrom(row),
    head: row === undefined ? NEW_STREAM : signedHeadOf(row),
    needs: needsFrom(keys, versions),
  }
}

/** Sets the row if the entry is in the journal and the row does not count it yet. So a batch that is sent twice is applied once. */
const put = overItems((db, items) =>
  db
    .insert(merchant)
    .select(sql`select ${fromItem(merchant)} from ${items} where ${IS_WRITTEN}`)
    .onConflictDoUpdate({
      target: merchant.merchantId,
      set: {
        name: excluded('name'),
        status: excluded('status'),
        timeZone: excluded('time_zone'),
        cutOff: excluded('cut_off'),
        windowKind: excluded('window_kind'),
        windowMinutes: excluded('window_minutes'),
        headSeq: excluded('head_seq'),
        headHash: excluded('head_hash'),
        headMac: excluded('head_mac'),
        headMacKey: excluded('head_mac_key'),
        lateReversals: excluded('late_reversals'),
        reasonRequired: excluded('reason_required'),
        decideWithin: excluded('decide_within'),
      },
      setWhere: sql`merchant.head_seq < excluded.head_seq`,
    }),
)

/** The statement that applies an entry of a merchant's stream to its row. */
export function merchantProjection(
  db: Db,
  { terminalId: stream, seq, hash }: JournalRow,
  { window, ...settings }: Merchant,
  { mac: headMac, keyId: headMacKey }: HeadMac,
): BatchItem<'sqlite'> {
  const windowMinutes = window.kind === 'minutes' ? window.minutes : null
  const { lateReversals, reasonRequired, decideWithin } = rulesOf(settings)
  return put(db, [
    {
      ...settings,
      lateReversals,
      reasonRequired: Number(reasonRequired),
      decideWithin: decideWithin === 'window' ? null : decideWithin,
      windowKind: window.kind,
      windowMinutes,
      stream,
      headSeq: seq,
      headHash: hash,
      headMac,
      headMacKey,
    },
  ])
}

/**
 * Raises the merchant's guard with the entry. True if the entry is in the journal. Otherwise another writer was first, and nothing
 * was written. Throws the errors of D1.
 */
export const commitMerchant = (
  db: Db,
  row: SealedRow,
  settings: Merchant,
  needs: readonly Need[],
  headMac: HeadMac,
): Promise<boolean> =>
  commitToStream(
    db,
    row,
    [merchantProjection(db, row, settings, headMac)],
    needs,
    merchantGuard(settings.merchantId),
  )
