/** @module Reads a file that `--json` wrote. */

import { readFileSync } from 'node:fs'
import { OptionError } from './options.ts'
import { type LoadReport, REPORT_VERSION } from './report.ts'

export function readReport(path: string): LoadReport {
  let report: Partial<LoadReport> | null
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as Partial<LoadReport> | null
  } catch {
    throw new OptionError(`${path}: expected a file that --json wrote`)
  }
  if (report?.version !== REPORT_VERSION || !Array.isArray(report.kinds))
    throw new OptionError(`${path}: expected a report of version ${REPORT_VERSION}`)
  return report as LoadReport
}
