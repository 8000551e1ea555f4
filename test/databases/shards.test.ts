/**
 * @module The rows of a bucket. Each table moves with its bucket or says why not. The owners that `annul shards verify` reads are
 * those of a naive look at every row. Each row in a wrong database shows.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BUCKETS_SQL } from '../../src/cli/lib/audit-buckets.ts'
import { auditShards } from '../../src/cli/lib/audit-shards.ts'
import { readEntries } from '../../src/cli/lib/read-entries.ts'
import { readOwners } from '../../src/cli/lib/read-owners.ts'
import { bucketOf } from '../../src/domain/bucket.ts'
import { isOwnBucket } from '../../src/store/bucket-mac.ts'
import { BUCKET_OWNERS, NEVER_MOVED, WITH_ANOTHER } from '../../src/store/bucket-owners.ts'
import type { BucketRow } from '../../src/store/databases.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { ADMINISTRATOR, AT_HOME, MERCHANTS, MOVED, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const

let region: Region
beforeEach(async () => {
  region = new Region()
  for (const [merchantId, terminal] of await region.openWithSales()) {
    const sold = await terminal.sale(500, testCard(1))
    if (!sold.ok || sold.value.outcome !== 'approved') throw new Error('no sale')
    const [sale] = region.storages[MERCHANTS[merchantId].database].rows<{ id: string }>(
      'select id from sale where amount = 500',
    )
    const body = { saleId: sale?.id, amount: 500 }
    const headers = { 'idempotency-key': merchantId }
    await region.json(MERCHANTS[merchantId].key, 'POST', '/v1/voids', body, headers)
    // A refused void counts as a refusal of the keys of the merchant.
    await region.json(MERCHANTS[merchantId].key, 'POST', '/v1/voids', body, { 'idempotency-key': 'again' })
    await region.json(ADMINISTRATOR, 'POST', '/v1/keys', { merchantId, name: 'office' }, headers)
  }
})
afterEach(() => region.close())

const runSqlIn = (n: 0 | 1) => async (text: string) =>
  text.split(';\n').map((one) => region.storages[n].rows(one))
const ownersOf = (n: 0 | 1) => readOwners(runSqlIn(n), `DB_${n}`)

async function faults(): Promise<string[]> {
  const rows = region.storages[0].rows<BucketRow>(BUCKETS_SQL)
  const audited = await auditShards(rows, [await ownersOf(0), await ownersOf(1)], (row) =>
    isOwnBucket(region.services.keyring.verifyJournalMac, row),
  )
  return audited.flatMap((one) => one.faults.map(({ key, why }) => `${one.database} ${key}: ${why}`))
}

const tablesOf = (n: 0 | 1): string[] =>
  region.storages[n]
    .rows<{ name: string }>(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'
      and name <> 'd1_migrations' order by name`)
    .map(({ name }) => name)

it('each table of the migrations moves with its bucket, moves with another table, or has a reason to stay', () => {
  const lists = [BUCKET_OWNERS, WITH_ANOTHER, NEVER_MOVED].flatMap((list) => Object.keys(list))
  expect(lists.toSorted()).toEqual(tablesOf(0))
  for (const table of Object.values(WITH_ANOTHER)) expect(Object.keys(BUCKET_OWNERS)).toContain(table)
  for (const reason of Object.values(NEVER_MOVED)) expect(reason).toMatch(/\w+ \w+ \w+/)
})

it('only database 0 has rows of what never moves, but for the copy of the administrators’ keys', async () => {
  await region.json(ADMINISTRATOR, 'POST', '/v1/keys', { name: 'operations' }, { 'idempotency-key': 'one' })
  const inOther = Object.keys(NEVER_MOVED).filter(
    (table) => region.storages[1].rows(`select 1 from ${table} limit 1`).length > 0,
  )
  expect(inOther).toEqual(['region'])
})

/** The number of the merchant of a row, by any of its columns. Null: of none. */
function merchantOf(row: Readonly<Record<string, unknown>>): string | null {
  const text = JSON.stringify(row)
  for (const merchantId of BOTH)
    if (text.includes(merchantId) || text.includes(MERCHANTS[merchantId].terminalId)) return merchantId
  return null
}

it('the owners are those of a naive look at every row, with the id’s bucket in each sale and void', async () => {
  for (const n of [0, 1] as const) {
    const { tables, orphans } = await ownersOf(n)
    expect(orphans).toEqual([])
    const found = [...tables].flatMap(([bucket, names]) => names.map((name) => `${name} ${bucket}`))
    const naive = new Set<string>()
    for (const table of Object.keys(BUCKET_OWNERS))
      for (const row of region.storages[n].rows(`select * from ${table}`)) {
        const ofId =
          table === 'sale' || table === 'void' ? Number.parseInt(String(row.id).slice(0, 3), 16) : null
        const merchantId = merchantOf(row)
        const bucket = ofId ?? (merchantId === null ? null : bucketOf(merchantId))
        if (bucket !== null) naive.add(`${table} ${bucket}`)
      }
    expect(found.toSorted()).toEqual([...naive].toSorted())
    expect(naive.size).toBeGreaterThan(10)
  }
})

it('the entries of each bucket are those of its streams', async () => {
  for (const [n, merchantId] of [[0, AT_HOME] as const, [1, MOVED] as const]) {
    const [count] = region.storages[n].rows<{ n: number }>(
      `select count(*) as n from journal where terminal_id <> 'region'`,
    )
    expect([...(await readEntries(runSqlIn(n)))]).toEqual([[bucketOf(merchantId), count?.n]])
  }
})

it('no statement reads all entries, sales or voids', () => {
  for (const table of ['journal', 'sale', 'void', 'batch', 'reversal', 'key_set', 'archive_segment']) {
    const plans = region.storages[0].rows<{ detail: string }>(`explain query plan ${BUCKET_OWNERS[table]}`)
    const scans = plans
      .map(({ detail }) => detail)
      .filter((detail) => /^SCAN (?!found|numbers|CONSTANT)/.test(detail))
    expect([table, scans]).toEqual([table, []])
  }
})

it('each database has its own buckets only', async () => {
  expect(await faults()).toEqual([])
})

describe('a row in a wrong database shows', () => {
  /** The columns that are stored: the others follow from them. */
  const columnsOf = (table: string): string =>
    region.storages[0]
      .rows<{ name: string }>(`select name from pragma_table_xinfo('${table}') where hidden = 0`)
      .map(({ name }) => name)
      .join(', ')

  /** Moves each row of a table of database 1 to database 0. */
  function carry(table: string): number {
    const [home, other] = region.storages
    const columns = columnsOf(table)
    const literals = columns
      .split(', ')
      .map((name) => `quote(${name})`)
      .join(` || ', ' || `)
    const rows = other.rows<{ literals: string }>(`select ${literals} as literals from ${table}`)
    for (const row of rows)
      if (
        row.literals.includes(MOVED) ||
        row.literals.includes(MERCHANTS[MOVED].terminalId) ||
        /^x'0a4/i.test(row.literals)
      )
        home.rows(`insert or ignore into ${table} (${columns}) values (${row.literals})`)
    return rows.length
  }

  it.each(Object.keys(BUCKET_OWNERS))('%s', async (table) => {
    if (carry(table) === 0) plant(table)
    // A row of a terminal alone shows as the row of a terminal that database 0 does not know.
    const bucket = bucketOf(MOVED)
    const terminalId = MERCHANTS[MOVED].terminalId
    expect(await faults()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^DB_0 (${bucket}: its database is DB_1: rows in ${table}|${terminalId}: ${table} has rows of a terminal without a profile)$`,
        ),
      ),
      ...(table === 'journal' ? [expect.stringContaining('journal')] : []),
    ])
  })

  /** A row of a table that this region does not use. */
  function plant(table: string): void {
    const tid = MERCHANTS[MOVED].terminalId
    const values: Readonly<Record<string, string>> = {
      acquirer_date: `('${tid}000001000001', '${tid}', '1201')`,
      reversal: `('${tid}000001000009', '${tid}', 9, 'tombstone', 0)`,
      batch_difference: `('${tid}', 9, '${MOVED}', '000001', 1, '[]', '[]', null, null, null)`,
      archive_segment: `(1, '${tid}', '2025-01', 1, 1, 'ab', '000002', '', '', '{}', 0, '', 1)`,
    }
    if (table === 'acquirer_message')
      region.storages[0].rows(`insert into acquirer_message (message_key, kind, merchant_id, terminal_id, batch_number, acquirer_stan,
        amount, currency_code, rrn, claimed_at, decide_by, moved_at, attempts)
        values ('${tid}000001000001', 'sale', '${MOVED}', '${tid}', '000001', '000001', 1, '156', '1', 1, 1, 1, 0)`)
    else region.storages[0].rows(`insert into ${table} values ${values[table]}`)
  }

  it('a row of the table of buckets that is deleted, changed, or names a database that is not there', async () => {
    region.storages[0].rows('update bucket set version = 2')
    expect(await faults()).toContain('DB_0 164: the MAC of the row is not the service’s')
    await region.place(bucketOf(MOVED), 'DB_2', 1)
    expect(await faults()).toContain('DB_0 164: the environment has no database DB_2')
    region.storages[0].rows('delete from bucket')
    expect(await faults()).toEqual([
      'DB_1 164: this row is missing',
      expect.stringMatching(
        /^DB_1 164: its database is DB_0: rows in journal, merchant, .*, from before its move$/,
      ),
    ])
  })
})
