/** @module Pending keys and working keys end, at the POS door: the answers to a terminal, and the rows that stay. */

import { beforeAll, describe, expect, it } from 'vitest'
import { desDecrypt } from '../support/micro-des.ts'
import { journalOf, rows } from './book.ts'
import * as s from './support.ts'
import { bytes, hexOf, openTerminal, type TestTerminal } from './terminal.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
})

/** An isolate whose clock is `ms` after the start. */
async function isolateAt(ms: number): Promise<s.Isolate> {
  const later = await s.openIsolate()
  later.clock.now = s.START + ms
  return later
}

/** A terminal whose keys are in use. */
async function openUsed(): Promise<TestTerminal> {
  const terminal = await openTerminal(isolate)
  expect(await sell(terminal, isolate, terminal.key.mak)).toBe('00')
  return terminal
}

/** Signs a terminal on with a layout; returns its MAC key. */
async function signOn(terminal: TestTerminal, to: s.Isolate, layout = '003'): Promise<string> {
  const message = s.aManagement('0800', layout, { stan: '000001' })
  const reply = await terminal.send(message, { key: null, to })
  expect(reply.fields.get(39)).toBe('00')
  const from = layout === '001' ? 12 : 20
  return hexOf(desDecrypt(bytes(s.TMK), bytes(reply.fields.get(62) ?? '').subarray(from, from + 8)))
}

let stan = 100
const sell = async (terminal: TestTerminal, to: s.Isolate, mak: string) => {
  const key = { ...terminal.key, mak }
  const reply = await terminal.send(s.aSale({ stan: String(++stan).padStart(6, '0') }), { to, key })
  return reply.fields.get(39)
}
const keySetsOf = ({ tid }: TestTerminal) =>
  rows('select version, layout, created_at from key_set where terminal_id = ? order by version', tid)

describe('a pending key set', () => {
  it('verifies a MAC for 24 hours, to the millisecond', async () => {
    const terminal = await openTerminal(isolate, { hasKey: false })
    const mak = await signOn(terminal, isolate)
    const before = await journalOf(terminal.tid)
    expect(await sell(terminal, await isolateAt(DAY), mak)).toBe('77')
    expect(await journalOf(terminal.tid)).toEqual(before)
    expect(await sell(terminal, await isolateAt(DAY - 1), mak)).toBe('00')
    // It is in use now, and lives on.
    expect(await sell(terminal, await isolateAt(DAY), mak)).toBe('00')
  })

  it('is the answer of every sign-on for 24 hours, and then another takes its place', async () => {
    const terminal = await openTerminal(isolate, { hasKey: false })
    const first = await signOn(terminal, isolate)
    expect(await signOn(terminal, await isolateAt(DAY - 1))).toBe(first)
    const next = await isolateAt(DAY)
    const second = await signOn(terminal, next)
    expect(second).not.toBe(first)
    expect(await sell(terminal, next, first)).toBe('A0')
    expect(await sell(terminal, next, second)).toBe('00')
  })

  it('beside working keys expires alone', async () => {
    const terminal = await openUsed()
    const pending = await signOn(terminal, isolate)
    const later = await isolateAt(DAY)
    expect(await sell(terminal, later, pending)).toBe('A0')
    expect(await sell(terminal, later, terminal.key.mak)).toBe('00')
  })

  it('of each layout leaves no more than one row, whoever signs on for how long', async () => {
    const terminal = await openUsed()
    for (let day = 0; day < 20; day++) {
      const to = await isolateAt(day * DAY)
      for (const layout of ['001', '003', '004', '003']) await signOn(terminal, to, layout)
    }
    expect(await keySetsOf(terminal)).toMatchObject([
      { version: 1 },
      ...['001', '003', '004'].map((layout) => ({ layout, created_at: s.START + 19 * DAY })),
    ])
  })

  it('of each layout is its own: field 62 has the length of its layout, and its own keys', async () => {
    const terminal = await openUsed()
    const lengths = { '001': 24, '003': 40, '004': 60 }
    const layouts = Object.keys(lengths) as (keyof typeof lengths)[]
    const field62 = async (layout: string) =>
      (await terminal.send(s.aManagement('0800', layout, { stan: '000001' }), { key: null })).fields.get(62)
    const first = new Map<string, string | undefined>()
    // Each layout after each other one.
    for (const layout of ['001', '003', '004', '001', '004', '003', '001']) {
      const keys = await field62(layout)
      expect(keys?.length).toBe(2 * (lengths[layout as keyof typeof lengths] ?? 0))
      expect(keys).toBe(first.get(layout) ?? keys)
      first.set(layout, keys)
    }
    // A MAC key of one layout is no key of another.
    const maks = await Promise.all(layouts.map((layout) => signOn(terminal, isolate, layout)))
    expect(new Set(maks).size).toBe(layouts.length)
  })

  it('is replaced once when two sign on at once', async () => {
    const terminal = await openUsed()
    await signOn(terminal, isolate)
    const [one, two] = [await isolateAt(DAY), await isolateAt(DAY)]
    const [first, second] = await Promise.all([signOn(terminal, one), signOn(terminal, two)])
    expect(first).toBe(second)
    expect(await keySetsOf(terminal)).toHaveLength(2)
  })
})

describe('working keys', () => {
  it('whose time was changed in the database open no more, so nobody prolongs them', async () => {
    for (const change of ['created_at = created_at + 1', `layout = '001'`]) {
      const terminal = await openUsed()
      await rows(`update key_set set ${change} where terminal_id = ? returning 1`, terminal.tid)
      const before = await journalOf(terminal.tid)
      // The isolate that has just used the keys has the right time in memory.
      const other = await s.openIsolate()
      const { status } = await s.post(other, terminal.frame(s.aSale({ stan: '000900' })))
      expect([change, status, await journalOf(terminal.tid)]).toEqual([change, 503, before])
    }
  })

  it('end 31 days after their sign-on, to the millisecond, and a sign-on gives new ones', async () => {
    const terminal = await openUsed()
    const { mak } = terminal.key
    expect(await sell(terminal, await isolateAt(31 * DAY - 1), mak)).toBe('00')
    const before = await journalOf(terminal.tid)
    const late = await isolateAt(31 * DAY)
    expect(await sell(terminal, late, mak)).toBe('77')
    expect(await journalOf(terminal.tid)).toEqual(before)
    const fresh = await signOn(terminal, late)
    expect(await sell(terminal, late, fresh)).toBe('00')
    expect(await sell(terminal, late, mak)).toBe('A0')
    expect(await keySetsOf(terminal)).toHaveLength(1)
  })

  it('that ended are as before the first sign-on: 77 to every message, in the same words and without a MAC', async () => {
    const ended = await openUsed()
    const never = await openTerminal(isolate, { hasKey: false })
    const late = await isolateAt(31 * DAY)
    const messages = [
      s.aSale({ stan: '000001' }),
      s.aVoid({ stan: '000002', original: '000001', rrn: '0'.repeat(12) }),
      s.aReversal('sale', { stan: '000001' }),
      s.aSettlement({ stan: '000003' }, s.totalsOf(0, 0, 0, 0)),
    ]
    for (const message of messages) {
      const [one, two] = [
        await ended.send(message, { to: late }),
        await never.send(message, { to: late, key: ended.key }),
      ]
      const without = ({ fields }: s.Reply) => [...fields].filter(([n]) => ![37, 41].includes(n))
      expect(without(one)).toEqual(without(two))
      expect(one.fields.has(64)).toBe(false)
    }
    const reply = await ended.send(s.aSale({ stan: '000001' }), { to: late })
    expect(reply.fields.get(39)).toBe('77')
  })

  it('of before are not used by a copy: it gets its first answer under the new keys', async () => {
    const terminal = await openUsed()
    const message = s.aSale({ stan: '000001' })
    const first = await terminal.send(message)
    const late = await isolateAt(31 * DAY)
    expect((await terminal.send(message, { to: late })).fields.get(39)).toBe('77')
    const mak = await signOn(terminal, late)
    const copy = await terminal.send(message, { to: late, key: { ...terminal.key, mak } })
    expect([copy.fields.get(39), copy.fields.get(37)]).toEqual(['00', first.fields.get(37)])
  })
})
