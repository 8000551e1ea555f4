/** @module The decision of each kind of message, and the acquirer's part in that of a sale. */

import { decideProvision } from './domain/decide-provision.ts'
import { decideReversal } from './domain/decide-reversal.ts'
import { type Authorization, decideCapture, decideSale, decideSaleEarly } from './domain/decide-sale.ts'
import { decideSettlement, decideUpload } from './domain/decide-settlement.ts'
import { decideVoid } from './domain/decide-void.ts'
import type { Decision, Situation, Supplies } from './domain/decision.ts'
import type {
  CaptureRequest,
  ProvisionRequest,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  UploadRequest,
  VoidRequest,
} from './domain/requests.ts'
import type { Acquirer } from './host/port.ts'

export type Request =
  | SaleRequest
  | CaptureRequest
  | VoidRequest
  | ReversalRequest
  | SettlementRequest
  | UploadRequest
  | ProvisionRequest

/** What the acquirer said is kept while a message goes round again: it is asked once. */
const authorizations = new WeakMap<object, Authorization>()

/** `work` is the message's place on the road. Null: the acquirer's answer is not known, so nothing may be decided. */
export async function decide(
  acquirer: Acquirer,
  work: object,
  request: Request,
  situation: Situation,
  supplies: Supplies,
): Promise<Decision | null> {
  switch (request.kind) {
    case 'sale': {
      const early = decideSaleEarly(request, situation, supplies)
      if (early !== null) return early
      const authorization = authorizations.get(work) ?? (await acquirer.authorize(request))
      if (authorization.kind === 'unknown') return null
      authorizations.set(work, authorization)
      return decideSale(request, situation, supplies, authorization)
    }
    case 'capture':
      return decideCapture(request, situation, supplies)
    case 'void':
      return decideVoid(request, situation, supplies)
    case 'sale_reversal':
    case 'void_reversal':
      return decideReversal(request, situation, supplies)
    case 'settlement':
      return decideSettlement(request, situation, supplies)
    case 'upload':
    case 'upload_end':
      return decideUpload(request, situation, supplies)
    case 'provision':
      return decideProvision(request, situation.terminal, supplies)
  }
}
