/**
 * @module What overload does, measured: the peak of a closed loop, a service at ease, and arrivals at several times the peak
 * that come whatever happens. Peak and overload take turns, so that a machine that is busy otherwise is busy for both.
 */

import type { Rig } from '../rig/rig.ts'
import {
  acceptedOf,
  closedLoop,
  goodputOf,
  inRealTime,
  type Outcome,
  openLoop,
  quantile,
  type Service,
} from './load.ts'
import { KINDS, type Kind, openTerminals } from './terminals.ts'
import { openWire } from './wire.ts'

export interface Plan {
  /** Milliseconds that the database takes for a call on top of its own. */
  readonly d1Ms: number
  /** Arrivals as a multiple of the peak. */
  readonly times: number
  readonly rounds: number
  /** Seconds of each part of a round. */
  readonly seconds: number
  readonly connections: number
  readonly terminals: number
}

/** Users of the closed loop among which the peak is sought; as many as the gate holds are the last that help. */
const USERS = [32, 64, 96]

/** The part of the peak at which the service is at ease. */
const AT_EASE = 0.1

interface Round {
  readonly peak: Outcome
  readonly over: Outcome
}

export interface Measured {
  readonly plan: Plan
  /** Messages a second of the closed loops, by users. */
  readonly curve: readonly { readonly users: number; readonly goodput: number }[]
  readonly ease: Outcome
  readonly rounds: readonly Round[]
  readonly after: Outcome
}

/** In real time, on a rig. */
export async function measureRig(rig: Rig, plan: Plan): Promise<Measured> {
  const terminals = await openTerminals(rig, plan.terminals)
  await rig.control.faults({ latencyMs: plan.d1Ms })
  const wire = await openWire(rig.url, plan.connections)
  try {
    return await measure(inRealTime(wire, terminals), plan)
  } finally {
    wire.close()
  }
}

export async function measure(service: Service, plan: Plan): Promise<Measured> {
  await closedLoop(service, 64, 1)
  const curve: { users: number; goodput: number }[] = []
  for (const users of USERS)
    curve.push({ users, goodput: goodputOf(await closedLoop(service, users, plan.seconds)) })
  const best = curve.toSorted((a, b) => b.goodput - a.goodput)[0] ?? { users: 1, goodput: 0 }
  const atEase = AT_EASE * best.goodput
  const ease = await openLoop(service, atEase, 2 * plan.seconds)
  const rounds: Round[] = []
  for (let round = 0; round < plan.rounds; round++) {
    const peak = await closedLoop(service, best.users, plan.seconds)
    const over = await openLoop(service, plan.times * goodputOf(peak), plan.seconds)
    rounds.push({ peak, over })
  }
  const after = await openLoop(service, atEase, plan.seconds)
  return { plan, curve, ease, rounds, after }
}

const median = (values: readonly number[]): number => quantile(values, 0.5)

const latencies = (
  outcomes: readonly Outcome[],
  of: 'acceptedMs' | 'refusedMs',
  kinds: readonly Kind[] = KINDS,
): number[] => outcomes.flatMap((outcome) => kinds.flatMap((kind) => outcome.kinds[kind][of]))

/** Accepted of those that came, 0 to 1. */
export function acceptance(outcomes: readonly Outcome[], kind: Kind): number {
  const tallies = outcomes.map(({ kinds }) => kinds[kind])
  const accepted = tallies.reduce((sum, tally) => sum + tally.accepted, 0)
  const refused = tallies.reduce((sum, tally) => sum + tally.refused, 0)
  return accepted / Math.max(accepted + refused, 1)
}

export interface Goal {
  readonly name: string
  readonly goal: string
  readonly reached: string
  readonly isMet: boolean
}

/** The goals of reliability: what overload may cost. */
export function goalsOf({ ease, rounds }: Measured): Goal[] {
  const over = rounds.map((round) => round.over)
  const goodput = median(rounds.map((round) => goodputOf(round.over) / goodputOf(round.peak)))
  const tail = quantile(latencies(over, 'acceptedMs'), 0.99) / quantile(latencies([ease], 'acceptedMs'), 0.99)
  const refusals = quantile(latencies(over, 'refusedMs'), 0.99)
  const timeOuts = over.reduce((sum, outcome) => sum + outcome.timeOuts, 0)
  const wrong = over.reduce((sum, outcome) => sum + outcome.wrong, 0)
  const [voids, sales, reports] = (['void', 'sale', 'report'] as const).map((kind) => acceptance(over, kind))
  const order = voids !== undefined && sales !== undefined && reports !== undefined
  return [
    { name: 'goodput, of the peak', goal: '>= 90 %', reached: percent(goodput), isMet: goodput >= 0.9 },
    { name: 'p99 of the accepted, at ease = 1', goal: '<= 3', reached: tail.toFixed(1), isMet: tail <= 3 },
    { name: 'p99 of refusals', goal: '< 20 ms', reached: ms(refusals), isMet: refusals < 20 },
    { name: 'time-outs', goal: '0', reached: String(timeOuts), isMet: timeOuts === 0 },
    { name: 'wrong answers, or no Retry-After', goal: '0', reached: String(wrong), isMet: wrong === 0 },
    {
      name: 'accepted voids, sales, look-ups',
      goal: 'in this order',
      reached: [voids, sales, reports].map((share) => percent(share ?? 0)).join(', '),
      isMet: order && voids >= sales && sales >= reports,
    },
  ]
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const ms = (value: number): string => `${value.toFixed(1)} ms`

/** The tables that are printed. */
export function linesOf(measured: Measured): string[] {
  const { plan, curve, ease, rounds, after } = measured
  const over = rounds.map((round) => round.over)
  const seconds = over.reduce((sum, outcome) => sum + outcome.seconds, 0)
  const peaks = rounds.map(({ peak }) => goodputOf(peak))
  const rate = (value: number) => `${Math.round(value)}/s`
  const tail = (name: string, outcome: Outcome) => {
    const values = latencies([outcome], 'acceptedMs')
    return `${name}: ${rate(goodputOf(outcome))}, p50 ${ms(quantile(values, 0.5))}, p99 ${ms(quantile(values, 0.99))}`
  }
  const rows = KINDS.map((kind) => {
    const accepted = over.reduce((sum, { kinds }) => sum + kinds[kind].accepted, 0)
    const refused = over.reduce((sum, { kinds }) => sum + kinds[kind].refused, 0)
    const [acceptedMs, refusedMs] = [
      latencies(over, 'acceptedMs', [kind]),
      latencies(over, 'refusedMs', [kind]),
    ]
    return [
      kind,
      rate((accepted + refused) / seconds),
      rate(accepted / seconds),
      percent(acceptance(over, kind)),
      `${ms(quantile(acceptedMs, 0.5))} / ${ms(quantile(acceptedMs, 0.99))}`,
      `${ms(quantile(refusedMs, 0.5))} / ${ms(quantile(refusedMs, 0.99))}`,
    ]
  })
  const head = ['', 'came', 'accepted', 'share', 'accepted p50 / p99', 'refused p50 / p99']
  const lateness = over.flatMap((outcome) => outcome.lateMs)
  return [
    `D1 takes ${plan.d1Ms} ms a call; ${plan.rounds} rounds of ${plan.seconds} s, ${plan.connections} connections`,
    `closed loop: ${curve.map(({ users, goodput }) => `${users} users ${rate(goodput)}`).join(', ')}; in the rounds ${rate(median(peaks))}`,
    tail('at ease', ease),
    tail('afterwards', after),
    `arrivals at ${plan.times} times the peak; the driver was late by p99 ${ms(quantile(lateness, 0.99))}, starved ${over.reduce((sum, { starved }) => sum + starved, 0)} times`,
    '',
    ...tableOf([head, ...rows]),
    '',
    ...tableOf([
      ['', 'goal', 'reached', ''],
      ...goalsOf(measured).map(({ name, goal, reached, isMet }) => [
        name,
        goal,
        reached,
        isMet ? 'met' : 'missed',
      ]),
    ]),
    ...(acceptedOf(after) === 0 ? ['nothing was accepted afterwards'] : []),
  ]
}

function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
