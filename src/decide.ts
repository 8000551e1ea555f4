/** @module The decision of each kind of message; with a host behind us, an approval of ours is only a claim yet. */

import { decideCase } from './domain/decide-case.ts'
import { claimed, owedLate, owedToo } from './domain/decide-claim.ts'
import { decideHostEvent } from './domain/decide-host-event.ts'
import { decideListing } from './domain/decide-listing.ts'
import { decideProvision } from './domain/decide-provision.ts'
import { decideReversal } from './domain/decide-reversal.ts'
import { decideCapture, decideSale, decideSaleEarly } from './domain/decide-sale.ts'
import { decideSettlement, decideUpload } from './domain/decide-settlement.ts'
import { decideVoid } from './domain/decide-void.ts'
import type { Decision, Situation, Supplies } from './domain/decision.ts'
import type {
  CaptureRequest,
  CaseRequest,
  HostEventRequest,
  ListingRequest,
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
  | HostEventRequest
  | CaseRequest
  | ListingRequest

const APPROVED = { kind: 'approved' } as const

/** Null: the acquirer within this isolate has no answer, so nothing may be decided. */
export async function decide(
  acquirer: Acquirer,
  request: Request,
  situation: Situation,
  supplies: Supplies,
): Promise<Decision | null> {
  switch (request.kind) {
    case 'sale': {
      const early = decideSaleEarly(request, situation, supplies)
      if (early !== null) return early
      if (acquirer.isRemote)
        return claimed(decideSale(request, situation, supplies, APPROVED), situation, supplies)
      const authorization = await askLocally(acquirer, request)
      return authorization === null ? null : decideSale(request, situation, supplies, authorization)
    }
    case 'capture': {
      const decision = decideCapture(request, situation, supplies)
      return acquirer.isRemote ? owedLate(decision, request, situation, supplies) : decision
    }
    case 'void': {
      const decision = decideVoid(request, situation, supplies)
      return acquirer.isRemote ? claimed(decision, situation, supplies) : decision
    }
    case 'sale_reversal': {
      const decision = decideReversal(request, situation, supplies)
      return acquirer.isRemote ? owedToo(decision, situation, supplies) : decision
    }
    case 'void_reversal':
      return decideReversal(request, situation, supplies)
    case 'settlement':
      return decideSettlement(request, situation, supplies)
    case 'upload':
    case 'upload_end':
      return decideUpload(request, situation, supplies)
    case 'provision':
      return decideProvision(request, situation.terminal, supplies)
    case 'host_event':
      return decideHostEvent(request, situation, supplies)
    case 'case':
      return decideCase(request, situation, supplies)
    case 'listing':
      return decideListing(request, situation, supplies)
  }
}

/** An acquirer within this isolate says the same however often it is asked, so nothing is claimed first. */
async function askLocally(acquirer: Acquirer, request: SaleRequest) {
  const { merchantId, terminalId, batchNumber, stan, amount, currencyCode } = request
  const answer = await acquirer.ask({
    kind: 'sale',
    of: 'sale',
    merchantId,
    terminalId,
    batchNumber,
    hostStan: stan,
    amount,
    currencyCode,
    original: null,
    cardFields: null,
  })
  return answer.kind === 'approved' || answer.kind === 'declined' ? answer : null
}
