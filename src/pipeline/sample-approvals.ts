/** @module The setting `LOG_APPROVALS`: how many of the approvals have a line in the log. Under load a line costs as much as a decision. */

import type { Log } from './types.ts'

/** Each approval has a line. */
const EACH = '1'

/** Reads the setting. Throws RangeError with its name, never its value. */
export function readSampling(every: string = EACH): number {
  if (!/^\d{1,6}$/.test(every)) throw new RangeError('LOG_APPROVALS: expected a number from 0 to 999999')
  return Number(every)
}

/**
 * A log that has one line for `every` approvals of the isolate, and with 0 no line. The line says for how many approvals it
 * stands. All other lines are logged: refusals, alerts, missing answers.
 */
export function sampleApprovals(log: Log, every: number): Log {
  if (every === 1) return log
  let approvals = 0
  return (event, detail) => {
    if (event !== 'answered' || detail.reason !== null) return log(event, detail)
    approvals++
    if (every === 0 || approvals < every) return
    log(event, { ...detail, approvals })
    approvals = 0
  }
}
