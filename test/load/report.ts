/** @module The report of a load: plain data, as `--json` writes it. Times are milliseconds. */

import { availableParallelism, cpus } from 'node:os'
import type { RecordableHistogram } from 'node:perf_hooks'
import { FLOORS, type FloorFigures } from './compare-floors.ts'
import type { Knee, RampStep } from './find-knee.ts'
import type { Invariant, LoadLedger, LoadViolation } from './ledger.ts'
import type { Measurements, Series } from './measurements.ts'
import { MIX_KINDS } from './mix.ts'
import type { LoadOptions, Objective } from './options.ts'
import type { D1Counts } from './target.ts'

export const REPORT_VERSION = 1

/** The percentiles of the tables. */
export const PERCENTILES = [50, 90, 99, 99.9] as const

export interface Quantiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** The curve of a histogram: each percentile with its milliseconds. */
export type Curve = readonly (readonly [percentile: number, ms: number])[]

export interface KindReport {
  readonly name: string
  /** From the due time. */
  readonly due: Quantiles
  /** From the sending. */
  readonly sent: Quantiles
  readonly refused: Quantiles
  readonly lost: number
  readonly curve: Curve
  /** Answers by round trips to D1. */
  readonly byTrips: readonly { readonly trips: number; readonly due: Quantiles }[]
}

export interface SecondReport {
  readonly answered: number
  readonly refused: number
  readonly lost: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface LoadReport {
  readonly version: number
  /** ISO 8601. */
  readonly at: string
  readonly target: string
  readonly machine: { readonly cores: number; readonly cpu: string; readonly node: string }
  readonly options: {
    readonly mix: Readonly<Record<string, number>>
    readonly rate: number
    readonly isRamp: boolean
    readonly duration: number
    readonly terminals: number
    readonly connections: number
    readonly acquirer: string
    readonly isStorm: boolean
    readonly lose: number
    readonly d1Ms: number
    readonly seed: number
  }
  readonly seconds: number
  readonly arrivals: number
  readonly dropped: number
  /** The most by which the driver was late. */
  readonly driverLateMs: number
  readonly answered: number
  readonly refused: number
  readonly lost: number
  readonly all: Quantiles
  readonly kinds: readonly KindReport[]
  readonly timeline: readonly SecondReport[]
  readonly ramp: readonly RampStep[]
  readonly knee: Knee | null
  /** The floors during the load. */
  readonly probes: readonly KindReport[]
  readonly floors: FloorFigures | null
  /** Calls of D1 and statements for each distinct message of a terminal. */
  readonly d1: { readonly messages: number; readonly calls: number; readonly statements: number } | null
  readonly alerts: Readonly<Record<string, number>>
  readonly checked: Readonly<Record<Invariant, number>>
  readonly violationCount: number
  readonly violations: readonly LoadViolation[]
  /** Messages without an outcome at the end. */
  readonly unknown: number
  readonly objectives: readonly (Objective & { readonly reached: number; readonly isMet: boolean })[]
}

export interface Results {
  readonly target: string
  readonly options: LoadOptions
  readonly at: string
  readonly seconds: number
  readonly arrivals: number
  readonly dropped: number
  readonly driverLateMs: number
  readonly measurements: Measurements
  readonly probes: Measurements
  readonly ramp: readonly RampStep[]
  readonly knee: Knee | null
  readonly floors: FloorFigures | null
  /** Distinct messages of the terminals during the load, and the counts of D1. */
  readonly d1: ({ readonly messages: number } & D1Counts) | null
  readonly alerts: Readonly<Record<string, number>>
  readonly ledger: LoadLedger
}

export function reportOf(results: Results): LoadReport {
  const { measurements, probes, ledger, options, d1, ...plain } = results
  const { mix, rate, isRamp, duration, terminals, connections, acquirer, isStorm, lose, d1Ms, seed } = options
  const { answered, refused, lost, all } = measurements
  const { messages = 0, calls = 0, statements = 0 } = d1 ?? {}
  return {
    version: REPORT_VERSION,
    ...plain,
    machine: {
      cores: availableParallelism(),
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      node: process.version,
    },
    options: { mix, rate, isRamp, duration, terminals, connections, acquirer, isStorm, lose, d1Ms, seed },
    answered,
    refused,
    lost,
    all: quantilesOf(all),
    kinds: kindsOf(measurements),
    timeline: measurements.seconds.map(({ all: ofSecond, ...counts }) => ({
      ...counts,
      p50: percentileOf(ofSecond, 50),
      p99: percentileOf(ofSecond, 99),
      max: ofSecond.count === 0 ? 0 : ofSecond.max / 1000,
    })),
    probes: kindsOf(probes),
    d1:
      d1 === null || messages === 0
        ? null
        : { messages, calls: calls / messages, statements: statements / messages },
    checked: ledger.checked,
    violationCount: ledger.violationCount,
    violations: ledger.violations,
    unknown: ledger.messages.filter((message) => ledger.stands(message) === null).length,
    objectives: options.objectives.map((objective) => {
      const reached = percentileOf(all, objective.percentile)
      return { ...objective, reached, isMet: all.count > 0 && reached <= objective.ms }
    }),
  }
}

/** The order of the tables, so that two reports have the same. */
const ORDER: readonly string[] = [...MIX_KINDS, ...FLOORS]

const kindsOf = ({ series }: Measurements): KindReport[] =>
  [...series]
    .map(([name, one]) => kindOf(name, one))
    .toSorted((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name))

function kindOf(name: string, { due, sent, refused, lost, byTrips }: Series): KindReport {
  return {
    name,
    due: quantilesOf(due),
    sent: quantilesOf(sent),
    refused: quantilesOf(refused),
    lost,
    curve: curveOf(due),
    byTrips: [...byTrips]
      .map(([trips, one]) => ({ trips, due: quantilesOf(one) }))
      .toSorted((a, b) => a.trips - b.trips),
  }
}

/** Milliseconds; 0 for an empty histogram. */
export const percentileOf = (histogram: RecordableHistogram, percentile: number): number =>
  histogram.count === 0 ? 0 : histogram.percentile(percentile) / 1000

const quantilesOf = (histogram: RecordableHistogram): Quantiles => ({
  count: histogram.count,
  p50: percentileOf(histogram, 50),
  p90: percentileOf(histogram, 90),
  p99: percentileOf(histogram, 99),
  p999: percentileOf(histogram, 99.9),
  max: histogram.count === 0 ? 0 : histogram.max / 1000,
})

const curveOf = (histogram: RecordableHistogram): Curve =>
  histogram.count === 0
    ? []
    : [...histogram.percentiles].map(([percentile, value]) => [percentile, value / 1000] as const)
