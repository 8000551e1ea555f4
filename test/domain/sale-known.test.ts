/** @module An absent value is never different: in messages, in lines of the acquirer's list, and in what a captured sale came with. */

import { describe, expect, it } from 'vitest'
import { compareRecord, type ReconciliationRecord } from '../../src/domain/compare-record.ts'
import { identity } from '../../src/domain/decide-claim.ts'
import { decideReconciliation } from '../../src/domain/decide-reconciliation.ts'
import { acquirerKey } from '../../src/domain/message-key.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import { endOfWindow, isDifferent, knownRrn } from '../../src/domain/sale-known.ts'
import type { AcquirerMessage } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

describe('a value', () => {
  it.each([
    ['1', '1', false],
    ['1', '2', true],
    [null, '1', false],
    [undefined, '1', false],
    ['1', null, false],
    ['1', undefined, false],
    [null, null, false],
    ['', '1', true],
  ] as const)('%s and the stored %s are different: %s', (given, stored, different) => {
    expect(isDifferent(given, stored)).toBe(different)
  })

  it('of zero is there', () => expect(isDifferent(0, 1)).toBe(true))
})

it('the RRN that Annul made for a captured sale is not known', () => {
  expect([knownRrn(f.sale), knownRrn({ ...f.sale, isRrnMade: true })]).toEqual([f.sale.rrn, null])
})

it('the end of the window is that of the sale, and of an old sale that of the settings', () => {
  const ends = [{ voidableUntil: 5 }, { voidableUntil: null }, {}].map((facts) =>
    endOfWindow({ ...f.sale, ...facts }, f.merchant),
  )
  expect(ends).toEqual([5, null, Date.UTC(2026, 5, 1, 15)])
})

const line: ReconciliationRecord = {
  kind: 'void',
  merchantId: f.MID,
  terminalId: f.TID,
  batchNumber: '000001',
  acquirerStan: '700001',
  state: 'approved',
  amount: f.sale.amount,
  currencyCode: '156',
  acquirerRrn: null,
  authorizationCode: null,
  original: null,
}

describe('a line of the acquirer’s list', () => {
  const message: AcquirerMessage = {
    ...identity(f.voidRecord, { now: f.NOW, acquirerStan: '700001' }),
    kind: 'void',
    original: null,
    state: 'approved',
  }
  const compared = (change: Partial<ReconciliationRecord>) =>
    compareRecord({ message, isBatchOpen: true }, { ...line, ...change }, f.NOW).result

  it.each([
    [{}, 'agrees'],
    [{ amount: null }, 'agrees'],
    [{ currencyCode: null }, 'agrees'],
    [{ amount: null, currencyCode: null }, 'agrees'],
    [{ amount: 1 }, 'differs'],
    [{ currencyCode: '840' }, 'differs'],
  ] as const)('%j %s', (change, result) => {
    expect(compared(change)).toBe(result)
  })

  it.each([
    [{}, true],
    [{ amount: null }, true],
    [{ currencyCode: null }, true],
    [{ amount: 1 }, false],
    [{ currencyCode: '840' }, false],
  ] as const)('%j about a void that only the acquirer has is adopted: %s', (change, isAdopted) => {
    const record = { ...line, ...change }
    const decision = decideReconciliation(
      {
        kind: 'reconciliation',
        door: 'json',
        merchantId: f.MID,
        messageKey: acquirerKey(record),
        contentFingerprint: '',
        request: {},
        sender: NO_SENDER,
        record,
        asOf: f.NOW,
      },
      { ...f.loadedState, original: f.original },
      f.generated,
    )
    if (decision.kind !== 'commit') throw new Error('expected an entry')
    expect(decision.draft.effects.voidRecord?.amount).toBe(isAdopted ? f.sale.amount : undefined)
    if (isAdopted) expect(decision.draft.effects.claim?.amount).toBe(f.sale.amount)
  })
})
