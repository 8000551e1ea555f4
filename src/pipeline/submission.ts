/**
 * @module A message in the pipeline, with the result of its last verification. For a terminal's message that is its MAC
 * key in clear, so each result reaches one answer or is discarded.
 */

import type { Loaded } from '../store/load.ts'
import { newTiming, type Timing } from './timing.ts'
import type { Outcome, PipelineMessage, Settled, Verdict } from './types.ts'

export interface Submission<Found = unknown> {
  readonly message: PipelineMessage<Found>
  found: Found | null
  /** Whether the sender waits no longer. */
  isOver: boolean
  /** How often its entry broke a constraint of the database. */
  breaks: number
  /** The next message of its list about the same terminal. It is loaded in the trip that ends this message. */
  follower: Submission | null
  /** The state from that trip. Only the next run uses it. */
  ahead: Loaded | null
  /** Whether it must be loaded: a warm state has not sufficed. */
  isCold: boolean
  /** The times of its sets. */
  readonly timing: Timing
}

/** A message without a verification yet. */
export const submissionOf = <Found>(
  message: PipelineMessage<Found>,
  timing: Timing = newTiming(),
): Submission<Found> => ({
  timing,
  message,
  found: null,
  isOver: false,
  breaks: 0,
  follower: null,
  ahead: null,
  isCold: false,
})

/** Verifies the message, again on each fresh load. */
export async function verify<Found>(submission: Submission<Found>, loaded: Loaded): Promise<Verdict<Found>> {
  discard(submission)
  const verdict = await submission.message.verify(loaded)
  submission.found = verdict.found
  // The deadline may have passed meanwhile.
  if (submission.isOver) discard(submission)
  return verdict
}

/** Runs the message and returns the result of its verification to the caller. After an error it discards the result. */
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
