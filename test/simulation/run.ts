/**
 * @module `npm run test:simulation -- [--seed N] [--voids N] [--threads N] [--mild] [--trace]`: worlds on
 * consecutive seeds until this many voids were requested. With `--restores N` this many older databases are
 * restored. Prints its first seed, and for each violation the command that repeats it.
 */

import { parseArgs } from 'node:util'
import { loadCoreModule } from '../../src/cli/lib/core.ts'
import type { Report } from './report.ts'
import { digestOf, runRestores, runWorlds } from './threads.ts'
import { readable } from './transcript.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    voids: { type: 'string' },
    threads: { type: 'string' },
    trace: { type: 'boolean' },
    mild: { type: 'boolean' },
    restores: { type: 'string' },
  },
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const whole = (text: string | undefined, fallback: number): number => {
  const value = Number(text ?? fallback)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new RangeError(`expected a whole number above 0, got ${text}`)
}

const trace = values.trace ?? false
const isMild = values.mild ?? false
const seed = whole(values.seed, Date.now() % 1_000_000_000)
const voids = whole(values.voids, 100_000)
const threads = trace ? 1 : whole(values.threads, 2)

const start = performance.now()
const seconds = (): string => `${((performance.now() - start) / 1000).toFixed(0)} s`

if (values.restores !== undefined) {
  const count = whole(values.restores, 1)
  print(`seed ${seed}, ${count} restores`)
  const found = new Map<string, number>()
  let wrong = 0
  for (const { seed: one, restored } of await runRestores(await loadCoreModule(), { from: seed, count })) {
    for (const [name, times] of Object.entries(restored.results))
      found.set(name, (found.get(name) ?? 0) + times)
    if (restored.violation === null) continue
    wrong++
    print(`seed ${one}, ${restored.violation}`)
    print(`  again: npm run test:simulation -- --restores 1 --seed ${one}`)
  }
  print([...found].map(([name, times]) => `${name} ${times}`).join(', '))
  print(`${wrong} violations, ${seconds()}`)
  process.exit(wrong === 0 ? 0 : 1)
}

const reports: Report[] = []
let violations = 0
print(`seed ${seed}, ${voids} voids, ${threads} threads`)
await runWorlds(
  { module: await loadCoreModule(), seed, voids, threads, trace, isMild },
  (report) => {
    reports.push(report)
    if (report.violation === null) return
    violations++
    print(`seed ${report.seed}, ${report.violation}`)
    print(`  again: npm run test:simulation -- --seed ${report.seed} --voids 1 --trace`)
  },
  (line) => {
    const text = readable(line)
    if (text !== null) print(text)
  },
)

const sum = (read: (report: Report) => number): number => reports.reduce((total, one) => total + read(one), 0)
const faults = new Map<string, number>()
for (const { counts } of reports)
  for (const [name, count] of Object.entries(counts)) faults.set(name, (faults.get(name) ?? 0) + count)
print(`worlds ${reports.length}, voids ${sum((one) => one.voids)}, events ${sum((one) => one.steps)}`)
print([...faults].map(([name, count]) => `${name} ${count}`).join(', '))
const open = reports.flatMap((one) => one.open.map((key) => `seed ${one.seed} ${key}`))
print(`${sum((one) => one.voids) - open.length} of them ended final for their sender`)
if (isMild) print(open.join('\n'))
print(`transcripts ${digestOf(reports)}`)
print(`${violations} violations, ${seconds()}`)
process.exitCode = violations === 0 ? 0 : 1
