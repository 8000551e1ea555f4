/**
 * @module Late reversals: a reversal of a void that was answered long ago is a new act (semantics.md, Late reversals). An
 * administrator may do it by JSON. A terminal may do it too, unless its merchant refuses: the terminal knows best what it printed.
 */

import type { LoadedState } from './decision.ts'
import type { DeclineReason } from './decline-reason.ts'
import { rulesOf } from './merchant-rules.ts'
import type { ReversalRequest } from './requests.ts'

/** Milliseconds from the answer of a void in which a caller of the JSON API may undo it. */
const JSON_UNDO_MS = 120_000

/** Milliseconds from the answer of a void in which the reversal of a terminal is usual. */
const TERMINAL_UNDO_MS = 600_000

/** Names of the events that an entry makes. */
export const REVERSED_LATE = 'void.reversed_late'

type Of = Pick<LoadedState, 'target' | 'isTargetFollowed'>

/** Whether the target is a void with an approval, and the reversal comes long after it. The last instant is in time. */
export function isLateReversal(
  { kind, door }: Pick<ReversalRequest, 'kind' | 'door'>,
  { target, isTargetFollowed }: Of,
  now: number,
): boolean {
  if (kind !== 'void_reversal' || target?.effects.voidRecord?.state !== 'approved') return false
  const { answer } = target
  if (answer === null || answer.reason !== null) return false
  const age = now - answer.at
  return door === 'json' ? age > JSON_UNDO_MS : isTargetFollowed || age > TERMINAL_UNDO_MS
}

/**
 * The refusal of a late reversal. Null: it is in time, or it may be late. An administrator gives a reason for a late one, and always
 * for the void of a merchant.
 */
export function refuseLateReversal(
  request: ReversalRequest,
  loadedState: LoadedState,
  now: number,
): DeclineReason | null {
  const { administrator } = request
  if (administrator?.isForMerchant === true && administrator.reason === null) return 'reason_required'
  if (!isLateReversal(request, loadedState, now)) return null
  if (request.door === 'terminal')
    return rulesOf(loadedState.merchant).lateReversals === 'refuse' ? 'reversal_too_old' : null
  if (administrator === undefined) return 'approval_required'
  return administrator.reason === null ? 'reason_required' : null
}
