/** @module A caller that waits for the outcome of the tries after the first. It leaves with an outcome, or at its deadline. */

import { isUndecided } from '../domain/acquirer-state.ts'
import type { AcquirerStage, Outcome } from './types.ts'

export type Pending = Extract<Outcome, { kind: 'pending' }>

export interface Waiter {
  /** The outcome of a try, or `pending`. */
  readonly outcome: Promise<Outcome>
  isWaiting(): boolean
  /** Gives the outcome to the caller, if it is one. */
  take(outcome: Outcome | null | undefined): void
  /** Ends the wait without an outcome. */
  end(): void
}

/** `waitsUntil`: milliseconds since the epoch. The caller gets `pending` then, and at once if it is absent or over. */
export function createWaiter(
  { now }: Pick<AcquirerStage, 'now'>,
  pending: Pending,
  waitsUntil: number | undefined,
): Waiter {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const left = (waitsUntil ?? 0) - now()
  let isWaiting = left > 0
  const timer = isWaiting ? setTimeout(() => finish(pending), left) : undefined
  function finish(outcome: Outcome): void {
    isWaiting = false
    clearTimeout(timer)
    resolve(outcome)
  }
  if (!isWaiting) resolve(pending)
  return {
    outcome: promise,
    isWaiting: () => isWaiting,
    take(outcome) {
      if (outcome != null && isOutcome(outcome)) finish(outcome)
    },
    end: () => finish(pending),
  }
}

/** Whether the wait is over: there is an answer, or the message is reversed and gets none. */
const isOutcome = (outcome: Outcome): boolean =>
  outcome.kind === 'answered' || (outcome.kind === 'pending' && !isUndecided(outcome.forwarded.state))
