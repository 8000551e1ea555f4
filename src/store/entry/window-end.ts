/** @module The end of a sale's window in a body. With the usual settings of a merchant it is one digit. */

import { USUAL_MERCHANT, USUAL_UTC_OFFSET } from './codes.ts'
import { timeForm, type ValueForm } from './values.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const [HOURS = 0, MINUTES = 0] = USUAL_MERCHANT.cutOff.split(':').map(Number)

/** The usual cut-off in a day of UTC, in milliseconds. */
const CUT_OFF_MS = (HOURS * 60 + MINUTES - USUAL_UTC_OFFSET) * MINUTE_MS

/** The first usual cut-off after `at`. */
const usualEnd = (at: number): number => (Math.floor((at - CUT_OFF_MS) / DAY_MS) + 1) * DAY_MS + CUT_OFF_MS

const USUAL = 0

/** 0: the first usual cut-off after `at`. Any other end as a time, and `at` itself as a list of the time. */
export const windowEndForm: ValueForm = {
  name: '0 for the next 23:00 at UTC+8, or ms after `at`',
  write(value, scope) {
    if (value === usualEnd(scope.at)) return USUAL
    const written = timeForm.write(value, scope)
    return written === USUAL ? [value] : written
  },
  read: (stored, scope) => (stored === USUAL ? usualEnd(scope.at) : timeForm.read(stored, scope)),
}
