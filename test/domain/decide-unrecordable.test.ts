/** @module The decision on a message whose entry a rule of a table forbids: its refusal, and the case with all that is known. */

import { describe, expect, it } from 'vitest'
import { NO_STAN } from '../../src/domain/decide-claim.ts'
import { SETTLEMENT_ERROR } from '../../src/domain/decide-settlement.ts'
import {
  caseOfUnrecordable,
  refuseSettlement,
  refuseUnrecordable,
} from '../../src/domain/decide-unrecordable.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import { tombstonedKey } from '../../src/domain/message-key.ts'
import type { AcquirerEventRequest, CaseRequest, ReconciliationRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

const draftOf = (decision: Decision) => {
  if (decision.kind !== 'commit') throw new Error(`${decision.kind}: expected an entry`)
  return decision.draft
}

const MONEY = {
  sale: f.saleRequest,
  'captured sale': f.capturedSaleRequest,
  void: f.voidRequest,
  'void by JSON': f.jsonVoidRequest,
  'reversal of a sale': f.reversalOfSale,
  'reversal of a void': f.reversalOfVoid,
}

describe.each(Object.entries(MONEY))('the refusal of a %s', (name, request) => {
  it('is an entry under its own key, with a case', () => {
    const draft = draftOf(refuseUnrecordable(request, f.loadedState, f.generated))
    expect(draft).toMatchObject({
      messageKey: request.messageKey,
      answer: { reason: 'not_recorded' },
      effects: {
        claim: {
          messageKey: request.messageKey,
          kind: name.includes('void') ? 'void' : 'sale',
          acquirerStan: NO_STAN,
          amount: 1234,
          currencyCode: '156',
          batchNumber: '000001',
          state: 'declined',
          caseReason: 'not_recorded',
          caseOpenedAt: f.NOW,
          // The acquirer’s own number, if the message has one.
          acquirerRrn: name === 'captured sale' ? '900000000001' : null,
        },
      },
    })
    expect(Object.keys(draft.effects)).toEqual(['claim'])
  })

  it('is the first answer, when a copy is in the journal meanwhile', () => {
    const earlier = f.entryFor(request)
    expect(refuseUnrecordable(request, { ...f.loadedState, earlier }, f.generated)).toMatchObject({
      kind: 'replay',
      entry: earlier,
    })
  })

  it('is no entry under a key that was reversed', () => {
    const loaded: LoadedState = {
      ...f.loadedState,
      reversal: { targetKey: request.messageKey, kind: 'tombstone' },
    }
    const decision = refuseUnrecordable(request, loaded, f.generated)
    if (request.kind === 'captured_sale')
      // The acquirer keeps it.
      expect(draftOf(decision)).toMatchObject({
        messageKey: tombstonedKey(request.messageKey),
        answer: { reason: 'message_reversed' },
        effects: {
          claim: {
            messageKey: tombstonedKey(request.messageKey),
            state: 'reversed',
            caseReason: 'not_recorded',
            acquirerRrn: '900000000001',
          },
        },
      })
    else expect(decision).toMatchObject({ kind: 'answer', answer: { reason: 'message_reversed' } })
  })
})

describe.each([
  ['settlement', f.settlementRequest, SETTLEMENT_ERROR],
  ['end of an upload', f.uploadEnd, undefined],
] as const)('the refusal of the %s', (_, request, totals) => {
  it('is an answer without an entry', () => {
    const decision = refuseSettlement(request, f.loadedState, f.generated)
    expect(decision).toMatchObject({ kind: 'answer', answer: { reason: 'not_recorded' } })
    if (decision.kind === 'answer') expect(decision.answer.totals).toBe(totals)
  })

  it('is the first answer, when a copy is in the journal meanwhile', () => {
    const earlier = f.entryFor(request)
    expect(refuseSettlement(request, { ...f.loadedState, earlier }, f.generated).kind).toBe('replay')
  })
})

const base = {
  door: 'terminal',
  merchantId: f.MID,
  messageKey: f.saleRequest.messageKey,
  contentFingerprint: '',
  request: {},
  sender: f.saleRequest.sender,
} as const

const event = (name: AcquirerEventRequest['event'], acquirerRrn: string | null): AcquirerEventRequest => ({
  ...base,
  kind: 'acquirer_event',
  event: name,
  acquirerRrn,
  authorizationCode: '424242',
  reason: null,
})

const line = (
  state: ReconciliationRequest['record']['state'],
  amount: number | null,
  acquirerRrn: string | null,
): ReconciliationRequest => ({
  ...base,
  kind: 'reconciliation',
  record: {
    kind: 'sale',
    merchantId: f.MID,
    terminalId: f.TID,
    batchNumber: '000001',
    acquirerStan: '000302',
    state,
    amount,
    currencyCode: null,
    acquirerRrn,
    authorizationCode: null,
    original: null,
  },
  asOf: f.NOW,
})

const decision: CaseRequest = { ...base, kind: 'case', resolution: 'stands' }

const forwarded: AcquirerMessage = {
  messageKey: base.messageKey,
  kind: 'sale',
  merchantId: f.MID,
  terminalId: f.TID,
  batchNumber: '000001',
  acquirerStan: '000302',
  amount: 1234,
  currencyCode: '156',
  original: null,
  rrn: '000000000101',
  acquirerRrn: null,
  state: 'pending',
  claimedAt: f.SOLD_AT,
  movedAt: f.SOLD_AT,
  decideBy: f.SOLD_AT,
  caseReason: null,
  caseOpenedAt: null,
  caseClosedAt: null,
  acquirerStatus: null,
  acquirerAmount: null,
}
const claim = f.entryFor(f.saleRequest, { kind: 'sale_claim', answer: null, effects: { claim: forwarded } })
const withClaim: LoadedState = { ...f.loadedState, earlier: claim, claim, forwarded }

describe('the case on a forwarded message', () => {
  const RRN = 'ACQR00000001'
  it.each([
    ['an approval', event('acquirer_approved', RRN), { acquirerStatus: 'approved', acquirerRrn: RRN }],
    ['an approval without an RRN', event('acquirer_approved', null), { acquirerStatus: 'approved' }],
    ['a decline', event('acquirer_declined', null), { acquirerStatus: 'declined' }],
    ['a confirmed reversal', event('acquirer_undone', null), { acquirerStatus: 'reversed' }],
    ['a refused reversal', event('reversal_refused', RRN), { acquirerStatus: 'approved', acquirerRrn: RRN }],
    ['a reversal that was declined', event('reversal_declined', null), {}],
    ['a give-up', event('give_up', null), {}],
    ['a deadline', event('overdue', null), {}],
    [
      'a line of the list',
      line('approved', 1234, RRN),
      { acquirerStatus: 'approved', acquirerAmount: 1234, acquirerRrn: RRN },
    ],
    ['a line without a message', line('absent', null, null), { acquirerStatus: 'absent' }],
    ['a decision of a person', decision, {}],
  ] as const)('has what %s says of the acquirer, and nothing else', (_, request, statement) => {
    const { effects, kind } = draftOf(caseOfUnrecordable(request, withClaim, f.generated))
    expect(kind).toBe('case')
    expect(effects).toEqual({
      acquirerMoves: [
        {
          messageKey: base.messageKey,
          state: 'pending',
          at: f.NOW,
          nextAt: f.NOW + 3_600_000,
          caseReason: 'not_recorded',
          ...statement,
        },
      ],
    })
  })

  it('opens once, and its message is still without an answer', () => {
    const withCase = { ...forwarded, caseReason: 'not_recorded', acquirerStatus: 'approved' } as const
    const again = caseOfUnrecordable(
      event('acquirer_approved', RRN),
      { ...withClaim, forwarded: withCase },
      f.generated,
    )
    expect(again).toEqual({ kind: 'pending', forwarded: withCase, claim })
  })
})
