/** @module Reads the voids that terminals reversed long after their answer, in the order of the reversals. */

import { eq, sql } from 'drizzle-orm'
import type { AcquirerMessage, Card, VoidRecord } from '../domain/types.ts'
import { liveCredential, mayRead } from './caller.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { forwardedFrom, saleOf, voidFrom } from './rows.ts'
import { sale, voidTable } from './schema.ts'
import { VOID_WITH_SALE } from './voids.ts'

export interface LateReversal {
  readonly record: VoidRecord
  readonly reversedAt: number
  /** The void at the acquirer; null when it was not forwarded. */
  readonly forwarded: AcquirerMessage | null
  /** The card of its sale; null when it is not known. */
  readonly card: Card | null
}

export interface LateReversalQuery {
  /** The merchant of the voids. Undefined: all that the credential may read. */
  readonly merchantId: string | undefined
  readonly after: { readonly reversedAt: number; readonly rrn: string }
  readonly limit: number
}

/** Reads up to `limit` voids after a position. `credential` is the SHA-256 of a bearer key, lower-case hex. */
export async function readLateReversals(
  db: Db,
  credential: string,
  now: number,
  { merchantId, after, limit }: LateReversalQuery,
): Promise<{ readonly credential: Credential | null; readonly items: readonly LateReversal[] }> {
  const [credentials, rows] = await db.batch([
    liveCredential(db, credential, now),
    db
      .select(VOID_WITH_SALE)
      .from(voidTable)
      .innerJoin(sale, eq(sale.idRaw, voidTable.saleIdRaw))
      .where(
        sql`reversed_late is not null and void.state in ('reversing', 'reversed') and (reversed_at, void.rrn_raw) > (${after.reversedAt}, ${Number(after.rrn)})
          ${merchantId === undefined ? sql`` : sql`and sale.merchant_id = ${merchantId}`}
          and ${mayRead(sql`sale.merchant_id`, credential, now)}`,
      )
      .orderBy(voidTable.reversedAt, voidTable.rrnRaw)
      .limit(limit),
  ])
  const items = rows.map(({ record, sale: of, forwarded }) => ({
    record: voidFrom(record, of),
    reversedAt: record.reversedAt ?? 0,
    forwarded: forwardedFrom(forwarded),
    card: saleOf(of).card,
  }))
  return { credential: credentials[0] ?? null, items }
}
