/**
 * @module The messages of one list, such as captured sales, voids or the acquirer's list. A list goes in rounds.
 *
 * A round of sales or voids has lines of any terminals, because a set writes several of a terminal (chain.ts). A round of the acquirer's list
 * has one line of each terminal. The trip that writes such a line loads the next one of its terminal.
 *
 * Each message gets the outcome that it would get if they came one after another. A message is in a later round than every
 * earlier one that its outcome may depend on.
 */

import type { Budget } from '../store/budget.ts'
import type { LoadItem } from '../store/load.ts'
import { handOver, type Submission, submissionOf } from './submission.ts'
import type { ListKind, Outcome, PipelineMessage, Settled } from './types.ts'

/** The most messages of a round: as many as of a set. */
const ROUND = 100

/** Messages with a name in common are in different rounds. */
const NAMES: Readonly<Record<ListKind, (load: LoadItem) => readonly string[]>> = {
  // Sales of one terminal depend on each other by key and by RRN only.
  sales: ({ terminalId = '', messageKey = '', saleRrn }) => [
    messageKey,
    ...(saleRrn === undefined ? [] : [`${terminalId} ${saleRrn}`]),
  ],
  // Voids depend on each other by key and by sale only.
  voids: ({ idempotencyKey = '', saleId = '' }) => [`key ${idempotencyKey}`, `sale ${saleId}`],
  acquirer: ({ terminalId = '' }) => [terminalId],
}

/** The round of each message, from 0: behind every earlier message with one of its names, and not in a full one. */
function roundsOf(names: readonly (readonly string[])[]): number[] {
  const next = new Map<string, number>()
  const sizes: number[] = []
  return names.map((own) => {
    let round = Math.max(...own.map((name) => next.get(name) ?? 0))
    while ((sizes[round] ?? 0) >= ROUND) round++
    sizes[round] = (sizes[round] ?? 0) + 1
    for (const name of own) next.set(name, round + 1)
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
  kind: ListKind,
  budget: Budget,
  submitRound: (round: readonly Submission[]) => Promise<readonly Outcome[]>,
): Promise<Settled<Found>[]> {
  const submissions = messages.map((message) => submissionOf(message))
  const rounds = roundsOf(messages.map(({ load }) => NAMES[kind](load)))
  if (kind === 'acquirer') link(submissions)
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
