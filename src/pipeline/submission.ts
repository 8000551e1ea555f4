/**
 * @module A message on its way, with what its last verification found. A verification of a terminal's message finds its MAC key
 * in clear: each such finding reaches one answer or is discarded.
 */

import type { Loaded } from '../store/load.ts'
import type { Outcome, PipelineMessage, Settled, Verdict } from './types.ts'

export interface Submission<Found = unknown> {
  readonly message: PipelineMessage<Found>
  found: Found | null
  /** Whether its sender waits no longer. */
  isOver: boolean
}

export const submissionOf = <Found>(message: PipelineMessage<Found>): Submission<Found> => ({
  message,
  found: null,
  isOver: false,
})

/** Verifies the message, again on each fresh load. */
export async function verify<Found>(submission: Submission<Found>, loaded: Loaded): Promise<Verdict<Found>> {
  discard(submission)
  const verdict = await submission.message.verify(loaded)
  submission.found = verdict.found
  // The deadline may have ended the wait in between.
  if (submission.isOver) discard(submission)
  return verdict
}

/** Runs the message and hands what was found to the caller. Where that fails, it is discarded. */
export async function handOver<Found>(
  submission: Submission<Found>,
  run: (submission: Submission<Found>) => Promise<Outcome>,
): Promise<Settled<Found>> {
  try {
    const outcome = await run(submission)
    const { found } = submission
    submission.found = null
    return { outcome, found }
  } finally {
    submission.isOver = true
    discard(submission)
  }
}

function discard<Found>(submission: Submission<Found>): void {
  const { found, message } = submission
  submission.found = null
  if (found !== null) message.discard?.(found)
}
