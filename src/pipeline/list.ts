/**
 * @module The messages of one list, such as captured sales or the acquirer's list. A set writes one message of a terminal, so a list
 * goes in rounds: the next message of each terminal, all at once. A round takes one trip, because the trip that writes a
 * message loads the next one of its terminal.
 *
 * Each message gets the outcome that it would get if they came one after another. No decision depends on another terminal, and
 * messages about one terminal keep their order.
 */

import type { Budget } from '../store/budget.ts'
import type { LoadItem } from '../store/load.ts'
import { handOver, type Submission, submissionOf } from './submission.ts'
import type { Outcome, PipelineMessage, Settled } from './types.ts'

/** The round of each message, from 0: behind every earlier message about the same terminal. */
function roundsOf(loads: readonly LoadItem[]): number[] {
  const next = new Map<string, number>()
  return loads.map(({ terminalId = '' }) => {
    const round = next.get(terminalId) ?? 0
    next.set(terminalId, round + 1)
    return round
  })
}

/** Names the follower of each message: the next one about its terminal. */
function link(submissions: readonly Submission[]): void {
  const last = new Map<string, Submission>()
  for (const submission of submissions) {
    const { terminalId = '' } = submission.message.load
    const before = last.get(terminalId)
    if (before !== undefined) before.follower = submission
    last.set(terminalId, submission)
  }
}

/**
 * Submits the messages round by round. After the invocation is at its limit the next rounds are `unavailable`, because nothing of them
 * was sent.
 */
export async function submitList<Found>(
  messages: readonly PipelineMessage<Found>[],
  budget: Budget,
  submitRound: (round: readonly Submission[]) => Promise<readonly Outcome[]>,
): Promise<Settled<Found>[]> {
  const submissions = messages.map((message) => submissionOf(message))
  const rounds = roundsOf(messages.map(({ load }) => load))
  link(submissions)
  const outcomes = submissions.map(() => Promise.withResolvers<Outcome>())
  const settled = Promise.all(
    submissions.map((submission, i) =>
      handOver(
        submission,
        () => outcomes[i]?.promise ?? Promise.reject(new Error('each message has an outcome')),
      ),
    ),
  )
  for (let round = 0; round <= Math.max(-1, ...rounds); round++) {
    const places = [...rounds.keys()].filter((i) => rounds[i] === round)
    const now = submissions.filter((_, i) => rounds[i] === round)
    const answers = budget.isEnded() ? [] : await submitRound(now)
    for (const [j, i] of places.entries()) outcomes[i]?.resolve(answers[j] ?? { kind: 'unavailable' })
  }
  return settled
}
