/**
 * @module The states of a forwarded sale or void, as one table (semantics.md, States).
 *
 * Annul asks the acquirer between two commits, so its answer may come late, twice or never. Each step is an entry of
 * the terminal's journal. An event without a transition has no effect. A late "approved", for example, changes nothing
 * after a give-up or a reversal.
 */

/** All states of a forwarded message. */
export const ACQUIRER_STATES = [
  /** The claim is committed. Annul asks the acquirer until it answers. */
  'pending',
  /** Annul gave up for want of an answer. It reverses the message at the acquirer. */
  'undoing',
  'approved',
  'declined',
  /** The terminal or the merchant reversed it. Annul reverses it at the acquirer. */
  'reversing',
  'reversed',
] as const
export type AcquirerState = (typeof ACQUIRER_STATES)[number]

export type AcquirerEvent =
  | 'acquirer_approved'
  | 'acquirer_declined'
  /** No answer for `GIVE_UP_MS`. */
  | 'give_up'
  /** The terminal sends 0400 for the message, or for the sale of a void. */
  | 'reversal'
  /** The acquirer confirms our reversal: the message is reversed there, or it never arrived. */
  | 'acquirer_undone'
  /** The acquirer refuses our reversal, and its answer to an inquiry says that it approved the message. */
  | 'reversal_refused'
  /** A person closes a case. `case_stands`: the message is valid at the acquirer. `case_undone`: it is not. */
  | 'case_stands'
  | 'case_undone'

/** The acquirer's last statement on a message. `absent`: its list does not have the message. */
export const ACQUIRER_STATUSES = ['approved', 'declined', 'reversed', 'absent'] as const
export type AcquirerStatus = (typeof ACQUIRER_STATUSES)[number]

/** State → event → next state. When a person must decide, the state stays and a case opens. */
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

/** The state after an event; undefined when the event has no effect in this state. */
export const nextAcquirerState = (state: AcquirerState, event: AcquirerEvent): AcquirerState | undefined =>
  ACQUIRER_TRANSITIONS[state][event]

/** Whether the outcome is unknown. Annul then returns no answer and does not close the batch. */
export const isUndecided = (state: AcquirerState): boolean => state === 'pending' || state === 'undoing'

/** Whether Annul must still ask the acquirer, or reverse the message there. */
export const isUnsettled = (state: AcquirerState): boolean => isUndecided(state) || state === 'reversing'

/** Whether a case is open, so that a person must decide. */
export const isCaseOpen = (times: {
  readonly caseOpenedAt: number | null
  readonly caseClosedAt: number | null
}): boolean => times.caseOpenedAt !== null && times.caseClosedAt === null

/** Milliseconds from the claim to the give-up, when the acquirer does not answer. */
export const GIVE_UP_MS = 60_000

/** Milliseconds from the claim until the message is final or a case. */
export const DECIDE_MS = 180_000

/** Milliseconds from the claim in which only the claiming request tries: the acquirer's deadline and a commit. */
export const FIRST_TRY_MS = 12_000

/** Milliseconds from the claim after which no copy of the message can still be on its way to the acquirer. */
export const QUIET_MS = GIVE_UP_MS + 30_000

/** Milliseconds from the last copy of a message until no copy of it can still be on its way to the acquirer. */
const UNDER_WAY_MS = QUIET_MS - GIVE_UP_MS

/** Times of a message, in milliseconds since the epoch. */
interface Times {
  readonly state: AcquirerState
  readonly claimedAt: number
  readonly decideBy: number
}

/** The time at which Annul gives up a message without an answer: early enough to reverse it before its deadline. */
export const giveUpAt = ({ claimedAt, decideBy }: Omit<Times, 'state'>): number =>
  Math.max(claimedAt + GIVE_UP_MS, decideBy - (DECIDE_MS - GIVE_UP_MS))

/**
 * The time at which no copy of the message can still be on its way to the acquirer. A reversal sets the deadline anew, and Annul
 * sends no copy after it.
 */
export function quietAt({ state, claimedAt, decideBy }: Times): number {
  const lastCopy = state === 'reversing' ? decideBy - DECIDE_MS : giveUpAt({ claimedAt, decideBy })
  return Math.max(claimedAt + QUIET_MS, lastCopy + UNDER_WAY_MS)
}

/** The longest time of one try in milliseconds: three requests with the acquirer's deadline each, and the commits. */
export const TRY_MS = 40_000

/** The longest wait between tries in milliseconds. Waits double, starting at one second. */
export const LONGEST_WAIT_MS = 60_000

/** The wait between tries in milliseconds while a case is open. */
export const CASE_WAIT_MS = 3_600_000
