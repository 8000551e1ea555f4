/** @module The acquirer's answers to the totals of a day: differences, refusals, repeats after each fault, and several isolates at once. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inEachDatabase } from '../../src/pipeline/databases.ts'
import { settleDays } from '../../src/pipeline/settle-days.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { DAY, DayRegion, dateAt, HOUR, MINUTE, SILENT, script } from './day-region.ts'
import { ADMINISTRATOR, AT_HOME } from './region.ts'

let region: DayRegion
beforeEach(async () => {
  region = new DayRegion()
  await region.begin()
})
afterEach(() => region.close())

describe('the answer to the totals of a day', () => {
  it('with other totals opens one case, with both totals and one alert', async () => {
    await region.sale(AT_HOME, 400)
    region.simulator.follow(script({ on: 'settlement', totals: 'other' }))
    await region.runAt(6)
    await region.until(region.clock.now + 10 * MINUTE)
    expect(region.days()).toMatchObject([
      {
        day: region.first,
        result: 'different',
        own: '[400,1,0,0]',
        theirs: '[401,1,0,0,0,0,0,0]',
        case_opened_at: region.end + 6 * MINUTE,
        case_closed_at: null,
      },
    ])
    expect(region.alerts('acquirer_day_differs')).toMatchObject([
      {
        day: region.first,
        result: 'different',
        own: { debitAmount: 400, debitCount: 1, creditAmount: 0, creditCount: 0 },
        theirs: { debitAmount: 401 },
        undecided: 0,
      },
    ])
    expect(region.settlements()).toHaveLength(1)
  })

  it('differs by a message that only the acquirer has', async () => {
    await region.sale(AT_HOME, 400)
    region.storages[0].rows(`update sale set acquirer_stan_raw = null`)
    await region.runAt(6)
    expect(region.days()).toMatchObject([
      { result: 'different', own: '[0,0,0,0]', theirs: '[400,1,0,0,0,0,0,0]' },
    ])
  })

  it('that does not come leaves repeats: the same bytes as 0501, later and later, with alerts', async () => {
    await region.sale(AT_HOME, 400)
    region.simulator.follow(SILENT)
    region.clock.now = region.end
    await region.until(region.end + 30 * MINUTE)
    const [firstBytes, ...repeats] = region
      .settlements()
      .map(({ bytes }) => Buffer.from(bytes.subarray(15, -8)).toString('hex'))
    expect(region.settlements().map(({ mti }) => mti)).toEqual(['0500', ...repeats.map(() => '0501')])
    // After 1, 2, 3 … minutes.
    expect(repeats).toHaveLength(6)
    for (const repeat of repeats) expect(repeat).toBe(firstBytes)
    expect(region.alerts('acquirer_day_unsettled').map(({ attempts }) => attempts)).toEqual([3, 4, 5, 6, 7])
    region.simulator.follow(NO_FAULTS)
    await region.until(region.end + HOUR)
    expect(region.results()).toEqual([[region.first, 'equal']])
    const { length } = region.settlements()
    await region.until(region.end + 2 * HOUR)
    expect(region.settlements()).toHaveLength(length)
  })

  it.each([
    'drop_answer',
    'late_answer',
    'twice',
    'other_stan',
    'bad_mac',
    'half_frame',
    'code_96',
    'code_91',
  ] as const)('after the fault %s is that of the same comparison', async (fault) => {
    await region.sale(AT_HOME, 400)
    region.simulator.follow(script({ on: 'settlement', fault }))
    await region.runAt(6)
    await region.until(region.clock.now + 5 * MINUTE)
    expect(region.results()).toEqual([[region.first, fault === 'code_91' ? 'refused' : 'equal']])
    expect(region.days()).toHaveLength(1)
  })

  it.each([
    ['40', 'refused'],
    ['58', 'refused'],
    ['90', null],
    ['96', null],
    ['A0', null],
  ] as const)('%s: %s', async (code, result) => {
    region.simulator.follow(script({ on: 'settlement', code }))
    await region.runAt(6)
    expect(region.results()).toEqual([[region.first, result]])
    expect(region.alerts('acquirer_day_differs')).toHaveLength(result === null ? 0 : 1)
    await region.until(region.clock.now + 3 * MINUTE)
    expect(region.results()).toEqual([[region.first, result ?? 'equal']])
  })

  it('comes to one run, however many run at once in however many isolates', async () => {
    await region.sale(AT_HOME, 400)
    region.simulator.follow(script({ on: 'settlement', totals: 'other' }))
    const before = region.services
    await region.openIsolate()
    region.clock.now = region.end + 6 * MINUTE
    const runs = Array.from({ length: 8 }, (_, i) => inEachDatabase(i % 2 === 0 ? before : region.services))
    await Promise.all(runs.map(settleDays))
    expect(region.settlements()).toHaveLength(1)
    expect(region.days()).toHaveLength(1)
    expect(region.alerts('acquirer_day_differs')).toHaveLength(1)
  })

  it('follows a sign-on, when the acquirer has lost its key', async () => {
    await region.beginSignOns()
    await region.sale(AT_HOME, 400)
    region.simulator.loseKey()
    await region.runAt(6)
    expect(region.results()).toEqual([[region.first, null]])
    await region.runAt(8)
    expect(region.results()).toEqual([[region.first, 'equal']])
  })

  it('is sent again after the database failed, and no other work of the cron fails', async () => {
    await region.sale(AT_HOME, 400)
    region.down.add(1)
    await region.runAt(6)
    expect([region.days(), region.logged.at(-1)?.event]).toEqual([[], 'recovery_failed'])
    region.down.clear()
    await region.runAt(7)
    expect(region.results()).toEqual([[region.first, 'equal']])
  })
})

describe('a day of the acquirer that is too old', () => {
  it('without an answer for a week has one case and one alert, and is not sent again', async () => {
    await region.sale(AT_HOME, 400)
    region.simulator.follow(SILENT)
    for (let day = 0; day < 7; day++) await region.runAt(6 + (day * DAY) / MINUTE)
    expect(region.alerts('acquirer_day_given_up')).toEqual([])
    const opensAt = region.end + 7 * DAY + 6 * MINUTE
    for (let run = 0; run < 3; run++) await region.runAt(6 + (7 * DAY) / MINUTE + run)
    expect(region.days()[0]).toMatchObject({
      day: region.first,
      result: null,
      next_at: null,
      case_opened_at: opensAt,
    })
    expect(region.days()[1]).toMatchObject({ case_opened_at: null })
    expect(region.alerts('acquirer_day_given_up')).toMatchObject([
      { day: region.first, currencyCode: '156', own: { debitAmount: 400, debitCount: 1 } },
    ])
    const list = await region.json(ADMINISTRATOR, 'GET', '/v1/acquirer-days?state=open')
    expect(list.body.items).toMatchObject([{ day: region.first, result: null, case: { state: 'open' } }])
    const path = `/v1/acquirer-days/${region.first}/close`
    const closed = await region.json(ADMINISTRATOR, 'POST', path, { note: 'it has the same totals' })
    expect([closed.status, closed.body.case]).toMatchObject([200, { state: 'closed' }])
  })

  it('to be counted has one alert, with the first and the last of such days', async () => {
    await region.runAt(6)
    await region.runAt(6 + (7 * DAY) / MINUTE)
    expect(region.alerts('acquirer_days_skipped')).toEqual([])
    region.clock.now = region.end + 20 * DAY + HOUR
    await region.until(region.clock.now + 20 * MINUTE)
    expect(region.alerts('acquirer_days_skipped')).toMatchObject([
      { first: dateAt(region.end + 2 * DAY), last: dateAt(region.end + 13 * DAY) },
    ])
  })
})
