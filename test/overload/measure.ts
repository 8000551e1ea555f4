/**
 * @module Measures overload: the peak of a closed loop, a lightly loaded service, and open arrivals at
 * several times the peak. Peak and overload alternate, so that other work on the machine affects both.
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
  /** Milliseconds that a database call takes on top of its own time. */
  readonly d1Ms: number
  /** Arrivals as a multiple of the peak. */
  readonly times: number
  readonly rounds: number
  /** Seconds of each part of a round. */
  readonly seconds: number
  readonly connections: number
  readonly terminals: number
}

/** Numbers of users for the search of the peak. Beyond the concurrency limit more users do not help. */
const USERS = [32, 64, 96]

/** The share of the peak that counts as a light load. */
const LIGHT_SHARE = 0.1

interface Round {
  readonly peak: Outcome
  readonly overload: Outcome
}

export interface Measured {
  readonly plan: Plan
  /** Messages per second of the closed loops, by users. */
  readonly curve: readonly { readonly users: number; readonly goodput: number }[]
  readonly light: Outcome
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
  const lightRate = LIGHT_SHARE * best.goodput
  const light = await openLoop(service, lightRate, 2 * plan.seconds)
  const rounds: Round[] = []
  for (let round = 0; round < plan.rounds; round++) {
    const peak = await closedLoop(service, best.users, plan.seconds)
    const overload = await openLoop(service, plan.times * goodputOf(peak), plan.seconds)
    rounds.push({ peak, overload })
  }
  const after = await openLoop(service, lightRate, plan.seconds)
  return { plan, curve, light, rounds, after }
}

const median = (values: readonly number[]): number => quantile(values, 0.5)

const latencies = (
  outcomes: readonly Outcome[],
  of: 'acceptedMs' | 'refusedMs',
  kinds: readonly Kind[] = KINDS,
): number[] => outcomes.flatMap((outcome) => kinds.flatMap((kind) => outcome.kinds[kind][of]))

/** The accepted share of the arrivals, 0 to 1. */
export function acceptance(outcomes: readonly Outcome[], kind: Kind): number {
  const tallies = outcomes.map(({ kinds }) => kinds[kind])
  const accepted = tallies.reduce((sum, tally) => sum + tally.accepted, 0)
  const refused = tallies.reduce((sum, tally) => sum + tally.refused, 0)
  return accepted / Math.max(accepted + refused, 1)
}

export interface Goal {
  readonly name: string
  readonly goal: string
  readonly measured: string
  readonly isMet: boolean
}

/** The goals of reliability: the permitted cost of overload. */
export function goalsOf({ light, rounds }: Measured): Goal[] {
  const overload = rounds.map((round) => round.overload)
  const goodput = median(rounds.map((round) => goodputOf(round.overload) / goodputOf(round.peak)))
  const tail =
    quantile(latencies(overload, 'acceptedMs'), 0.99) / quantile(latencies([light], 'acceptedMs'), 0.99)
  const refusals = quantile(latencies(overload, 'refusedMs'), 0.99)
  const timeOuts = overload.reduce((sum, outcome) => sum + outcome.timeOuts, 0)
  const wrong = overload.reduce((sum, outcome) => sum + outcome.wrong, 0)
  const [voids, sales, reports] = (['void', 'sale', 'report'] as const).map((kind) =>
    acceptance(overload, kind),
  )
  const order = voids !== undefined && sales !== undefined && reports !== undefined
  return [
    { name: 'goodput, of the peak', goal: '>= 90 %', measured: percent(goodput), isMet: goodput >= 0.9 },
    {
      name: 'p99 of the accepted, light load = 1',
      goal: '<= 3',
      measured: tail.toFixed(1),
      isMet: tail <= 3,
    },
    { name: 'p99 of refusals', goal: '< 20 ms', measured: ms(refusals), isMet: refusals < 20 },
    { name: 'time-outs', goal: '0', measured: String(timeOuts), isMet: timeOuts === 0 },
    { name: 'wrong answers, or no Retry-After', goal: '0', measured: String(wrong), isMet: wrong === 0 },
    {
      name: 'accepted voids, sales, look-ups',
      goal: 'in this order',
      measured: [voids, sales, reports].map((share) => percent(share ?? 0)).join(', '),
      isMet: order && voids >= sales && sales >= reports,
    },
  ]
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const ms = (value: number): string => `${value.toFixed(1)} ms`

/** The printed tables. */
export function linesOf(measured: Measured): string[] {
  const { plan, curve, light, rounds, after } = measured
  const overload = rounds.map((round) => round.overload)
  const seconds = overload.reduce((sum, outcome) => sum + outcome.seconds, 0)
  const peaks = rounds.map(({ peak }) => goodputOf(peak))
  const rate = (value: number) => `${Math.round(value)}/s`
  const tail = (name: string, outcome: Outcome) => {
    const values = latencies([outcome], 'acceptedMs')
    return `${name}: ${rate(goodputOf(outcome))}, p50 ${ms(quantile(values, 0.5))}, p99 ${ms(quantile(values, 0.99))}`
  }
  const rows = KINDS.map((kind) => {
    const accepted = overload.reduce((sum, { kinds }) => sum + kinds[kind].accepted, 0)
    const refused = overload.reduce((sum, { kinds }) => sum + kinds[kind].refused, 0)
    const [acceptedMs, refusedMs] = [
      latencies(overload, 'acceptedMs', [kind]),
      latencies(overload, 'refusedMs', [kind]),
    ]
    return [
      kind,
      rate((accepted + refused) / seconds),
      rate(accepted / seconds),
      percent(acceptance(overload, kind)),
      `${ms(quantile(acceptedMs, 0.5))} / ${ms(quantile(acceptedMs, 0.99))}`,
      `${ms(quantile(refusedMs, 0.5))} / ${ms(quantile(refusedMs, 0.99))}`,
    ]
  })
  const head = ['', 'came', 'accepted', 'share', 'accepted p50 / p99', 'refused p50 / p99']
  const lateness = overload.flatMap((outcome) => outcome.lateMs)
  return [
    `D1 takes ${plan.d1Ms} ms a call; ${plan.rounds} rounds of ${plan.seconds} s, ${plan.connections} connections`,
    `closed loop: ${curve.map(({ users, goodput }) => `${users} users ${rate(goodput)}`).join(', ')}; in the rounds ${rate(median(peaks))}`,
    tail('light load', light),
    tail('afterwards', after),
    `arrivals at ${plan.times} times the peak; the driver was late by p99 ${ms(quantile(lateness, 0.99))}, starved ${overload.reduce((sum, { starved }) => sum + starved, 0)} times`,
    '',
    ...tableOf([head, ...rows]),
    '',
    ...tableOf([
      ['', 'goal', 'reached', ''],
      ...goalsOf(measured).map(({ name, goal, measured, isMet }) => [
        name,
        goal,
        measured,
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
