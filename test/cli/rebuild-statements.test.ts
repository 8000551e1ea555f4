/** @module The statements that `annul journal rebuild` writes, on a database with settled messages. */

import { expect, it } from 'vitest'
import {
  type AuditedTable,
  auditedColumns,
  auditTables,
  plain,
  replicaOf,
  type TableRow,
} from '../../src/cli/lib/audit-tables.ts'
import { insertsOf } from '../../src/cli/lib/read-tables.ts'
import type { JournalRow } from '../../src/store/journal.ts'
import { HEADS, type HeadRow, PROJECTIONS } from '../../src/store/rebuild.ts'
import { auditedDay } from './audited-day.ts'

const WRONGS = [
  PROJECTIONS.map((table) => `delete from ${table}`),
  ['update sale set acquirer_stan_raw = acquirer_stan_raw + 1', 'delete from acquirer_message'],
  [
    'update void set acquirer_rrn_raw = null, settled_after = 1',
    'update acquirer_message set state_raw = null',
  ],
]

it('make every wrong table what the journal gives, whichever are wrong', async () => {
  const { storage } = await auditedDay()
  const journal = storage.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
  )
  const heads = storage.rows<HeadRow>(HEADS).map((head) => ({ ...head }))
  const replica = await replicaOf(journal, heads)
  const audited = (): AuditedTable[] =>
    auditTables(
      replica,
      auditedColumns(replica).map(([table, columns]) =>
        storage.rows<TableRow>(`select ${columns.map(plain).join(', ')} from ${table}`),
      ),
    )
  const wrong = () =>
    audited()
      .filter(({ fault }) => fault !== null)
      .map(({ table }) => table)
  expect(storage.rows('select 1 from settled_sale').length).toBeGreaterThan(4)
  for (const tampering of WRONGS) {
    for (const sql of tampering) storage.rows(sql)
    expect(wrong().length).toBeGreaterThan(1)
    for (const sql of insertsOf(replica, audited()).split('\n')) storage.rows(sql)
    expect(wrong()).toEqual([])
  }
  replica.close()
  storage.close()
}, 30_000)
