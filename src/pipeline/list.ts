/**
 * @module The messages of one list, such as captured sales or the acquirer's list. A set writes one message of a terminal, so a list
 * goes in rounds: the next message of each terminal, all at once. A round takes one trip, because the trip that writes a
 * message loads the next one of its terminal.
 *
 * Each message gets the outcome that it would get if they came one after another: messages about the same terminal or RRN keep
 * their order.
 */

import type { Budget } from '../store/budget.ts'
import type { LoadItem } from '../store/load.ts'
import { handOver, type Submission, submissionOf } from './submission.ts'
import type { Outcome, PipelineMessage, Settled } from './types.ts'

/** Two messages with a key in common must not be in one round. */
const keysOf = ({ terminalId, saleRrn }: LoadItem): string[] => [
  ...(terminalId === undefined ? [] : [`terminal ${terminalId}`]),
  ...(saleRrn === undefined ? [] : [`rrn ${saleRrn}`]),
]

/** The round of each message, from 0: behind every earlier message that it shares something with. */
function roundsOf(loads: readonly LoadItem[]): number[] {
  const next = new Map<string, number>()
  return loads.map((load) => {
    const keys = keysOf(load)
    const round = Math.max(0, ...keys.map((key) => next.get(key) ?? 0))
    for (const key of keys) next.set(key, round + 1)
    return round
  })
}

/** Tells each message which one follows it in the next round, if both are about one terminal. */
function link(submissions: readonly Submission[], rounds: readonly number[]): void {
  const last = new Map<string, { readonly submission: Submission; readonly round: number }>()
  for (const [i, submission] of submissions.entries()) {
    const { terminalId } = submission.message.load
    const round = rounds[i] ?? 0
    if (terminalId === undefined) continue
    const before = last.get(terminalId)
    if (before?.round === round - 1) before.submission.follower = submission
    last.set(terminalId, { submission, round })
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
  link(submissions, rounds)
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
