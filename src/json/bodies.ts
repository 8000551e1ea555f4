/** @module What the JSON door answers: sales and voids as their callers see them. Times are ISO 8601 in UTC. */

import type { Merchant, SaleState, Terminal, VoidRecord } from '../domain/types.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

type SaleStateName = 'approved' | 'declined' | 'voided' | 'reversed' | 'settled'

function stateOf({ sale, liveVoid, reversed, batchState }: SaleState): SaleStateName {
  if (sale.status === 'declined') return 'declined'
  if (reversed) return 'reversed'
  if (liveVoid !== null) return 'voided'
  return batchState === 'open' ? 'approved' : 'settled'
}

/** `until` is the first instant at which a void is refused; null where only the batch's close ends it. */
export function saleBody(state: SaleState, until: number | null, now: number): object {
  const { sale } = state
  const voidable = stateOf(state) === 'approved' && (until === null || now < until)
  return {
    id: sale.id,
    merchantId: sale.merchantId,
    terminalId: sale.terminalId,
    batchNumber: sale.batchNumber,
    stan: sale.stan,
    amount: sale.amount,
    currency: sale.currencyCode,
    fee: sale.fee,
    card: sale.card === null ? null : { first6: sale.card.first6, last4: sale.card.last4 },
    rrn: sale.rrn,
    authorizationCode: sale.authorizationCode,
    soldAt: iso(sale.soldAt),
    state: stateOf(state),
    voidable,
    voidableUntil: until === null ? null : iso(until),
    voidId: state.liveVoid?.id ?? null,
    certainty: 'FINAL',
    doNext: 'nothing',
  }
}

export function voidBodyOf(record: VoidRecord, reversedAt: number | null): object {
  return {
    id: record.id,
    saleId: record.saleId,
    status: reversedAt === null ? 'approved' : 'reversed',
    merchantId: record.merchantId,
    terminalId: record.terminalId,
    batchNumber: record.batchNumber,
    stan: record.stan,
    amount: record.amount,
    currency: record.currencyCode,
    rrn: record.rrn,
    originalRrn: record.originalRrn,
    authorizationCode: record.authorizationCode,
    reason: record.reason,
    // A void costs nothing and gives the sale's fee back in full; null where the sale's fee was never told.
    fee: 0,
    feeReturned: record.feeReturned,
    destination: 'original_card',
    voidedAt: iso(record.voidedAt),
    reversedAt: reversedAt === null ? null : iso(reversedAt),
    certainty: 'FINAL',
    doNext: reversedAt === null ? 'print_receipt' : 'nothing',
  }
}

/** A terminal without any of its keys. */
export function terminalBody(terminal: Terminal, merchant: Merchant): object {
  const { terminalId, merchantId, status, macProfile, textEncoding, settlementMac, batch } = terminal
  const { merchantId: _, currencyCode: currency, ...settings } = merchant
  return {
    merchantId,
    terminalId,
    status,
    macProfile,
    textEncoding,
    settlementMac,
    batchNumber: batch.batchNumber,
    merchant: { ...settings, currency },
    certainty: 'FINAL',
    doNext: 'nothing',
  }
}
