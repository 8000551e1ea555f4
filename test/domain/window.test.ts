/**
 * @module The end of a sale's void window: to the millisecond, across DST changes, against Temporal as the
 * oracle.
 */
/// <reference lib="esnext.temporal" />

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { WindowPolicy } from '../../src/domain/sale-facts.ts'
import type { Merchant } from '../../src/domain/types.ts'
import { isTimeZone, localFields, nextCutOff, voidableUntil } from '../../src/domain/window.ts'
import { generated, loadedState, merchant, original, sale, voidRequest } from './fixtures.ts'
import { reasonOf } from './guards.ts'

const at = (iso: string): number => Temporal.Instant.from(iso).epochMilliseconds
const iso = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString()

/** The reason that refuses a void at `now` of a sale made at `soldAt`. */
function voidAt(now: number, soldAt: number, of: Partial<Merchant>) {
  const where = { ...loadedState, merchant: { ...merchant, ...of } }
  const state = { ...original, sale: { ...sale, soldAt } }
  return reasonOf(decideVoid(voidRequest, { ...where, original: state }, { ...generated, now }))
}

/** A void is accepted in the last millisecond before `until` and rejected at `until`. */
function expectWindow(soldAt: number, of: Partial<Merchant>, until: string): void {
  const answered = voidableUntil(soldAt, { ...merchant, ...of })
  expect(answered === null ? null : iso(answered)).toBe(until)
  expect(voidAt(at(until) - 1, soldAt, of)).toBeNull()
  expect(voidAt(at(until), soldAt, of)).toBe('window_expired')
}

describe('a business day', () => {
  const rows: [string, string, string, string, string][] = [
    ['Asia/Shanghai', '23:00', 'before the cut-off', '2026-06-01T02:18:00Z', '2026-06-01T15:00:00Z'],
    ['Asia/Shanghai', '23:00', 'the last millisecond', '2026-06-01T14:59:59.999Z', '2026-06-01T15:00:00Z'],
    ['Asia/Shanghai', '23:00', 'at the cut-off', '2026-06-01T15:00:00Z', '2026-06-02T15:00:00Z'],
    ['Asia/Shanghai', '23:00', 'after it, same date', '2026-06-01T15:30:00Z', '2026-06-02T15:00:00Z'],
    ['Asia/Shanghai', '23:00', 'the last day of a year', '2026-12-31T15:00:00Z', '2027-01-01T15:00:00Z'],
    ['Asia/Shanghai', '00:00', 'midnight', '2026-06-01T15:59:59Z', '2026-06-01T16:00:00Z'],
    ['Asia/Shanghai', '00:00', 'just after midnight', '2026-06-01T16:00:00Z', '2026-06-02T16:00:00Z'],
    ['Asia/Kathmandu', '23:00', 'an offset of 5:45', '2026-06-01T02:18:00Z', '2026-06-01T17:15:00Z'],
    // 2026-03-29 01:00Z: 02:00 becomes 03:00 in Berlin.
    ['Europe/Berlin', '23:00', 'a day of 23 hours', '2026-03-28T22:00:00Z', '2026-03-29T21:00:00Z'],
    ['Europe/Berlin', '02:30', 'a cut-off that is skipped', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '02:30', 'the day after it', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
    ['Europe/Berlin', '02:00', 'the first minute skipped', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '03:00', 'the first minute after', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    // 2026-10-25 01:00Z: 03:00 becomes 02:00 in Berlin.
    ['Europe/Berlin', '23:00', 'a day of 25 hours', '2026-10-24T21:00:00Z', '2026-10-25T22:00:00Z'],
    ['Europe/Berlin', '02:30', 'a cut-off that comes twice', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '02:30', 'between the two', '2026-10-25T00:45:00Z', '2026-10-26T01:30:00Z'],
    ['Europe/Berlin', '02:30', 'after the second', '2026-10-25T01:30:00Z', '2026-10-26T01:30:00Z'],
    ['Europe/Berlin', '02:00', 'the change itself', '2026-10-24T12:00:00Z', '2026-10-25T00:00:00Z'],
    ['Europe/Berlin', '03:00', 'after the doubled hour', '2026-10-24T12:00:00Z', '2026-10-25T02:00:00Z'],
    // 2026-03-08 07:00Z: 02:00 becomes 03:00 in New York; 2026-11-01 06:00Z: 02:00 becomes 01:00.
    ['America/New_York', '23:00', 'a day of 23 hours', '2026-03-08T04:00:00Z', '2026-03-09T03:00:00Z'],
    [
      'America/New_York',
      '02:15',
      'a cut-off that is skipped',
      '2026-03-08T05:00:00Z',
      '2026-03-08T07:00:00Z',
    ],
    ['America/New_York', '23:00', 'a day of 25 hours', '2026-11-01T03:00:00Z', '2026-11-02T04:00:00Z'],
    [
      'America/New_York',
      '01:15',
      'a cut-off that comes twice',
      '2026-11-01T04:00:00Z',
      '2026-11-01T05:15:00Z',
    ],
    ['America/New_York', '01:15', 'between the two', '2026-11-01T05:30:00Z', '2026-11-02T06:15:00Z'],
    // Samoa went from the end of 29 December 2011 to 31 December.
    [
      'Pacific/Apia',
      '23:00',
      'before a day that is left out',
      '2011-12-29T12:00:00Z',
      '2011-12-30T09:00:00Z',
    ],
    ['Pacific/Apia', '23:00', 'a cut-off on that day', '2011-12-30T09:00:00Z', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '23:00', 'the day after it', '2011-12-30T10:00:00Z', '2011-12-31T09:00:00Z'],
    ['Pacific/Apia', '23:00', 'today', '2026-06-01T02:18:00Z', '2026-06-01T10:00:00Z'],
    // Clocks that change at midnight: Beirut skips the first hour of a day and doubles the last of another.
    ['Asia/Beirut', '00:30', 'a skipped first hour', '2026-03-28T12:00:00Z', '2026-03-28T22:00:00Z'],
    ['Asia/Beirut', '23:30', 'a doubled last hour', '2026-10-24T12:00:00Z', '2026-10-24T20:30:00Z'],
    ['Asia/Beirut', '23:30', 'within it', '2026-10-24T21:15:00Z', '2026-10-25T21:30:00Z'],
    ['Australia/Lord_Howe', '02:15', 'half an hour skipped', '2026-10-03T12:00:00Z', '2026-10-03T15:30:00Z'],
    ['Australia/Lord_Howe', '01:45', 'half an hour doubled', '2026-04-04T12:00:00Z', '2026-04-04T14:45:00Z'],
  ]
  it.each(rows)('%s %s, %s: %s → %s', (timeZone, cutOff, _, soldAt, until) => {
    expectWindow(at(soldAt), { timeZone, cutOff }, until)
  })
})

describe('other policies', () => {
  const minutes = (n: number): Partial<Merchant> => ({ window: { kind: 'minutes', minutes: n } })

  it('minutes continue through a DST change and past a cut-off', () => {
    const berlin = { timeZone: 'Europe/Berlin', cutOff: '02:30' }
    expectWindow(at('2026-03-29T00:45:00.001Z'), { ...berlin, ...minutes(30) }, '2026-03-29T01:15:00.001Z')
    expectWindow(at('2026-10-25T00:15:00Z'), { ...berlin, ...minutes(60) }, '2026-10-25T01:15:00Z')
    expectWindow(at('2026-06-01T00:00:00Z'), minutes(525_600), '2027-06-01T00:00:00Z')
  })

  it('same batch: no time ends it', () => {
    const sameBatch: { window: WindowPolicy } = { window: { kind: 'same_batch' } }
    expect(voidableUntil(sale.soldAt, { ...merchant, ...sameBatch })).toBeNull()
    expect(voidAt(at('2036-06-01T00:00:00Z'), sale.soldAt, sameBatch)).toBeNull()
  })
})

describe('against Temporal', () => {
  const ZONES = [
    'UTC',
    'Asia/Shanghai',
    'Asia/Kathmandu',
    'Europe/Berlin',
    'Europe/London',
    'America/New_York',
    'America/St_Johns',
    'America/Havana',
    'America/Nuuk',
    'Africa/Casablanca',
    'Africa/Cairo',
    'Asia/Beirut',
    'Asia/Tehran',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Pacific/Chatham',
    'Antarctica/Troll',
  ]
  const year = (n: number) => Date.UTC(n, 0, 1)

  /**
   * The first instant on each date at which a clock, read from local midnight on, shows the cut-off or later.
   */
  function oracle(instant: number, timeZone: string, cutOff: Temporal.PlainTime): number {
    const today = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate()
    for (let day = 0; ; day++) {
      const date = today.add({ days: day })
      const wall = date.toPlainDateTime(cutOff)
      const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
        wall.toZonedDateTime(timeZone, { disambiguation }),
      )
      if (earlier === undefined || later === undefined) throw new Error('two readings')
      // Skipped: neither reading shows the requested time, so the change lies between them.
      const exists = earlier.toPlainDateTime().equals(wall)
      const change = earlier.getTimeZoneTransition('next')
      const found = exists ? earlier.epochMilliseconds : change?.epochMilliseconds
      if (found !== undefined && found > instant) return found
    }
  }

  const cases = fc.record({
    timeZone: fc.constantFrom(...ZONES),
    instant: fc.integer({ min: year(2005), max: year(2035) }),
    minuteOfDay: fc.integer({ min: 0, max: 24 * 60 - 1 }),
  })

  const timeOf = (minuteOfDay: number) =>
    new Temporal.PlainTime(Math.floor(minuteOfDay / 60), minuteOfDay % 60)

  it('at any time', () => {
    fc.assert(
      fc.property(cases, ({ timeZone, instant, minuteOfDay }) => {
        const cutOff = timeOf(minuteOfDay)
        const given = { timeZone, cutOff: cutOff.toString({ smallestUnit: 'minute' }) }
        expect(iso(nextCutOff(instant, given))).toBe(iso(oracle(instant, timeZone, cutOff)))
      }),
      { numRuns: 1500 },
    )
  })

  it('within two days of a change of the clock', () => {
    const near = fc.tuple(
      cases,
      fc.integer({ min: -48 * 60, max: 48 * 60 }),
      fc.integer({ min: -180, max: 180 }),
    )
    fc.assert(
      fc.property(near, ([{ timeZone, instant }, minutes, offset]) => {
        const zoned = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone)
        const change = zoned.getTimeZoneTransition('next') ?? zoned
        const wall = change.add({ minutes: offset }).toPlainTime()
        const cutOff = timeOf(wall.hour * 60 + wall.minute)
        const soldAt = change.add({ minutes }).epochMilliseconds
        const given = { timeZone, cutOff: cutOff.toString({ smallestUnit: 'minute' }) }
        expect(iso(nextCutOff(soldAt, given))).toBe(iso(oracle(soldAt, timeZone, cutOff)))
      }),
      { numRuns: 1500 },
    )
  })

  it('the local fields', () => {
    fc.assert(
      fc.property(cases, ({ timeZone, instant, minuteOfDay }) => {
        const cutOff = timeOf(minuteOfDay)
        const local = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone)
        const digits = (text: string) => text.replaceAll(/\D/g, '')
        const now = local(instant)
        const until = local(oracle(instant, timeZone, cutOff))
        expect(
          localFields(instant, { timeZone, cutOff: cutOff.toString({ smallestUnit: 'minute' }) }),
        ).toEqual({
          localTime: digits(now.toPlainTime().toString({ smallestUnit: 'second' })),
          localDate: digits(now.toPlainDate().toString()).slice(4),
          settlementDate: digits(until.toPlainDate().toString()).slice(4),
        })
      }),
      { numRuns: 500 },
    )
  })
})

describe('localFields', () => {
  it.each([
    ['Asia/Shanghai', '2026-06-01T14:59:59.999Z', '225959', '0601', '0601'],
    ['Asia/Shanghai', '2026-06-01T15:00:00Z', '230000', '0601', '0602'],
    ['Asia/Shanghai', '2026-12-31T15:59:59Z', '235959', '1231', '0101'],
    ['Asia/Shanghai', '2026-12-31T16:00:00Z', '000000', '0101', '0101'],
    ['Asia/Kathmandu', '2026-06-01T18:15:00Z', '000000', '0602', '0602'],
    ['America/New_York', '2026-02-28T12:00:00Z', '070000', '0228', '0228'],
  ])('%s %s', (timeZone, instant, localTime, localDate, settlementDate) => {
    expect(localFields(at(instant), { timeZone, cutOff: '23:00' })).toEqual({
      localTime,
      localDate,
      settlementDate,
    })
  })
})

it('accepts IANA names and nothing else', () => {
  for (const name of ['Asia/Shanghai', 'UTC', 'Etc/GMT-8', 'America/Argentina/Buenos_Aires'])
    expect(isTimeZone(name)).toBe(true)
  for (const name of [
    '',
    'Mars/Olympus',
    'Asia/Shanghai ',
    '../etc',
    'Shanghai',
    '+08:00',
    '-0530',
    '+08',
    '+8',
  ])
    expect(isTimeZone(name)).toBe(false)
})
