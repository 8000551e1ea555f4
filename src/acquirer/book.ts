/** @module No acquirer behind us: sales are made elsewhere and come in by the capture feed. */

import type { Acquirer, AcquirerResponse } from './port.ts'

const APPROVED: AcquirerResponse = { kind: 'approved', rrn: null, authorizationCode: null }

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
