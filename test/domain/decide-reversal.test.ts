/** @module Reversals: what they undo, what they leave, and that in every order the effect is the same. */

import { describe, expect, it } from 'vitest'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import type { LoadedState } from '../../src/domain/decision.ts'
import type { ReversalRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage, Effects } from '../../src/domain/types.ts'
import {
  batch,
  entryFor,
  generated,
  loadedState,
  NOW,
  original,
  refusal,
  reversalOfSale,
  reversalOfVoid,
  sale,
  saleEntry,
  terminal,
  voidEntry,
  voidRecord,
  voidRequest,
} from './fixtures.ts'
import { type Guard, guardSuite } from './guards.ts'

interface Case {
  readonly request: ReversalRequest
  readonly loadedState: LoadedState
}

const decide = ({ request, loadedState }: Case) => decideReversal(request, loadedState, generated)
const find = (change: Partial<LoadedState>) => (c: Case) => ({
  ...c,
  loadedState: { ...c.loadedState, ...change },
})
const closed = (c: Case) =>
  c.loadedState.original === null
    ? c
    : find({ original: { ...c.loadedState.original, batchState: 'closed' } })(c)

const liveVoid = {
  id: voidRecord.id,
  messageKey: voidRecord.messageKey,
  state: 'approved',
  forwarded: false,
} as const
const ofSale: Case = {
  request: reversalOfSale,
  loadedState: { ...loadedState, target: saleEntry, original },
}
/** The batch holds the sale and its void. */
const voidedTerminal = { ...terminal, batch: { ...batch, creditAmount: 1234, creditCount: 1 } }
const ofVoid: Case = {
  request: reversalOfVoid,
  loadedState: {
    ...loadedState,
    terminal: voidedTerminal,
    target: voidEntry,
    original: { ...original, liveVoid },
  },
}

const guardsOf = ({ request }: Case): Guard<Case>[] => [
  {
    fault: 'its key bears another content',
    reason: 'key_reused_with_different_content',
    break: find({ earlier: entryFor({ ...request, contentFingerprint: 'other' }) }),
  },
  {
    fault: 'another sale than what it names is of',
    reason: 'reference_differs',
    break: (c) => ({ ...c, request: { ...c.request, saleId: 'another' } }),
  },
  {
    fault: 'another card than what it names',
    reason: 'card_differs',
    break: (c) => ({ ...c, request: { ...c.request, cardFingerprint: 'd'.repeat(64) } }),
  },
  {
    fault: 'another amount than what it names',
    reason: 'amount_differs',
    break: (c) => ({ ...c, request: { ...c.request, amount: 1 } }),
  },
  { fault: 'the batch is closed', reason: 'reversal_too_late', break: closed },
]

guardSuite('the reversal of a sale', ofSale, decide, guardsOf(ofSale))
guardSuite('the reversal of a void', ofVoid, decide, guardsOf(ofVoid))

const reversed = (targetKey: string) => ({ targetKey, kind: 'reversed' }) as const
const tombstone = (targetKey: string) => ({ targetKey, kind: 'tombstone' }) as const
const saleKey = sale.messageKey
const voidKey = voidRequest.messageKey

describe('what a reversal does', () => {
  const none: Effects = {}
  const rows: [string, Case, Effects][] = [
    [
      'an approved sale: out of the debit total',
      ofSale,
      { reversals: [reversed(saleKey)], batch: { ...batch, debitAmount: 0, debitCount: 0 } },
    ],
    [
      'an approved void: out of the credit total, the sale stands again',
      ofVoid,
      {
        voidMoved: { id: voidRecord.id, state: 'reversed', reversedAt: NOW },
        reversals: [reversed(voidKey)],
        batch: { ...batch, creditAmount: 0, creditCount: 0 },
      },
    ],
    [
      'a sale that was voided: both never happened',
      find({ terminal: voidedTerminal, original: { ...original, liveVoid } })(ofSale),
      {
        voidMoved: { id: voidRecord.id, state: 'reversed', reversedAt: NOW },
        reversals: [reversed(saleKey), reversed(voidKey)],
        batch: { ...batch, debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 },
      },
    ],
    [
      'a sale never seen: a tombstone',
      find({ target: null, original: null })(ofSale),
      { reversals: [tombstone(saleKey)] },
    ],
    [
      'a void never seen: a tombstone, and the sale is left alone',
      find({ target: null, original: null })(ofVoid),
      { reversals: [tombstone(voidKey)] },
    ],
    [
      'a tombstone again, under another STAN: nothing more',
      find({ target: null, original: null, targetReversal: tombstone(saleKey) })(ofSale),
      none,
    ],
    ['a reversed sale: nothing more', find({ targetReversal: reversed(saleKey) })(ofSale), none],
    ['a reversed void: nothing more', find({ targetReversal: reversed(voidKey) })(ofVoid), none],
    [
      'a declined sale: nothing',
      find({ target: { ...saleEntry, answer: refusal, effects: { sale: { ...sale, status: 'declined' } } } })(
        ofSale,
      ),
      none,
    ],
    [
      'a sale that the feed told as declined: nothing',
      find({ target: { ...saleEntry, effects: { sale: { ...sale, status: 'declined' } } } })(ofSale),
      none,
    ],
    [
      'a declined void: nothing',
      find({ target: { ...voidEntry, answer: { ...refusal, reason: 'amount_differs' }, effects: {} } })(
        ofVoid,
      ),
      none,
    ],
    [
      'a reversed void of a batch closed since: nothing, and no complaint',
      closed(find({ targetReversal: reversed(voidKey) })(ofVoid)),
      none,
    ],
    [
      'a declined sale with another amount: nothing, and no complaint',
      {
        ...find({ target: { ...saleEntry, answer: refusal } })(ofSale),
        request: { ...reversalOfSale, amount: 1 },
      },
      none,
    ],
  ]

  it.each(rows)('%s', (_, c, effects) => {
    expect(decide(c)).toMatchObject({
      kind: 'commit',
      draft: {
        kind: c.request.kind,
        messageKey: c.request.messageKey,
        answer: { responseCode: '00', reason: null, authorizationCode: null },
      },
    })
    const decision = decide(c)
    expect(decision.kind === 'commit' && decision.draft.effects).toEqual(effects)
  })

  it('refused: written without effects', () => {
    expect(decide(closed(ofSale))).toMatchObject({ kind: 'commit', draft: { effects: {} } })
  })
})

it('that names another sale than the void is of undoes nothing and uses no key up', () => {
  const request = { ...reversalOfVoid, saleId: sale.id }
  const of = (saleId: string) =>
    decide({ ...find({ target: { ...voidEntry, request: { saleId } } })(ofVoid), request })
  expect(of('another')).toMatchObject({ kind: 'answer', answer: { reason: 'reference_differs' } })
  expect(of(sale.id)).toMatchObject({
    kind: 'commit',
    draft: { effects: { voidMoved: { state: 'reversed' } } },
  })
})

it('a reversal sent again gets the entry that stands', () => {
  const entry = entryFor(reversalOfVoid, { kind: 'void_reversal', seq: 3 })
  const again = find({ earlier: entry, targetReversal: reversed(voidKey) })(ofVoid)
  expect(decide(again)).toEqual({ kind: 'replay', entry, answer: entry.answer })
})

describe('a reversal that is refused', () => {
  it.each(['card_differs', 'amount_differs', 'reference_differs'] as const)(
    'for %s does not use its key up',
    (reason) => {
      const wrong = {
        card_differs: { cardFingerprint: 'd'.repeat(64) },
        amount_differs: { amount: 1 },
        reference_differs: { saleId: 'another' },
      }[reason]
      const decision = decide({ ...ofSale, request: { ...ofSale.request, ...wrong } })
      expect(decision).toMatchObject({ kind: 'answer', answer: { reason } })
    },
  )

  it('because its batch is closed is told so again', () => {
    expect(decide(closed(ofSale))).toMatchObject({
      kind: 'commit',
      draft: { answer: { reason: 'reversal_too_late' }, effects: {} },
    })
  })

  it('of what is only claimed is too late when its batch is', () => {
    const asPending = {
      ...saleEntry,
      kind: 'sale_claim',
      answer: null,
      effects: { claimedSale: sale },
    } as const
    const at = (batchNumber: string): Case => ({
      ...ofSale,
      loadedState: {
        ...ofSale.loadedState,
        target: asPending,
        original: null,
        targetForwarded: { batchNumber } as AcquirerMessage,
      },
    })
    expect(decide(at('000009'))).toMatchObject({ draft: { answer: { reason: 'reversal_too_late' } } })
    expect(decide(at('000001'))).toMatchObject({ draft: { answer: { reason: null } } })
    const otherCard = { ...at('000001'), request: { ...ofSale.request, cardFingerprint: 'd'.repeat(64) } }
    expect(decide(otherCard)).toMatchObject({ answer: { reason: 'card_differs' } })
  })
})
