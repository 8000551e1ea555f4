/**
 * @module The pipeline's use of D1: round trips, statements and their plans; and what the database itself
 * forbids.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { dump, rows } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'
import { type Statement, scansOf, type Trip, type WatchedD1, watchD1 } from './watched-d1.ts'

async function openWatched(): Promise<{ isolate: s.Isolate; watched: WatchedD1; terminal: TestTerminal }> {
  const watched = watchD1(env.DB)
  const isolate = await s.openIsolate({ database: watched.database })
  return { isolate, watched, terminal: await openTerminal(isolate) }
}

describe('round trips', () => {
  const seen = new Map<string, Statement>()
  const cost: Record<string, Trip[]> = {}

  beforeAll(async () => {
    const { isolate, watched, terminal } = await openWatched()
    const key = await s.bearerKey(terminal.mid)
    const admin = await s.bearerKey(null)
    const measure = async (name: string, work: () => Promise<unknown>) => {
      watched.trips.length = 0
      await work()
      cost[name] = [...watched.trips]
      for (const { statements } of watched.trips) for (const one of statements) seen.set(one.sql, one)
    }
    const capturedSale = { merchantId: terminal.mid, terminalId: terminal.tid, batchNumber: '000001' }
    let sale = { original: '', rrn: '' }
    await measure('sign-on', () =>
      terminal.send(s.aManagement('0800', '003', { stan: '000001' }), { key: null }),
    )
    await measure('echo', () =>
      terminal.send(s.aManagement('0820', '301', { stan: '000001' }), { key: null }),
    )
    await measure('sale', async () => {
      sale = await sell(terminal, '000001')
    })
    const voided = s.aVoid({ stan: '000002', ...sale })
    await measure('void', () => terminal.send(voided))
    const restarted = await s.openIsolate({ database: watched.database })
    await measure('replay', () => terminal.send(voided, { to: restarted }))
    await measure('replay, kept', () => terminal.send(voided))
    await measure('reversal of a void', () => terminal.send(s.aReversal('void', { stan: '000002' })))
    await terminal.send(s.aVoid({ stan: '000003', ...sale }))
    await measure('reversal of a sale', () => terminal.send(s.aReversal('sale', { stan: '000001' })))
    await measure('tombstone', () => terminal.send(s.aReversal('void', { stan: '000009' })))
    let id: unknown
    await measure('captured_sale', async () => {
      const body = { ...capturedSale, stan: '000004', amount: 1000, pan: s.PAN }
      id = (await s.ask(isolate, key, 'POST', '/v1/sales', body)).body.id
    })
    await measure('JSON sale', () => s.ask(isolate, key, 'GET', `/v1/sales/${id}`))
    let voidId: unknown
    await measure('JSON void', async () => {
      const names = { 'idempotency-key': 'trips' }
      const body = { saleId: id, amount: 1000 }
      voidId = (await s.ask(isolate, key, 'POST', '/v1/voids', body, names)).body.id
    })
    await measure('JSON void read', () => s.ask(isolate, key, 'GET', `/v1/voids/${voidId}`))
    await measure('settlement', () =>
      terminal.send(s.aSettlement({ stan: '000005' }, s.totalsOf(1000, 1, 1000, 1)), { key: null }),
    )
    await measure('key change', async () => {
      await s.installKey(isolate, '5'.repeat(16), terminal, 2e12)
      await terminal.send(s.aSale({ stan: '000006', batch: '000002' }), {
        key: { ...terminal.key, mak: '5'.repeat(16) },
      })
    })
    await measure('upload end', () =>
      terminal.send(s.aManagement('0320', '202', { stan: '000007', batch: '000002', more: { 48: '0001' } }), {
        key: null,
      }),
    )
    const path = `/v1/merchants/${terminal.mid}/terminals/${terminal.tid}`
    await measure('provision', () => s.provision(isolate, {}, terminal))
    await measure('status', () => s.ask(isolate, admin, 'PUT', path, { state: 'blocked' }))
    const terminals = await Promise.all(Array.from({ length: 6 }, () => openTerminal(isolate)))
    const sales = await Promise.all(terminals.map((one) => sell(one, '000001')))
    await measure('a set of everything', () =>
      Promise.all(
        terminals.map((one, i) => {
          const sale = sales[i] ?? { original: '', rrn: '' }
          if (i < 2) return one.send(s.aVoid({ stan: '000002', ...sale }))
          if (i < 4) return one.send(s.aReversal('sale', { stan: '000001' }))
          return one.send(s.aSale({ stan: '000003' }))
        }),
      ),
    )
  })

  it('are at most two, of fewer than ten statements each', () => {
    expect(Object.keys(cost)).toHaveLength(19)
    for (const [name, trips] of Object.entries(cost)) {
      const sets = name === 'a set of everything' ? 3 : 1
      expect(trips.length, name).toBeLessThanOrEqual(2 * sets)
      for (const { statements } of trips) expect(statements.length, name).toBeLessThan(10)
    }
    expect(cost['replay, kept']).toEqual([])
  })

  it('find every row by an index', async () => {
    expect(seen.size).toBeGreaterThan(15)
    for (const { sql, params } of seen.values()) {
      expect(await scansOf(sql, params), sql).toEqual([])
    }
  })

  it('never pass more than 100 parameters or 100 KB of text to a statement', () => {
    for (const { sql, params } of seen.values()) {
      expect(params.length).toBeLessThanOrEqual(100)
      expect(sql.length).toBeLessThan(100_000)
    }
  })
})

describe('defence in depth', () => {
  it('the database accepts one live void per sale and no more', async () => {
    const { terminal } = await openWatched()
    const sale = await sell(terminal, '000001')
    await terminal.send(s.aVoid({ stan: '000002', ...sale }))
    const copy = (state: string) =>
      rows(
        `insert into void (id_raw, message_key, sale_id_raw, amount, rrn_raw, authorization_code_raw, reason, voided_at, state_raw)
         select randomblob(16), 'x' || message_key || ?, sale_id_raw, amount, abs(random() % 1000000000), authorization_code_raw,
           reason, voided_at, nullif(?, 'approved') from void where message_key like ? and state = 'approved'`,
        state,
        state,
        `${terminal.tid}%`,
      )
    for (const state of ['approved', 'pending', 'undoing', 'reversing'])
      await expect(copy(state)).rejects.toThrow(/UNIQUE constraint failed: void.sale_id_raw/)
    await copy('reversed')
    await copy('declined')
    await expect(
      rows('update void set state_raw = null where message_key like ?', `x${terminal.tid}%`),
    ).rejects.toThrow(/UNIQUE constraint failed: void.sale_id_raw/)
  })

  it('the database rejects amounts below zero and more voided than sold', async () => {
    const { terminal } = await openWatched()
    await sell(terminal, '000001')
    const set = (column: string, value: number) =>
      rows(`update batch set ${column} = ? where terminal_id = ?`, value, terminal.tid)
    await expect(set('credit_amount', 1235)).rejects.toThrow(/CHECK/)
    await expect(set('credit_count', 2)).rejects.toThrow(/CHECK/)
    await expect(set('debit_amount', -1)).rejects.toThrow(/CHECK/)
    await expect(rows('update sale set amount = 0 where terminal_id = ?', terminal.tid)).rejects.toThrow(
      /CHECK/,
    )
  })
})

it('an attacker leaves nothing in it', async () => {
  const { isolate } = await openWatched()
  const before = await dump()
  await s.send(isolate, s.from(s.aSale({ stan: '000001' }), { tid: 'NOTKNOWN', mid: s.MID }))
  await s.send(
    isolate,
    s.from(s.aManagement('0800', '003', { stan: '000001' }), { tid: 'NOTKNOWN', mid: s.MID }),
  )
  expect(await dump()).toEqual(before)
})
