/**
 * @module Where a sale or void stands that was forwarded to the host behind us: the state machine, as one table.
 *
 * Between two commits the host is asked, so that its answer may come late, twice or never. Every step is an entry of the
 * terminal's journal, and an event that the table does not take in a state has no effect: a host's late "approved" is
 * too late once the message was given up or reversed.
 */

export const HOST_STATES = [
  /** Claimed and committed; the host is asked, and asked again. */
  'pending',
  /** Given up for want of an answer; the host is told to undo what it may have done. */
  'undoing',
  'approved',
  'declined',
  /** Reversed by the terminal or the merchant; the host is told. */
  'reversing',
  'reversed',
] as const
export type HostState = (typeof HOST_STATES)[number]

export type HostEvent =
  | 'host_approved'
  | 'host_declined'
  /** No answer for `GIVE_UP_MS`. */
  | 'give_up'
  /** The terminal's 0400, or that of the sale that a void is of. */
  | 'reversal'
  /** The host answered our reversal: it is undone there, or never was. */
  | 'host_undone'
  /** The host refuses our reversal, and says when asked that it approved the message. */
  | 'host_keeps'
  /** A person closes a case: the message stands at the host, or is undone there. */
  | 'case_stands'
  | 'case_undone'

/** What a host last said of a message; `absent`: its list does not have it. */
export const HOST_WORDS = ['approved', 'declined', 'reversed', 'absent'] as const
export type HostWord = (typeof HOST_WORDS)[number]

/** State → event → next state. Where a person must decide, the state stays and a case is opened. */
export const HOST_TRANSITIONS: Readonly<Record<HostState, Readonly<Partial<Record<HostEvent, HostState>>>>> =
  {
    pending: {
      host_approved: 'approved',
      host_declined: 'declined',
      give_up: 'undoing',
      reversal: 'reversing',
      case_stands: 'approved',
      case_undone: 'declined',
    },
    undoing: {
      host_undone: 'declined',
      host_keeps: 'approved',
      reversal: 'reversing',
      case_stands: 'approved',
      case_undone: 'declined',
    },
    approved: { reversal: 'reversing', case_undone: 'reversed' },
    declined: {},
    reversing: { host_undone: 'reversed', case_stands: 'approved', case_undone: 'reversed' },
    reversed: {},
  }

export const nextHostState = (state: HostState, event: HostEvent): HostState | undefined =>
  HOST_TRANSITIONS[state][event]

/** Neither side knows yet whether it happened: nothing may be told, and its batch may not close. */
export const isUndecided = (state: HostState): boolean => state === 'pending' || state === 'undoing'

/** The host is to be asked or told until both sides agree. */
export const isOwed = (state: HostState): boolean => isUndecided(state) || state === 'reversing'

/** Whether a person is to look. */
export const isCaseOpen = (times: {
  readonly caseOpenedAt: number | null
  readonly caseClosedAt: number | null
}): boolean => times.caseOpenedAt !== null && times.caseClosedAt === null

/** How long an answer is hoped for before the message is undone, in milliseconds from its claim. */
export const GIVE_UP_MS = 60_000

/** How long until a message is final or a person's case, in milliseconds from its claim. */
export const DECIDE_MS = 180_000

/** How long the first try, inside the request, is left alone, in milliseconds: the host's patience and a commit. */
export const FIRST_TRY_MS = 12_000

/** How long after its claim no copy of a message can still be on its way to the host, in milliseconds. */
export const QUIET_MS = GIVE_UP_MS + 30_000

/** The longest that one try may take, in milliseconds: three questions, each with the host's patience, and what is written. */
export const TRY_MS = 40_000

/** Waits between tries double from a second to this, in milliseconds. */
export const LONGEST_WAIT_MS = 60_000

/** The wait between tries while a case is open, in milliseconds. */
export const CASE_WAIT_MS = 3_600_000
