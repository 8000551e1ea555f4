/** @module What a message asks, once a door has read it: plain data, the same whichever door it came by. */

import type { AcquirerEvent } from './acquirer-state.ts'
import type { ReconciliationRecord } from './compare-record.ts'
import type { DeclineReason } from './decline-reason.ts'
import type { Amount, Card, Merchant, Terminal } from './types.ts'

/** What every message that can enter a journal carries. */
export interface RequestBase {
  readonly door: 'terminal' | 'json'
  readonly merchantId: string
  readonly messageKey: string
  /** HMAC-SHA-256 (hex) of what the message asks: the same key with another content is refused. */
  readonly contentFingerprint: string
  /** The request, masked, as it is kept: field number or JSON name → value. */
  readonly request: Readonly<Record<string, string>>
}

export interface SaleRequest extends RequestBase {
  readonly kind: 'sale'
  readonly terminalId: string
  readonly batchNumber: string
  readonly stan: string
  readonly amount: Amount
  readonly currencyCode: string
  readonly card: Card | null
}

/** A sale approved elsewhere, told by the capture feed. */
export interface CapturedSaleRequest extends Omit<SaleRequest, 'kind'> {
  readonly kind: 'captured_sale'
  readonly status: 'approved' | 'declined'
  readonly rrn: string | null
  readonly authorizationCode: string | null
  readonly fee: Amount | null
  readonly soldAt: number
}

export interface VoidRequest extends RequestBase {
  readonly kind: 'void'
  /** Null on the JSON door, where the sale's own terminal and batch are meant. */
  readonly pos: {
    readonly terminalId: string
    readonly batchNumber: string
    readonly stan: string
    /** Message key of the sale that field 61 names; null where it is all zeros, and the RRN names the sale. */
    readonly saleKey: string | null
  } | null
  readonly amount: Amount
  readonly currencyCode: string
  /** HMAC of the card number as presented; null where none was readable. */
  readonly cardFingerprint: string | null
  /** Field 37 and 38 of the original, where given. */
  readonly rrn: string | null
  readonly authorizationCode: string | null
  readonly reason: string | null
}

export interface ReversalRequest extends RequestBase {
  readonly kind: 'sale_reversal' | 'void_reversal'
  readonly terminalId: string
  readonly targetKey: string
  /** The sale that the target voids, on the JSON door: it says in whose journal the reversal stands. */
  readonly saleId: string | null
  readonly amount: Amount
  /** HMAC of the card number in field 2; null where the message has none. */
  readonly cardFingerprint: string | null
}

export interface SettlementRequest extends RequestBase {
  readonly kind: 'settlement'
  readonly terminalId: string
  readonly batchNumber: string
  /** Field 48, digits. */
  readonly totals: string
}

/** Batch upload (0320): details (201), or the end of the upload after a mismatch (202) or a match (207). */
export interface UploadRequest extends RequestBase {
  readonly kind: 'upload' | 'upload_end'
  readonly terminalId: string
  readonly batchNumber: string
  readonly after: 'mismatch' | 'match'
}

export interface ProvisionRequest extends RequestBase {
  readonly kind: 'provision'
  readonly terminalId: string
  readonly profile: Pick<Terminal, 'status' | 'macProfile' | 'textEncoding' | 'settlementMac'>
  /** The merchant that the terminal belongs to. */
  readonly merchant: Merchant
  /** A new master key ends every working key. */
  readonly newMasterKey: boolean
}

/** What an acquirer said of a forwarded message, or what became of waiting for it. `messageKey` is that of the message. */
export interface AcquirerEventRequest extends RequestBase {
  readonly kind: 'acquirer_event'
  readonly event:
    | Exclude<AcquirerEvent, 'reversal' | 'case_stands' | 'case_undone'>
    | 'overdue'
    | 'reversal_declined'
  /** Of an approval, where the acquirer gave them. */
  readonly acquirerRrn: string | null
  readonly authorizationCode: string | null
  /** Of a decline. */
  readonly reason: DeclineReason | null
}

/** A person's decision of a case. `messageKey` is that of the message. */
export interface CaseRequest extends RequestBase {
  readonly kind: 'case'
  readonly resolution: 'stands' | 'undone'
}

/** A line of the acquirer's list. `messageKey` is that of the message that we hold under its number, or `acquirerKey`. */
export interface ReconciliationRequest extends RequestBase {
  readonly kind: 'reconciliation'
  readonly record: ReconciliationRecord
  /** When the list was made at the latest, in milliseconds since the epoch. */
  readonly asOf: number
}

/** A merchant is registered, or its settings change. */
export interface MerchantRequest {
  readonly merchantId: string
  /** The settings that are named; the others stay as they are, or become the defaults of a new merchant. */
  readonly change: Partial<Omit<Merchant, 'merchantId'>>
}
