/** @module The report: its numbers against a sorted list, its page without an address, and two reports side by side. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seeded } from '../support/micro-random.ts'
import { compareReports } from './compare-reports.ts'
import { LoadLedger } from './ledger.ts'
import { Measurements } from './measurements.ts'
import { readOptions } from './options.ts'
import { pageOf } from './page.ts'
import { readReport } from './read-report.ts'
import { type LoadReport, type Quantiles, reportOf } from './report.ts'
import { hasFailed, linesOf } from './report-lines.ts'
import { tripsIn } from './sender.ts'

const START = 5000

/** Times of 1 ms to about 3 s, as of a busy service. */
function drawnTimes(count: number, seed: number): number[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => 1 + 3000 * (random.below(1_000_000) / 1_000_000) ** 6)
}

function report(factor = 1, args: readonly string[] = [], change: Partial<LoadReport> = {}): LoadReport {
  const measurements = new Measurements(START)
  const probes = new Measurements(START)
  const times = drawnTimes(4000, 3)
  for (const [nth, ms] of times.entries()) {
    const dueAt = START + nth
    const name = nth % 4 === 0 ? 'void' : 'sale'
    const trips = nth % 4 === 0 ? 1 + (nth % 8 === 0 ? 1 : 0) : null
    const doneAt = dueAt + factor * ms
    measurements.record({ name, dueAt, sentAt: dueAt + 0.5, doneAt, result: 'answered', trips })
    if (nth % 40 === 0)
      probes.record({
        name: 'trivial',
        dueAt,
        sentAt: dueAt,
        doneAt: dueAt + 1,
        result: 'answered',
        trips: null,
      })
  }
  for (const result of ['refused', 'lost'] as const)
    measurements.record({ name: 'void', dueAt: START, sentAt: START, doneAt: START + 3, result, trips: null })
  const ledger = new LoadLedger({ graceMs: 0 })
  ledger.check('chains of the journal', true, () => '')
  return {
    ...reportOf({
      ...{ target: 'workerd <1>', options: readOptions(args, 9), at: '2026-12-01T10:00:00.000Z' },
      ...{ seconds: 4, arrivals: 4002, dropped: 0, driverLateMs: 1.5, alerts: {}, ledger },
      ...{ measurements, probes, ramp: [], knee: null },
      floors: {
        connections: 64,
        alone: { trivial: 1, 'one batch': 2, 'two batches': 4, 'void, warm': 5, 'void, cold': 8 },
        together: { trivial: 4000, 'one batch': 1000, 'two batches': 500, 'void, warm': 800 },
      },
      d1: { messages: 2000, calls: 3000, statements: 16_000 },
    }),
    ...change,
  }
}

/** The value below which the share of the sorted times is, another way than a histogram has. */
function naive(times: readonly number[], percentile: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.ceil((percentile / 100) * sorted.length) - 1] ?? Number.NaN
}

const close = (found: number, expected: number): boolean =>
  Math.abs(found - expected) <= 0.002 * expected + 0.001

describe('the numbers', () => {
  const { kinds, all, timeline, answered, refused, lost } = report()
  const times = drawnTimes(4000, 3)
  const ofVoids = times.filter((_, nth) => nth % 4 === 0)

  it.each<[string, Quantiles | undefined, readonly number[]]>([
    ['all messages', all, times],
    ['voids', kinds.find(({ name }) => name === 'void')?.due, ofVoids],
    [
      'voids from their sending',
      kinds.find(({ name }) => name === 'void')?.sent,
      ofVoids.map((ms) => ms - 0.5),
    ],
    [
      'voids of two trips',
      kinds.find(({ name }) => name === 'void')?.byTrips.find(({ trips }) => trips === 2)?.due,
      times.filter((_, nth) => nth % 8 === 0),
    ],
  ])('of %s are those of the sorted times', (_, found, expected) => {
    if (found === undefined) return expect.fail('missing')
    expect(found.count).toBe(expected.length)
    const pairs: [number, number][] = [
      [found.p50, naive(expected, 50)],
      [found.p90, naive(expected, 90)],
      [found.p99, naive(expected, 99)],
      [found.p999, naive(expected, 99.9)],
      [found.max, Math.max(...expected)],
    ]
    expect(pairs.filter(([is, should]) => !close(is, should))).toEqual([])
  })

  it('count every answer, refusal and loss once, in the second of its due time', () => {
    expect([answered, refused, lost]).toEqual([4000, 1, 1])
    expect(timeline.map((second) => second.answered)).toEqual([1000, 1000, 1000, 1000])
    expect(timeline.map((second) => second.refused + second.lost)).toEqual([2, 0, 0, 0])
    const first = times.slice(0, 1000)
    expect(Math.abs((timeline[0]?.p50 ?? 0) / naive(first, 50) - 1)).toBeLessThan(0.02)
  })

  it('of a curve rise to the maximum', () => {
    for (const { curve, due } of kinds) {
      const values = curve.map(([, ms]) => ms)
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      const [percentile, last = 0] = curve.at(-1) ?? []
      expect([percentile, close(last, due.max)]).toEqual([100, true])
    }
  })

  it('of D1 are those of each distinct message', () => {
    expect(report().d1).toEqual({ messages: 2000, calls: 1.5, statements: 8 })
  })

  it('of the header Server-Timing are read', () => {
    expect(tripsIn('load;dur=1, total;dur=3, trips;desc="2"')).toBe(2)
    expect([tripsIn(undefined), tripsIn('total;dur=3')]).toEqual([null, null])
  })
})

describe('the text', () => {
  it('has each kind, the floors with their ratios, and each rule', () => {
    const lines = linesOf(report())
    const line = (start: string) => lines.find((one) => one.startsWith(start))?.replace(/ {2,}/g, ' | ')
    expect(lines).toContain('D1 for each of 2,000 distinct messages: 1.50 calls, 8.00 statements')
    // One request takes 5 ms, and one bare batch 2 ms.
    expect(lines.map((one) => one.replace(/ {2,}/g, ' | '))).toEqual(
      expect.arrayContaining([
        'void, warm | 5.0 ms | 0.20 | 0.40 | 0.80',
        'void, cold | 8.0 ms | 0.13 | 0.25 | 0.50',
        'void, warm | 800/s | 0.20 | 0.80 | 1.60',
      ]),
    )
    expect(line('chains of the journal')).toBe('chains of the journal | 1 | 0')
    expect(lines).toContain('0 violations')
  })

  it.each<[string, LoadReport, boolean]>([
    ['nothing', report(), false],
    ['an objective that is met', report(1, ['--objective', 'p99=3000']), false],
    ['an objective that is missed', report(1, ['--objective', 'p50=1']), true],
    ['a violation', report(1, [], { violationCount: 1 }), true],
    ['no answer', report(1, [], { answered: 0 }), true],
  ])('and the exit code fail after %s: %#', (_, one, fails) => {
    expect(hasFailed(one)).toBe(fails)
  })
})

describe('the page', () => {
  const page = pageOf([report(1, ['--objective', 'p99=3000'])])
  const script = page.slice(page.indexOf('<script>') + '<script>'.length, page.lastIndexOf('</script>'))

  it('names no address, and allows only its own script', () => {
    const withoutCode = page.replace(script, '')
    expect(withoutCode.match(/https?:|\/\/[\w.]+\/|url\(|@import|<link|<img|src=|href=/g)).toBeNull()
    expect(script.match(/https?:\/\/[^\s"'`]+/g) ?? []).toEqual(['https://github.com/leeoniya/uPlot'])
    expect(page).toMatch(/default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'unsafe-inline'/)
  })

  it('has each word in English and in Chinese', () => {
    const count = (language: string) => page.split(`<span class="${language}">`).length
    expect(count('en')).toBeGreaterThan(50)
    expect(count('en')).toBe(count('zh'))
    for (const text of ['撤销', '延迟分位', '每笔消费至多一笔有效撤销', 'One live void per sale', '达到'])
      expect(page).toContain(text)
  })

  it('shows texts of a report as they are', () => {
    expect(page).toContain('workerd &#60;1&#62;')
    expect(page).not.toContain('workerd <1>')
  })

  it('has the same charts as data as it has places for', () => {
    const data = /<script type="application\/json" id="data">(.*)<\/script>/.exec(page)?.[1] ?? ''
    const { charts } = JSON.parse(data) as { charts: { data: unknown[][]; series: unknown[] }[] }
    expect(charts.length).toBe(page.match(/data-chart="/g)?.length)
    for (const { data: columns, series } of charts) {
      expect(columns.length).toBe(series.length + 1)
      expect(new Set(columns.map(({ length }) => length)).size).toBe(1)
    }
  })
})

describe('two reports', () => {
  const [a, b] = [report(), report(2)]

  it('stand side by side as text, with the second as a share of the first', () => {
    const lines = compareReports(a, b)
    const cells =
      lines
        .find((line) => line.startsWith('sale'))
        ?.trim()
        .split(/ {2,}/) ?? []
    expect([cells[0], cells[3], cells[6]]).toEqual(['sale', '2.00', '2.00'])
  })

  it('stand side by side on one page', () => {
    const page = pageOf([a, b])
    expect([page.match(/<section>/g)?.length, page.includes('class="two"')]).toEqual([2, true])
  })

  it('come from files of --json, and from no others', () => {
    const dir = mkdtempSync(join(tmpdir(), 'annul-report-'))
    const file = join(dir, 'a.json')
    writeFileSync(file, JSON.stringify(a))
    expect(readReport(file)).toEqual(JSON.parse(JSON.stringify(a)))
    for (const text of ['', '{}', 'null', JSON.stringify({ ...a, version: 99 })]) {
      writeFileSync(file, text)
      expect(() => readReport(file)).toThrow('expected')
    }
    expect(() => readReport(join(dir, 'none.json'))).toThrow('expected a file')
    rmSync(dir, { recursive: true })
  })
})
