/**
 * @module The state of a virtual terminal between two messages. It is plain data, so that a file, a test or a load run
 * can keep it.
 */

import { NO_TOTALS } from '../domain/money.ts'
import type { MacProfile } from '../domain/terminal-profile.ts'
import type { Totals } from '../domain/totals.ts'
import type { Amount } from '../domain/types.ts'

/** Field 60.3 of a sign-on: the layout of the requested keys (protocol.md §3.1). */
export const KEY_LAYOUTS = ['001', '003', '004', '006'] as const
export type KeyLayout = (typeof KEY_LAYOUTS)[number]

/** Field 39 of a reversal (protocol.md §3.5). */
export const REVERSAL_REASON_CODES = ['98', '96', 'A0', '06'] as const
export type ReversalReason = (typeof REVERSAL_REASON_CODES)[number]

/** Working keys as received, under the terminal master key. The state never holds a clear key. */
export interface WrappedKeys {
  readonly layout: KeyLayout
  /** Field 62 of the sign-on answer, upper-case hex. */
  readonly field62: string
}

/** A sale or void in the terminal's own log. `pan` is a test card in clear, because a void needs it. */
export interface LogEntry {
  readonly kind: 'sale' | 'void'
  readonly batchNumber: string
  /** Field 11, six digits; the voucher number (凭证号) on the receipt. */
  readonly stan: string
  readonly amount: Amount
  readonly pan: string
  /** For a void: the STAN of its sale. */
  readonly originalStan?: string
  readonly status: 'unanswered' | 'approved' | 'declined' | 'reversed'
  readonly rrn?: string
  readonly authorizationCode?: string
}

/** The reversal that a terminal stores before a sale or void. A valid answer deletes it. */
export interface PendingReversal {
  readonly stan: string
  readonly reason: ReversalReason
  /** Number of attempts. */
  readonly attempts: number
}

export interface TerminalState {
  readonly merchantId: string
  readonly terminalId: string
  readonly macProfile: MacProfile
  /** Field 60.2, six digits. The acquirer assigns it at sign-on. */
  batchNumber: string
  /** 1 to 999999, then 1 again. */
  nextStan: number
  keys: WrappedKeys | null
  /** The items of the open batch, and those of an earlier one that a pending reversal needs. */
  log: LogEntry[]
  pending: PendingReversal | null
  /** STAN of a settlement without an answer. A retry uses the same one. */
  settlementStan: string | null
}

/** A terminal before its first sign-on. */
export const newTerminalState = (
  merchantId: string,
  terminalId: string,
  macProfile: MacProfile,
): TerminalState => ({
  merchantId,
  terminalId,
  macProfile,
  batchNumber: '000001',
  nextStan: 1,
  keys: null,
  log: [],
  pending: null,
  settlementStan: null,
})

/** Takes the next STAN, six digits. */
export function takeStan(state: TerminalState): string {
  const stan = String(state.nextStan).padStart(6, '0')
  state.nextStan = state.nextStan === 999_999 ? 1 : state.nextStan + 1
  return stan
}

/** The items of a settlement: approved and not reversed. A voided sale stays in (protocol.md §3.8). */
export const liveItems = (state: TerminalState): LogEntry[] =>
  state.log.filter(({ status, batchNumber }) => status === 'approved' && batchNumber === state.batchNumber)

/** The totals of the open batch, in minor units and counts. */
export function totalsOf(state: TerminalState): Totals {
  const totals = { ...NO_TOTALS }
  for (const { kind, amount } of liveItems(state)) {
    const side = kind === 'sale' ? 'debit' : 'credit'
    totals[`${side}Amount`] += amount
    totals[`${side}Count`] += 1
  }
  return totals
}

/** The item with this STAN, six digits. */
export const findEntry = (state: TerminalState, stan: string): LogEntry | undefined =>
  state.log.find((entry) => entry.stan === stan)

/** Applies `change` to the item with this STAN. */
export function changeEntry(state: TerminalState, stan: string, change: Partial<LogEntry>): void {
  state.log = state.log.map((entry) => (entry.stan === stan ? { ...entry, ...change } : entry))
}

/** Whether the sale has an approved void. */
export const isVoided = (state: TerminalState, saleStan: string): boolean =>
  state.log.some(
    ({ kind, originalStan, status }) => kind === 'void' && originalStan === saleStan && status === 'approved',
  )

/** Ends the batch. Its items can no longer be voided here, but a pending reversal is still due. */
export function openBatch(state: TerminalState, batchNumber: string): void {
  if (batchNumber === state.batchNumber) return
  const unfinished = state.log.find(({ stan }) => stan === state.pending?.stan)
  state.batchNumber = batchNumber
  state.log = state.log.filter((entry) => entry === unfinished || entry.stan === unfinished?.originalStan)
  state.settlementStan = null
}
