/** @module The handler of each route of the contract. A route without one, or one without a route, does not type-check. */

import { getAcquirerDays, postDayClosing } from './acquirer-days.ts'
import { getBatchDifferences } from './batches.ts'
import { postNote, postRetry } from './case-notes.ts'
import { getCase, getCases, postCase } from './cases.ts'
import { getInquiry } from './inquiries.ts'
import { getKeys, postKey, postRevocation } from './keys.ts'
import { getLateReversals } from './late-reversals.ts'
import { getMerchant, putMerchant } from './merchants.ts'
import { getAcquirerMessages, postReconciliation } from './reconciliations.ts'
import { postReversal } from './reversals.ts'
import type { Handlers } from './router.ts'
import { getSale, postSales } from './sales.ts'
import { getDocs, getDocsStyle, getOpenApi, getService } from './service.ts'
import { putTerminal } from './terminals.ts'
import { getVoid, postVoid } from './voids.ts'

export const HANDLERS: Handlers = {
  'POST /v1/voids': postVoid,
  'GET /v1/voids/{reference}': getVoid,
  'POST /v1/reversals': postReversal,
  'GET /v1/late-reversals': getLateReversals,
  'POST /v1/sales': postSales,
  'GET /v1/sales/{reference}': getSale,
  'GET /v1/inquiries': getInquiry,
  'GET /v1/cases': getCases,
  'GET /v1/cases/{rrn}': getCase,
  'POST /v1/cases/{rrn}': postCase,
  'POST /v1/cases/{rrn}/notes': postNote,
  'POST /v1/cases/{rrn}/retry': postRetry,
  'GET /v1/acquirer-messages': getAcquirerMessages,
  'POST /v1/reconciliations': postReconciliation,
  'PUT /v1/merchants/{merchantId}': putMerchant,
  'GET /v1/merchants/{merchantId}': getMerchant,
  'PUT /v1/merchants/{merchantId}/terminals/{terminalId}': putTerminal,
  'POST /v1/keys': postKey,
  'GET /v1/keys': getKeys,
  'POST /v1/keys/{id}/revoke': postRevocation,
  'GET /': getService,
  'GET /openapi.json': getOpenApi,
  'GET /docs': getDocs,
  'GET /docs/style.css': getDocsStyle,
  'GET /v1/batch-differences': getBatchDifferences,
  'GET /v1/acquirer-days': getAcquirerDays,
  'POST /v1/acquirer-days/{day}/close': postDayClosing,
}
