/** @module What a run of kills came to. */

import { countsAndFirst, type Violation } from './judge.ts'

export interface KillReport {
  kills: number
  /** Of them while what an earlier one had cut off was being said again. */
  killsInRecovery: number
  /** Of them of one process of the service alone, which D1 and the other outlived. */
  killsOfOne: number
  /** Different messages, and how often one was sent. */
  messages: number
  sent: number
  voids: number
  /** Afterwards, whether the service says of a message what its sender was told. */
  inquiries: number
  /** Messages that a kill left without an answer. */
  cutOff: number
  /** Milliseconds from the start of a process to its first good answer, each. */
  readonly restarts: number[]
  /** Messages to the acquirer by what became of them. */
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

/** Figures of a run, a line each. */
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
