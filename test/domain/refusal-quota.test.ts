/**
 * @module The quota of refusals as a pure rule: which decisions count, where the quota ends, and that nothing else of a
 * decision changes.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACQUIRER_STATES, type AcquirerEvent } from '../../src/domain/acquirer-state.ts'
import { decideAcquirerEvent } from '../../src/domain/decide-acquirer-event.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideCapturedSale, decideSale, decideSaleEarly } from '../../src/domain/decide-sale.ts'
import { decideSettlement } from '../../src/domain/decide-settlement.ts'
import { refuseUnrecordable } from '../../src/domain/decide-unrecordable.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import { KEYS_QUOTA, TERMINAL_QUOTA, utcDay, withinQuota } from '../../src/domain/refusal-quota.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import * as f from './fixtures.ts'

const refusals = (key: string, written: number) => ({ key, day: 20_000, written })
const TERMINAL = `terminal:${f.TID}`
const KEYS = `keys:${f.MID}`

const withSale: LoadedState = { ...f.loadedState, original: f.original }
const foreignCurrency = { ...f.saleRequest, currencyCode: '840' }
const wrongAmount = { ...f.voidRequest, amount: 1 }
const noSale = { ...f.reversalOfSale, targetKey: f.keyOf('000077', 'sale') }
const generated = f.generated

/** The sale is approved, and its batch is closed. */
const tooLate: LoadedState = {
  ...f.loadedState,
  target: f.saleEntry,
  original: { ...f.original, batchState: 'closed' },
}

/** The refusals that count: those of our own guards that use up a key. */
const COUNTED: Readonly<Record<string, Decision>> = {
  'a void without a sale': decideVoid(f.voidRequest, f.loadedState, generated),
  'a void of another amount': decideVoid(wrongAmount, withSale, generated),
  'a JSON void of another amount': decideVoid({ ...f.jsonVoidRequest, amount: 1 }, withSale, generated),
  'a forwarded void of another amount': asPending(
    decideVoid(wrongAmount, withSale, generated),
    withSale,
    generated,
  ),
  'a reversal of a sale in a closed batch': decideReversal(f.reversalOfSale, tooLate, generated),
  'a sale in another currency': decideSaleEarly(foreignCurrency, f.loadedState, generated) as Decision,
}

const claim = asPending(decideVoid(f.voidRequest, withSale, generated), withSale, generated)
if (claim.kind !== 'commit') throw new Error('a claim is written')
const entry = { ...claim.draft, seq: 3, previousHash: 'a'.repeat(64), hash: 'b'.repeat(64) }
const forwarded = claim.draft.effects.claim
if (forwarded === undefined) throw new Error('a claim has a message')

const EVENTS: readonly AcquirerEvent[] = ['acquirer_approved', 'acquirer_declined', 'acquirer_undone']
const outcomes = EVENTS.flatMap((event) =>
  ACQUIRER_STATES.map((state): [string, Decision | null] => [
    `${event} in state ${state}`,
    decideAcquirerEvent(
      {
        kind: 'acquirer_event',
        door: 'terminal',
        merchantId: f.MID,
        messageKey: forwarded.messageKey,
        contentFingerprint: '',
        sender: NO_SENDER,
        request: {},
        event: event as 'acquirer_approved',
        acquirerRrn: null,
        authorizationCode: null,
        reason: event === 'acquirer_declined' ? 'issuer_declined' : null,
      },
      { ...withSale, earlier: entry, claim: entry, forwarded: { ...forwarded, state } },
      generated,
    ),
  ]),
)

/** All that is always written, or never was. */
const OTHERS: Readonly<Record<string, Decision | null>> = {
  'an approved void': decideVoid(f.voidRequest, withSale, generated),
  'a claim': claim,
  'an approved sale': decideSale(f.saleRequest, f.loadedState, generated, { kind: 'approved' }),
  'a sale that the acquirer declines': decideSale(f.saleRequest, f.loadedState, generated, {
    kind: 'declined',
    reason: 'issuer_declined',
  }),
  'a captured sale': decideCapturedSale(f.capturedSaleRequest, f.loadedState, generated),
  'a reversal of a sale': decideReversal(f.reversalOfSale, { ...tooLate, original: f.original }, generated),
  'a second reversal of a sale': decideReversal(
    f.reversalOfSale,
    { ...tooLate, targetReversal: { targetKey: f.reversalOfSale.targetKey, kind: 'reversed' } },
    generated,
  ),
  'a reversal of an unknown sale': decideReversal(noSale, f.loadedState, generated),
  'a settlement that differs': decideSettlement(f.settlementRequest, f.loadedState, generated),
  'a refusal with a case': refuseUnrecordable(f.voidRequest, withSale, generated),
  'a void in another batch': decideVoid(
    { ...f.voidRequest, pos: { terminalId: f.TID, batchNumber: '000009', stan: '000002', saleKey: null } },
    withSale,
    generated,
  ),
  ...Object.fromEntries(outcomes),
}

describe.each([
  ['a terminal', TERMINAL, TERMINAL_QUOTA],
  ['the bearer keys of a merchant', KEYS, KEYS_QUOTA],
  ['the administrators’ bearer keys', 'keys:admin', KEYS_QUOTA],
])('the quota of %s', (_, key, quota) => {
  it.each(Object.entries(COUNTED))('counts %s, and ends it at its boundary', (__, decision) => {
    if (decision.kind !== 'commit') throw new Error('it uses up its key')
    const last = withinQuota(decision, refusals(key, quota - 1), 0)
    expect(last).toEqual({ decision, counted: { key, day: 20_000, most: quota - 1 }, isBeyond: false })
    expect(withinQuota(decision, refusals(key, quota), 0)).toEqual({
      decision: { kind: 'answer', answer: decision.draft.answer },
      counted: null,
      isBeyond: true,
    })
  })

  it('counts the refusals before it in its set', () => {
    const decision = COUNTED['a void without a sale'] as Decision
    fc.assert(
      fc.property(fc.nat(quota + 5), fc.nat(100), (written, before) => {
        const { counted, isBeyond } = withinQuota(decision, refusals(key, written), before)
        expect(isBeyond).toBe(written + before >= quota)
        // All before it are written at most, and so is this one.
        expect(counted === null ? null : counted.most + before + 1).toBe(isBeyond ? null : quota)
      }),
    )
  })

  it.each(Object.entries(OTHERS))('never changes %s', (__, decision) => {
    if (decision === null) return
    for (const written of [0, quota, quota * 10])
      expect(withinQuota(decision, refusals(key, written), 100)).toEqual({
        decision,
        counted: null,
        isBeyond: false,
      })
  })
})

it('does not count without a sender', () => {
  for (const decision of Object.values(COUNTED))
    expect(withinQuota(decision, null, 100)).toEqual({ decision, counted: null, isBeyond: false })
})

it('begins a UTC day at midnight', () => {
  const midnight = Date.UTC(2026, 5, 2)
  expect(utcDay(midnight) - utcDay(midnight - 1)).toBe(1)
  expect(utcDay(midnight + 86_399_999)).toBe(utcDay(midnight))
  expect(utcDay(0)).toBe(0)
})
