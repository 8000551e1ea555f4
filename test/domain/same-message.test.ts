/** @module Messages with less than usual: copies with other contents, reversals without an amount, and voids that field 61 alone names. */

import { describe, expect, it } from 'vitest'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { refuseUnrecordable } from '../../src/domain/decide-unrecordable.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { LoadedState } from '../../src/domain/decision.ts'
import {
  entryFor,
  generated,
  loadedState,
  original,
  reversalOfSale,
  saleEntry,
  voidEntry,
  voidRequest,
} from './fixtures.ts'
import { reasonOf } from './guards.ts'

const REUSED = 'key_reused_with_different_content'

describe('a copy of a void', () => {
  const copy = { ...voidRequest, contentFingerprint: 'of the content' }
  const withEarlier = (contentFingerprint: string) => ({
    ...loadedState,
    original,
    earlier: { ...voidEntry, contentFingerprint },
  })

  it('of an entry that has the HMAC over all bytes is the same message', () => {
    const request = { ...copy, otherFingerprint: 'of all bytes' }
    expect(decideVoid(request, withEarlier('of all bytes'), generated).kind).toBe('replay')
    expect(decideVoid(request, withEarlier('of the content'), generated).kind).toBe('replay')
    expect(reasonOf(decideVoid(request, withEarlier('another'), generated))).toBe(REUSED)
    expect(reasonOf(decideVoid(copy, withEarlier('of all bytes'), generated))).toBe(REUSED)
  })
})

describe('a void from a terminal with lenient forms', () => {
  const lenient = {
    ...loadedState,
    original,
    terminal: { ...loadedState.terminal, voidForms: 'lenient' as const },
  }
  const bare = { ...voidRequest, amount: null, cardFingerprint: null, rrn: null, authorizationCode: null }
  const decide = (change: Partial<typeof voidRequest>, state: LoadedState = lenient) =>
    reasonOf(decideVoid({ ...bare, ...change }, state, generated))

  it('is named by field 61 alone, and is for the amount of the sale', () => {
    const decision = decideVoid(bare, lenient, generated)
    expect(decision).toMatchObject({ draft: { effects: { voidRecord: { amount: 1234 } } } })
    expect(decide({}, { ...loadedState, original })).toBe('card_differs')
  })

  it('is still compared where it has a card, an amount or a reference', () => {
    expect(decide({ cardFingerprint: 'd'.repeat(64) })).toBe('card_differs')
    expect(decide({ amount: 1 })).toBe('amount_differs')
    expect(decide({ rrn: '000000000999' })).toBe('reference_differs')
    expect(decide({ authorizationCode: '999999' })).toBe('reference_differs')
    expect(decide({ currencyCode: '840' })).toBe('currency_differs')
    const pos = voidRequest.pos === null ? null : { ...voidRequest.pos, saleKey: null }
    expect(decide({ pos })).toBe('card_differs')
  })
})

describe('a reversal without an amount', () => {
  const request = { ...reversalOfSale, amount: null, contentFingerprint: 'without an amount' }
  const before = entryFor({ ...reversalOfSale, contentFingerprint: 'with an amount' })

  it('means the amount of its target', () => {
    const decision = decideReversal(request, { ...loadedState, target: saleEntry, original }, generated)
    expect(reasonOf(decision)).toBeNull()
    expect(decision).toMatchObject({ draft: { effects: { reversals: [{ kind: 'reversed' }] } } })
  })

  it('is a copy of one with an amount, and the other way round', () => {
    expect(decideReversal(request, { ...loadedState, earlier: before }, generated).kind).toBe('replay')
    const after = {
      ...reversalOfSale,
      contentFingerprint: 'with an amount',
      otherFingerprint: 'without an amount',
    }
    const earlier = entryFor(request)
    expect(decideReversal(after, { ...loadedState, earlier }, generated).kind).toBe('replay')
  })

  it('that cannot be written has a case with the amount of its target', () => {
    const state = { ...loadedState, target: saleEntry, original }
    expect(refuseUnrecordable(request, state, generated)).toMatchObject({
      draft: { answer: { reason: 'not_recorded' }, effects: { claim: { amount: 1234 } } },
    })
    expect(refuseUnrecordable(request, loadedState, generated)).toMatchObject({
      draft: { effects: { claim: { amount: 0 } } },
    })
  })
})
