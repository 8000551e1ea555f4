/** @module Wraps the data keys of a database under the new master key, row by row, while the service runs. */

import { type DataKeyRow, type MasterKeys, masterKeyOf } from '../../crypto/data-keys.ts'
import type { FillRandom } from '../../crypto/wrap-under.ts'
import { sqlText } from './database.ts'
import { Failure } from './failure.ts'
import type { RunSql } from './read-pages.ts'

export interface Rewrapped {
  /** Rows that this run wrapped again. */
  readonly rewrapped: number
  /** Rows that were under the new master key already. */
  readonly unchanged: number
}

/** The rows in the order of their purposes. */
export async function readDataKeyRows(runSql: RunSql): Promise<DataKeyRow[]> {
  const [rows = []] = await runSql(
    'select purpose, id, master_id, wrapped, created_at from data_key order by purpose, id',
  )
  return rows.map((row) => ({
    purpose: String(row.purpose),
    id: Number(row.id),
    masterId: String(row.master_id),
    wrapped: String(row.wrapped),
    createdAt: Number(row.created_at),
  }))
}

/**
 * Opens every row first, so that a wrong key changes nothing. Then a statement for each row wraps it
 * again. It holds only while the row is under the master key that opened it. So a run continues where another was killed.
 *
 * Throws Failure when the database has no data keys, and when a row opens under neither key.
 */
export async function rewrapKeys(
  runSql: RunSql,
  { current, previous }: MasterKeys,
  random: FillRandom,
): Promise<Rewrapped> {
  const rows = await readDataKeyRows(runSql)
  if (rows.length === 0) throw new Failure('the database has no data keys yet: start the service first')
  const statements: string[] = []
  try {
    for (const row of rows) {
      const owner = masterKeyOf(row, current, previous)
      const key = await owner.unwrap(row)
      const wrapped = owner === current ? null : await current.wrap(key, row.purpose, row.id, random)
      key.fill(0)
      if (wrapped !== null) statements.push(updateOf(row, current.id, wrapped))
    }
  } catch (error) {
    throw error instanceof RangeError ? new Failure(error.message) : error
  }
  const done = statements.length === 0 ? [] : await runSql(statements.join(';\n'))
  const rewrapped = done.reduce((sum, returned) => sum + returned.length, 0)
  return { rewrapped, unchanged: rows.length - rewrapped }
}

const updateOf = ({ purpose, id, masterId }: DataKeyRow, newId: string, wrapped: string): string =>
  `update data_key set master_id = ${sqlText(newId)}, wrapped = ${sqlText(wrapped)}
   where purpose = ${sqlText(purpose)} and id = ${id} and master_id = ${sqlText(masterId)} returning id`
