/** @module Finds out whether the archive has a message, among those that the caller may read. */

import { sql } from 'drizzle-orm'
import type { ArchivedMonth } from '../../domain/archived-message.ts'
import { mayRead } from '../caller.ts'
import type { Db } from '../db.ts'
import { archived, archiveSegment } from './schema.ts'

/** A message by its key, a sale or void by its id (32 hex digits), or either by its RRN (12 characters). */
export type ArchivedReference =
  | { readonly messageKey: string }
  | { readonly id: string }
  | { readonly rrn: string }

function nameOf(reference: ArchivedReference) {
  if ('messageKey' in reference) return sql`${reference.messageKey}`
  if ('id' in reference) return sql`unhex(${reference.id})`
  const { rrn } = reference
  return /^\d{12}$/.test(rrn) ? sql`cast(${rrn} as integer)` : sql`${rrn}`
}

/**
 * Null when the archive does not have it, or when the caller may not read it. `merchantId`: only of this merchant. `credential` is
 * the SHA-256 of a bearer key, lower-case hex.
 */
export async function findArchived(
  db: Db,
  credential: string,
  now: number,
  reference: ArchivedReference,
  merchantId: string | undefined,
): Promise<ArchivedMonth | null> {
  const ofTerminal = sql`(select merchant_id from terminal where terminal_id = ${archiveSegment.terminalId})`
  const [found] = await db
    .select({ month: archiveSegment.month, archivedAt: archiveSegment.archivedAt })
    .from(archived)
    .innerJoin(archiveSegment, sql`${archiveSegment.id} = ${archived.segment}`)
    .where(sql`${archived.name} = ${nameOf(reference)} and ${mayRead(ofTerminal, credential, now)}
      and ${ofTerminal} = coalesce(${merchantId ?? null}, ${ofTerminal})`)
    .limit(1)
  return found ?? null
}
