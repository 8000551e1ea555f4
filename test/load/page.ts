/** @module The report as one HTML page that needs nothing else. Two reports stand side by side. */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { type Chart, chartsOf } from './page-charts.ts'
import { escaped, figuresOf, shown, tablesOf } from './page-tables.ts'
import { TEXT, type Words, words } from './page-words.ts'
import type { LoadReport } from './report.ts'

const uPlotFile = (name: string): string => {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
  return readFileSync(join(folder, 'dist', name), 'utf8')
}
const ownFile = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')

/** A text inside `<script>` that cannot end it. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

export function pageOf(reports: readonly LoadReport[]): string {
  const title = reports.length > 1 ? TEXT.compared : TEXT.title
  const charts: Chart[] = []
  const sections = reports.map((report, nth) =>
    sectionOf(report, reports.length > 1 ? 'AB'[nth] : undefined, charts),
  )
  const script = `${uPlotFile('uPlot.iife.min.js')}\n${stripTypeScriptTypes(ownFile('page-script.ts'))}`
  const hash = createHash('sha256').update(script).digest('base64')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title.en)}</title>
<style>${uPlotFile('uPlot.min.css')}
${ownFile('page.css')}</style>
</head>
<body${reports.length > 1 ? ' class="two"' : ''}>
<header><h1>${shown(title)}</h1><div>${languageButton('en', 'English')} ${languageButton('zh', '中文')}</div></header>
<div class="reports">
${sections.join('\n')}
</div>
<script type="application/json" id="data">${inScript({ title, charts })}</script>
<script>${script}</script>
</body>
</html>
`
}

const languageButton = (language: string, name: string): string =>
  `<button type="button" data-speak="${language}" lang="${language}">${name}</button>`

function sectionOf(report: LoadReport, letter: string | undefined, charts: Chart[]): string {
  const own = chartsOf(report)
  const places = own.map((_, nth) => `<div class="chart" data-chart="${charts.length + nth}"></div>`)
  charts.push(...own)
  return `<section>
${letter === undefined ? '' : `<h2>${letter}</h2>`}
${metaOf(report)}
${figuresOf(report)}
${places.join('\n')}
${tablesOf(report)}
</section>`
}

function metaOf({ target, at, machine, options, arrivals, seconds, driverLateMs }: LoadReport): string {
  const { rate, isRamp, terminals, connections, acquirer, isStorm, d1Ms, seed } = options
  const mix = Object.entries(options.mix)
    .filter(([, weight]) => weight > 0)
    .map(([kind, weight]) => `${kind}=${weight}`)
    .join(',')
  const more = `${isStorm ? ' --storm' : ''}${d1Ms > 0 ? ` --d1-ms ${d1Ms}` : ''}`
  const lines: readonly Words[] = [
    words(
      `${target}, ${at.slice(0, 19).replace('T', ' ')} UTC, ${machine.cores} cores, Node ${machine.node}`,
      `${target}，${at.slice(0, 19).replace('T', ' ')} UTC，${machine.cores} 核，Node ${machine.node}`,
    ),
    words(
      `${arrivals} arrivals in ${seconds.toFixed(1)} s at ${isRamp ? `a ramp from ${rate}/s` : `${rate}/s`}; ${terminals} terminals, ${connections} connections, acquirer ${acquirer}, seed ${seed}${more}`,
      `${seconds.toFixed(1)} 秒内到达 ${arrivals} 笔，到达率${isRamp ? `从每秒 ${rate} 起逐级增加` : `每秒 ${rate}`}；${terminals} 台终端，${connections} 个连接，收单方 ${acquirer}，种子 ${seed}${more}`,
    ),
    words(
      `mix ${mix}; the driver was late by at most ${driverLateMs.toFixed(1)} ms`,
      `报文比例 ${mix}；压测程序自身最多迟 ${driverLateMs.toFixed(1)} 毫秒`,
    ),
  ]
  return lines.map((line) => `<p class="meta">${shown(line)}</p>`).join('\n')
}
