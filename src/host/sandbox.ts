/** @module An acquirer for trying things out: the last two digits of the amount choose the outcome. */

import type { DeclineReason } from '../domain/decline-reason.ts'
import type { Acquirer } from './port.ts'

/** Last two digits of the amount → what the issuer says; every other amount is approved. */
export const SANDBOX_OUTCOMES: Readonly<Record<string, DeclineReason | 'unknown'>> = {
  '05': 'issuer_declined',
  '51': 'insufficient_funds',
  '54': 'card_expired',
  '55': 'pin_incorrect',
  '61': 'limit_exceeded',
  '91': 'issuer_unavailable',
  '98': 'unknown',
}

export const sandbox: Acquirer = {
  takesSales: true,
  receivingInstitution: '03080000',
  async authorize({ amount }) {
    const outcome = SANDBOX_OUTCOMES[String(amount % 100).padStart(2, '0')]
    if (outcome === undefined) return { kind: 'approved' }
    return outcome === 'unknown' ? { kind: 'unknown' } : { kind: 'declined', reason: outcome }
  },
}
