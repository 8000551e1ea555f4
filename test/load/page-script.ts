/**
 * @module The script of the report’s page: draws the charts in the chosen language. It runs in a browser: its types are stripped
 * when a page is written, and it imports nothing.
 */

interface PageElement {
  textContent: string | null
  innerHTML: string
  readonly clientWidth: number
  readonly dataset: Record<string, string | undefined>
  addEventListener(name: string, listener: () => void): void
  setAttribute(name: string, value: string): void
}

declare const document: {
  readonly documentElement: PageElement & { lang: string }
  title: string
  querySelectorAll(selector: string): Iterable<PageElement>
}
declare const window: { addEventListener(name: string, listener: () => void): void }
declare const uPlot: new (options: object, data: unknown, element: PageElement) => { destroy(): void }

type Language = 'en' | 'zh'
type BothWords = Readonly<Record<Language, string>>

interface PageChart {
  readonly title: BothWords
  readonly x: BothWords
  readonly y: BothWords
  readonly xKind: 'number' | 'percentile'
  readonly isLog: boolean
  readonly series: readonly { readonly label: BothWords; readonly color: string }[]
  readonly data: unknown
}

const HEIGHT = 280
const FONT = '12px system-ui, sans-serif'
/** 50, 90, 99 and so on, at their places on the axis. */
const NINES = [0, Math.log10(2), 1, 2, 3, 4, 5]
const NAMES = ['0', '50', '90', '99', '99.9', '99.99', '99.999']

const [dataElement] = document.querySelectorAll('#data')
const page = JSON.parse(dataElement?.textContent ?? '{}') as { title: BothWords; charts: PageChart[] }
let drawn: { destroy(): void }[] = []

function optionsOf(chart: PageChart, language: Language, width: number): object {
  const isPercentile = chart.xKind === 'percentile'
  const axis = { font: FONT, labelFont: FONT, stroke: '#333', grid: { stroke: '#e5e5e5' } }
  return {
    title: chart.title[language],
    width,
    height: HEIGHT,
    scales: { x: { time: false }, y: chart.isLog ? { distr: 3 } : {} },
    axes: [
      {
        ...axis,
        label: chart.x[language],
        ...(isPercentile
          ? {
              splits: (_: unknown, _axis: number, _least: number, most: number) =>
                NINES.filter((nine) => nine <= most),
              values: (_: unknown, at: number[]) => at.map((nine) => NAMES[NINES.indexOf(nine)]),
            }
          : {}),
      },
      { ...axis, label: chart.y[language], size: 60 },
    ],
    series: [
      {
        label: chart.x[language],
        value: (_: unknown, x: number | null) =>
          x === null
            ? '–'
            : isPercentile
              ? `${(100 * (1 - 10 ** -x)).toPrecision(5)} %`
              : String(Math.round(x)),
      },
      ...chart.series.map(({ label, color }) => ({
        label: label[language],
        stroke: color,
        width: 2,
        spanGaps: true,
        points: { show: false },
        value: (_: unknown, y: number | null) => (y === null ? '–' : y.toFixed(y < 100 ? 1 : 0)),
      })),
    ],
  }
}

function draw(language: Language): void {
  for (const chart of drawn) chart.destroy()
  drawn = [...document.querySelectorAll('[data-chart]')].flatMap((element) => {
    const chart = page.charts[Number(element.dataset.chart)]
    return chart === undefined
      ? []
      : [new uPlot(optionsOf(chart, language, element.clientWidth), chart.data, element)]
  })
}

const languageNow = (): Language => (document.documentElement.lang === 'zh' ? 'zh' : 'en')

function speak(language: Language): void {
  document.documentElement.lang = language
  document.title = page.title[language]
  for (const button of document.querySelectorAll('[data-speak]'))
    button.setAttribute('aria-pressed', String(button.dataset.speak === language))
  draw(language)
}

for (const button of document.querySelectorAll('[data-speak]'))
  button.addEventListener('click', () => speak(button.dataset.speak === 'zh' ? 'zh' : 'en'))
window.addEventListener('resize', () => draw(languageNow()))
speak(languageNow())
