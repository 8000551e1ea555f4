/**
 * @module Copies the stream of the region, which has the keys of administrators, from database 0 to another database. The copy has
 * the same entries with the same hashes. So each database verifies an administrator's key without another one.
 */

import { and, asc, eq, gte } from 'drizzle-orm'
import { REGION_STREAM } from '../domain/decide-api-key.ts'
import { GENESIS } from '../domain/decide-provision.ts'
import type { Head } from '../domain/types.ts'
import { commitKey } from './api-keys.ts'
import type { Db } from './db.ts'
import { type MacHead, NEW_STREAM, type SignedHead } from './head-mac.ts'
import { openEntry, type SealedRow, WITHOUT_TERMINAL } from './journal.ts'
import { region } from './key-schema.ts'
import { signedHeadOf } from './rows.ts'
import { journal } from './schema.ts'

/** The most entries of one read. */
const PAGE = 100

async function headOf(db: Db): Promise<SignedHead> {
  const [row] = await db.select().from(region)
  return row === undefined ? NEW_STREAM : signedHeadOf(row)
}

/** The next entries after `head`. Throws Error when the stream does not have the entry of `head`. */
async function entriesAfter(db: Db, head: Head): Promise<SealedRow[]> {
  const rows = await db
    .select()
    .from(journal)
    .where(and(eq(journal.terminalId, REGION_STREAM), gte(journal.seq, head.seq)))
    .orderBy(asc(journal.seq))
    .limit(PAGE)
  const hashes = new Map([[GENESIS.seq, GENESIS.hash], ...rows.map(({ seq, hash }) => [seq, hash] as const)])
  if (hashes.get(head.seq) !== head.hash)
    throw new Error('the keys of administrators differ from those of database 0')
  return rows
    .filter(({ seq }) => seq > head.seq)
    .map(({ terminalId, seq, hash, messageKey, rrn, body }) => {
      const previousHash = hashes.get(seq - 1) ?? ''
      return { terminalId, seq, hash, messageKey, rrn, body, previousHash }
    })
}

/**
 * Copies the entries that `other` lacks, in their order, and raises the guard of the administrators' keys with each. Several copies may
 * run at the same time. Throws Error when `other` has an entry that database 0 does not have, and the errors of D1.
 */
export async function copyRegion(home: Db, other: Db, macHead: MacHead): Promise<void> {
  for (let before: Head | null = null; ; ) {
    const head = await headOf(other)
    const rows = await entriesAfter(home, head)
    if (rows.length === 0) return
    if (before !== null && before.seq === head.seq) throw new Error('an administrator’s key was not copied')
    before = head
    let signed = head
    for (const row of rows) {
      const { apiKey } = openEntry(row, WITHOUT_TERMINAL).effects
      if (apiKey === undefined) throw new Error('an entry of the region has a key')
      // Database 0 has decided, so the entry depends on nothing here. It fails if another copy was first.
      const headMac = await macHead(row.terminalId, row, signed)
      if (!(await commitKey(other, row, apiKey, [], headMac))) break
      signed = { seq: row.seq, hash: row.hash, ...headMac }
    }
  }
}
