/** @module The bytes of bodies: messages as the virtual terminal sends them, and JSON voids, decided by the domain. */

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decideAcquirerEvent } from '../../../src/domain/decide-acquirer-event.ts'
import { asPending } from '../../../src/domain/decide-claim.ts'
import { decideReversal } from '../../../src/domain/decide-reversal.ts'
import { decideSale } from '../../../src/domain/decide-sale.ts'
import { decideSettlement } from '../../../src/domain/decide-settlement.ts'
import { decideVoid } from '../../../src/domain/decide-void.ts'
import type { Decision, Generated, LoadedState } from '../../../src/domain/decision.ts'
import type { PosKind } from '../../../src/domain/message-key.ts'
import { NO_SENDER } from '../../../src/domain/request-actor.ts'
import type { AcquirerEventRequest } from '../../../src/domain/requests.ts'
import type { DraftEntry, JournalEntry } from '../../../src/domain/types.ts'
import { keptFields } from '../../../src/iso8583/cup.ts'
import type { Message } from '../../../src/iso8583/message.ts'
import * as messages from '../../../src/terminal/messages.ts'
import { type LogEntry, newTerminalState } from '../../../src/terminal/state.ts'
import { testCard } from '../../../src/terminal/test-cards.ts'
import * as f from '../../domain/fixtures.ts'
import { bodyOf, columnsOf, readBack, type Written } from './support.ts'

const AMOUNT = 1_234_567
const BATCH = '000123'
const AUTHORIZATION = '734512'
const [SALE_STAN, VOID_STAN] = ['012345', '012346']
const [SALE_RRN, VOID_RRN, ACQUIRER_RRN] = ['517283940561', '628394051672', '739405162783']

const state = { ...newTerminalState(f.MID, f.TID, 'cup-ecb'), batchNumber: BATCH }
const entryOf = (kind: LogEntry['kind'], stan: string): LogEntry => ({
  kind,
  batchNumber: BATCH,
  stan,
  amount: AMOUNT,
  pan: testCard(1),
  status: 'approved',
  rrn: SALE_RRN,
  authorizationCode: AUTHORIZATION,
})
const [saleLine, voidLine] = [entryOf('sale', SALE_STAN), entryOf('void', VOID_STAN)]

/** Everything that depends on the length of a fingerprint, in hex digits. */
function sizesOf(length: 32 | 64) {
  const fingerprint = (text: string): string =>
    createHash('sha256').update(text).digest('hex').slice(0, length)
  const id = (text: string): string => fingerprint(text).slice(0, 32)
  const card = { first6: '622500', last4: '7472', fingerprint: fingerprint('card') }
  const batch = { ...f.batch, batchNumber: BATCH, debitAmount: 9_999_999, debitCount: 12 }
  const context: LoadedState = { ...f.loadedState, terminal: { ...f.terminal, batch } }
  const generatedFor = (rrn: string): Generated => ({
    now: f.NOW,
    rrn,
    authorizationCode: AUTHORIZATION,
    id: id(rrn),
    acquirerStan: '654321',
  })
  const common = (message: Message, stan: string, kind: PosKind) => ({
    messageKey: f.keyOf(stan, kind, BATCH),
    contentFingerprint: fingerprint(stan + kind),
    request: keptFields(message),
    amount: AMOUNT,
    batchNumber: BATCH,
    stan,
  })
  const saleRequest = {
    ...f.saleRequest,
    ...common(messages.saleRequest(state, saleLine), SALE_STAN, 'sale'),
    card,
  }
  const sold = draftOf(decideSale(saleRequest, context, generatedFor(SALE_RRN), { kind: 'approved' }))
  const { sale } = sold.effects
  if (sale === undefined) throw new Error('a sale was decided')
  const withSale: LoadedState = { ...context, original: { ...f.original, sale, batchState: 'open' } }
  const pos = { terminalId: f.TID, batchNumber: BATCH, stan: VOID_STAN, saleKey: sale.messageKey }
  const voidRequest = {
    ...f.voidRequest,
    ...common(messages.voidRequest(state, voidLine, saleLine), VOID_STAN, 'void'),
    pos,
    rrn: SALE_RRN,
    cardFingerprint: card.fingerprint,
  }
  const jsonRequest = {
    ...f.jsonVoidRequest,
    amount: AMOUNT,
    messageKey: `api|${f.MID}|void|${fingerprint('key')}`,
    contentFingerprint: fingerprint('json'),
    request: {
      requestedBy: 'counter-3',
      saleId: sale.id,
      amount: String(AMOUNT),
      reason: 'customer_changed_mind',
    },
    reason: 'customer_changed_mind',
  }
  const forVoid = generatedFor(VOID_RRN)
  const voided = decideVoid(voidRequest, withSale, forVoid)
  const beforeClaim = { ...context, original: null }
  const saleClaim = draftOf(asPending({ kind: 'commit', draft: sold }, beforeClaim, generatedFor(SALE_RRN)))
  const claimedSale = saleClaim.effects.claim
  if (claimedSale === undefined) throw new Error('a sale was forwarded')
  const forwarded = {
    ...withSale,
    original: {
      ...f.original,
      sale,
      forwarded: { ...claimedSale, acquirerRrn: ACQUIRER_RRN },
      batchState: 'open' as const,
    },
  }
  const voidClaim = draftOf(asPending(voided, forwarded, forVoid))
  const reversal = (
    message: Message,
    stan: string,
    kind: 'sale_reversal' | 'void_reversal',
    target: DraftEntry,
  ) =>
    draftOf(
      decideReversal(
        {
          ...(kind === 'sale_reversal' ? f.reversalOfSale : f.reversalOfVoid),
          ...common(message, stan, kind),
          targetKey: target.messageKey,
        },
        { ...withSale, target: entered(target) },
        forVoid,
      ),
    )
  const settlement = {
    ...f.settlementRequest,
    ...common(messages.settlementRequest(state, '012350', ''), '012350', 'settlement'),
    totals: f.totals(batch.debitAmount, batch.debitCount, 0, 0),
  }
  const refused = decideVoid({ ...voidRequest, amount: 1 }, withSale, forVoid)
  const size = (draft: DraftEntry, rrn: string | null, base: DraftEntry | null = null): number => {
    const written: Written = {
      draft,
      columns: columnsOf(draft, 17, rrn),
      before: batch,
      base,
      merchantId: f.MID,
    }
    expect(readBack(written).kind).toBe(draft.kind)
    return Buffer.byteLength(bodyOf(written))
  }
  const outcome = (claim: DraftEntry, event: 'acquirer_approved' | 'give_up' | 'acquirer_declined') =>
    size(draftOf(afterClaim(claim, event, context)), null, claim)
  return {
    sale: size(sold, SALE_RRN),
    void: size(draftOf(voided), VOID_RRN),
    'void, JSON': size(draftOf(decideVoid(jsonRequest, withSale, forVoid)), VOID_RRN),
    'void, refused': size(draftOf(refused), VOID_RRN),
    sale_reversal: size(
      reversal(messages.reversalRequest(state, saleLine, undefined, '98'), SALE_STAN, 'sale_reversal', sold),
      VOID_RRN,
    ),
    void_reversal: size(
      reversal(
        messages.reversalRequest(state, voidLine, saleLine, '98'),
        VOID_STAN,
        'void_reversal',
        draftOf(voided),
      ),
      VOID_RRN,
    ),
    settlement: size(
      draftOf(decideSettlement(settlement, { ...context, namedBatch: batch }, forVoid)),
      VOID_RRN,
    ),
    sale_claim: size(saleClaim, SALE_RRN),
    'sale, outcome': outcome(saleClaim, 'acquirer_approved'),
    void_claim: size(voidClaim, VOID_RRN),
    'void, outcome': outcome(voidClaim, 'acquirer_approved'),
    'void, declined': outcome(voidClaim, 'acquirer_declined'),
    give_up: outcome(voidClaim, 'give_up'),
  }
}

const entered = (draft: DraftEntry): JournalEntry => ({ ...draft, seq: 9, hash: '' })

function draftOf(decision: Decision): DraftEntry {
  if (decision.kind !== 'commit') throw new Error(`${decision.kind} is no entry`)
  return decision.draft
}

function afterClaim(draft: DraftEntry, event: AcquirerEventRequest['event'], context: LoadedState): Decision {
  const claim = entered(draft)
  const forwarded = draft.effects.claim ?? null
  const approved = { acquirerRrn: ACQUIRER_RRN, authorizationCode: AUTHORIZATION, reason: null }
  const request: AcquirerEventRequest = {
    kind: 'acquirer_event',
    door: 'terminal',
    merchantId: f.MID,
    messageKey: draft.messageKey,
    contentFingerprint: '',
    request: {},
    sender: NO_SENDER,
    event,
    ...approved,
  }
  const later = { now: f.NOW + 61_000, rrn: '1'.repeat(12), authorizationCode: '', id: '', acquirerStan: '' }
  return decideAcquirerEvent(request, { ...context, claim, forwarded }, later)
}

describe('bodies', () => {
  it('have these sizes with fingerprints of 16 bytes', () => {
    const sizes = sizesOf(32)
    expect(sizes).toEqual({
      sale: 159,
      void: 164,
      'void, JSON': 170,
      'void, refused': 103,
      sale_reversal: 82,
      void_reversal: 126,
      settlement: 92,
      sale_claim: 156,
      'sale, outcome': 55,
      void_claim: 186,
      'void, outcome': 55,
      'void, declined': 37,
      give_up: 25,
    })
    expect(sizes.sale + sizes.void).toBeLessThan(325)
    expect(sumOfForwarded(sizes)).toBeLessThan(455)
  })

  it('have these sizes with fingerprints of 32 bytes', () => {
    const sizes = sizesOf(64)
    expect(sizes).toMatchObject({ sale: 201, void: 185, sale_claim: 198, void_claim: 207 })
    expect(sizes.sale + sizes.void).toBeLessThan(390)
    expect(sumOfForwarded(sizes)).toBeLessThan(520)
  })
})

const sumOfForwarded = (sizes: ReturnType<typeof sizesOf>): number =>
  sizes.sale_claim + sizes['sale, outcome'] + sizes.void_claim + sizes['void, outcome']
