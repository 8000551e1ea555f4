/** @module The report as text. */

import { AGAINST, type Figures, FLOORS } from './compare-floors.ts'
import { INVARIANTS } from './ledger.ts'
import type { KindReport, LoadReport, Quantiles } from './report.ts'

/** Whether the exit code is 1. */
export const hasFailed = ({ violationCount, objectives, answered }: LoadReport): boolean =>
  violationCount > 0 || answered === 0 || objectives.some(({ isMet }) => !isMet)

export const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
export const ratio = (value: number): string => value.toFixed(2)
const count = (value: number): string => Math.round(value).toLocaleString('en-US')

export function linesOf(report: LoadReport): string[] {
  return [
    ...headOf(report),
    '',
    ...table([
      [
        'ms from the due time',
        'answers',
        'p50',
        'p90',
        'p99',
        'p99.9',
        'max',
        'p99 from sending',
        'refused',
        'lost',
      ],
      ...report.kinds.map(rowOf),
    ]),
    ...tripsOf(report),
    ...probesOf(report),
    ...floorsOf(report),
    ...rampOf(report),
    '',
    ...rulesOf(report),
    ...report.objectives.map(
      ({ name, ms: most, reached, isMet }) =>
        `objective ${name} ≤ ${most} ms: ${ms(reached)} ms, ${isMet ? 'met' : 'missed'}`,
    ),
  ]
}

function headOf(report: LoadReport): string[] {
  const { options, answered, refused, lost, seconds, arrivals, dropped, d1, driverLateMs, unknown } = report
  const rate = options.isRamp ? `a ramp from ${options.rate}/s` : `${options.rate}/s`
  const more = [
    options.isStorm ? 'each message ten times at once' : '',
    options.d1Ms > 0 ? `${options.d1Ms} ms more for each call of D1` : '',
    options.acquirer === 'https' ? 'acquirer over HTTPS' : '',
  ].filter(Boolean)
  return [
    `${[report.target, rate, `${options.terminals} terminals`, `${options.connections} connections`, ...more].join(', ')}, seed ${options.seed}`,
    `${count(arrivals)} arrivals in ${seconds.toFixed(1)} s: ${count(answered)} answers (${count(answered / seconds)}/s), ${count(refused)} refused, ${count(lost)} lost`,
    ...(d1 === null
      ? []
      : [
          `D1 for each of ${count(d1.messages)} distinct messages: ${ratio(d1.calls)} calls, ${ratio(d1.statements)} statements`,
        ]),
    `the driver was late by at most ${ms(driverLateMs)} ms${dropped > 0 ? `, and dropped ${count(dropped)} arrivals` : ''}`,
    ...alertsOf(report),
    ...(unknown > 0
      ? [`messages without an outcome: ${unknown}; their terminals have no totals to compare`]
      : []),
  ]
}

function alertsOf({ alerts }: LoadReport): string[] {
  const all = Object.entries(alerts).map(([why, times]) => `${why} ${times}`)
  return all.length === 0 ? [] : [`alerts in the log of the service: ${all.join(', ')}`]
}

const rowOf = ({ name, due, sent, refused, lost }: KindReport): string[] => [
  name,
  count(due.count),
  ...cells(due),
  ms(sent.p99),
  count(refused.count),
  count(lost),
]

const cells = ({ p50, p90, p99, p999, max }: Quantiles): string[] => [p50, p90, p99, p999, max].map(ms)

function tripsOf({ kinds }: LoadReport): string[] {
  const rows = kinds.flatMap(({ name, byTrips, due }) =>
    byTrips.map(({ trips, due: own }) => [
      name,
      String(trips),
      count(own.count),
      `${((100 * own.count) / due.count).toFixed(0)} %`,
      ms(own.p50),
      ms(own.p99),
    ]),
  )
  return rows.length === 0
    ? []
    : ['', ...table([['by round trips to D1', 'trips', 'answers', 'share', 'p50', 'p99'], ...rows])]
}

/** Each kind beside the floors, which got requests among the arrivals. */
function probesOf({ probes, kinds }: LoadReport): string[] {
  if (probes.length === 0) return []
  const floors = FLOORS.flatMap((floor) => probes.find(({ name }) => name === floor) ?? [])
  return [
    '',
    ...table([
      [
        'p50 and p99 during the load, as a multiple of',
        ...floors.map(({ name, due }) => `${name} (${ms(due.p50)} / ${ms(due.p99)} ms)`),
      ],
      ...kinds
        .filter(({ due }) => due.count > 0)
        .map(({ name, due }) => [
          name,
          ...floors.map(({ due: floor }) => `${ratio(due.p50 / floor.p50)} / ${ratio(due.p99 / floor.p99)}`),
        ]),
    ]),
  ]
}

function floorsOf({ floors }: LoadReport): string[] {
  if (floors === null) return []
  const { alone, together, connections } = floors
  const against = (figures: Figures, isRate: boolean) =>
    Object.keys(AGAINST).flatMap((name) => {
      const own = figures[name as keyof typeof AGAINST]
      if (own === undefined) return []
      const ratios = FLOORS.map((floor) => {
        const base = figures[floor] ?? 0
        return ratio(isRate ? own / base : base / own)
      })
      return [[name, isRate ? `${count(own)}/s` : `${ms(own)} ms`, ...ratios]]
    })
  const head = (title: string, figures: Figures, isRate: boolean) => [
    title,
    'median',
    ...FLOORS.map(
      (floor) =>
        `÷ ${floor} (${isRate ? `${count(figures[floor] ?? 0)}/s` : `${ms(figures[floor] ?? 0)} ms`})`,
    ),
  ]
  return [
    '',
    ...table([head('one connection, requests per second', alone, false), ...against(alone, false)]),
    '',
    ...table([
      head(`${connections} connections, requests per second`, together, true),
      ...against(together, true),
    ]),
  ]
}

function rampOf({ ramp, knee, options }: LoadReport): string[] {
  if (!options.isRamp) return []
  return [
    '',
    ...table([
      ['rate', 'answered', 'refused', 'lost', 'p50', 'p99'],
      ...ramp.map((step) => [
        `${count(step.rate)}/s`,
        ...[step.answered, step.refused, step.lost].map((value) => `${count(value)}/s`),
        ms(step.p50),
        ms(step.p99),
      ]),
    ]),
    knee === null
      ? 'no knee: the service kept up with each step, or with none'
      : `the knee: ${count(knee.rate)}/s (after it: ${knee.why})`,
  ]
}

function rulesOf({ checked, violations, violationCount }: LoadReport): string[] {
  const rows = INVARIANTS.map((name) => [
    name,
    count(checked[name]),
    count(violations.filter(({ invariant }) => invariant === name).length),
  ])
  return [
    ...table([['rule', 'checked', 'violated'], ...rows]),
    `${count(violationCount)} violations`,
    ...violations.slice(0, 10).map(({ invariant, what }) => `  ${invariant}: ${what}`),
  ]
}

/** The first column on the left, the others on the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
