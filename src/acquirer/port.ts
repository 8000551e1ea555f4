/** @module The port to an acquirer: the requests of the pipeline, whatever the acquirer. */

import type { CutOff } from '../domain/acquirer-day.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import type { Totals } from '../domain/totals.ts'
import type { AcquirerReference, Amount } from '../domain/types.ts'

/**
 * A request to the acquirer. The identity (merchantId, terminalId, batchNumber, acquirerStan) is the same in every try.
 */
export interface AcquirerRequest {
  readonly kind: 'sale' | 'void' | 'reversal' | 'inquiry'
  /** The kind of the message that a reversal or inquiry is about. For a sale or void, its own kind. */
  readonly of: 'sale' | 'void'
  /** 15 characters. */
  readonly merchantId: string
  /** 8 characters. */
  readonly terminalId: string
  /** 60.2, six digits. */
  readonly batchNumber: string
  /**
   * Field 11 for the acquirer, six digits, unique per terminal. It is our own, and the same in every try, reversal and
   * inquiry.
   */
  readonly acquirerStan: string
  readonly amount: Amount
  /** ISO 4217 numeric, three digits. */
  readonly currencyCode: string
  /** The sale of a void (or of its reversal), with the acquirer's numbers. Null for a sale. */
  readonly original: AcquirerReference | null
  /** Whether the message was sent before. A refusal may then be for the copy only. */
  readonly isCopy?: boolean
  /**
   * First try of a sale only: card fields of the terminal's message (2, 14, 22, 23, 25, 35, 52, 53, 55). They are never
   * kept.
   */
  readonly cardFields: ReadonlyMap<number, string> | null
}

export type AcquirerResponse =
  /** For a reversal: reversed. The references are the acquirer's own; null when it gives none. */
  | {
      readonly kind: 'approved'
      readonly rrn: string | null
      readonly authorizationCode: string | null
      /** Field 15: the acquirer's day of the message, MMDD. Only if days are settled, and the acquirer gives it. */
      readonly settlementDate?: string
    }
  | { readonly kind: 'declined'; readonly reason: DeclineReason }
  /**
   * For an inquiry or reversal: the acquirer has not seen the message, or nothing of it is valid. It may still be on
   * its way.
   */
  | { readonly kind: 'not_found' }
  /** No answer, late, malformed, wrong MAC or another STAN: the outcome is unknown. `why` never contains content. */
  | { readonly kind: 'unknown'; readonly why: string }

export interface AcquirerLine {
  /** Milliseconds without an answer after which the cron sends an echo. */
  readonly idleMs: number
  /** Sends an echo. Null: the acquirer answers. Otherwise the fault, without content. Never throws. */
  echo(): Promise<string | null>
}

/** The totals of a day. */
export interface DayRequest {
  /** Field 11, six digits: the same in every repeat. */
  readonly stan: string
  /** Field 15: the day, MMDD. */
  readonly date: string
  /** ISO 4217 numeric, three digits. */
  readonly currencyCode: string
  readonly totals: Totals
  /** Whether it was sent before. */
  readonly isRepeat: boolean
}

export type DayResponse =
  /** The acquirer's totals, cut to their digits. `isEqual`: by its codes and by its totals. */
  | {
      readonly kind: 'compared'
      readonly isEqual: boolean
      readonly domestic: Totals
      readonly foreign: Totals
    }
  /** The acquirer does not compare this day. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Send it again. `why` never contains content. */
  | { readonly kind: 'unknown'; readonly why: string }

/** The settlement of days with the acquirer. */
export interface AcquirerDays {
  readonly cutOff: CutOff
  /** A new field 11, six digits. */
  newStan(): string
  /** Never throws. */
  settle(request: DayRequest): Promise<DayResponse>
}

export interface Acquirer {
  /** Whether the acquirer authorizes the sales of terminals. If not, they are captured sales. */
  readonly takesSales: boolean
  /** Field 44, first part: the institution that received the sale, at most 11 characters. */
  readonly receivingInstitution: string
  /** Whether a request leaves this isolate. Then a claim comes first, and the outcome may be unknown. */
  readonly isRemote: boolean
  /** How to find an unknown outcome: by an inquiry, or by the same message again under the same identity. */
  readonly recovery: 'inquiry' | 'repeat'
  /**
   * Milliseconds from the arrival of a terminal's sale or void in which its request waits for the tries after the first. 0 or
   * absent: it waits for the first only.
   */
  readonly deadlineMs?: number
  /** For the cron: gets new keys if the newest are a day old. Absent: the keys are for good. Never throws. */
  readonly renewKeys?: () => Promise<void>
  /** For the cron: the line of the acquirer. Absent: it gets no echo. */
  readonly line?: AcquirerLine
  /** For the cron: the settlement of days. Absent: no day is settled with the acquirer. */
  readonly days?: AcquirerDays
  /** Never throws. */
  ask(request: AcquirerRequest): Promise<AcquirerResponse>
}
