/** @module The decision on each kind of message. With a remote acquirer, our approval is only a claim. */

import type { Acquirer } from '../acquirer/port.ts'
import { decideAcquirerEvent } from '../domain/decide-acquirer-event.ts'
import { decideCase } from '../domain/decide-case.ts'
import { asPending, queueLateReversal, queueReversal } from '../domain/decide-claim.ts'
import { decideNote } from '../domain/decide-note.ts'
import { decideProvision } from '../domain/decide-provision.ts'
import { decideReconciliation } from '../domain/decide-reconciliation.ts'
import { decideReversal } from '../domain/decide-reversal.ts'
import { decideCapturedSale, decideSale, decideSaleEarly } from '../domain/decide-sale.ts'
import { decideSettlement, decideUpload } from '../domain/decide-settlement.ts'
import { caseOfUnrecordable, refuseSettlement, refuseUnrecordable } from '../domain/decide-unrecordable.ts'
import { decideVoid } from '../domain/decide-void.ts'
import type { Decision, Generated, LoadedState } from '../domain/decision.ts'
import type {
  AcquirerEventRequest,
  CapturedSaleRequest,
  CaseRequest,
  NoteRequest,
  ProvisionRequest,
  ReconciliationRequest,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  UploadRequest,
  VoidRequest,
} from '../domain/requests.ts'

export type Request =
  | SaleRequest
  | CapturedSaleRequest
  | VoidRequest
  | ReversalRequest
  | SettlementRequest
  | UploadRequest
  | ProvisionRequest
  | AcquirerEventRequest
  | CaseRequest
  | NoteRequest
  | ReconciliationRequest

const APPROVED = { kind: 'approved' } as const

/** Decides on a request. Null: the acquirer inside this isolate has no answer, so nothing may be decided. */
export async function decide(
  acquirer: Acquirer,
  request: Request,
  loadedState: LoadedState,
  generated: Generated,
): Promise<Decision | null> {
  switch (request.kind) {
    case 'sale': {
      const early = decideSaleEarly(request, loadedState, generated)
      if (early !== null) return early
      if (acquirer.isRemote)
        return asPending(decideSale(request, loadedState, generated, APPROVED), loadedState, generated)
      const authorization = await askLocally(acquirer, request)
      return authorization === null ? null : decideSale(request, loadedState, generated, authorization)
    }
    case 'captured_sale': {
      const decision = decideCapturedSale(request, loadedState, generated)
      return acquirer.isRemote ? queueLateReversal(decision, request, loadedState, generated) : decision
    }
    case 'void': {
      const decision = decideVoid(request, loadedState, generated)
      return acquirer.isRemote ? asPending(decision, loadedState, generated) : decision
    }
    case 'sale_reversal': {
      const decision = decideReversal(request, loadedState, generated)
      return acquirer.isRemote ? queueReversal(decision, loadedState, generated) : decision
    }
    case 'void_reversal':
      return decideReversal(request, loadedState, generated)
    case 'settlement':
      return decideSettlement(request, loadedState, generated)
    case 'upload':
    case 'upload_end':
      return decideUpload(request, loadedState, generated)
    case 'provision':
      return decideProvision(request, loadedState.terminal, generated)
    case 'acquirer_event':
      return decideAcquirerEvent(request, loadedState, generated)
    case 'case':
      return decideCase(request, loadedState, generated)
    case 'note':
      return decideNote(request, loadedState, generated)
    case 'reconciliation':
      return decideReconciliation(request, loadedState, generated)
  }
}

/**
 * Decides on a request whose entry breaks a constraint. Null: there is no forwarded message to open a case on, so the
 * request is only refused.
 */
export function decideUnrecordable(
  request: Request,
  loadedState: LoadedState,
  generated: Generated,
): Decision | null {
  switch (request.kind) {
    case 'sale':
    case 'captured_sale':
    case 'void':
    case 'sale_reversal':
    case 'void_reversal':
      return refuseUnrecordable(request, loadedState, generated)
    case 'settlement':
    case 'upload':
    case 'upload_end':
      return refuseSettlement(request, loadedState, generated)
    case 'acquirer_event':
    case 'case':
      return caseOfUnrecordable(request, loadedState, generated)
    case 'reconciliation':
      return loadedState.forwarded === null ? null : caseOfUnrecordable(request, loadedState, generated)
    case 'note':
    case 'provision':
      return null
  }
}

/** An acquirer inside this isolate always gives the same answer, so it needs no claim. */
async function askLocally(acquirer: Acquirer, request: SaleRequest) {
  const { merchantId, terminalId, batchNumber, stan, amount, currencyCode } = request
  const answer = await acquirer.ask({
    kind: 'sale',
    of: 'sale',
    merchantId,
    terminalId,
    batchNumber,
    acquirerStan: stan,
    amount,
    currencyCode,
    original: null,
    cardFields: null,
  })
  return answer.kind === 'approved' || answer.kind === 'declined' ? answer : null
}
