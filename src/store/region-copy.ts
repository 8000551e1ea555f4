/**
 * @module Copies the stream of the region, which has the keys of administrators, from database 0 to another database. The copy has
 * the same entries with the same hashes. So each database verifies an administrator's key without another one.
 */

import { and, asc, eq, gt } from 'drizzle-orm'
import { REGION_STREAM } from '../domain/decide-api-key.ts'
import type { Head } from '../domain/types.ts'
import { commitKey } from './api-keys.ts'
import type { Db } from './db.ts'
import { type MacHead, NEW_STREAM, type SignedHead } from './head-mac.ts'
import { checkEntry, openEntry, type SealedRow, WITHOUT_TERMINAL } from './journal.ts'
import { region } from './key-schema.ts'
import { signedHeadOf } from './rows.ts'
import { journal } from './schema.ts'

async function headOf(db: Db): Promise<SignedHead> {
  const [row] = await db.select().from(region)
  return row === undefined ? NEW_STREAM : signedHeadOf(row)
}

/**
 * The entries of the stream after `head`, and its own head. Throws Error when they are no chain from `head` to the own head. They are
 * no chain when the stream does not have the entry of `head`.
 */
async function entriesAfter(db: Db, head: Head): Promise<{ rows: SealedRow[]; last: SignedHead }> {
  const [heads, found] = await db.batch([
    db.select().from(region),
    db
      .select()
      .from(journal)
      .where(and(eq(journal.terminalId, REGION_STREAM), gt(journal.seq, head.seq)))
      .orderBy(asc(journal.seq)),
  ])
  const last = heads[0] === undefined ? NEW_STREAM : signedHeadOf(heads[0])
  const rows: SealedRow[] = []
  let before = head
  for (const { terminalId, seq, hash, messageKey, rrn, body } of found) {
    const row = { terminalId, seq, hash, messageKey, rrn, body, previousHash: before.hash }
    if ((await checkEntry(row, before)) !== null) throw new Error(DIFFER)
    rows.push(row)
    before = row
  }
  if (before.seq !== last.seq || before.hash !== last.hash) throw new Error(DIFFER)
  return { rows, last }
}

const DIFFER = 'the keys of administrators differ from those of database 0'

/**
 * Copies the entries that `other` lacks, in their order, and raises the guard of the administrators' keys with each. Several copies may
 * run at the same time. Throws Error when `other` has an entry that database 0 does not have, or when the head of database 0 is not
 * the service's. Throws the errors of D1.
 */
export async function copyRegion(home: Db, other: Db, macHead: MacHead): Promise<void> {
  for (let before: Head | null = null; ; ) {
    const head = await headOf(other)
    const { rows, last } = await entriesAfter(home, head)
    if (rows.length === 0) return
    // The service has signed the last entry in database 0, so it signs the copy. Otherwise this throws.
    await macHead(REGION_STREAM, last, last)
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
