/** @module Compares one line of the acquirer's list with our record (semantics.md, Reconciliation). */

import { type AcquirerEvent, type AcquirerState, type AcquirerStatus, isUnsettled } from './acquirer-state.ts'
import { isDifferent } from './sale-known.ts'
import type { AcquirerMessage, AcquirerReference, Amount } from './types.ts'

/** One message in the acquirer's list. The state is `absent` when the list does not have the message. */
export interface ReconciliationRecord {
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly acquirerStan: string
  readonly state: AcquirerStatus
  /** In minor units; null when absent. */
  readonly amount: Amount | null
  /** ISO 4217 numeric, three digits; null when the list does not give it. */
  readonly currencyCode: string | null
  readonly acquirerRrn: string | null
  readonly authorizationCode: string | null
  /** The sale that a void names, with the acquirer's numbers. */
  readonly original: Pick<AcquirerReference, 'batchNumber' | 'stan'> | null
}

export type Difference =
  /** The acquirer has the message, and we have no record of it. */
  | 'only_acquirer'
  /** Our record is approved, and the acquirer does not have the message. */
  | 'only_ours'
  | 'state'
  | 'amount'
  /** Kind, merchant or currency. */
  | 'identity'

export type ReconciliationResult =
  | { readonly result: 'agrees' }
  /** Our record changed after the time of the list, so the list is too old to compare. */
  | { readonly result: 'changed_since' }
  /** The message is not final here. The recovery goes on. */
  | { readonly result: 'in_progress' }
  /** A case already has this difference, or a person has decided it. */
  | { readonly result: 'known_case' }
  /** The list has the outcome that we wait for. */
  | { readonly result: 'resolves'; readonly event: Extract<AcquirerEvent, `acquirer_${string}`> }
  | { readonly result: 'differs'; readonly difference: Difference }

const NO_EFFECT: readonly AcquirerStatus[] = ['declined', 'reversed', 'absent']

const AGREED: Readonly<Record<AcquirerState, readonly AcquirerStatus[]>> = {
  pending: [],
  undoing: [],
  approved: ['approved'],
  declined: NO_EFFECT,
  reversing: [],
  reversed: NO_EFFECT,
}

const UNDONE = { declined: 'acquirer_undone', reversed: 'acquirer_undone' } as const

type Answers = Partial<Record<AcquirerStatus, Extract<AcquirerEvent, `acquirer_${string}`>>>
const ANSWERS: Readonly<Partial<Record<AcquirerState, Answers>>> = {
  pending: { approved: 'acquirer_approved', declined: 'acquirer_declined', reversed: 'acquirer_declined' },
  undoing: UNDONE,
  reversing: UNDONE,
}

/** Our record, and whether its batch is open, so that an approval can still change the totals. */
export interface OurRecord {
  readonly message: AcquirerMessage
  readonly isBatchOpen: boolean
}

/**
 * Compares a line with our record. `asOf` is the latest time at which the list can be made, in milliseconds since the
 * epoch.
 */
export function compareRecord(
  ourRecord: OurRecord | null,
  record: ReconciliationRecord,
  asOf: number,
): ReconciliationResult {
  if (ourRecord === null)
    return record.state === 'absent'
      ? { result: 'agrees' }
      : { result: 'differs', difference: 'only_acquirer' }
  const { message } = ourRecord
  if (message.movedAt > asOf) return { result: 'changed_since' }
  const difference = differenceOf(message, record)
  const event = ANSWERS[message.state]?.[record.state]
  const isTooLate = event === 'acquirer_approved' && !ourRecord.isBatchOpen
  if (difference === null && event !== undefined && !isTooLate) return { result: 'resolves', event }
  if (difference === null && !isTooLate)
    return { result: isUnsettled(message.state) ? 'in_progress' : 'agrees' }
  const { caseReason, acquirerStatus, acquirerAmount } = message
  const isSame = record.amount === null || record.amount === acquirerAmount
  if (caseReason === 'record_differs' && acquirerStatus === record.state && isSame)
    return { result: 'known_case' }
  return { result: 'differs', difference: difference ?? 'state' }
}

function differenceOf(message: AcquirerMessage, record: ReconciliationRecord): Difference | null {
  const { kind, merchantId, currencyCode, amount, state } = message
  if (record.kind !== kind || record.merchantId !== merchantId) return 'identity'
  if (isDifferent(record.currencyCode, currencyCode)) return 'identity'
  const hasEffect = record.state === 'approved' || state === 'approved' || isUnsettled(state)
  if (hasEffect && isDifferent(record.amount, amount)) return 'amount'
  if (isUnsettled(state) || AGREED[state].includes(record.state)) return null
  return record.state === 'absent' ? 'only_ours' : 'state'
}
