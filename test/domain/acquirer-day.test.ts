/** @module The days of an acquirer: each moment is in one day, whatever the cut-off and the zone. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginOf, type CutOff, dateOf, dayAt, endOf, monthAndDayOf } from '../../src/domain/acquirer-day.ts'

const CHINA: CutOff = { minutes: 23 * 60, offsetMinutes: 480 }
const at = (text: string): number => Date.parse(text)

describe('a day of the acquirer', () => {
  it.each<readonly [string, CutOff, string]>([
    ['2026-06-01T14:59:59.999Z', CHINA, '2026-06-01'],
    ['2026-06-01T15:00:00.000Z', CHINA, '2026-06-02'],
    ['2026-12-31T15:00:00.000Z', CHINA, '2027-01-01'],
    ['2028-02-28T15:00:00.000Z', CHINA, '2028-02-29'],
    // At midnight the day before ends.
    ['2026-06-01T15:59:59.999Z', { minutes: 1440, offsetMinutes: 480 }, '2026-06-01'],
    ['2026-06-01T16:00:00.000Z', { minutes: 1440, offsetMinutes: 480 }, '2026-06-02'],
    ['2026-06-01T03:29:59.999Z', { minutes: 1380, offsetMinutes: -270 }, '2026-05-31'],
    ['2026-06-01T03:30:00.000Z', { minutes: 1380, offsetMinutes: -270 }, '2026-06-01'],
    ['2026-06-01T00:00:00.000Z', { minutes: 1, offsetMinutes: 0 }, '2026-06-01'],
    ['2026-06-01T00:01:00.000Z', { minutes: 1, offsetMinutes: 0 }, '2026-06-02'],
  ])('has %s with %j: %s', (moment, cutOff, date) => {
    const day = dayAt(cutOff, at(moment))
    expect([dateOf(day), monthAndDayOf(day)]).toEqual([date, date.slice(5).replace('-', '')])
  })

  it('begins where the day before ends, and has each moment between', () => {
    const cutOffs = fc.record({
      minutes: fc.integer({ min: 1, max: 1440 }),
      offsetMinutes: fc.integer({ min: -840, max: 840 }),
    })
    fc.assert(
      fc.property(cutOffs, fc.integer({ min: 0, max: 4e12 }), (cutOff, moment) => {
        const day = dayAt(cutOff, moment)
        expect(beginOf(cutOff, day)).toBeLessThanOrEqual(moment)
        expect(endOf(cutOff, day)).toBeGreaterThan(moment)
        expect(endOf(cutOff, day - 1)).toBe(beginOf(cutOff, day))
        expect(dayAt(cutOff, endOf(cutOff, day))).toBe(day + 1)
      }),
    )
  })
})
