/** @module The audit of a database: its schema, and the order of the commits. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditSchema, SCHEMA_SQL } from '../../src/cli/lib/audit-schema.ts'
import { replay } from '../../src/cli/lib/read-journal.ts'
import { type AuditedDay, openAuditedDay } from './audited-day.ts'

let day: AuditedDay
beforeAll(async () => {
  day = await openAuditedDay()
}, 30_000)
afterAll(() => day.close())

describe('the schema', () => {
  const found = async (change: string) => {
    const { storage } = day.service
    return day.takenBack(async () => {
      for (const sql of change.split(';;')) storage.rows(sql)
      return auditSchema(storage.rows(SCHEMA_SQL), day.replica).fault
    })
  }
  const WITHOUT_CONDITIONS = `drop trigger arrive;;create trigger arrive instead of insert on incoming begin
    insert into journal select new.terminal_id, new.seq, new.hash_raw, new.message_key, new.rrn_raw, new.body, null; end`

  it('is sound as the migrations make it, and with other comments and blanks', async () => {
    expect(await found('select 1')).toBeNull()
    const rows = day.service.storage.rows<{ sql: string }>(SCHEMA_SQL)
    const spaced = rows.map((row) => ({
      ...row,
      sql: row.sql.replaceAll(' ', '  ').replaceAll('\n', ' -- x\n'),
    }))
    expect(auditSchema(spaced, day.replica).fault).toBeNull()
  })

  it.each([
    ['a trigger without its conditions', WITHOUT_CONDITIONS, 'arrive', 'the migrations make it otherwise'],
    ['a trigger that is gone', 'drop trigger arrive', 'arrive', 'the migrations make it, and it is missing'],
    [
      'an index that is gone',
      'drop index void_live',
      'void_live',
      'the migrations make it, and it is missing',
    ],
    [
      'an index with another condition',
      'drop index void_live;;create index void_live on void (sale_id_raw)',
      'void_live',
      'the migrations make it otherwise',
    ],
    [
      'a trigger of someone else',
      'create trigger mine after insert on sale begin delete from void; end',
      'mine',
      'no migration makes it',
    ],
    ['a table of someone else', 'create table mine (a)', 'mine', 'no migration makes it'],
  ])('shows %s', async (_, change, key, why) => {
    expect(await found(change)).toEqual({ key, why })
  })
})

describe('an order of commits that someone changed', () => {
  /** The journal with an entry at another place. */
  const moved = (seq: number, to: number) => {
    const rows = [...day.journal]
    const from = rows.findIndex((row) => row.terminalId === '12345678' && row.seq === seq)
    rows.splice(to, 0, ...rows.splice(from, 1))
    return { rows, heads: day.heads, verified: [], archives: [] }
  }

  it.each([
    [1, -1, 2],
    [2, 1, 2],
  ])('names an entry: entry %i at place %i', async (seq, to, named) => {
    const { replica, fault } = await replay(moved(seq, to < 0 ? day.journal.length - 1 : 0))
    expect([replica, fault?.terminalId, fault?.fault?.seq]).toEqual([null, '12345678', named])
    expect(fault?.fault?.why).toMatch(/^it does not follow from the entries committed before it: \S/)
  })

  it('names an entry that breaks a rule of a table', async () => {
    const voids = day.journal.filter(({ messageKey }) => /v(\|o)?$/.test(messageKey))
    expect(voids.length).toBeGreaterThan(2)
    const [first] = voids
    const rows = day.journal.filter((row) => row !== first)
    const { fault } = await replay({ rows, heads: day.heads, verified: [], archives: [] })
    expect(fault?.fault?.why).toContain('does not follow')
  })
})
