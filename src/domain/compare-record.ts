/**
 * @module A line of the acquirer's own list held against what we hold: agreed, still being found out, answered by the list, or a
 * difference that a person must look at.
 */

import { type AcquirerEvent, type AcquirerState, type AcquirerStatus, isUnsettled } from './acquirer-state.ts'
import type { AcquirerMessage, AcquirerReference, Amount } from './types.ts'

/** What the acquirer's list says of a message; `absent` where it does not have it. */
export interface ReconciliationRecord {
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly acquirerStan: string
  readonly state: AcquirerStatus
  /** Null where absent. */
  readonly amount: Amount | null
  /** Null where the list does not say it. */
  readonly currencyCode: string | null
  readonly acquirerRrn: string | null
  readonly authorizationCode: string | null
  /** The sale that a void names, as the acquirer knows it. */
  readonly original: Pick<AcquirerReference, 'batchNumber' | 'stan'> | null
}

export type Difference =
  /** The acquirer has it and we have no trace of it. */
  | 'only_acquirer'
  /** We hold it for approved and the acquirer does not have it. */
  | 'only_ours'
  | 'state'
  | 'amount'
  /** Kind, merchant or currency. */
  | 'identity'

export type ReconciliationResult =
  | { readonly result: 'agrees' }
  /** It changed here after the list was made: the list is too old to say anything of it. */
  | { readonly result: 'changed_since' }
  /** Neither side is done: it is found out or undone as ever. */
  | { readonly result: 'in_progress' }
  /** A case says so already, or a person decided it. */
  | { readonly result: 'known_case' }
  /** The list tells what we wait for. */
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

/** What we hold of it, and whether its batch still takes a void up. */
export interface OurRecord {
  readonly message: AcquirerMessage
  readonly isBatchOpen: boolean
}

/** `asOf`: when the list was made at the latest, in milliseconds since the epoch. */
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
  if ((record.currencyCode ?? currencyCode) !== currencyCode) return 'identity'
  const hasEffect = record.state === 'approved' || state === 'approved' || isUnsettled(state)
  if (hasEffect && (record.amount ?? amount) !== amount) return 'amount'
  if (isUnsettled(state) || AGREED[state].includes(record.state)) return null
  return record.state === 'absent' ? 'only_ours' : 'state'
}
