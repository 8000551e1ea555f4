/** @module The charts of a report’s page, as data for the page’s own script. */

import { MIX_KINDS } from './mix.ts'
import { kindWords, same, TEXT, type Words } from './page-words.ts'
import type { KindReport, LoadReport } from './report.ts'

export interface Chart {
  readonly title: Words
  readonly x: Words
  readonly y: Words
  /** `percentile`: x is −log₁₀ of the share that is slower. */
  readonly xKind: 'number' | 'percentile'
  readonly isLog: boolean
  readonly series: readonly { readonly label: Words; readonly color: string }[]
  /** x, then each series. */
  readonly data: readonly (readonly (number | null)[])[]
}

/** Colours that differ for people who do not see red and green (Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000', '#7f7f7f']

/** A kind has the same colour on each page. */
const KINDS: readonly string[] = MIX_KINDS

const color = (nth: number): string => COLORS[nth % COLORS.length] ?? '#000000'

export const chartsOf = (report: LoadReport): Chart[] => [
  percentileChart(report),
  timeChart(report),
  rateChart(report),
  ...(report.ramp.length > 1 ? [rampChart(report)] : []),
]

function percentileChart({ kinds }: LoadReport): Chart {
  const shown = kinds.filter(({ curve }) => curve.length > 0)
  const nines = new Set(shown.flatMap((kind) => [...placesOf(kind).keys()]))
  const x = [...nines].toSorted((a, b) => a - b)
  return {
    title: TEXT.curve,
    x: TEXT.percentile,
    y: TEXT.milliseconds,
    xKind: 'percentile',
    isLog: true,
    series: shown.map(({ name }) => ({
      label: kindWords(name),
      color: color(KINDS.indexOf(name)),
    })),
    data: [x, ...shown.map((kind) => valuesAt(kind, x))],
  }
}

/** The milliseconds by place on the axis: 90 is 1, 99 is 2, 99.9 is 3. The slowest of a thousand messages is at 3. */
function placesOf({ curve, due }: KindReport): Map<number, number> {
  const last = Math.log10(due.count)
  return new Map(
    curve.map(([percentile, ms]) => [
      percentile >= 100 ? last : Math.min(-Math.log10(1 - percentile / 100), last),
      ms,
    ]),
  )
}

function valuesAt(kind: KindReport, x: readonly number[]): (number | null)[] {
  const places = placesOf(kind)
  return x.map((place) => places.get(place) ?? null)
}

/** Without the last second, which is not whole. */
const wholeSeconds = ({ timeline, seconds }: LoadReport) =>
  timeline.slice(0, Math.max(Math.floor(seconds), 1))

function timeChart(report: LoadReport): Chart {
  const timeline = wholeSeconds(report)
  const of = (name: 'p50' | 'p99' | 'max') =>
    timeline.map((second) => (second.answered > 0 ? second[name] : null))
  return {
    title: TEXT.overTime,
    x: TEXT.second,
    y: TEXT.milliseconds,
    xKind: 'number',
    isLog: true,
    series: ['p50', 'p99', 'max'].map((name, nth) => ({ label: same(name), color: color(nth) })),
    data: [timeline.map((_, second) => second), of('p50'), of('p99'), of('max')],
  }
}

function rateChart(report: LoadReport): Chart {
  const timeline = wholeSeconds(report)
  return {
    title: TEXT.rateOverTime,
    x: TEXT.second,
    y: TEXT.perSecond,
    xKind: 'number',
    isLog: false,
    series: [TEXT.answers, TEXT.refused, TEXT.lost].map((label, nth) => ({ label, color: color(nth) })),
    data: [
      timeline.map((_, second) => second),
      timeline.map(({ answered }) => answered),
      timeline.map(({ refused }) => refused),
      timeline.map(({ lost }) => lost),
    ],
  }
}

function rampChart({ ramp }: LoadReport): Chart {
  return {
    title: TEXT.rampChart,
    x: TEXT.rate,
    y: TEXT.milliseconds,
    xKind: 'number',
    isLog: true,
    series: ['p50', 'p99'].map((name, nth) => ({ label: same(name), color: color(nth) })),
    data: [ramp.map(({ rate }) => rate), ramp.map(({ p50 }) => p50), ramp.map(({ p99 }) => p99)],
  }
}
