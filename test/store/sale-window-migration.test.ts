/** @module A database from before 0003_sale_window.sql: its sales keep their meaning, and a rebuild from their entries agrees with it. */

import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import type { JournalEntry } from '../../src/domain/types.ts'
import { decodeEntry, encodeEntry } from '../../src/store/entry/entry.ts'
import { capturedSaleRequest, entryFor, keyOf, MID, sale, saleRequest, TID } from '../domain/fixtures.ts'

const read = (name: string) => readFileSync(`migrations/${name}.sql`, 'utf8')

it('knows which captured sales came without an RRN, and no end of a window', () => {
  const database = new DatabaseSync(':memory:')
  database.exec(read('0000_foundation'))
  const sales: readonly [
    stan: string,
    door: JournalEntry['door'],
    rrn: string | undefined,
    isMade: boolean,
  ][] = [
    ['000001', 'terminal', undefined, false],
    ['000002', 'json', undefined, true],
    ['000003', 'json', '131482795537', false],
  ]
  for (const [i, [stan, door, given]] of sales.entries()) {
    const seq = i + 2
    const messageKey = keyOf(stan, 'sale')
    const rrn = given ?? `00000000010${seq}`
    const row = given === undefined ? rrn : null
    const request = {
      amount: '1234',
      currency: '156',
      state: 'approved',
      ...(given === undefined ? {} : { rrn: given }),
    }
    const entry = entryFor(door === 'json' ? capturedSaleRequest : saleRequest, { kind: 'sale' })
    const made = { ...sale, id: seq.toString(16).repeat(32), messageKey, stan, rrn }
    const draft = {
      ...entry,
      terminalId: TID,
      messageKey,
      door,
      ...(door === 'json' ? { request } : {}),
      answer: entry.answer && { ...entry.answer, rrn },
      effects: { sale: made },
    }
    const context = { merchantId: MID, base: null }
    // The body of before: a derived member of that time had no bit.
    const effects = {
      sale: { ...made, ...(door === 'json' && row !== null ? { isRrnMade: true as const } : {}) },
    }
    const body = encodeEntry({ ...draft, effects }, { rrn: row, before: null, ...context })
    const columns = { terminalId: TID, seq, messageKey, rrn: row }
    expect(decodeEntry(columns, body, context).effects.sale).not.toHaveProperty('voidableUntil')
    database
      .prepare(
        'insert into journal (terminal_id, seq, hash_raw, message_key, rrn_raw, body) values (?, ?, ?, ?, ?, ?)',
      )
      .run(TID, seq, new Uint8Array(32).fill(seq), messageKey, row === null ? null : Number(row), body)
    database
      .prepare(
        'insert into sale (id_raw, message_key, merchant_id, amount, currency_code, rrn_raw, is_declined, sold_at) values (?, ?, ?, ?, ?, ?, 0, 0)',
      )
      .run(new Uint8Array(16).fill(seq), messageKey, MID, 1234, '156', Number(rrn))
  }
  database.exec(read('0003_sale_window'))
  const rows = database.prepare('select stan, window_ms, is_rrn_made from sale order by stan').all()
  expect(rows.map((row) => ({ ...row }))).toEqual(
    sales.map(([stan, , , isMade]) => ({ stan, window_ms: null, is_rrn_made: Number(isMade) })),
  )
  database.close()
})
