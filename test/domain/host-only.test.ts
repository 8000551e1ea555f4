/** @module What only the host's list has, as it is written down; and decisions on entries that hold less than they might. */

import { describe, expect, it } from 'vitest'
import type { Listing } from '../../src/domain/compare-listing.ts'
import { decideCase } from '../../src/domain/decide-case.ts'
import { claimed } from '../../src/domain/decide-claim.ts'
import { decideListing } from '../../src/domain/decide-listing.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, Situation } from '../../src/domain/decision.ts'
import { hostKey } from '../../src/domain/message-key.ts'
import type { CaseRequest, ListingRequest } from '../../src/domain/requests.ts'
import type { HostMessage } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

function draftOf(decision: Decision) {
  if (decision.kind !== 'commit') throw new Error(`expected a commit, not ${decision.kind}`)
  return decision.draft
}

const forVoid: Situation = { ...f.situation, original: f.original }
const claim = {
  ...draftOf(claimed(decideVoid(f.voidRequest, forVoid, f.supplies), forVoid, f.supplies)),
  ...{ seq: 3, previousHash: 'a'.repeat(64), hash: 'b'.repeat(64) },
}
const forwarded = claim.effects.claim as HostMessage

const names = { merchantId: f.MID, terminalId: f.TID, batchNumber: '000001', hostStan: '000777' }
const bare: Listing = {
  ...names,
  kind: 'void',
  state: 'approved',
  amount: null,
  currencyCode: null,
  hostRrn: null,
  authorizationCode: null,
  original: null,
}
const key = hostKey(names)
const AS_OF = f.NOW - 1000

const listed = (listing: Listing, original: Situation['original'] = null) =>
  draftOf(
    decideListing(
      { ...f.voidRequest, kind: 'listing', messageKey: key, listing, asOf: AS_OF } as ListingRequest,
      { ...f.situation, original },
      f.supplies,
    ),
  )

describe('what only the host has', () => {
  it('is known by its number there', () => {
    expect(key).toBe(`host|${f.MID}|${f.TID}|000001|000777`)
  })

  it('is written down as it was told, and what was not told is not made up', () => {
    expect(listed(bare).effects).toEqual({
      claim: {
        ...names,
        messageKey: key,
        kind: 'void',
        amount: 0,
        currencyCode: '156',
        originalBatchNumber: null,
        originalStan: null,
        originalRrn: null,
        originalAuthorizationCode: null,
        rrn: f.supplies.rrn,
        hostRrn: null,
        state: 'approved',
        claimedAt: f.NOW,
        movedAt: AS_OF,
        decideBy: f.NOW,
        caseReason: 'only_host',
        caseOpenedAt: f.NOW,
        caseClosedAt: null,
        hostSaid: 'approved',
        hostAmount: null,
      },
    })
  })

  const told: Listing = {
    ...bare,
    amount: 1234,
    currencyCode: '156',
    hostRrn: 'HOST00000003',
    authorizationCode: '909090',
    original: { batchNumber: '000001', hostStan: '000701' },
  }
  const forwardedSale = { ...f.original, forwarded: { ...forwarded, hostRrn: 'HOST00000001' } }

  it('names its sale as the host does', () => {
    expect(listed(told, forwardedSale).effects.claim).toMatchObject({
      amount: 1234,
      originalBatchNumber: '000001',
      originalStan: '000701',
      originalRrn: 'HOST00000001',
      originalAuthorizationCode: f.sale.authorizationCode,
      hostRrn: 'HOST00000003',
      hostAmount: 1234,
    })
    expect(listed(told, f.original).effects.claim?.originalRrn).toBe(f.sale.rrn)
    const unnumbered = { ...forwardedSale, forwarded: { ...forwarded, hostRrn: null } }
    expect(listed(told, unnumbered).effects.claim?.originalRrn).toBe(f.sale.rrn)
  })

  it.each([
    ['is a sale', { kind: 'sale' }, {}],
    ['was undone there', { state: 'reversed' }, {}],
    ['is of another merchant', { merchantId: 'x'.repeat(15) }, {}],
    ['is of another terminal', { terminalId: '87654321' }, {}],
    ['is in another currency', { currencyCode: '840' }, {}],
    ['is of a sale that was declined', {}, { sale: { ...f.sale, status: 'declined' } }],
  ] as const)('is not taken up as a void where it %s', (_, line, more) => {
    const { effects } = listed({ ...told, ...line }, { ...f.original, ...more })
    expect(Object.keys(effects)).toEqual(['claim'])
  })

  it('is taken up in the sale’s currency where none is told', () => {
    expect(listed({ ...told, currencyCode: null }, f.original).effects.voidRecord).toEqual({
      ...f.voidRecord,
      messageKey: key,
      stan: null,
      authorizationCode: '909090',
    })
  })
})

describe('an entry that holds less than it might', () => {
  it('an approval of no sale and no void is reversed by its key alone', () => {
    const target = f.entryFor(f.voidRequest, { kind: 'void', effects: {} })
    const request = { ...f.reversalOfVoid, amount: undefined as unknown as number, cardFingerprint: 'd' }
    const { effects, answer } = draftOf(decideReversal(request, { ...f.situation, target }, f.supplies))
    expect(answer?.reason).toBeNull()
    expect(effects).toEqual({ reversals: [{ targetKey: f.voidRequest.messageKey, kind: 'reversed' }] })
  })

  it('a case on what only the host has is closed, and nothing of ours is undone', () => {
    const open = { caseReason: 'only_host', caseOpenedAt: f.NOW, caseClosedAt: null } as const
    const message: HostMessage = { ...forwarded, state: 'approved', ...open }
    const request = { ...f.voidRequest, kind: 'case', resolution: 'undone' } as unknown as CaseRequest
    const situation: Situation = { ...f.situation, claim, earlier: null, forwarded: message }
    const { effects } = draftOf(decideCase(request, situation, f.supplies))
    expect(effects).toEqual({
      hostMoves: [{ messageKey: forwarded.messageKey, state: 'reversed', at: f.NOW, nextAt: null }],
    })
  })
})
