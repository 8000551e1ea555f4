/** @module Builds the record of a void from its sale. */

import type { Generated } from './decision.ts'
import type { Sale, VoidRecord } from './types.ts'

/** The members of a void that do not come from its sale. */
type Own = Pick<VoidRecord, 'messageKey' | 'stan' | 'authorizationCode' | 'reason'>

export const voidRecordOf = (sale: Sale, { id, rrn, now }: Generated, own: Own): VoidRecord => ({
  id,
  saleId: sale.id,
  merchantId: sale.merchantId,
  terminalId: sale.terminalId,
  batchNumber: sale.batchNumber,
  amount: sale.amount,
  currencyCode: sale.currencyCode,
  rrn,
  originalRrn: sale.rrn,
  feeReturned: sale.fee,
  voidedAt: now,
  state: 'approved',
  ...own,
})
