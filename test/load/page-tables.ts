/** @module The tables and figures of a report’s page, in both languages. */

import { AGAINST, type Figures, FLOORS } from './compare-floors.ts'
import { INVARIANTS } from './ledger.ts'
import { KNEE, kindWords, RULES, same, TEXT, type Words, words } from './page-words.ts'
import type { KindReport, LoadReport } from './report.ts'
import { ms, ratio } from './report-lines.ts'

/** A text of the page, in the language that the page shows. */
export const shown = ({ en, zh }: Words): string =>
  en === zh ? escaped(en) : `<span class="en">${escaped(en)}</span><span class="zh">${escaped(zh)}</span>`

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

interface Cell {
  readonly words: Words
  readonly isBad: boolean
}

const cell = (text: string, isBad = false): Cell => ({ words: same(text), isBad })
const named = (of: Words): Cell => ({ words: of, isBad: false })
const count = (value: number): string => Math.round(value).toLocaleString('en-US')

function tableOf(head: readonly Words[], rows: readonly (readonly Cell[])[]): string {
  const heads = head.map((one) => `<th>${shown(one)}</th>`).join('')
  const body = rows
    .map(
      (row) =>
        `<tr>${row.map(({ words: of, isBad }) => `<td${isBad ? ' class="bad"' : ''}>${shown(of)}</td>`).join('')}</tr>`,
    )
    .join('\n')
  return `<div class="table"><table><thead><tr>${heads}</tr></thead><tbody>\n${body}\n</tbody></table></div>`
}

const section = (title: Words, ...parts: readonly string[]): string =>
  `<h2>${shown(title)}</h2>\n${parts.join('\n')}`

const PERCENT = ['p50', 'p90', 'p99', 'p99.9', 'max'].map(same)

export function figuresOf({
  answered,
  seconds,
  all,
  refused,
  lost,
  violationCount,
  knee,
}: LoadReport): string {
  const figures: readonly (readonly [Words, string, boolean])[] = [
    [TEXT.answersPerSecond, count(answered / seconds), false],
    [TEXT.medianOfAll, ms(all.p50), false],
    [TEXT.p99OfAll, ms(all.p99), false],
    [TEXT.refused, count(refused), false],
    [TEXT.lost, count(lost), lost > 0],
    [TEXT.violations, count(violationCount), violationCount > 0],
    ...(knee === null ? [] : [[TEXT.knee, count(knee.rate), false] as const]),
  ]
  const boxes = figures.map(
    ([name, value, isBad]) => `<div class="figure${isBad ? ' bad' : ''}"><b>${value}</b>${shown(name)}</div>`,
  )
  return `<div class="figures">${boxes.join('')}</div>`
}

export const tablesOf = (report: LoadReport): string =>
  [
    latency(report),
    byTrips(report),
    probes(report),
    ...floors(report),
    ramp(report),
    rules(report),
    objectives(report),
  ]
    .filter((part) => part !== '')
    .join('\n')

function latency({ kinds }: LoadReport): string {
  const head = [TEXT.kind, TEXT.answers, ...PERCENT, TEXT.fromSending, TEXT.refused, TEXT.lost]
  const rows = kinds.map(({ name, due, sent, refused, lost }) => [
    named(kindWords(name)),
    cell(count(due.count)),
    ...[due.p50, due.p90, due.p99, due.p999, due.max, sent.p99].map((value) => cell(ms(value))),
    cell(count(refused.count)),
    cell(count(lost), lost > 0),
  ])
  return section(TEXT.latency, tableOf(head, rows), `<p class="note">${shown(TEXT.latencyNote)}</p>`)
}

function byTrips({ kinds }: LoadReport): string {
  const rows = kinds.flatMap(({ name, due, byTrips: all }) =>
    all.map(({ trips, due: own }) => [
      named(kindWords(name)),
      cell(String(trips)),
      cell(count(own.count)),
      cell(`${((100 * own.count) / due.count).toFixed(0)} %`),
      cell(ms(own.p50)),
      cell(ms(own.p99)),
    ]),
  )
  const head = [TEXT.kind, TEXT.trips, TEXT.answers, TEXT.share, same('p50'), same('p99')]
  return rows.length === 0 ? '' : section(TEXT.byTrips, tableOf(head, rows))
}

/** A name with its figure. */
const withFigure = (of: Words, figure: string): Words =>
  words(`${of.en} (${figure})`, `${of.zh}（${figure}）`)

function probes({ probes: measured, kinds }: LoadReport): string {
  const known = FLOORS.flatMap(
    (floor) => measured.find(({ name, due }) => name === floor && due.count > 0) ?? [],
  )
  if (known.length === 0) return ''
  const head = known.map(({ name, due }) => withFigure(kindWords(name), `${ms(due.p50)} / ${ms(due.p99)} ms`))
  const beside = ({ due }: KindReport) =>
    known.map(({ due: floor }) => cell(`${ratio(due.p50 / floor.p50)} / ${ratio(due.p99 / floor.p99)}`))
  const rows = kinds
    .filter(({ due }) => due.count > 0)
    .map((kind) => [named(kindWords(kind.name)), ...beside(kind)])
  return section(TEXT.probes, tableOf([TEXT.kind, ...head], rows))
}

function floors({ floors: found }: LoadReport): string[] {
  if (found === null) return []
  const { alone, together, connections } = found
  const title = words(`${connections} ${TEXT.together.en}`, `${connections} ${TEXT.together.zh}`)
  return [
    section(
      TEXT.alone,
      besideFloors(
        alone,
        (value) => `${ms(value)} ms`,
        (own, base) => base / own,
      ),
    ),
    section(
      title,
      besideFloors(
        together,
        (value) => `${count(value)}/s`,
        (own, base) => own / base,
      ),
    ),
  ]
}

function besideFloors(
  figures: Figures,
  show: (value: number) => string,
  divide: (own: number, base: number) => number,
): string {
  const head = FLOORS.map((floor) => withFigure(kindWords(floor), show(figures[floor] ?? 0)))
  const rows = (Object.keys(AGAINST) as (keyof typeof AGAINST)[]).flatMap((name) => {
    const own = figures[name]
    if (own === undefined) return []
    const ratios = FLOORS.map((floor) => cell(ratio(divide(own, figures[floor] ?? 0))))
    return [[named(kindWords(name)), cell(show(own)), ...ratios]]
  })
  return tableOf([TEXT.kind, TEXT.median, ...head], rows)
}

function ramp({ ramp: steps, knee, options }: LoadReport): string {
  if (!options.isRamp) return ''
  const head = [TEXT.rate, TEXT.answers, TEXT.refused, TEXT.lost, same('p50'), same('p99')]
  const rows = steps.map((step) => [
    ...[step.rate, step.answered, step.refused, step.lost].map((value) => cell(`${count(value)}/s`)),
    ...[step.p50, step.p99].map((value) => cell(ms(value))),
  ])
  const found =
    knee === null
      ? TEXT.noKnee
      : words(
          `The knee is at ${count(knee.rate)}/s: ${KNEE[knee.why].en}.`,
          `拐点在每秒 ${count(knee.rate)}：${KNEE[knee.why].zh}。`,
        )
  return section(TEXT.ramp, tableOf(head, rows), `<p>${shown(found)}</p>`)
}

function rules({ checked, violations }: LoadReport): string {
  const rows = INVARIANTS.map((name) => {
    const violated = violations.filter(({ invariant }) => invariant === name).length
    return [named(RULES[name]), cell(count(checked[name])), cell(count(violated), violated > 0)]
  })
  const found = violations.slice(0, 10).map(({ what }) => `<p class="note">${escaped(what)}</p>`)
  return section(TEXT.rules, tableOf([TEXT.rule, TEXT.checked, TEXT.violated], rows), ...found)
}

function objectives({ objectives: all }: LoadReport): string {
  if (all.length === 0) return ''
  const rows = all.map(({ name, ms: most, reached, isMet }) => [
    cell(`${name} ≤ ${most} ms`),
    cell(`${ms(reached)} ms`),
    { words: isMet ? TEXT.met : TEXT.missed, isBad: !isMet },
  ])
  return section(TEXT.objectives, tableOf([TEXT.objectives, TEXT.latency, same('')], rows))
}
