/**
 * @module The journal's encoding and chain as pure functions: equal values give equal bytes, and verification
 * finds every change of a row.
 */

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GENESIS } from '../../src/domain/decide-provision.ts'
import type { Head } from '../../src/domain/types.ts'
import {
  canonical,
  checkEntry,
  type JournalRow,
  openEntry,
  seal,
  verifyChain,
} from '../../src/store/journal.ts'
import { entryFor, keyOf, MID } from '../domain/fixtures.ts'

/** The same value with the members of every object in another order. */
function shuffled(value: unknown, flip: (names: string[]) => string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, flip))
  if (value === null || typeof value !== 'object') return value
  const members = new Map(Object.entries(value))
  return Object.fromEntries(
    flip([...members.keys()]).map((name) => [name, shuffled(members.get(name), flip)]),
  )
}

/** As JSON keeps it: no −0, no prototype. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Any JSON value, with names that test the order: digits, capitals, characters beyond the BMP. */
const json = fc.jsonValue({ depthSize: 'medium', stringUnit: 'binary' })

describe('canonical', () => {
  it('is JSON with the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(isDeepStrictEqual(JSON.parse(canonical(value)), plain(value))).toBe(true)
      }),
    )
  })

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonical(shuffled(value, (names) => names.toReversed()))).toBe(canonical(value))
        expect(canonical(shuffled(value, (names) => names.toSorted()))).toBe(canonical(value))
      }),
    )
  })

  it('gives the same text for a value that was read back', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonical(JSON.parse(canonical(value)))).toBe(canonical(value))
      }),
    )
  })

  it('gives different texts for different values', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(canonical(a) === canonical(b)).toBe(isDeepStrictEqual(plain(a), plain(b)))
      }),
    )
  })

  it.each([
    [{ b: 1, a: [true, null, 'x'], A: { 2: 0, 10: 0 } }, '{"A":{"10":0,"2":0},"a":[true,null,"x"],"b":1}'],
    [{ a: undefined, b: {} }, '{"b":{}}'],
    ['\u20ac\u2028"\\\n', '"€\u2028\\"\\\\\\n"'],
    ['\ud800', '"\\ud800"'],
    [-0, '0'],
    [1e21, '1e+21'],
    [[], '[]'],
  ])('%j', (value, text) => {
    expect(canonical(value)).toBe(text)
  })
})

const CONTEXT = { before: null, base: null, merchantId: MID }

/** A chain of `length` entries, and its head. */
async function chainOf(length: number): Promise<{ rows: JournalRow[]; head: Head }> {
  const rows: JournalRow[] = []
  let head: Head = GENESIS
  for (let i = 1; i <= length; i++) {
    const stan = String(i).padStart(6, '0')
    const {
      seq: _,
      hash: ___,
      ...draft
    } = entryFor({
      messageKey: keyOf(stan, 'sale'),
      contentFingerprint: stan.repeat(10),
    })
    // Every other entry creates no RRN.
    const rrn = i % 2 === 0 ? null : `90000000${i}`.padEnd(12, '0')
    const row = await seal(draft, head, rrn, CONTEXT)
    rows.push(row)
    head = { seq: row.seq, hash: row.hash }
  }
  return { rows, head }
}

describe('seal', () => {
  it('chains SHA-256 over the previous hash, and SHA-256 of the columns and the body (node:crypto)', async () => {
    const { rows } = await chainOf(3)
    let previous = '0'.repeat(64)
    for (const [i, row] of rows.entries()) {
      const columns = JSON.stringify([row.terminalId, row.seq, row.messageKey, row.rrn])
      const content = createHash('sha256')
        .update(columns + row.body)
        .digest()
      const link = Buffer.concat([Buffer.from(previous, 'hex'), content])
      const hash = createHash('sha256').update(link).digest('hex')
      expect(row).toMatchObject({ seq: i + 1, previousHash: previous, hash })
      expect(row.body).toBe(JSON.stringify(JSON.parse(row.body)))
      previous = row.hash
    }
  })

  it('opens to the entry that was sealed', async () => {
    const entry = entryFor({ messageKey: keyOf('000001', 'sale'), contentFingerprint: 'f' })
    const { seq: _, hash: ___, ...draft } = entry
    const row = await seal(draft, { seq: 4, hash: 'a'.repeat(64) }, null, CONTEXT)
    expect(openEntry(row, CONTEXT)).toEqual({
      ...draft,
      seq: 5,
      hash: row.hash,
      rrn: null,
    })
  })
})

describe('verifyChain', () => {
  const at = (rows: readonly JournalRow[], i: number): JournalRow => {
    const row = rows[i]
    if (row === undefined) throw new Error(`no row ${i}`)
    return row
  }

  it('accepts a sound chain, also an empty one', async () => {
    for (const length of [0, 1, 2, 7]) {
      const { rows, head } = await chainOf(length)
      expect(await verifyChain(rows, head)).toBeNull()
    }
  })

  it('finds a change of any character in any column of any row, and names the row', async () => {
    const { rows, head } = await chainOf(4)
    let mutations = 0
    for (const [i, row] of rows.entries())
      for (const [column, value] of Object.entries(row).filter(([name]) => name !== 'previousHash')) {
        const text = String(value)
        for (let c = 0; c < text.length; c++) {
          const character = text[c] === '1' ? '2' : '1'
          const changed = `${text.slice(0, c)}${character}${text.slice(c + 1)}`
          const mutated = { ...row, [column]: column === 'seq' ? Number(changed) : changed }
          const fault = await verifyChain(rows.with(i, mutated), head)
          expect([column, c, fault?.seq]).toEqual([column, c, i + 1])
          mutations++
        }
      }
    expect(mutations).toBeGreaterThan(900)
  })

  it('finds an added or removed RRN', async () => {
    const { rows, head } = await chainOf(2)
    expect(await verifyChain(rows.with(0, { ...at(rows, 0), rrn: null }), head)).toMatchObject({ seq: 1 })
    expect(await verifyChain(rows.with(1, { ...at(rows, 1), rrn: '900000000009' }), head)).toMatchObject({
      seq: 2,
    })
  })

  it('finds a deleted row at any place', async () => {
    const { rows, head } = await chainOf(5)
    for (let i = 0; i < 5; i++) {
      const fault = await verifyChain(rows.toSpliced(i, 1), head)
      expect(fault).toMatchObject({ seq: i + 1 })
      expect(fault?.why).toMatch(/^missing/)
    }
  })

  it('finds a missing tail of any length, and a missing chain', async () => {
    const { rows, head } = await chainOf(5)
    for (let kept = 0; kept < 5; kept++)
      expect(await verifyChain(rows.slice(0, kept), head)).toEqual({
        seq: kept + 1,
        why: 'missing: the chain ends before its head 5',
      })
  })

  it('finds rows in another order', async () => {
    const { rows, head } = await chainOf(4)
    for (let i = 0; i < 3; i++) {
      const swapped = rows.with(i, at(rows, i + 1)).with(i + 1, at(rows, i))
      expect(await verifyChain(swapped, head)).toMatchObject({ seq: i + 1 })
      // Renumbered, so that only the chain shows the change.
      const renumbered = swapped.map((row, n) => ({ ...row, seq: n + 1 }))
      expect(await verifyChain(renumbered, head)).toMatchObject({ seq: i + 1 })
    }
  })

  it('finds a repeated row, and a row after the head', async () => {
    const { rows, head } = await chainOf(3)
    for (let i = 0; i < 3; i++)
      expect(await verifyChain(rows.toSpliced(i, 0, at(rows, i)), head)).toMatchObject({ seq: i + 2 })
    const longer = (await chainOf(4)).rows
    expect(await verifyChain(longer, head)).toEqual({ seq: 4, why: 'beyond the head, which is 3' })
  })

  it('finds a chain rewritten from some row on, because the head is stored elsewhere', async () => {
    const { rows, head } = await chainOf(4)
    for (let from = 0; from < 4; from++) {
      const forged = rows.slice(0, from)
      let at: Head = forged.at(-1) ?? GENESIS
      for (const row of rows.slice(from)) {
        const { seq: _, hash: ___, ...draft } = openEntry(row, CONTEXT)
        const lower = { ...draft, answer: draft.answer && { ...draft.answer, responseCode: '05' } }
        const resealed = await seal(lower, at, row.rrn, CONTEXT)
        forged.push(resealed)
        at = resealed
      }
      expect(await verifyChain(forged, head)).toEqual({ seq: 4, why: 'differs from the head' })
    }
  })

  it('finds an entry sealed for another sequence number, terminal, key or RRN', async () => {
    const { rows } = await chainOf(2)
    const [first, second] = [at(rows, 0), at(rows, 1)]
    const head = { seq: first.seq, hash: first.hash }
    expect(await checkEntry(second, head)).toBeNull()
    expect(await checkEntry({ ...second, seq: 3 }, head)).toEqual({
      seq: 2,
      why: 'missing: the next entry is 3',
    })
    for (const change of [{ terminalId: '87654321' }, { messageKey: 'x' }, { rrn: '900000000009' }])
      expect(await checkEntry({ ...second, ...change }, head)).toEqual({
        seq: 2,
        why: 'its content was changed, or it does not follow from the entry before it',
      })
  })
})
