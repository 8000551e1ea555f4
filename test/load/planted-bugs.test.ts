/** @module The load finds planted bugs, and nothing in the service as it is. */

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts'
import type { LoadReport } from './report.ts'
import { hasFailed } from './report-lines.ts'

function loadWith(bug: PlantedBug | null): Promise<LoadReport> {
  const worker = new Worker(join(import.meta.dirname, 'planted-thread.ts'), {
    workerData: { bug, module: coreModule, seed: 7 },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  return new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', (code) => reject(new Error(`the thread ended with ${code}`)))
  })
}

it.concurrent('finds nothing in the service as it is', async () => {
  const report = await loadWith(null)
  expect(report.violations).toEqual([])
  expect(hasFailed(report)).toBe(false)
  for (const [rule, checked] of Object.entries(report.checked))
    if (rule !== 'an inquiry agrees with the answers') expect([rule, checked > 0]).toEqual([rule, true])
})

it.concurrent.each(PLANTED_BUGS)('finds: $name', async (bug) => {
  const report = await loadWith(bug)
  const broken = report.violations.map(({ invariant }) => invariant)
  expect(broken).toEqual(expect.arrayContaining([...bug.breaks]))
  expect(hasFailed(report)).toBe(true)
})
