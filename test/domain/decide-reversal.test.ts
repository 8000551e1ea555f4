/** @module Reversals: what they undo, what they leave unchanged, and the same effect in every order. */

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
    fault: 'the key has different content',
    reason: 'key_reused_with_different_content',
    break: find({ earlier: entryFor({ ...request, contentFingerprint: 'other' }) }),
  },
  {
    fault: 'the sale differs from the one it names',
    reason: 'reference_differs',
    break: (c) => ({ ...c, request: { ...c.request, saleId: 'another' } }),
  },
  {
    fault: 'the card differs from the one it names',
    reason: 'card_differs',
    break: (c) => ({ ...c, request: { ...c.request, cardFingerprint: 'd'.repeat(64) } }),
  },
  {
    fault: 'the amount differs from the one it names',
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

describe('a reversal of', () => {
  const none: Effects = {}
  const rows: [string, Case, Effects][] = [
    [
      'an approved sale leaves the debit total',
      ofSale,
      { reversals: [reversed(saleKey)], batch: { ...batch, debitAmount: 0, debitCount: 0 } },
    ],
    [
      'an approved void leaves the credit total, and the sale stands again',
      ofVoid,
      {
        voidMoved: { id: voidRecord.id, state: 'reversed', reversedAt: NOW },
        reversals: [reversed(voidKey)],
        batch: { ...batch, creditAmount: 0, creditCount: 0 },
      },
    ],
    [
      'a voided sale undoes the sale and the void',
      find({
        terminal: voidedTerminal,
        original: { ...original, liveVoid, ownVoids: [voidKey] },
      })(ofSale),
      {
        voidMoved: { id: voidRecord.id, state: 'reversed', reversedAt: NOW },
        reversals: [reversed(saleKey), reversed(voidKey)],
        batch: { ...batch, debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 },
      },
    ],
    [
      'an unseen sale writes a tombstone',
      find({ target: null, original: null })(ofSale),
      { reversals: [tombstone(saleKey)] },
    ],
    [
      'an unseen void writes a tombstone and leaves the sale unchanged',
      find({ target: null, original: null })(ofVoid),
      { reversals: [tombstone(voidKey)] },
    ],
    [
      'a tombstoned sale under another STAN writes nothing more',
      find({ target: null, original: null, targetReversal: tombstone(saleKey) })(ofSale),
      none,
    ],
    ['a reversed sale writes nothing more', find({ targetReversal: reversed(saleKey) })(ofSale), none],
    ['a reversed void writes nothing more', find({ targetReversal: reversed(voidKey) })(ofVoid), none],
    [
      'a declined sale has no effect',
      find({ target: { ...saleEntry, answer: refusal, effects: { sale: { ...sale, status: 'declined' } } } })(
        ofSale,
      ),
      none,
    ],
    [
      'a declined captured sale has no effect',
      find({ target: { ...saleEntry, effects: { sale: { ...sale, status: 'declined' } } } })(ofSale),
      none,
    ],
    [
      'a declined void has no effect',
      find({ target: { ...voidEntry, answer: { ...refusal, reason: 'amount_differs' }, effects: {} } })(
        ofVoid,
      ),
      none,
    ],
    [
      'a reversed void in a closed batch has no effect and is approved',
      closed(find({ targetReversal: reversed(voidKey) })(ofVoid)),
      none,
    ],
    [
      'a declined sale with another amount has no effect and is approved',
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

  it('a closed batch is declined and has no effect', () => {
    expect(decide(closed(ofSale))).toMatchObject({ kind: 'commit', draft: { effects: {} } })
  })
})

it('a reversal that names a sale other than the void’s is refused and does not use its key', () => {
  const request = { ...reversalOfVoid, saleId: sale.id }
  const of = (saleId: string) =>
    decide({ ...find({ target: { ...voidEntry, request: { saleId } } })(ofVoid), request })
  expect(of('another')).toMatchObject({ kind: 'answer', answer: { reason: 'reference_differs' } })
  expect(of(sale.id)).toMatchObject({
    kind: 'commit',
    draft: { effects: { voidMoved: { state: 'reversed' } } },
  })
})

it('a repeated reversal returns the stored entry', () => {
  const entry = entryFor(reversalOfVoid, { kind: 'void_reversal', seq: 3 })
  const again = find({ earlier: entry, targetReversal: reversed(voidKey) })(ofVoid)
  expect(decide(again)).toEqual({ kind: 'replay', entry, answer: entry.answer })
})

describe('a declined reversal', () => {
  it.each(['card_differs', 'amount_differs', 'reference_differs'] as const)(
    'for %s does not use its key',
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

  it('for a closed batch uses its key, so that a copy gets the same answer', () => {
    expect(decide(closed(ofSale))).toMatchObject({
      kind: 'commit',
      draft: { answer: { reason: 'reversal_too_late' }, effects: {} },
    })
  })

  it('of a message with a claim is too late when the batch is closed', () => {
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
