/** @module Two requests with one key that are the same message though their contents differ, and two that are not. */

import { describe, expect, it } from 'vitest'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { refuseUnrecordable } from '../../src/domain/decide-unrecordable.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
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
