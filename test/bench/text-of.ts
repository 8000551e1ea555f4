/** @module The results of the bench as lines of a table. */

import type { Ratio, Result } from './bench.ts'

const times = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)}×`

function cellsOf({ ratio, low, high, goal, isMet }: Ratio): string[] {
  const goalText =
    goal === null ? '' : `${times(goal)} ${isMet === null ? '' : isMet ? 'met' : 'MISSED'}`.trim()
  if (ratio === null || low === null || high === null) return ['not measured', '', goalText]
  return [times(ratio), `${times(low)} to ${times(high)}`, goalText]
}

/** One line for each entrant: how many times its time or memory ours goes into. */
export function textOf({ row, ratios }: Result): string {
  return ratios
    .map((ratio) => {
      const [median = '', spread = '', goal = ''] = cellsOf(ratio)
      return [row.padEnd(46), ratio.entrant.padEnd(24), median.padStart(12), spread.padStart(18), '  ', goal]
        .join(' ')
        .trimEnd()
    })
    .join('\n')
}
