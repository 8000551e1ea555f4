/**
 * @module No FINAL is followed by another state of the same message without a new command: over all states and all bodies. A command is
 * a reversal, a void, a decision on a case or the close of a batch. The acquirer's answers, its silence and time are none.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { reversalBody, saleBody, voidBodyOf } from '../../src/api/json/bodies.ts'
import { caseBody } from '../../src/api/json/cases.ts'
import { inquiryBody } from '../../src/api/json/inquiry.ts'
import { declineProblem, unknownReference } from '../../src/api/json/problem.ts'
import {
  ACQUIRER_STATES,
  ACQUIRER_TRANSITIONS,
  type AcquirerEvent,
  type AcquirerState,
} from '../../src/domain/acquirer-state.ts'
import { identity } from '../../src/domain/decide-claim.ts'
import type { AcquirerMessage, JournalEntry, SaleState } from '../../src/domain/types.ts'
import {
  entryFor,
  MID,
  NOW,
  original,
  sale,
  saleRequest,
  voidRecord,
  voidRequest,
} from '../domain/fixtures.ts'

const COMMANDS: readonly AcquirerEvent[] = ['reversal', 'case_stands', 'case_undone']

/** The states that may follow without a command, over any number of events. */
function without(state: AcquirerState): ReadonlySet<AcquirerState> {
  const seen = new Set([state])
  for (const from of seen)
    for (const [event, to] of Object.entries(ACQUIRER_TRANSITIONS[from]))
      if (!COMMANDS.includes(event as AcquirerEvent)) seen.add(to)
  return seen
}

const messageIn = (state: AcquirerState, kind: 'sale' | 'void', isCase: boolean): AcquirerMessage => ({
  ...identity(kind === 'sale' ? sale : voidRecord, { now: NOW, acquirerStan: '700001' }),
  kind,
  original: null,
  state,
  ...(isCase ? { caseReason: 'no_answer', caseOpenedAt: NOW } : {}),
})

const NONE = { claim: null, forwarded: null, reversal: null, original } as const

/** The entries of a forwarded void: its claim and, when it is decided, its outcome. */
const claim: JournalEntry = {
  ...entryFor(voidRequest),
  kind: 'void_claim',
  answer: null,
  effects: { voidRecord: { ...voidRecord, state: 'pending' }, claim: messageIn('pending', 'void', false) },
}

/** A message has its outcome from then on. A reversal may come before it. */
const hasOutcome = (state: AcquirerState) => state === 'approved' || state === 'declined'

const declined = (entry: JournalEntry): JournalEntry => ({
  ...entry,
  answer: entry.answer && { ...entry.answer, reason: 'acquirer_silent', responseCode: '68' },
})

const entryIn = (state: AcquirerState): JournalEntry =>
  state === 'declined' ? declined(entryFor(voidRequest)) : hasOutcome(state) ? entryFor(voidRequest) : claim

const reversed = (state: AcquirerState, targetKey: string) =>
  state === 'reversing' || state === 'reversed' ? ({ targetKey, kind: 'reversed' } as const) : null

const voidOfSale = (state: AcquirerState, isCase: boolean): SaleState['liveVoid'] =>
  state === 'declined' || state === 'reversed'
    ? null
    : {
        id: '2'.repeat(32),
        messageKey: 'v',
        state,
        forwarded: true,
        message: messageIn(state, 'void', isCase),
      }

const saleIn = (state: AcquirerState, isCase: boolean): SaleState => ({
  ...original,
  sale: { ...sale, status: state === 'declined' ? 'declined' : 'approved' },
  reversed: reversed(state, sale.messageKey) !== null,
  forwarded: messageIn(state, 'sale', isCase),
})

interface Body {
  readonly state?: unknown
  readonly certainty: string
  readonly doNext: string
  readonly ours?: { readonly state: string }
}

/** Every body that shows a message, by the state of the message at the acquirer. */
const BODIES: Readonly<Record<string, (state: AcquirerState, isCase: boolean) => Body>> = {
  'a sale, by itself': (state, isCase) => saleBody(saleIn(state, isCase), null, NOW),
  'a sale, by its void': (state, isCase) =>
    saleBody({ ...original, liveVoid: voidOfSale(state, isCase) }, null, NOW),
  'a sale with a case of its own, by its void': (state, isCase) =>
    saleBody({ ...saleIn('approved', true), liveVoid: voidOfSale(state, isCase) }, null, NOW),
  'a void': (state, isCase) =>
    voidBodyOf({
      record: { ...voidRecord, state },
      reversedAt: null,
      forwarded: messageIn(state, 'void', isCase),
      card: null,
    }),
  'the inquiry of a void': (state, isCase) =>
    inquiryBody({
      ...NONE,
      messageKey: voidRequest.messageKey,
      merchantId: MID,
      entry: entryIn(state),
      claim,
      forwarded: messageIn(state, 'void', isCase),
      reversal: reversed(state, voidRequest.messageKey),
    }),
  'the inquiry of a sale': (state, isCase) =>
    inquiryBody({
      ...NONE,
      messageKey: sale.messageKey,
      merchantId: MID,
      entry: { ...entryFor(saleRequest), effects: { sale: saleIn(state, isCase).sale } },
      forwarded: messageIn(state, 'sale', isCase),
      reversal: reversed(state, sale.messageKey),
      original: saleIn(state, isCase),
    }),
  'the inquiry of a sale, by its void': (state, isCase) =>
    inquiryBody({
      ...NONE,
      messageKey: sale.messageKey,
      merchantId: MID,
      entry: { ...entryFor(saleRequest), effects: { sale } },
      original: { ...original, liveVoid: voidOfSale(state, isCase) },
    }),
  'a reversal': (state, isCase) =>
    reversalBody(entryFor(voidRequest), {
      target: claim,
      targetForwarded: messageIn(state, 'void', isCase),
      targetReversal: { targetKey: voidRequest.messageKey, kind: 'reversed' },
    }),
  'a case': (state, isCase) => {
    const message = messageIn(state, 'void', isCase)
    return caseBody({ message, attempts: 0, nextAt: null, history: [], sale })
  },
}

describe.each(Object.entries(BODIES))('%s', (_, bodyOf) => {
  it.each(ACQUIRER_STATES.flatMap((state) => [[state, false] as const, [state, true] as const]))(
    'that is %s (with a case: %s) stays as it is when it says FINAL',
    (state, isCase) => {
      const body = bodyOf(state, isCase)
      const named = (one: Body) => one.ours?.state ?? one.state
      const later = [...without(state)].map((next) => named(bodyOf(next, isCase)))
      if (body.certainty === 'FINAL') expect(new Set(later)).toEqual(new Set([named(body)]))
      // A client that follows an answer that is not final has a next step.
      else expect(body.doNext).not.toBe('nothing')
      if (body.certainty !== 'FINAL' && body.doNext === 'query') expect(body).toHaveProperty('retryAfter')
    },
  )

  it('says FINAL of a settled message', () => {
    for (const state of ['approved', 'declined'] as const)
      expect([state, bodyOf(state, false).certainty]).toEqual([state, 'FINAL'])
  })
})

describe('a refusal', () => {
  it.each(['outcome_pending', 'original_not_found'] as const)(
    '%s is open as long as no entry has it, because time alone can end it',
    (reason) => {
      const { body, headers } = declineProblem(reason)
      expect(body).toMatchObject({ reason, certainty: 'PENDING', retryAfter: 1 })
      expect(headers['retry-after']).toBe('1')
      expect(body.doNext).not.toBe('nothing')
      expect(declineProblem(reason, { isWritten: true }).body.certainty).toBe('FINAL')
    },
  )

  it('of an id or RRN is not final, because another region may have it', () => {
    for (const reference of ['3ff'.padEnd(32, '0'), '0'.repeat(32), '123456789012', 'ABC123456789'])
      expect(unknownReference(reference).body).toMatchObject({
        status: 404,
        reason: 'not_found',
        certainty: 'UNKNOWN',
        doNext: 'contact_acquirer',
      })
  })

  it('of an id that no region gives is final', () => {
    for (const reference of ['400'.padEnd(32, '0'), 'f'.repeat(32)])
      expect(unknownReference(reference).body).toMatchObject({ certainty: 'FINAL', doNext: 'nothing' })
  })
})

it('no other file of the API writes a certainty', () => {
  const files = readdirSync('src/api', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const writing = files.filter((name) =>
    /certainty: ['"](FINAL|PENDING|UNKNOWN)/.test(readFileSync(`src/api/${name}`, 'utf8')),
  )
  expect(writing.filter((name) => !name.startsWith('contract/'))).toEqual(['json/certainty.ts'])
})
