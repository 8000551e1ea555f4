/** @module No acquirer behind us: sales are made elsewhere and come in by the capture feed. */

import type { Acquirer } from './port.ts'

export const book: Acquirer = {
  takesSales: false,
  receivingInstitution: '',
  authorize: async () => ({ kind: 'unknown' }),
}
