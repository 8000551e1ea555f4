/** @module Two reports side by side, as text. */

import type { LoadReport, Quantiles } from './report.ts'
import { ms, ratio, table } from './report-lines.ts'

export function compareReports(a: LoadReport, b: LoadReport): string[] {
  const names = [...new Set([...a.kinds, ...b.kinds].map(({ name }) => name))]
  const rows = names.map((name) => {
    const [left, right] = [a, b].map(({ kinds }) => kinds.find((one) => one.name === name)?.due)
    return [name, ...both(left, right, 'p50'), ...both(left, right, 'p99')]
  })
  return [
    `A: ${nameOf(a)}`,
    `B: ${nameOf(b)}`,
    '',
    ...table([
      ['', 'A', 'B', 'B ÷ A'],
      ['answers per second', ...figures(a.answered / a.seconds, b.answered / b.seconds)],
      ['refused', String(a.refused), String(b.refused), ''],
      ['lost', String(a.lost), String(b.lost), ''],
      ...(a.knee && b.knee ? [['the knee, per second', ...figures(a.knee.rate, b.knee.rate)]] : []),
      ...(a.d1 && b.d1 ? [['D1 statements per message', ...figures(a.d1.statements, b.d1.statements)]] : []),
      ['violations', String(a.violationCount), String(b.violationCount), ''],
    ]),
    '',
    ...table([['ms from the due time', 'p50 A', 'p50 B', 'B ÷ A', 'p99 A', 'p99 B', 'B ÷ A'], ...rows]),
  ]
}

const nameOf = ({ target, at, options }: LoadReport): string =>
  `${target}, ${at}, ${options.isRamp ? 'ramp' : `${options.rate}/s`}${options.isStorm ? ', storm' : ''}, seed ${options.seed}`

const figures = (a: number, b: number): string[] => [ms(a), ms(b), a > 0 ? ratio(b / a) : '']

function both(a: Quantiles | undefined, b: Quantiles | undefined, name: 'p50' | 'p99'): string[] {
  const of = (one: Quantiles | undefined) => (one === undefined || one.count === 0 ? undefined : one[name])
  const [left, right] = [of(a), of(b)]
  const shown = (value: number | undefined) => (value === undefined ? '' : ms(value))
  return [shown(left), shown(right), left && right ? ratio(right / left) : '']
}
