/** @module What a virtual terminal remembers between two messages: plain data, so that a file, a test or a load run can keep it. */

import { NO_TOTALS } from '../domain/money.ts'
import type { Amount, MacProfile, Totals } from '../domain/types.ts'

/** Field 60.3 of a sign-on: which keys are asked for, in which layout (protocol.md §3.1). */
export const KEY_LAYOUTS = ['001', '003', '004', '006'] as const
export type KeyLayout = (typeof KEY_LAYOUTS)[number]

/** Field 39 of a reversal (protocol.md §3.5). */
export const REVERSAL_REASON_CODES = ['98', '96', 'A0', '06'] as const
export type ReversalReason = (typeof REVERSAL_REASON_CODES)[number]

/** Working keys as received, under the terminal's master key; the state never holds a clear key. */
export interface WrappedKeys {
  readonly layout: KeyLayout
  /** Field 62 of the sign-on answer, hex. */
  readonly field62: string
}

/** A sale or void as the terminal's own log has it. The card number is a test card's, in clear: a void needs it. */
export interface LogEntry {
  readonly kind: 'sale' | 'void'
  readonly batchNumber: string
  /** Field 11; the voucher number (凭证号) on the receipt. */
  readonly stan: string
  readonly amount: Amount
  readonly pan: string
  /** Of a void: STAN of the sale it undoes. */
  readonly originalStan?: string
  readonly status: 'unanswered' | 'approved' | 'declined' | 'reversed'
  readonly rrn?: string
  readonly authorizationCode?: string
}

/** The reversal that is stored before a sale or void is sent, and deleted when a valid answer comes. */
export interface PendingReversal {
  readonly stan: string
  readonly reason: ReversalReason
  /** How often it was sent. */
  readonly attempts: number
}

export interface TerminalState {
  readonly merchantId: string
  readonly terminalId: string
  readonly macProfile: MacProfile
  /** Field 60.2; the acquirer assigns it at sign-on. */
  batchNumber: string
  /** 1 … 999999, then again 1. */
  nextStan: number
  keys: WrappedKeys | null
  /** The open batch; of an earlier one only what a pending reversal is about. */
  log: LogEntry[]
  pending: PendingReversal | null
  /** STAN of a settlement that was not answered: its retry carries the same one. */
  settlementStan: string | null
}

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

/** Items that count in the settlement: approved and not reversed. A voided sale stays in (protocol.md §3.8). */
export const liveItems = (state: TerminalState): LogEntry[] =>
  state.log.filter(({ status, batchNumber }) => status === 'approved' && batchNumber === state.batchNumber)

export function totalsOf(state: TerminalState): Totals {
  const totals = { ...NO_TOTALS }
  for (const { kind, amount } of liveItems(state)) {
    const side = kind === 'sale' ? 'debit' : 'credit'
    totals[`${side}Amount`] += amount
    totals[`${side}Count`] += 1
  }
  return totals
}

export const findEntry = (state: TerminalState, stan: string): LogEntry | undefined =>
  state.log.find((entry) => entry.stan === stan)

/** Replaces the entry that has this STAN by itself with `change` applied. */
export function changeEntry(state: TerminalState, stan: string, change: Partial<LogEntry>): void {
  state.log = state.log.map((entry) => (entry.stan === stan ? { ...entry, ...change } : entry))
}

/** Whether a void of this sale stands. */
export const isVoided = (state: TerminalState, saleStan: string): boolean =>
  state.log.some(
    ({ kind, originalStan, status }) => kind === 'void' && originalStan === saleStan && status === 'approved',
  )

/** The batch is over: what was in it can no longer be voided here, but a pending reversal is still owed. */
export function openBatch(state: TerminalState, batchNumber: string): void {
  if (batchNumber === state.batchNumber) return
  const unfinished = state.log.find(({ stan }) => stan === state.pending?.stan)
  state.batchNumber = batchNumber
  state.log = state.log.filter((entry) => entry === unfinished || entry.stan === unfinished?.originalStan)
  state.settlementStan = null
}
