/** @module The report of a run of kills. */

import { countsAndFirst, type Violation } from './judge.ts'

export interface KillReport {
  kills: number
  /** Kills during the repetition of messages that an earlier kill cut off. */
  killsInRecovery: number
  /** Kills of one process of the service alone, while D1 and the other continued. */
  killsOfOne: number
  /** Different messages, and the number of requests. */
  messages: number
  sent: number
  voids: number
  /** Inquiries afterwards that were compared with the senders' answers. */
  inquiries: number
  /** Messages that a kill left without an answer. */
  cutOff: number
  /** Milliseconds from the start of each process to its first good answer. */
  readonly restarts: number[]
  /** Messages to the acquirer by their state. */
  acquirer: Readonly<Record<string, number>>
  /** Seconds of real time until everything was final after the last kill, with the recovery once a minute. */
  decidedIn: number | null
  readonly violations: Violation[]
}

export const newReport = (): KillReport => ({
  kills: 0,
  killsInRecovery: 0,
  killsOfOne: 0,
  messages: 0,
  sent: 0,
  voids: 0,
  inquiries: 0,
  cutOff: 0,
  restarts: [],
  acquirer: {},
  decidedIn: null,
  violations: [],
})

export function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Figures of a run, one per line. */
export function linesOf(report: KillReport): string[] {
  const {
    kills,
    killsInRecovery,
    killsOfOne,
    messages,
    sent,
    voids,
    inquiries,
    cutOff,
    restarts,
    acquirer,
    decidedIn,
    violations,
  } = report
  const sorted = restarts.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
  return [
    `${kills} kills, ${killsOfOne} of them of one process beside others, ${killsInRecovery} in the middle of a recovery`,
    `${messages} messages (${voids} voids) sent ${sent} times, ${cutOff} cut off without an answer; ${inquiries} inquiries`,
    `first good answer after a start: median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    ...(Object.keys(acquirer).length === 0 ? [] : [`the acquirer and we: ${JSON.stringify(acquirer)}`]),
    ...(decidedIn === null ? [] : [`the clock left alone: everything final in ${decidedIn} s`]),
    ...countsAndFirst(violations),
  ]
}
