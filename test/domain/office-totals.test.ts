/** @module Both parts of the totals, the terminal's own and the office's, after voids and reversals by terminal, JSON, case and list. */

import { describe, expect, it } from 'vitest'
import { decideAcquirerEvent } from '../../src/domain/decide-acquirer-event.ts'
import { decideCase } from '../../src/domain/decide-case.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideReconciliation } from '../../src/domain/decide-reconciliation.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import { ownTotals } from '../../src/domain/office-totals.ts'
import type { CaseRequest, ReconciliationRequest, ReversalRequest } from '../../src/domain/requests.ts'
import type { Totals } from '../../src/domain/totals.ts'
import type { AcquirerMessage, Batch, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

const NONE: Totals = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }
const ONE_SALE: Totals = { ...NONE, debitAmount: 1234, debitCount: 1 }
const ONE_VOID: Totals = { ...NONE, creditAmount: 1234, creditCount: 1 }
const BOTH: Totals = { ...ONE_SALE, creditAmount: 1234, creditCount: 1 }

/** The batch that a decision leaves: what stands, and the terminal's own part. */
function partsOf(decision: Decision): { readonly stands: Totals; readonly own: Totals } {
  if (decision.kind !== 'commit') throw new Error(`expected an entry, got ${decision.kind}`)
  const { batch } = decision.draft.effects
  if (batch === undefined) throw new Error('expected other totals')
  const { debitAmount, debitCount, creditAmount, creditCount } = batch
  return { stands: { debitAmount, debitCount, creditAmount, creditCount }, own: ownTotals(batch) }
}

const withBatch = (batch: Batch, more: Partial<LoadedState> = {}): LoadedState => ({
  ...f.loadedState,
  terminal: { ...f.terminal, batch },
  namedBatch: batch,
  ...more,
})
const voided: Batch = { ...f.batch, creditAmount: 1234, creditCount: 1 }
const byOffice: Batch = { ...voided, office: ONE_VOID }
const jsonVoidRecord = { ...f.voidRecord, messageKey: f.jsonVoidRequest.messageKey, stan: null }
const jsonVoidEntry = f.entryFor(f.jsonVoidRequest, {
  kind: 'void',
  door: 'json',
  effects: { voidRecord: jsonVoidRecord },
})
const live = { id: f.voidRecord.id, state: 'approved', forwarded: false } as const
const ofTerminal = {
  ...f.original,
  liveVoid: { ...live, messageKey: f.voidRequest.messageKey },
  ownVoids: [f.voidRequest.messageKey],
}
const ofOffice = { ...f.original, liveVoid: { ...live, messageKey: f.jsonVoidRequest.messageKey } }
const officeReversal = (target: ReversalRequest): ReversalRequest => ({
  ...target,
  door: 'json',
  messageKey: `api|${f.MID}|${target.kind}|1`,
})

describe('the parts of the totals after', () => {
  const sale = withBatch(f.batch, { original: f.original })
  const target = (entry: JournalEntry) => ({ target: entry })
  const rows: [string, Decision, Totals, Totals][] = [
    ['a void of the terminal', decideVoid(f.voidRequest, sale, f.generated), BOTH, BOTH],
    ['a void by JSON', decideVoid(f.jsonVoidRequest, sale, f.generated), BOTH, ONE_SALE],
    [
      'a void by JSON and its reversal',
      decideReversal(
        officeReversal({ ...f.reversalOfVoid, targetKey: f.jsonVoidRequest.messageKey }),
        withBatch(byOffice, { original: ofOffice, ...target(jsonVoidEntry) }),
        f.generated,
      ),
      ONE_SALE,
      ONE_SALE,
    ],
    [
      'a void by JSON and the terminal’s reversal of the sale',
      decideReversal(
        f.reversalOfSale,
        withBatch(byOffice, { original: ofOffice, ...target(f.saleEntry) }),
        f.generated,
      ),
      NONE,
      NONE,
    ],
    [
      'the office’s reversal of the terminal’s void',
      decideReversal(
        officeReversal(f.reversalOfVoid),
        withBatch(voided, { original: ofTerminal, ...target(f.voidEntry) }),
        f.generated,
      ),
      ONE_SALE,
      BOTH,
    ],
    [
      'the office’s reversal of the terminal’s sale, which the terminal voided',
      decideReversal(
        officeReversal(f.reversalOfSale),
        withBatch(voided, { original: ofTerminal, ...target(f.saleEntry) }),
        f.generated,
      ),
      NONE,
      BOTH,
    ],
  ]
  it.each(rows)('%s', (_, decision, stands, own) => {
    expect(partsOf(decision)).toEqual({ stands, own })
  })

  it('the terminal’s reversal of what the office reversed before', () => {
    const saleKey = f.sale.messageKey
    const voidKey = f.voidRequest.messageKey
    const reversal = (targetKey: string) => ({ targetKey, kind: 'reversed', stillCounted: true }) as const
    const first = decideReversal(
      officeReversal(f.reversalOfSale),
      withBatch(voided, { original: ofTerminal, target: f.saleEntry }),
      f.generated,
    )
    expect(first).toMatchObject({ draft: { effects: { reversals: [reversal(saleKey), reversal(voidKey)] } } })
    if (first.kind !== 'commit' || first.draft.effects.batch === undefined)
      throw new Error('expected an entry')
    const before = withBatch(first.draft.effects.batch, {
      original: { ...ofTerminal, liveVoid: null, reversed: true },
      target: f.saleEntry,
      targetReversal: reversal(saleKey),
    })
    const second = decideReversal(f.reversalOfSale, before, f.generated)
    expect(partsOf(second)).toEqual({ stands: NONE, own: NONE })
    const taken = (targetKey: string) => ({ targetKey, kind: 'reversed' })
    const { effects } = second.kind === 'commit' ? second.draft : { effects: null }
    expect(effects).toMatchObject({ reversals: [taken(saleKey), taken(voidKey)] })
    expect(JSON.stringify(effects)).not.toContain('stillCounted')
  })

  it('no reversal of a settled batch', () => {
    const closed = { ...ofTerminal, batchState: 'closed', reversed: true } as const
    const state = withBatch(
      { ...NONE, batchNumber: '000002', state: 'open' },
      {
        original: closed,
        target: f.saleEntry,
        targetReversal: { targetKey: f.sale.messageKey, kind: 'reversed', stillCounted: true },
      },
    )
    expect(decideReversal(f.reversalOfSale, state, f.generated)).toMatchObject({
      kind: 'commit',
      draft: { answer: { responseCode: '00' }, effects: {} },
    })
  })
})

describe('with an acquirer, the parts of the totals after', () => {
  const claimOf = (request: typeof f.voidRequest) => {
    const state = withBatch(f.batch, { original: f.original })
    const claim = asPending(decideVoid(request, state, f.generated), state, f.generated)
    if (claim.kind !== 'commit' || claim.draft.effects.claim === undefined)
      throw new Error('expected a claim')
    const entry: JournalEntry = { ...claim.draft, effects: claim.draft.effects, seq: 3, hash: 'd'.repeat(64) }
    return { entry, message: claim.draft.effects.claim }
  }
  const about = (request: typeof f.voidRequest, batch: Batch, more: Partial<AcquirerMessage> = {}) => {
    const { entry, message } = claimOf(request)
    const forwarded: AcquirerMessage = { ...message, ...more }
    return withBatch(batch, { claim: entry, earlier: entry, forwarded, original: f.original })
  }
  const approved = {
    ...f.voidRequest,
    kind: 'acquirer_event',
    event: 'acquirer_approved',
    acquirerRrn: null,
    authorizationCode: null,
    reason: null,
  } as const
  const caseOpen = { caseReason: 'record_differs', caseOpenedAt: f.NOW } as const
  const decision = (resolution: CaseRequest['resolution']): CaseRequest => ({
    ...f.voidRequest,
    door: 'json',
    kind: 'case',
    resolution,
  })
  const outcome = (request: typeof f.voidRequest): JournalEntry =>
    f.entryFor(request, {
      kind: 'void',
      effects: { voidRecord: { ...f.voidRecord, messageKey: request.messageKey } },
    })
  const listed: ReconciliationRequest = {
    ...f.voidRequest,
    door: 'json',
    kind: 'reconciliation',
    messageKey: `acquirer|${f.TID}|000001|000777|void`,
    record: {
      kind: 'void',
      merchantId: f.MID,
      terminalId: f.TID,
      batchNumber: '000001',
      acquirerStan: '000777',
      state: 'approved',
      amount: 1234,
      currencyCode: '156',
      acquirerRrn: null,
      authorizationCode: null,
      original: { batchNumber: '000001', stan: '000001' },
    },
    asOf: f.NOW,
  }
  const rows: [string, Decision, Totals, Totals][] = [
    [
      'a void of the terminal',
      decideAcquirerEvent(approved, about(f.voidRequest, f.batch), f.generated),
      BOTH,
      BOTH,
    ],
    [
      'a void by JSON',
      decideAcquirerEvent(approved, about(f.jsonVoidRequest, f.batch), f.generated),
      BOTH,
      ONE_SALE,
    ],
    [
      'a person’s word that the terminal’s pending void stands',
      decideCase(decision('stands'), about(f.voidRequest, f.batch, caseOpen), f.generated),
      BOTH,
      BOTH,
    ],
    [
      'a person’s word that a void stands which the terminal reversed',
      decideCase(
        decision('stands'),
        about(f.voidRequest, f.batch, { ...caseOpen, state: 'reversing' }),
        f.generated,
      ),
      BOTH,
      ONE_SALE,
    ],
    [
      'a person’s word that the terminal’s approved void is undone',
      decideCase(
        decision('undone'),
        {
          ...about(f.voidRequest, voided, { ...caseOpen, state: 'approved' }),
          earlier: outcome(f.voidRequest),
          original: ofTerminal,
        },
        f.generated,
      ),
      ONE_SALE,
      BOTH,
    ],
    [
      'a person’s word that an approved void by JSON is undone',
      decideCase(
        decision('undone'),
        {
          ...about(f.jsonVoidRequest, byOffice, { ...caseOpen, state: 'approved' }),
          earlier: outcome(f.jsonVoidRequest),
          original: ofOffice,
        },
        f.generated,
      ),
      ONE_SALE,
      ONE_SALE,
    ],
    [
      'a void that the acquirer alone had',
      decideReconciliation(listed, withBatch(f.batch, { original: f.original }), f.generated),
      BOTH,
      ONE_SALE,
    ],
  ]
  it.each(rows)('%s', (_, decision, stands, own) => {
    expect(partsOf(decision)).toEqual({ stands, own })
  })
})
