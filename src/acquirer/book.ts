/** @module No acquirer: another system authorizes the sales, and `POST /v1/sales` brings them here. */

import type { Acquirer, AcquirerResponse } from './port.ts'

const APPROVED: AcquirerResponse = { kind: 'approved', rrn: null, authorizationCode: null }

/** Refuses sales of terminals. Voids and reversals are final at once. */
export const book: Acquirer = {
  takesSales: false,
  receivingInstitution: '',
  isRemote: false,
  recovery: 'inquiry',
  async ask({ kind, of }) {
    if (kind === 'sale') return { kind: 'declined', reason: 'unsupported_transaction' }
    return kind === 'inquiry' && of === 'sale' ? { kind: 'not_found' } : APPROVED
  },
}
