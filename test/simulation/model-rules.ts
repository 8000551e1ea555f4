/** @module Three rules of the model: a late reversal, who may make one, and the answer of the sandbox. */

import type { JournalEntry } from '../../src/domain/types.ts'
import type { Transaction } from './transaction.ts'

/** The time from its answer in which a void is undone without a new act: by JSON, and at a terminal. */
const UNDO_MS = { json: 120_000, terminal: 600_000 } as const

/**
 * Whether the reversal of an approved void comes long after the answer of the void. `ownSeq`: the number of the latest sale or void
 * that the terminal itself sent.
 */
export function isLate(
  { kind, door, at }: JournalEntry,
  { kind: of, state, answeredAt, seq }: Transaction,
  ownSeq: number,
): boolean {
  if (kind !== 'void_reversal' || of !== 'void' || state !== 'approved') return false
  return at > answeredAt + UNDO_MS[door] || (door === 'terminal' && ownSeq > seq)
}

/** A terminal may undo an old void, and by JSON an administrator who gives a reason. The key of an administrator has its own scope. */
export const mayUndoOld = ({ door, messageKey, request }: JournalEntry): boolean =>
  door === 'terminal' || (messageKey.startsWith('api|admin|') && request.reason !== undefined)

/** The sandbox: the last two digits of the amount. */
export function sandboxCode(amount: number): string {
  const last = String(amount % 100).padStart(2, '0')
  return ['05', '51'].includes(last) ? last : '00'
}
