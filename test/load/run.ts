/**
 * @module `npm run load`: puts load on a service, checks every rule meanwhile, and reports (docs/load.md). The exit code is 1 after a
 * violation, a missed objective or a load without an answer, and 2 for a wrong option.
 */

import { randomInt } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { compareReports } from './compare-reports.ts'
import { type LoadOptions, OptionError, readOptions } from './options.ts'
import { pageOf } from './page.ts'
import { pin } from './pin.ts'
import { readReport } from './read-report.ts'
import type { LoadReport } from './report.ts'
import { hasFailed, linesOf } from './report-lines.ts'
import { runLoad } from './run-load.ts'
import { startOnDev } from './start-dev.ts'
import { startOnWorkerd } from './start-workerd.ts'
import type { Target } from './target.ts'
import { targetAt } from './target-at.ts'

const isLive = process.stderr.isTTY
const CLEAR = '\r\x1b[K'
/** Without a terminal the live line comes every so many times. */
const SELDOM = 10
let lives = 0

const progress = {
  step: (line: string) => void process.stderr.write(`${isLive ? CLEAR : ''}${line}\n`),
  live(line: string) {
    if (isLive) process.stderr.write(`${CLEAR}${line}`)
    else if (lives++ % SELDOM === SELDOM - 1) process.stderr.write(`${line}\n`)
  },
}

/** A run must not end without its report, so folders are looked for first. */
function checkFolders({ json, html, dir }: LoadOptions): void {
  const folders = { json: json && dirname(json), html: html && dirname(html), dir }
  for (const [name, folder] of Object.entries(folders))
    if (folder !== null && !existsSync(folder)) throw new OptionError(`--${name}: no folder ${folder}`)
}

function start(options: LoadOptions): Promise<Target> {
  if (options.target === 'url') return targetAt(options)
  return options.target === 'dev' ? startOnDev(options, progress.step) : startOnWorkerd(options)
}

function write(options: LoadOptions, reports: readonly LoadReport[]): void {
  const [report] = reports
  if (options.html !== null) writeFileSync(options.html, pageOf(reports))
  if (options.json !== null && options.compare === null)
    writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`)
}

async function load(options: LoadOptions): Promise<void> {
  // Its processes and its databases end with it.
  process.once('SIGINT', () => process.exit(130))
  process.stderr.write(`seed ${options.seed}\n`)
  const target = await start(options)
  try {
    if (options.isPinned) pin(target.pids)
    const report = await runLoad(target, options, progress)
    if (isLive) process.stderr.write(CLEAR)
    console.log(linesOf(report).join('\n'))
    write(options, [report])
    if (hasFailed(report)) process.exitCode = 1
  } finally {
    await target.stop()
  }
}

try {
  const options = readOptions(process.argv.slice(2), randomInt(2 ** 31))
  checkFolders(options)
  if (options.compare === null) await load(options)
  else {
    const [a, b] = options.compare.map(readReport) as [LoadReport, LoadReport]
    console.log(compareReports(a, b).join('\n'))
    write(options, [a, b])
  }
} catch (error) {
  if (!(error instanceof OptionError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
