/** @module The load finds planted bugs, and nothing in the service as it is. */

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { startInProcess } from './in-process.ts'
import { INVARIANTS } from './ledger.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import type { LoadReport } from './report.ts'
import { hasFailed } from './report-lines.ts'
import { runLoad } from './run-load.ts'
import { SHORT_LOAD } from './short-load.ts'

const COUNT = sizeOf('load/planted-bugs')
const SILENT = { step: () => undefined, live: () => undefined }

interface Found {
  readonly name: string
  readonly report: LoadReport
}

/** The reports of a service with each bug in turn, from a thread of its own. */
function loadWithBugs(): Promise<Map<string, LoadReport>> {
  const worker = new Worker(join(import.meta.dirname, 'planted-thread.ts'), {
    workerData: { module: coreModule, bugs: COUNT },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const reports = new Map<string, LoadReport>()
  return new Promise((resolve, reject) => {
    worker.on('message', ({ name, report }: Found) => reports.set(name, report))
    worker.on('error', reject)
    worker.on('exit', () => resolve(reports))
  })
}

const withBugs = loadWithBugs()

describe('a load', () => {
  it('finds nothing in the service as it is, checks every rule, and finds a changed entry', async () => {
    const target = await startInProcess(coreModule)
    const report = await runLoad(target, SHORT_LOAD, SILENT)
    target.storage.rows(`update journal set body = body || ' ' where seq = 2`)
    const afterChange = await target.audit?.()
    await target.stop()
    expect([report.violations, report.unknown, hasFailed(report)]).toEqual([[], 0, false])
    expect(INVARIANTS.filter((rule) => report.checked[rule] === 0)).toEqual([])
    expect(report.kinds.map(({ name }) => name).toSorted()).toEqual(
      ['sale', 'void', 'inquiry', 'copy', 'reversal', 'rival', 'late'].toSorted(),
    )
    expect(afterChange).toEqual([expect.stringContaining('chain of')])
  })

  it.each(PLANTED_BUGS.slice(0, COUNT))('finds: $name', async ({ name, breaks }) => {
    const report = (await withBugs).get(name)
    if (report === undefined) return expect.fail('the thread ended early')
    expect(report.violations.map(({ invariant }) => invariant)).toContain(breaks)
    expect(hasFailed(report)).toBe(true)
  })
})
