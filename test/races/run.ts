/**
 * @module `npm run test:races -- [--sales N] [--settlements N] [--seed N] [--threads N]`: for each sale 64
 * copies of one void and 64 other voids at once, and voids against settlements. Prints its seed, and for each
 * violation the command that repeats it.
 */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { loadCoreModule } from '../../src/cli/lib/core.ts'
import type { RaceReport } from './harness.ts'
import { jobsFor, type RaceJob } from './settings.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { sales: text, settlements: text, seed: text, threads: text } })
const whole = (value: string | undefined, fallback: number): number => {
  const number = Number(value ?? fallback)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new RangeError(`expected a whole number, got ${value}`)
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const sales = whole(values.sales, 1000)
const settlements = whole(values.settlements, 10_000)
const seed = whole(values.seed, Date.now() % 1_000_000_000)
const threads = whole(values.threads, 2)

const start = performance.now()
const tallies = new Map<string, number>()
let violations = 0

function record(job: RaceJob, { tally, violation }: RaceReport): void {
  for (const [what, count] of Object.entries(tally)) {
    const name = `${job.kind}, ${job.acquirer}: ${what}`
    tallies.set(name, (tallies.get(name) ?? 0) + count)
  }
  if (violation === null) return
  violations++
  print(`seed ${job.seed}, ${job.kind}, ${job.acquirer}, ${violation}`)
  const counts = job.kind === 'voids' ? [job.rounds, 0] : [0, job.rounds]
  print(`  again: npm run test:races -- --seed ${job.seed} --sales ${counts[0]} --settlements ${counts[1]}`)
}

print(`seed ${seed}: ${sales} sales × (64 copies + 64 others), ${settlements} voids against settlements`)
const jobs = jobsFor(sales, settlements, seed).values()
const module = await loadCoreModule()
await Promise.all(
  Array.from({ length: threads }, () => {
    const worker = new Worker(join(import.meta.dirname, 'thread.ts'), { workerData: module })
    return new Promise<void>((resolve, reject) => {
      const next = () => {
        const { value, done } = jobs.next()
        if (done) return void worker.terminate().then(() => resolve())
        worker.postMessage(value)
      }
      worker.on('message', ({ job, report }: { job: RaceJob; report: RaceReport }) => {
        record(job, report)
        next()
      })
      worker.on('error', reject)
      next()
    })
  }),
)
for (const [name, count] of [...tallies].sort()) print(`${name} ${count}`)
print(`${violations} violations, ${((performance.now() - start) / 1000).toFixed(0)} s`)
process.exitCode = violations === 0 ? 0 : 1
