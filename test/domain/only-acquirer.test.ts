/** @module Stored messages that only the acquirer's list has, and decisions on entries with few fields. */

import { describe, expect, it } from 'vitest'
import type { ReconciliationRecord } from '../../src/domain/compare-record.ts'
import { decideCase } from '../../src/domain/decide-case.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideReconciliation } from '../../src/domain/decide-reconciliation.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, LoadedState } from '../../src/domain/decision.ts'
import { acquirerKey } from '../../src/domain/message-key.ts'
import type { CaseRequest, ReconciliationRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

function draftOf(decision: Decision) {
  if (decision.kind !== 'commit') throw new Error(`expected a commit, not ${decision.kind}`)
  return decision.draft
}

const forVoid: LoadedState = { ...f.loadedState, original: f.original }
const claim = {
  ...draftOf(asPending(decideVoid(f.voidRequest, forVoid, f.generated), forVoid, f.generated)),
  ...{ seq: 3, previousHash: 'a'.repeat(64), hash: 'b'.repeat(64) },
}
const forwarded = claim.effects.claim as AcquirerMessage

const reference = { merchantId: f.MID, terminalId: f.TID, batchNumber: '000001', acquirerStan: '000777' }
const bare: ReconciliationRecord = {
  ...reference,
  kind: 'void',
  state: 'approved',
  amount: null,
  currencyCode: null,
  acquirerRrn: null,
  authorizationCode: null,
  original: null,
}
const key = acquirerKey({ ...reference, kind: 'void' })
const AS_OF = f.NOW - 1000

const draftOfRecord = (record: ReconciliationRecord, original: LoadedState['original'] = null) =>
  draftOf(
    decideReconciliation(
      {
        ...f.voidRequest,
        kind: 'reconciliation',
        messageKey: key,
        record,
        asOf: AS_OF,
      } as ReconciliationRequest,
      { ...f.loadedState, original },
      f.generated,
    ),
  )

describe('a message that only the acquirer has', () => {
  it('has a key from the acquirer’s number', () => {
    expect(key).toBe(`acquirer|${f.TID}|000001|000777|void`)
  })

  it('stores the fields of the record and invents none', () => {
    expect(draftOfRecord(bare).effects).toEqual({
      claim: {
        ...reference,
        messageKey: key,
        kind: 'void',
        amount: 0,
        currencyCode: '156',
        original: null,
        rrn: f.generated.rrn,
        acquirerRrn: null,
        state: 'approved',
        claimedAt: f.NOW,
        movedAt: AS_OF,
        decideBy: f.NOW,
        caseReason: 'only_acquirer',
        caseOpenedAt: f.NOW,
        caseClosedAt: null,
        acquirerStatus: 'approved',
        acquirerAmount: null,
      },
    })
  })

  const fullRecord: ReconciliationRecord = {
    ...bare,
    amount: 1234,
    currencyCode: '156',
    acquirerRrn: 'ACQR00000003',
    authorizationCode: '909090',
    original: { batchNumber: '000001', stan: '000701' },
  }
  const forwardedSale = { ...f.original, forwarded: { ...forwarded, acquirerRrn: 'ACQR00000001' } }

  it('refers to its sale by the acquirer’s numbers', () => {
    expect(draftOfRecord(fullRecord, forwardedSale).effects.claim).toMatchObject({
      amount: 1234,
      original: {
        batchNumber: '000001',
        stan: '000701',
        rrn: 'ACQR00000001',
        authorizationCode: f.sale.authorizationCode,
      },
      acquirerRrn: 'ACQR00000003',
      acquirerAmount: 1234,
    })
    expect(draftOfRecord(fullRecord, f.original).effects.claim?.original?.rrn).toBe(f.sale.rrn)
    const unnumbered = { ...forwardedSale, forwarded: { ...forwarded, acquirerRrn: null } }
    expect(draftOfRecord(fullRecord, unnumbered).effects.claim?.original?.rrn).toBe(f.sale.rrn)
  })

  it.each([
    ['is a sale', { kind: 'sale' }, {}],
    ['was undone there', { state: 'reversed' }, {}],
    ['is of another merchant', { merchantId: 'x'.repeat(15) }, {}],
    ['is of another terminal', { terminalId: '87654321' }, {}],
    ['is in another currency', { currencyCode: '840' }, {}],
    ['is of a sale that was declined', {}, { sale: { ...f.sale, status: 'declined' } }],
  ] as const)('creates no void when it %s', (_, line, more) => {
    const { effects } = draftOfRecord({ ...fullRecord, ...line }, { ...f.original, ...more })
    expect(Object.keys(effects)).toEqual(['claim'])
  })

  it('makes no void of a sale that is voided, also when only the entries say so', () => {
    const liveVoid = { id: 'v', messageKey: 'k', state: 'approved', forwarded: true } as const
    for (const voided of [{ isVoidedByEntries: true }, { liveVoid }, { reversed: true }]) {
      const { effects } = draftOfRecord(fullRecord, { ...f.original, ...voided })
      expect([effects.voidRecord, effects.batch]).toEqual([undefined, undefined])
    }
  })

  it('uses the sale’s currency when the record has none', () => {
    expect(draftOfRecord({ ...fullRecord, currencyCode: null }, f.original).effects.voidRecord).toEqual({
      ...f.voidRecord,
      messageKey: key,
      stan: null,
      authorizationCode: '909090',
    })
  })
})

describe('an entry with few fields', () => {
  it('of an approval without sale and void is reversed by its key alone', () => {
    const target = f.entryFor(f.voidRequest, { kind: 'void', effects: {} })
    const request = { ...f.reversalOfVoid, amount: undefined as unknown as number, cardFingerprint: 'd' }
    const { effects, answer } = draftOf(decideReversal(request, { ...f.loadedState, target }, f.generated))
    expect(answer?.reason).toBeNull()
    expect(effects).toEqual({ reversals: [{ targetKey: f.voidRequest.messageKey, kind: 'reversed' }] })
  })

  it('of a message that only the acquirer has closes its case and undoes nothing of ours', () => {
    const open = { caseReason: 'only_acquirer', caseOpenedAt: f.NOW, caseClosedAt: null } as const
    const message: AcquirerMessage = { ...forwarded, state: 'approved', ...open }
    const request = { ...f.voidRequest, kind: 'case', resolution: 'undone' } as unknown as CaseRequest
    const loadedState: LoadedState = { ...f.loadedState, claim, earlier: null, forwarded: message }
    const { effects } = draftOf(decideCase(request, loadedState, f.generated))
    expect(effects).toEqual({
      acquirerMoves: [{ messageKey: forwarded.messageKey, state: 'reversed', at: f.NOW, nextAt: null }],
    })
  })
})
