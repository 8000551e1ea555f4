/** @module The settlement of days with the acquirer over two databases: what is counted, and the day of each message. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCron } from '../../src/pipeline/cron.ts'
import { inEachDatabase } from '../../src/pipeline/databases.ts'
import { recoverEach } from '../../src/pipeline/recover.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { DAY, DayRegion, dateAt, HOUR, MAC_KEY, MINUTE, SILENT } from './day-region.ts'
import { ADMINISTRATOR, AT_HOME, MOVED } from './region.ts'

let region: DayRegion
beforeEach(async () => {
  region = new DayRegion()
  await region.begin()
})
afterEach(() => region.close())

describe('a day of the acquirer', () => {
  it('has what both sides approved, in all databases together, and is sent once', async () => {
    const voided = await region.sale(AT_HOME, 1000)
    await region.sale(MOVED, 200)
    // The issuer refuses it.
    await region.sale(MOVED, 1251)
    await region.voidOf(AT_HOME, voided)
    await region.sale(AT_HOME, 7000)
    await region.reverseLast(AT_HOME)
    await region.runAt(4)
    expect([region.days(), region.settlements()]).toEqual([[], []])
    region.clock.now = region.end
    await region.until(region.end + 20 * MINUTE)
    expect(region.settlements().map(({ mti }) => mti)).toEqual(['0500'])
    expect(region.own()).toEqual([[region.first, 1200, 2, 1000, 1]])
    expect(region.days()).toMatchObject([
      { currency_code: '156', undecided: 0, result: 'equal', next_at: null, case_opened_at: null },
    ])
    expect(region.logged.filter(({ event }) => event === 'acquirer_settled')).toMatchObject([
      { day: region.first, result: 'equal' },
    ])
    expect(region.alerts('acquirer_day_differs')).toEqual([])
  })

  it('is settled by a run of the cron, and so is the echo', async () => {
    region.clock.now = region.end + 6 * MINUTE
    const { services } = region
    // The clock stands still while the run waits for what is due.
    await runCron(services, region.clock.now)
    expect(region.sent.map(({ mti }) => mti).toSorted()).toEqual(['0500', '0820'])
    expect(region.results()).toEqual([[region.first, 'equal']])
  })

  it('without a message is sent as zeros, and each day is sent once', async () => {
    await region.runAt(6)
    for (let day = 1; day <= 3; day++) await region.runAt(6 + day * 24 * 60)
    expect(region.own()).toEqual([0, 1, 2, 3].map((day) => [dateAt(region.end + day * DAY), 0, 0, 0, 0]))
    expect(region.results().map(([, result]) => result)).toEqual(['equal', 'equal', 'equal', 'equal'])
    expect(region.settlements()).toHaveLength(4)
  })

  it('that no run of the cron met is sent later, a week at most', async () => {
    await region.runAt(6)
    region.clock.now = region.end + 3 * DAY + HOUR
    await region.until(region.clock.now + 5 * MINUTE)
    expect(region.results()).toEqual([0, 1, 2, 3].map((day) => [dateAt(region.end + day * DAY), 'equal']))
    region.clock.now = region.end + 20 * DAY + HOUR
    await region.until(region.clock.now + 10 * MINUTE)
    expect(
      region
        .results()
        .slice(4)
        .map(([day]) => day),
    ).toEqual([14, 15, 16, 17, 18, 19, 20].map((day) => dateAt(region.end + day * DAY)))
  })

  it('is not sent when it ended more than an hour before the first run', async () => {
    await region.runAt(61)
    expect([region.days(), region.settlements()]).toEqual([[], []])
    await region.runAt(6 + 24 * 60)
    expect(region.results()).toEqual([[dateAt(region.end + DAY), 'equal']])
  })

  it('is not sent without the setting', async () => {
    const settings: Record<string, string> = {}
    await region.open({
      ACQUIRER: 'https',
      ACQUIRER_MAC_KEY: MAC_KEY,
      ACQUIRER_SERVICE: { fetch },
      ...settings,
    })
    await region.runAt(6)
    expect(region.days()).toEqual([])
    expect(region.services.acquirer.days).toBeUndefined()
  })

  it('ends where the acquirer is', async () => {
    await region.openIsolate({ ACQUIRER_CUTOFF: '15:30+00:30' })
    await region.sale(AT_HOME, 300)
    await region.runAt(6)
    expect(region.own()).toEqual([[region.first, 300, 1, 0, 0]])
  })

  it('may end at midnight, and has the date before then', async () => {
    await region.beginAtMidnight()
    // A request takes five seconds to come.
    region.clock.now = region.end - 6000
    await region.sale(AT_HOME, 300)
    await region.sale(MOVED, 50)
    await region.runAt(6)
    await region.runAt(6 + 24 * 60)
    expect(region.own()).toEqual([
      [region.first, 300, 1, 0, 0],
      [dateAt(region.end + DAY), 50, 1, 0, 0],
    ])
    expect(region.results().map(([, result]) => result)).toEqual(['equal', 'equal'])
  })

  it('is one row and one message for each currency', async () => {
    await region.sale(AT_HOME, 300)
    await region.sale(MOVED, 500)
    region.storages[1].rows(`update sale set currency_code = '344'`)
    await region.runAt(6)
    await region.runAt(7)
    expect(region.days().map((row) => [row.currency_code, row.own])).toEqual([
      ['156', '[300,1,0,0]'],
      ['344', '[500,1,0,0]'],
    ])
    expect(region.settlements()).toHaveLength(2)
  })
})

describe('messages around the end of a day', () => {
  /** Lets the clock go on at one side of the acquirer. */
  const passes = (at: 'there' | 'back', ms: number) => {
    region.onWay = (side) => {
      if (side !== at) return
      region.clock.now += ms
      region.onWay = () => {}
    }
  }

  it.each([
    ['reaches the acquirer before it', 'back', 0],
    ['reaches the acquirer after it', 'there', 0],
    ['reaches an acquirer whose clock is behind', 'back', -40_000],
    ['reaches an acquirer whose clock is ahead', 'back', 40_000],
  ] as const)('are in the day that the acquirer gives them: one that %s', async (_, side, skew) => {
    await region.sale(MOVED, 100)
    // A request takes five seconds to come.
    region.clock.now = region.end - 6000
    region.ahead = skew
    passes(side, 4000)
    await region.sale(AT_HOME, 5000)
    region.clock.now = region.end + 10_000
    await region.sale(AT_HOME, 60)
    region.ahead = 0
    await region.runAt(6)
    await region.runAt(6 + 24 * 60)
    const isInFirst = side === 'back' && skew <= 0
    const isLateInFirst = skew < 0
    expect(region.own().map(([, debit]) => debit)).toEqual([
      100 + (isInFirst ? 5000 : 0) + (isLateInFirst ? 60 : 0),
      (isInFirst ? 0 : 5000) + (isLateInFirst ? 0 : 60),
    ])
    expect(region.results().map(([, result]) => result)).toEqual(['equal', 'equal'])
    expect(region.alerts('acquirer_day_differs')).toEqual([])
  })

  it('whose answer comes by an inquiry after it are in the day of the message', async () => {
    region.clock.now = region.end - 20_000
    region.simulator.follow({ rates: { drop_answer: 1 }, script: [] })
    await region.sale(AT_HOME, 900)
    region.simulator.follow(NO_FAULTS)
    region.clock.now = region.end + MINUTE
    await recoverEach(inEachDatabase(region.services), region.clock.now)
    await region.runAt(6)
    expect([region.own(), region.results()]).toEqual([
      [[region.first, 900, 1, 0, 0]],
      [[region.first, 'equal']],
    ])
    expect(region.storages[0].rows('select settlement_date from acquirer_date')).toEqual([
      { settlement_date: region.first.slice(5).replace('-', '') },
    ])
  })

  it('wait for their outcome: the day is counted half an hour later at most, and names them', async () => {
    region.clock.now = region.end - 20_000
    await region.sale(AT_HOME, 400)
    region.simulator.follow(SILENT)
    await region.sale(AT_HOME, 900)
    region.clock.now = region.end
    await region.until(region.end + 29 * MINUTE)
    expect(region.days()).toEqual([])
    await region.until(region.end + 31 * MINUTE)
    expect(region.days()).toMatchObject([{ undecided: 1, own: '[400,1,0,0]', result: null }])
    const [message] = region.storages[0].rows('select acquirer_stan from acquirer_message')
    expect(region.alerts('acquirer_day_undecided')).toMatchObject([
      {
        day: region.first,
        messages: 1,
        first: [{ terminalId: '12345678', acquirerStan: message?.acquirer_stan, type: 'sale' }],
      },
    ])
  })

  it('are in the totals although they are reversed here, when the acquirer refuses that', async () => {
    await region.sale(AT_HOME, 400)
    region.clock.now = region.end + MINUTE
    await region.reverseLast(AT_HOME)
    await recoverEach(inEachDatabase(region.services), region.clock.now)
    expect(region.storages[0].rows('select state, case_reason from acquirer_message')).toEqual([
      { state: 'reversing', case_reason: 'reversal_refused' },
    ])
    await region.runAt(6)
    expect([region.own(), region.results()]).toEqual([
      [[region.first, 400, 1, 0, 0]],
      [[region.first, 'equal']],
    ])
  })
})

describe('a message that moves on a later day is counted once, in the day of its approval', () => {
  const recover = () => recoverEach(inEachDatabase(region.services), region.clock.now)
  const message = () => region.storages[0].rows('select state, case_reason, rrn from acquirer_message')
  const standing = async () => {
    const path = `/v1/cases/${message()[0]?.rrn}?merchantId=${AT_HOME}`
    const decision = { resolution: 'stands', note: 'the acquirer has it' }
    const { status } = await region.json(ADMINISTRATOR, 'POST', path, decision, {
      'idempotency-key': 'stands',
    })
    expect([status, message()[0]?.state]).toEqual([200, 'approved'])
  }
  /** The debits of the first days. */
  const debits = async (days: number) => {
    for (let day = 0; day < days; day++) {
      region.clock.now = Math.max(region.clock.now, region.end + day * DAY + 6 * MINUTE)
      await region.run()
    }
    return region.own().map(([, debit]) => debit)
  }

  it.each(['repeat', 'inquiry'] as const)(
    'when the acquirer declines its reversal, and when a person lets it stand: %s',
    async (recovery) => {
      await region.openIsolate({ ACQUIRER_RECOVERY: recovery })
      await region.sale(AT_HOME, 400)
      expect(await debits(1)).toEqual([400])
      region.clock.now = region.end + HOUR
      await region.reverseLast(AT_HOME)
      await recover()
      // An acquirer need not give field 15.
      region.storages[0].rows('delete from acquirer_date')
      expect(message()).toMatchObject([{ state: 'reversing', case_reason: 'reversal_refused' }])
      expect(await debits(2)).toEqual([400, 0])
      region.clock.now = region.end + DAY + HOUR
      await standing()
      expect(await debits(3)).toEqual([400, 0, 0])
      expect(region.results().map(([, result]) => result)).toEqual(['equal', 'equal', 'equal'])
    },
  )

  it('also a void', async () => {
    await region.openIsolate({ ACQUIRER_RECOVERY: 'repeat' })
    const terminal = region.terminalOf(AT_HOME)
    await region.sale(AT_HOME, 400)
    await terminal.voidSale(terminal.state.log.at(-1)?.stan ?? '')
    expect(await debits(1)).toEqual([400])
    region.clock.now = region.end + HOUR
    await region.reverseLast(AT_HOME)
    await recover()
    expect(message()).toMatchObject([{ state: 'reversing', case_reason: 'reversal_refused' }])
    await debits(2)
    expect(region.own()).toEqual([
      [region.first, 400, 1, 400, 1],
      [dateAt(region.end + DAY), 0, 0, 0, 0],
    ])
  })

  it('also one without an answer, which a person lets stand: only the day in which it was sent differs', async () => {
    region.simulator.follow({ rates: { drop_answer: 1 }, script: [] })
    await region.sale(AT_HOME, 900)
    region.clock.now += 5 * MINUTE
    await recover()
    expect(message()).toMatchObject([{ case_reason: 'no_answer' }])
    region.simulator.follow(NO_FAULTS)
    await region.runAt(31)
    region.clock.now = region.end + 2 * HOUR
    await standing()
    expect(await debits(2)).toEqual([0, 0])
    expect(region.results().map(([, result]) => result)).toEqual(['different', 'equal'])
  })
})
