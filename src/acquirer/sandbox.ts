/** @module An acquirer for trials. The last two digits of the amount choose the outcome. It keeps no state. */

import type { DeclineReason } from '../domain/decline-reason.ts'
import type { Amount } from '../domain/types.ts'
import type { Acquirer, AcquirerResponse } from './port.ts'

/** Last two digits of a sale's amount → answer of the issuer. Every other amount is approved. */
export const SANDBOX_OUTCOMES: Readonly<Record<string, DeclineReason | 'unknown'>> = {
  '05': 'issuer_declined',
  '51': 'insufficient_funds',
  '54': 'card_expired',
  '55': 'pin_incorrect',
  '61': 'limit_exceeded',
  '91': 'issuer_unavailable',
  '98': 'unknown',
}

const APPROVED: AcquirerResponse = { kind: 'approved', rrn: null, authorizationCode: null }

function sale(amount: Amount): AcquirerResponse {
  const outcome = SANDBOX_OUTCOMES[String(amount % 100).padStart(2, '0')]
  if (outcome === undefined) return APPROVED
  return outcome === 'unknown' ? { kind: 'unknown', why: 'no answer' } : { kind: 'declined', reason: outcome }
}

/** Decides inside the isolate. Voids and reversals are always approved. */
export const sandbox: Acquirer = {
  takesSales: true,
  receivingInstitution: '03080000',
  isRemote: false,
  recovery: 'inquiry',
  ask: async ({ kind, of, amount }) => (of === 'sale' && kind !== 'reversal' ? sale(amount) : APPROVED),
}
