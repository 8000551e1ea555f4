/**
 * @module `npm run test:simulation -- [--seed N] [--voids N] [--threads N] [--mild] [--trace]`: worlds on consecutive seeds until so many
 * voids were asked. Prints the seed it starts from, and of each violation how to see it again.
 */

import { parseArgs } from 'node:util'
import { loadCoreModule } from '../../src/cli/core.ts'
import { digestOf, runWorlds } from './threads.ts'
import { readable } from './transcript.ts'
import type { Report } from './world.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    voids: { type: 'string' },
    threads: { type: 'string' },
    trace: { type: 'boolean' },
    mild: { type: 'boolean' },
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
print(`${sum((one) => one.voids) - open.length} of them ended final for whoever asked`)
if (isMild) print(open.join('\n'))
print(`transcripts ${digestOf(reports)}`)
print(`${violations} violations, ${((performance.now() - start) / 1000).toFixed(0)} s`)
process.exitCode = violations === 0 ? 0 : 1
