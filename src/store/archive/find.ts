/** @module Finds out whether the archive has a message, among those that the caller may read. */

import { type SQL, sql } from 'drizzle-orm'
import type { ArchivedMonth } from '../../domain/archived-message.ts'
import { mayRead } from '../caller.ts'
import type { Db } from '../db.ts'
import { archived, archiveSegment } from './schema.ts'

/** A message by its key, a sale or void by its id (32 hex digits), or either by its RRN (12 characters). */
export type ArchivedReference =
  | { readonly messageKey: string }
  | { readonly id: string }
  | { readonly rrn: string }

/** SQL of the name that the archive keeps. */
export function nameInArchive(reference: ArchivedReference): SQL {
  if ('messageKey' in reference) return sql`${reference.messageKey}`
  if ('id' in reference) return sql`unhex(${reference.id})`
  const { rrn } = reference
  // A bound number. A cast would keep the statement off the index.
  return sql`${/^\d{12}$/.test(rrn) ? Number(rrn) : rrn}`
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
  const [found] = await archivedAs(db, credential, now, nameInArchive(reference), merchantId)
  return found ?? null
}

/** The statement: one row with the month, or none. `name`: SQL of the name that the archive keeps. */
export function archivedAs(
  db: Db,
  credential: string,
  now: number,
  name: SQL,
  merchantId: string | undefined,
) {
  const ofTerminal = sql`(select merchant_id from terminal where terminal_id = ${archiveSegment.terminalId})`
  return db
    .select({ month: archiveSegment.month, archivedAt: archiveSegment.archivedAt })
    .from(archived)
    .innerJoin(archiveSegment, sql`${archiveSegment.id} = ${archived.segment}`)
    .where(sql`${archived.name} = ${name} and ${mayRead(ofTerminal, credential, now)}
      and ${ofTerminal} = coalesce(${merchantId ?? null}, ${ofTerminal})`)
    .limit(1)
}
