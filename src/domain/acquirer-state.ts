/**
 * @module Where a sale or void stands that was forwarded to the acquirer behind us: the state machine, as one table.
 *
 * Between two commits the acquirer is asked, so that its answer may come late, twice or never. Every step is an entry of the
 * terminal's journal, and an event that the table does not take in a state has no effect: an acquirer's late "approved" is
 * too late once the message was given up or reversed.
 */

export const ACQUIRER_STATES = [
  /** Claimed and committed; the acquirer is asked, and asked again. */
  'pending',
  /** Given up for want of an answer; the acquirer is told to undo what it may have done. */
  'undoing',
  'approved',
  'declined',
  /** Reversed by the terminal or the merchant; the acquirer is told. */
  'reversing',
  'reversed',
] as const
export type AcquirerState = (typeof ACQUIRER_STATES)[number]

export type AcquirerEvent =
  | 'acquirer_approved'
  | 'acquirer_declined'
  /** No answer for `GIVE_UP_MS`. */
  | 'give_up'
  /** The terminal's 0400, or that of the sale that a void is of. */
  | 'reversal'
  /** The acquirer answered our reversal: it is undone there, or never was. */
  | 'acquirer_undone'
  /** The acquirer refuses our reversal, and says when asked that it approved the message. */
  | 'reversal_refused'
  /** A person closes a case: the message stands at the acquirer, or is undone there. */
  | 'case_stands'
  | 'case_undone'

/** What an acquirer last said of a message; `absent`: its list does not have it. */
export const ACQUIRER_STATUSES = ['approved', 'declined', 'reversed', 'absent'] as const
export type AcquirerStatus = (typeof ACQUIRER_STATUSES)[number]

/** State → event → next state. Where a person must decide, the state stays and a case is opened. */
export const ACQUIRER_TRANSITIONS: Readonly<
  Record<AcquirerState, Readonly<Partial<Record<AcquirerEvent, AcquirerState>>>>
> = {
  pending: {
    acquirer_approved: 'approved',
    acquirer_declined: 'declined',
    give_up: 'undoing',
    reversal: 'reversing',
    case_stands: 'approved',
    case_undone: 'declined',
  },
  undoing: {
    acquirer_undone: 'declined',
    reversal_refused: 'approved',
    reversal: 'reversing',
    case_stands: 'approved',
    case_undone: 'declined',
  },
  approved: { reversal: 'reversing', case_undone: 'reversed' },
  declined: {},
  reversing: { acquirer_undone: 'reversed', case_stands: 'approved', case_undone: 'reversed' },
  reversed: {},
}

export const nextAcquirerState = (state: AcquirerState, event: AcquirerEvent): AcquirerState | undefined =>
  ACQUIRER_TRANSITIONS[state][event]

/** Neither side knows yet whether it happened: nothing may be told, and its batch may not close. */
export const isUndecided = (state: AcquirerState): boolean => state === 'pending' || state === 'undoing'

/** The acquirer is to be asked or told until both sides agree. */
export const isUnsettled = (state: AcquirerState): boolean => isUndecided(state) || state === 'reversing'

/** Whether a person is to look. */
export const isCaseOpen = (times: {
  readonly caseOpenedAt: number | null
  readonly caseClosedAt: number | null
}): boolean => times.caseOpenedAt !== null && times.caseClosedAt === null

/** How long an answer is hoped for before the message is undone, in milliseconds from its claim. */
export const GIVE_UP_MS = 60_000

/** How long until a message is final or a person's case, in milliseconds from its claim. */
export const DECIDE_MS = 180_000

/** How long the first try, inside the request, is left alone, in milliseconds: the acquirer's patience and a commit. */
export const FIRST_TRY_MS = 12_000

/** How long after its claim no copy of a message can still be on its way to the acquirer, in milliseconds. */
export const QUIET_MS = GIVE_UP_MS + 30_000

/** The longest that one try may take, in milliseconds: three questions, each with the acquirer's patience, and what is written. */
export const TRY_MS = 40_000

/** Waits between tries double from a second to this, in milliseconds. */
export const LONGEST_WAIT_MS = 60_000

/** The wait between tries while a case is open, in milliseconds. */
export const CASE_WAIT_MS = 3_600_000
