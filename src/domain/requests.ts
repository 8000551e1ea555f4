/** @module Requests as plain data. They are the same for the POS door and the JSON API. */

import type { AcquirerEvent } from './acquirer-state.ts'
import type { ReconciliationRecord } from './compare-record.ts'
import type { DeclineReason } from './decline-reason.ts'
import type { RequestActor } from './request-actor.ts'
import type { TerminalProfile } from './terminal-profile.ts'
import type { Amount, Card, Merchant } from './types.ts'

/** The members of every message that can enter a journal. */
export interface RequestBase {
  readonly door: 'terminal' | 'json'
  readonly merchantId: string
  readonly messageKey: string
  /** Fingerprint of the content (crypto/keyring.ts), 32 hex digits. The same key with other content is refused. */
  readonly contentFingerprint: string
  /** Fingerprint of another content of the same message. An entry with it is the same message too. */
  readonly otherFingerprint?: string
  /** The masked request for the journal: field number or JSON name → value. */
  readonly request: Readonly<Record<string, string>>
  readonly sender: RequestActor
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

/** A sale that another system authorized, from `POST /v1/sales`. */
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
  /** Null for the JSON API, which uses the terminal and the batch of the sale. */
  readonly pos: {
    readonly terminalId: string
    readonly batchNumber: string
    readonly stan: string
    /** Message key of the sale in field 61. Null when the field is absent or all zeros, and the RRN names the sale. */
    readonly saleKey: string | null
  } | null
  /** Null: a terminal with `voidForms: lenient` sent no amount, and means the amount of the sale. */
  readonly amount: Amount | null
  readonly currencyCode: string
  /** HMAC of the presented card number; null when there was none to read. */
  readonly cardFingerprint: string | null
  /** Fields 37 and 38 of the original, when given. */
  readonly rrn: string | null
  readonly authorizationCode: string | null
  readonly reason: string | null
}

export interface ReversalRequest extends RequestBase {
  readonly kind: 'sale_reversal' | 'void_reversal'
  readonly terminalId: string
  readonly targetKey: string
  /** JSON API only: the sale of the target void. Its terminal's journal takes the reversal. */
  readonly saleId: string | null
  /** Null: a terminal's reversal without an amount means the amount of its target. */
  readonly amount: Amount | null
  /** HMAC of the card number in field 2; null when the message has none that can be read. */
  readonly cardFingerprint: string | null
  /** JSON API only, when an administrator asks: the reason in words, if there is one. `isForMerchant`: a merchant asked for the void. */
  readonly administrator?: { readonly reason: string | null; readonly isForMerchant: boolean }
}

export interface SettlementRequest extends RequestBase {
  readonly kind: 'settlement'
  readonly terminalId: string
  readonly batchNumber: string
  /** Field 48, 62 digits. */
  readonly totals: string
  /** Whether it has a MAC. A MAC that is there is right. */
  readonly isSigned: boolean
}

/**
 * Batch upload (0320). Field 60.3 is 201 for details, 202 for the end after a mismatch, 207 for the end after a match.
 */
export interface UploadRequest extends RequestBase {
  readonly kind: 'upload' | 'upload_end'
  readonly terminalId: string
  readonly batchNumber: string
  readonly after: 'mismatch' | 'match'
  /** As in a settlement. */
  readonly isSigned: boolean
}

export interface ProvisionRequest extends RequestBase {
  readonly kind: 'provision'
  readonly terminalId: string
  readonly profile: TerminalProfile
  /** The merchant of the terminal. */
  readonly merchant: Merchant
  /** Version of a new master key, which ends every working key. Null: the present one stays. */
  readonly tmkVersion: number | null
}

/**
 * The acquirer's answer on a forwarded message, or the end of a wait for it. `messageKey` is the key of that message.
 */
export interface AcquirerEventRequest extends RequestBase {
  readonly kind: 'acquirer_event'
  readonly event:
    | Exclude<AcquirerEvent, 'reversal' | 'case_stands' | 'case_undone'>
    | 'overdue'
    /** Nothing happened. The current answer is returned. */
    | 'none'
    | 'reversal_declined'
  /** From an approval, when the acquirer gives them. */
  readonly acquirerRrn: string | null
  readonly authorizationCode: string | null
  /** From an approval: the acquirer's day, MMDD, if it gives one and days are settled with it. */
  readonly settlementDate?: string
  /** From a decline. */
  readonly reason: DeclineReason | null
}

/** A person's decision on a case. `messageKey` is the key of the message. */
export interface CaseRequest extends RequestBase {
  readonly kind: 'case'
  readonly resolution: 'stands' | 'undone'
}

/** A person's note on a case. `messageKey` is the key of the message, and `noteKey` that of the note. */
export interface NoteRequest extends RequestBase {
  readonly kind: 'note'
  readonly noteKey: string
}

/** One line of the acquirer's list. `messageKey` is the key of our record under that number, or `acquirerKey`. */
export interface ReconciliationRequest extends RequestBase {
  readonly kind: 'reconciliation'
  readonly record: ReconciliationRecord
  /** The latest time at which the list can be made, in milliseconds since the epoch. */
  readonly asOf: number
}

/** Registers a merchant or changes its settings. */
export interface MerchantRequest {
  readonly merchantId: string
  /** The named settings. The others keep their values, or become the defaults of a new merchant. */
  readonly change: Partial<Omit<Merchant, 'merchantId'>>
}
