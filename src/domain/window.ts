/** @module The end of the void window of a sale, and the dates of its business day (semantics.md, Window). */

import { createRecent } from './recent.ts'
import type { Merchant } from './types.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** The offset of a time zone changes at most once in this time, and most offsets hold for months. */
const QUARTER_MS = 15 * MINUTE_MS

/** The most quarters of an hour whose offsets are kept. A message needs about four. */
const MOST_OFFSETS = 1_000

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Offsets in milliseconds, by time zone and quarter of an hour. */
const offsets = createRecent<number>(MOST_OFFSETS)

/** The local wall-clock time at `instant`, read as if it were UTC, in milliseconds since the epoch. */
function wallClock(instant: number, timeZone: string): number {
  const begin = Math.floor(instant / QUARTER_MS) * QUARTER_MS
  const name = `${begin} ${timeZone}`
  const known = offsets.get(name)
  if (known !== undefined) return instant + known
  const offset = formattedOffset(begin, timeZone)
  // The offset changes within this quarter.
  if (formattedOffset(begin + QUARTER_MS - 1, timeZone) !== offset)
    return instant + formattedOffset(instant, timeZone)
  offsets.set(name, offset)
  return instant + offset
}

/** The offset at an instant, by Intl. It takes many times as long as the rest of a decision. */
function formattedOffset(instant: number, timeZone: string): number {
  let formatter = formatters.get(timeZone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formatters.set(timeZone, formatter)
  }
  const part: Record<string, number> = {}
  for (const { type, value } of formatter.formatToParts(instant)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  const remainder = ((instant % 1000) + 1000) % 1000
  return Date.UTC(year, month - 1, day, hour, minute, second) + remainder - instant
}

/**
 * The first instant at which the local wall clock reads `wall` or later. A time that a DST change skips is the instant
 * of the change. A time that occurs twice is its first occurrence.
 */
function instantOf(wall: number, timeZone: string): number {
  let low = wall - DAY_MS
  let high = wall + DAY_MS
  // The wall clock is not monotonic where DST ends, so try the candidates of both offsets.
  const around = [wallClock(low, timeZone) - low, wallClock(high, timeZone) - high]
  const exact = around.map((offset) => wall - offset).filter((at) => wallClock(at, timeZone) === wall)
  if (exact.length > 0) return Math.min(...exact)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (wallClock(middle, timeZone) >= wall) high = middle
    else low = middle
  }
  return high
}

/** The first cut-off after `instant`, both in milliseconds since the epoch. */
export function nextCutOff(instant: number, merchant: Pick<Merchant, 'timeZone' | 'cutOff'>): number {
  const [hours = 0, minutes = 0] = merchant.cutOff.split(':').map(Number)
  const midnight = Math.floor(wallClock(instant, merchant.timeZone) / DAY_MS) * DAY_MS
  for (let day = 0; ; day++) {
    const cutOff = instantOf(midnight + day * DAY_MS + (hours * 60 + minutes) * MINUTE_MS, merchant.timeZone)
    if (cutOff > instant) return cutOff
  }
}

/**
 * The instant from which a sale can no longer be voided, in milliseconds since the epoch. Null: only the close of its
 * batch ends the window.
 */
export function voidableUntil(soldAt: number, merchant: Merchant): number | null {
  switch (merchant.window.kind) {
    case 'same_batch':
      return null
    case 'minutes':
      return soldAt + merchant.window.minutes * MINUTE_MS
    case 'business_day':
      return nextCutOff(soldAt, merchant)
  }
}

/** Fields 12 (hhmmss), 13 (MMDD) and 15 (MMDD of the next cut-off) at `instant`, in milliseconds since the epoch. */
export function localFields(
  instant: number,
  merchant: Pick<Merchant, 'timeZone' | 'cutOff'>,
): { localTime: string; localDate: string; settlementDate: string } {
  const local = new Date(wallClock(instant, merchant.timeZone)).toISOString()
  const settles = new Date(wallClock(nextCutOff(instant, merchant), merchant.timeZone)).toISOString()
  return {
    localTime: local.slice(11, 19).replaceAll(':', ''),
    localDate: local.slice(5, 10).replace('-', ''),
    settlementDate: settles.slice(5, 10).replace('-', ''),
  }
}

/** Whether the platform has this IANA time zone. An offset such as `+08:00` has no rules of daylight saving, and is none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}
