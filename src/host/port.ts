/** @module The acquirer behind us: what the road asks of it, whoever it is. */

import type { Authorization } from '../domain/decide-sale.ts'
import type { SaleRequest } from '../domain/requests.ts'

/** `unknown`: no answer came, so nothing may be said to the terminal, which will reverse. */
export type HostAnswer = Authorization | { readonly kind: 'unknown' }

export interface Acquirer {
  /** Whether terminals' own sales are authorised here; where not, they are told elsewhere and fed to us. */
  readonly takesSales: boolean
  /** Field 44, first part: the institution that received the sale, at most 11 characters. */
  readonly receivingInstitution: string
  authorize(sale: SaleRequest): Promise<HostAnswer>
}
