/** @module The business days of an acquirer (protocol.md §3.9, Settlement of a day). A day has the date on which it ends. */

/** The end of each day. */
export interface CutOff {
  /** Minutes after midnight at the acquirer, 1 to 1440. */
  readonly minutes: number
  /** Minutes of the acquirer's clock ahead of UTC. It has no summer time. */
  readonly offsetMinutes: number
}

/** A day by its number, in days since the epoch. */
export type AcquirerDay = number

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The end of a day, in milliseconds since the epoch. Its first moment is a day before, and its end is in the next day. */
export const endOf = ({ minutes, offsetMinutes }: CutOff, day: AcquirerDay): number =>
  day * DAY_MS + (minutes - offsetMinutes) * MINUTE_MS

/** The first moment of a day, in milliseconds since the epoch. */
export const beginOf = (cutOff: CutOff, day: AcquirerDay): number => endOf(cutOff, day) - DAY_MS

/** The day of a moment, in milliseconds since the epoch. */
export const dayAt = (cutOff: CutOff, at: number): AcquirerDay =>
  Math.floor((at - beginOf(cutOff, 0)) / DAY_MS)

/** The date of a day: YYYY-MM-DD. */
export const dateOf = (day: AcquirerDay): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** The day with this date: YYYY-MM-DD. */
export const dayOf = (date: string): AcquirerDay => Date.parse(date) / DAY_MS

/** The date of a day in field 15: MMDD. */
export const monthAndDayOf = (day: AcquirerDay): string => dateOf(day).slice(5).replace('-', '')
