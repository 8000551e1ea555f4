/** @module Bodies of entries: each entry reads back as it was written, equal entries are equal bytes, other texts throw SyntaxError. */

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CASE_REASONS } from '../../../src/domain/acquirer-move.ts'
import { ACQUIRER_STATES, ACQUIRER_STATUSES } from '../../../src/domain/acquirer-state.ts'
import { REFUSALS } from '../../../src/domain/decline-reason.ts'
import { posMessageKey } from '../../../src/domain/message-key.ts'
import { MAC_PROFILES } from '../../../src/domain/terminal-profile.ts'
import type { DraftEntry } from '../../../src/domain/types.ts'
import {
  CODED_CASES,
  CODED_PROFILES,
  CODED_REASONS,
  CODED_STATES,
  CODED_STATUSES,
} from '../../../src/store/entry/codes.ts'
import { EntryScope } from '../../../src/store/entry/columns.ts'
import { decodeEntry, describeEntry, ENTRY_FORMAT, encodeEntry } from '../../../src/store/entry/entry.ts'
import { entryHash, sealedContent } from '../../../src/store/entry/hash.ts'
import { batch, MID, TID, voidEntry } from '../../domain/fixtures.ts'
import { draftEntry, rowRrn } from './arbitrary.ts'
import { bodyOf, columnsOf, expectedEntry, readBack } from './support.ts'
import { afterClaim, written } from './written.ts'

/** A reader that knows nothing but the row. */
const ALONE = { base: null, merchantId: null } as const

describe('a body', () => {
  it('reads back as the entry that was written, whatever its members', () => {
    fc.assert(
      fc.property(fc.oneof(written, afterClaim), (one) => {
        expect(readBack(one)).toEqual(expectedEntry(one))
      }),
      { numRuns: 600 },
    )
  })

  it('is one text for equal entries, in any order of members and at any place of the chain', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled)
      if (value === null || typeof value !== 'object') return value
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([name, member]) => [name, shuffled(member)]),
      )
    }
    fc.assert(
      fc.property(fc.oneof(written, afterClaim), (one) => {
        const again = { ...one, draft: shuffled(one.draft) as DraftEntry, base: structuredClone(one.base) }
        expect(bodyOf({ ...again, columns: { ...one.columns, seq: one.columns.seq + 1 } })).toBe(bodyOf(one))
      }),
      { numRuns: 400 },
    )
  })

  it('differs when the entry differs', () => {
    fc.assert(
      fc.property(written, draftEntry, (one, other) => {
        for (const name of ['at', 'request', 'answer', 'contentFingerprint', 'door', 'kind'] as const) {
          const changed = { ...one, draft: { ...one.draft, [name]: other[name] } }
          const isEqual = JSON.stringify(one.draft[name]) === JSON.stringify(other[name])
          if (!isEqual)
            expect([name, bodyOf(changed) === bodyOf(one)]).toEqual([
              name,
              isSameValue(one.draft[name], other[name]),
            ])
        }
      }),
      { numRuns: 250 },
    )
  })

  it('is JSON that JSON.stringify gives again', () => {
    fc.assert(
      fc.property(written, (one) => {
        const body = bodyOf(one)
        expect(JSON.stringify(JSON.parse(body))).toBe(body)
      }),
    )
  })

  it('ignores an undefined member, like JSON', () => {
    const { seq: _, hash: ___, ...draft } = voidEntry
    const context = { rrn: null, before: null, ...ALONE }
    const loose = { ...draft, actor: undefined, effects: { ...draft.effects, sale: undefined } }
    expect(encodeEntry(loose as unknown as DraftEntry, context)).toBe(encodeEntry(draft, context))
  })

  it('has no totals of another batch than the open one', () => {
    const { seq: _, hash: ___, ...draft } = voidEntry
    const other = { ...draft, effects: { batch: { ...batch, batchNumber: '000002' } } }
    expect(() => encodeEntry(other, { rrn: null, before: batch, ...ALONE })).toThrow(RangeError)
    expect(() => encodeEntry(other, { rrn: null, before: null, ...ALONE })).toThrow(RangeError)
  })
})

const isSameValue = (a: unknown, b: unknown): boolean => {
  try {
    expect(a).toEqual(b)
    return true
  } catch {
    return false
  }
}

describe('reading', () => {
  const COLUMNS = {
    terminalId: TID,
    seq: 1,
    messageKey: posMessageKey({ terminalId: TID, batchNumber: '000001', stan: '000002' }, 'void'),
    rrn: null,
  }
  const read = (body: unknown) => () => decodeEntry(COLUMNS, JSON.stringify(body), ALONE)

  it.each([
    ['no list', { kind: 'sale' }, /expected a list/],
    ['an unknown format', [3, 0, 0], /does not know format 3/],
    ['a format by name', ['2', 0, 0], /does not know format "2"/],
    ['no format', [], /does not know format/],
    ['an unknown kind', [2, 17, 0, 1], /unknown kind/],
    ['a kind by name', [2, 'sale', 0, 1], /unknown kind/],
    ['a mask beyond the table', [2, 0, 2 ** 30, 1], /expected a mask/],
    ['no mask', [2, 0], /expected a mask/],
    ['too many values', [2, 4, 0, 1, 2, 3], /entry: 4 values/],
    ['too few values', [2, 4, 0], /expected a number/],
    ['an unknown code', [2, 4, 32, 1, 7], /door has no code 7/],
  ])('%s is a SyntaxError', (_, body, why) => {
    expect(read(body)).toThrow(SyntaxError)
    expect(read(body)).toThrow(why)
  })

  it('needs the entry that the body depends on, and no other', () => {
    const { seq: _, hash: ___, ...claim } = voidEntry
    const draft = { ...claim, messageKey: `${claim.messageKey}|o` }
    const body = encodeEntry(draft, { rrn: null, before: null, base: claim, merchantId: null })
    const columns = columnsOf(draft, 3, null)
    expect(decodeEntry(columns, body, { base: claim, merchantId: null })).toEqual({
      ...draft,
      seq: 3,
      rrn: null,
    })
    expect(() => decodeEntry(columns, body, ALONE)).toThrow(SyntaxError)
    expect(() =>
      decodeEntry(columns, body, { base: { ...claim, messageKey: 'x' }, merchantId: null }),
    ).toThrow(SyntaxError)
    // Written without it, the body depends on nothing.
    const alone = encodeEntry(draft, { rrn: null, before: null, ...ALONE })
    expect(decodeEntry(columns, alone, ALONE)).toEqual({ ...draft, seq: 3, rrn: null })
    expect(alone.length).toBeGreaterThan(body.length)
    expect(
      encodeEntry(draft, { rrn: null, before: null, base: { ...claim, messageKey: 'x' }, merchantId: null }),
    ).toBe(alone)
  })

  it('needs the merchant of the terminal, unless the body has it', () => {
    const { seq: _, hash: ___, ...draft } = voidEntry
    const columns = columnsOf(draft, 2, null)
    const body = encodeEntry(draft, { rrn: null, before: null, base: null, merchantId: MID })
    expect(decodeEntry(columns, body, { base: null, merchantId: MID })).toEqual({
      ...draft,
      seq: 2,
      rrn: null,
    })
    expect(() => decodeEntry(columns, body, ALONE)).toThrow(SyntaxError)
    const whole = encodeEntry(draft, { rrn: null, before: null, ...ALONE })
    for (const merchantId of [null, MID, '999'])
      expect(decodeEntry(columns, whole, { base: null, merchantId }).merchantId).toBe(MID)
    const provision = { ...draft, kind: 'provision' as const }
    const first = encodeEntry(provision, { rrn: null, before: null, base: null, merchantId: MID })
    expect(decodeEntry(columns, first, ALONE).merchantId).toBe(MID)
  })

  it('any other list gives an entry or a SyntaxError', () => {
    const scalar = fc.oneof(
      fc.integer({ min: -2, max: 300 }),
      fc.string({ maxLength: 4 }),
      fc.constantFrom(null, false),
    )
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('any'), { maxLength: 6 }),
        fc.dictionary(fc.string(), scalar),
      ),
    })).any
    const mutated = fc
      .tuple(written, fc.array(fc.tuple(fc.nat(40), value), { minLength: 1, maxLength: 3 }))
      .map(([one, changes]) => {
        let places = 0
        const change = (stored: unknown): unknown => {
          const found = changes.find(([place]) => place === places++)
          if (found !== undefined) return found[1]
          return Array.isArray(stored) ? stored.map(change) : stored
        }
        const [format, kind, ...list] = JSON.parse(bodyOf(one)) as unknown[]
        return { one, body: JSON.stringify([format, kind, ...list.map(change)]) }
      })
    fc.assert(
      fc.property(mutated, ({ one, body }) => {
        try {
          decodeEntry(one.columns, body, one)
          describeEntry(one.columns, body, one)
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
      { numRuns: 600 },
    )
  })
})

describe('the hash of an entry', () => {
  const sha256 = (...parts: (string | Buffer)[]): Buffer =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

  it('is SHA-256 of the hash before it and of SHA-256 of columns and body (node:crypto)', async () => {
    const text = fc.string({ unit: 'binary' }).map((one) => one.toWellFormed())
    const columns = fc.record({ terminalId: text, seq: fc.nat(), messageKey: text, rrn: rowRrn })
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        columns,
        text,
        async (previous, one, body) => {
          const list = JSON.stringify([one.terminalId, one.seq, one.messageKey, one.rrn])
          const expected = sha256(Buffer.from(previous), sha256(list, body)).toString('hex')
          expect(await entryHash(previous.toHex(), sealedContent(one, body))).toBe(expected)
        },
      ),
    )
  })
})

describe('the codes', () => {
  const scope = new EntryScope({ terminalId: '', seq: 1, messageKey: '', rrn: null }, 'sale', null)
  it.each([
    ['reasons', CODED_REASONS, Object.keys(REFUSALS)],
    ['states', CODED_STATES, ACQUIRER_STATES],
    ['statuses', CODED_STATUSES, ACQUIRER_STATUSES],
    ['case reasons', CODED_CASES, CASE_REASONS],
    ['MAC profiles', CODED_PROFILES, MAC_PROFILES],
  ])('have every one of the %s', (_, form, names) => {
    expect(names.filter((name) => typeof form.write(name, scope) !== 'number')).toEqual([])
  })
})

describe('describeEntry', () => {
  it('names the members that a body has', () => {
    const { seq: _, hash: ___, ...draft } = voidEntry
    const written = { ...draft, request: { '4': '000000001234', '37': '000000000101', '22': '072' } }
    const body = encodeEntry(written, { rrn: '000000000101', before: null, base: null, merchantId: MID })
    const described = describeEntry(columnsOf(draft, 2, '000000000101'), body, {
      base: null,
      merchantId: MID,
    })
    expect(described).toMatchObject({
      format: ENTRY_FORMAT,
      kind: 'void',
      at: draft.at,
      request: { '4': '000000001234', '22': '072', '37': '000000000101' },
      answer: { authorizationCode: '000201' },
      effects: { voidRecord: { id: '2'.repeat(32), saleId: '1'.repeat(32), feeReturned: 7 } },
    })
    expect(JSON.stringify(described)).not.toContain('merchantId')
  })
})
