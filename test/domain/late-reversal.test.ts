/** @module Late reversals and deadlines of voids, to the millisecond: every door, setting and caller as one table. */

import { describe, expect, it } from 'vitest'
import { DECIDE_MS, GIVE_UP_MS, giveUpAt, QUIET_MS, quietAt } from '../../src/domain/acquirer-state.ts'
import { decideByOf } from '../../src/domain/decide-by.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import type { LoadedState } from '../../src/domain/decision.ts'
import type { MerchantRules } from '../../src/domain/merchant-rules.ts'
import type { ReversalRequest } from '../../src/domain/requests.ts'
import type { Merchant } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'
import { reasonOf } from './guards.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const ANSWERED = f.voidEntry.answer?.at ?? 0

const liveVoid = {
  id: f.voidRecord.id,
  messageKey: f.voidRecord.messageKey,
  state: 'approved',
  forwarded: false,
} as const
const voided: LoadedState = {
  ...f.loadedState,
  terminal: { ...f.terminal, batch: { ...f.batch, creditAmount: 1234, creditCount: 1 } },
  target: f.voidEntry,
  original: { ...f.original, liveVoid },
}

interface Attempt {
  readonly after: number
  readonly isFollowed?: boolean
  readonly rules?: Partial<MerchantRules>
  readonly request?: Partial<ReversalRequest>
}

function decide({ after, isFollowed = false, rules = {}, request = {} }: Attempt) {
  const loadedState = { ...voided, isTargetFollowed: isFollowed, merchant: { ...f.merchant, ...rules } }
  const generated = { ...f.generated, now: ANSWERED + after }
  return decideReversal({ ...f.reversalOfVoid, ...request }, loadedState, generated)
}

const json = { door: 'json' } as const
const byAdministrator = (reason: string | null, isForMerchant = false) => ({
  ...json,
  administrator: { reason, isForMerchant },
})
const refuse = { lateReversals: 'refuse' } as const

describe('the reversal of an approved void', () => {
  const rows: readonly (readonly [string, Attempt, string | null])[] = [
    ['by JSON at 120 s', { after: 120 * SECOND, request: json }, null],
    ['by JSON a millisecond later', { after: 120 * SECOND + 1, request: json }, 'approval_required'],
    ['by JSON after another message of the terminal', { after: 1, isFollowed: true, request: json }, null],
    ['by an administrator at 120 s', { after: 120 * SECOND, request: byAdministrator(null) }, null],
    ['by an administrator later', { after: 121 * SECOND, request: byAdministrator(null) }, 'reason_required'],
    [
      "of a merchant's void by an administrator in time",
      { after: 0, request: byAdministrator(null, true) },
      'reason_required',
    ],
    ['the same with a reason', { after: 0, request: byAdministrator('x', true) }, null],
    ['by an administrator with a reason', { after: 60 * MINUTE, request: byAdministrator('x') }, null],
    ['by a terminal at 10 minutes', { after: 10 * MINUTE, rules: refuse }, null],
    ['by a terminal later', { after: 10 * MINUTE + 1, rules: refuse }, 'reversal_too_old'],
    ['by a terminal after a message', { after: 1, isFollowed: true, rules: refuse }, 'reversal_too_old'],
    ['by a terminal that may be late', { after: 60 * MINUTE, isFollowed: true }, null],
  ]
  it.each(rows)('%s', (_, attempt, reason) => {
    expect(reasonOf(decide(attempt))).toBe(reason)
  })

  it('has a mark only if a terminal is late: the event `void.reversed_late`', () => {
    const markOf = (attempt: Attempt) => {
      const decision = decide(attempt)
      return decision.kind === 'commit' ? decision.draft.effects.voidMoved?.reversedLate : 'no entry'
    }
    expect(markOf({ after: 10 * MINUTE })).toBeUndefined()
    expect(markOf({ after: 10 * MINUTE + 1 })).toBe(true)
    expect(markOf({ after: 1, isFollowed: true })).toBe(true)
    expect(markOf({ after: 60 * MINUTE, request: byAdministrator('x') })).toBeUndefined()
  })

  it('a refusal of a terminal is an entry, and one by JSON is none', () => {
    expect(decide({ after: 11 * MINUTE, rules: refuse })).toMatchObject({
      kind: 'commit',
      draft: { effects: {} },
    })
    expect(decide({ after: 11 * MINUTE, request: json }).kind).toBe('answer')
    expect(decide({ after: 11 * MINUTE, request: byAdministrator(null) }).kind).toBe('answer')
  })
})

describe('the deadline of a void', () => {
  const until = (rules: Partial<Merchant>) =>
    decideByOf({ soldAt: f.SOLD_AT }, { ...f.merchant, ...rules }, f.NOW) - f.NOW
  const window = (minutes: number) => ({ window: { kind: 'minutes', minutes } }) as const
  /** From 10:19 to 23:00 in Shanghai. */
  const TO_CUT_OFF = 12 * 60 * MINUTE + 41 * MINUTE
  const rows: readonly (readonly [Partial<Merchant>, number])[] = [
    [{}, DECIDE_MS],
    [{ decideWithin: 181 }, 181 * SECOND],
    [{ decideWithin: 31_536_000 }, TO_CUT_OFF],
    [{ decideWithin: 'window' }, TO_CUT_OFF],
    [{ decideWithin: 'window', window: { kind: 'same_batch' } }, TO_CUT_OFF],
    [{ decideWithin: 600, window: { kind: 'same_batch' } }, 600 * SECOND],
    [{ decideWithin: 'window', ...window(30) }, 29 * MINUTE],
    [{ decideWithin: 3600, ...window(30) }, 29 * MINUTE],
    [{ decideWithin: 'window', ...window(2) }, DECIDE_MS],
    [window(2), DECIDE_MS],
  ]
  it.each(rows)('with %j is %i ms after the claim', (rules, ms) => {
    expect(until(rules)).toBe(ms)
  })

  it('moves the give-up and the quiet time with it', () => {
    const claim = { claimedAt: f.NOW, decideBy: f.NOW + DECIDE_MS }
    expect(giveUpAt(claim)).toBe(f.NOW + GIVE_UP_MS)
    for (const state of ['pending', 'undoing'] as const)
      expect(quietAt({ ...claim, state })).toBe(f.NOW + QUIET_MS)
    const kept = { claimedAt: f.NOW, decideBy: f.NOW + 60 * MINUTE }
    expect(giveUpAt(kept)).toBe(f.NOW + 58 * MINUTE)
    expect(quietAt({ ...kept, state: 'undoing' })).toBe(f.NOW + 58.5 * MINUTE)
    // A reversal at 20 minutes: a copy may have left just before it.
    const reversed = {
      claimedAt: f.NOW,
      decideBy: f.NOW + 20 * MINUTE + DECIDE_MS,
      state: 'reversing',
    } as const
    expect(quietAt(reversed)).toBe(f.NOW + 20.5 * MINUTE)
  })
})
