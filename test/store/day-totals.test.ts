/** @module The reads of the cron at the acquirer use an index of the time. So their cost follows the day, not the database. */

import { expect, it } from 'vitest'
import { hasAnswers } from '../../src/store/acquirer-line.ts'
import { readDayTotals, readUndecided } from '../../src/store/day-totals.ts'
import { type Db, openDb } from '../../src/store/db.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'

const RANGE = { begin: 0, end: 86_400_000, monthAndDay: '0601' }

it.each<readonly [string, (db: Db) => Promise<unknown>]>([
  ['the totals of a day', (db) => readDayTotals(db, RANGE)],
  ['messages without an outcome', (db) => readUndecided(db, RANGE)],
  ['answers that prove the line', (db) => hasAnswers(db, 0)],
])('%s', async (_, read) => {
  const storage = new Storage()
  const plans: string[] = []
  const db = openDb(
    bindD1(storage, async ({ statements }, apply) => {
      for (const { sql, params } of statements)
        for (const { detail } of storage.rows(
          `explain query plan ${sql}`,
          ...(params as (string | number | null)[]),
        ))
          plans.push(String(detail))
      return apply()
    }),
  )
  await read(db)
  expect(plans.filter((line) => /^SCAN (?:acquirer_message|sale|void|acquirer_date)\b/.test(line))).toEqual(
    [],
  )
  expect(plans.some((line) => /^SEARCH .*(?:claimed_at|sold_at)>\?/.test(line))).toBe(true)
  storage.close()
})
