/** @module The acquirer behind us: what the road asks of it, whoever it is. */

import type { DeclineReason } from '../domain/decline-reason.ts'
import type { AcquirerReference, Amount } from '../domain/types.ts'

/** What the acquirer is asked. The identity (merchantId, terminalId, batchNumber, acquirerStan) stays the same in every try. */
export interface AcquirerRequest {
  readonly kind: 'sale' | 'void' | 'reversal' | 'inquiry'
  /** What a reversal or inquiry is about; of a sale or void itself the same. */
  readonly of: 'sale' | 'void'
  /** 15 characters. */
  readonly merchantId: string
  /** 8 characters. */
  readonly terminalId: string
  /** 60.2, six digits. */
  readonly batchNumber: string
  /** Field 11 towards the acquirer: ours, six digits, unique per terminal; the same in every try, reversal and inquiry. */
  readonly acquirerStan: string
  readonly amount: Amount
  /** ISO 4217 numeric, three digits. */
  readonly currencyCode: string
  /** The sale that a void (or its reversal) names, as the acquirer knows it. Null for a sale. */
  readonly original: (AcquirerReference & { readonly rrn: string }) | null
  /** Whether the message was sent before: then a refusal may be one of the copy alone. */
  readonly isCopy?: boolean
  /** Of a sale in its first try only: card fields of the terminal's message (2, 14, 22, 23, 25, 35, 52, 53, 55), never kept. */
  readonly cardFields: ReadonlyMap<number, string> | null
}

export type AcquirerResponse =
  /** Of a reversal: undone. The references are the acquirer's own, where it gave any. */
  | { readonly kind: 'approved'; readonly rrn: string | null; readonly authorizationCode: string | null }
  | { readonly kind: 'declined'; readonly reason: DeclineReason }
  /** Of an inquiry or a reversal: the acquirer has not seen the message, or nothing of it stands; it may still be on its way. */
  | { readonly kind: 'not_found' }
  /** Silent, late, garbled, wrong MAC, other STAN: nothing may be said of the outcome. `why` never holds content. */
  | { readonly kind: 'unknown'; readonly why: string }

export interface Acquirer {
  /** Whether terminals' own sales are authorised here; where not, they are told elsewhere and fed to us. */
  readonly takesSales: boolean
  /** Field 44, first part: the institution that received the sale, at most 11 characters. */
  readonly receivingInstitution: string
  /** Whether asking leaves this isolate: then claim first, and the answer may be unknown. */
  readonly isRemote: boolean
  /** How an unknown outcome is found: by asking for it, or by the same message again under the same identity. */
  readonly recovery: 'inquiry' | 'repeat'
  /** Never throws. */
  ask(question: AcquirerRequest): Promise<AcquirerResponse>
}
