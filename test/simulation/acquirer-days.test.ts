/**
 * @module Days of the acquirer in virtual time over the real application. Messages run across a cut-off, with faults of the acquirer
 * and of the isolates, or with reversals that it declines after its day. Each day is sent once, and both sides
 * have the same totals.
 */

import { expect, it } from 'vitest'
import { testCard } from '../../src/terminal/test-cards.ts'
import { coreModule } from '../support/load-core.ts'
import { unsettledAtAcquirer } from './checks.ts'
import { Harness } from './harness.ts'
import { Random } from './platform/random.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const TERMINALS = 6
/** 22:58 in China: two minutes before the end of the day. */
const START = Date.UTC(2026, 5, 1, 14, 58)
const CUT_OFF = START + 2 * MINUTE

const FAULTS = {
  drop_request: 0.04,
  drop_answer: 0.04,
  late_answer: 0.04,
  late_request: 0.02,
  bad_mac: 0.02,
  code_96: 0.02,
}

interface DayRow {
  readonly [name: string]: string | number | null
  readonly day: string
  readonly own: string
  readonly undecided: number
  readonly result: string | null
}

interface DaysWorld {
  readonly seed: number
  readonly recovery: 'inquiry' | 'repeat'
  /** Faults of the acquirer, and isolates that die. */
  readonly hasFaults: boolean
  /** The weight of reversals, beside 3 of sales and 2 of voids. */
  readonly reverse: number
  /** The days that end in the world. */
  readonly days: number
}

async function daysOf({ seed, recovery, hasFaults, reverse, days }: DaysWorld) {
  const random = new Random(seed)
  const lines: string[] = []
  const harness = new Harness({
    seed,
    module: coreModule,
    start: START,
    acquirer: 'https',
    recovery,
    isolates: 2,
    planTrip: () => ({ there: 1, back: 1, fate: 'done' }),
    planAcquirer: () => ({ there: random.between(5, 900), back: random.between(5, 900) }),
    planCopies: (all) => [{ isolate: random.pick(all), there: 1, back: 1, fate: 'done' }],
    losesPower: () => false,
    trace: (line) => void lines.push(line),
  })
  const { scheduler, acquirer, storage } = harness
  for (const isolate of harness.isolates) isolate.hasDays = true
  // Both isolates run the cron in each minute. Between two ends of a day once an hour is enough.
  const tick = () => {
    for (const isolate of harness.isolates) isolate.cron()
    if (hasFaults && random.chance(0.1)) random.pick(harness.isolates).crash()
    const isQuiet = scheduler.now > START + HOUR && scheduler.now < START + DAY - HOUR
    void scheduler.sleep(isQuiet ? HOUR : MINUTE).then(tick)
  }
  try {
    await harness.phase('days', async () => {
      harness.addBearerKey(null)
      for (let t = 1; t <= TERMINALS; t++)
        harness.openTerminal({
          merchantId: '100000000000001',
          terminalId: `T000000${t}`,
          macProfile: 'cup-ecb',
          settlementMac: true,
          weights: { sale: 3, void: 2, reverse, settle: 0, signOn: 0, resend: 0, echo: 0 },
          cards: [testCard(1)],
          pause: 4000,
          captureSales: null,
        })
      for (const terminal of harness.terminals) await harness.provision(terminal)
      acquirer.simulator.follow({ rates: hasFaults ? FAULTS : {}, script: [] })
      tick()
      for (const terminal of harness.terminals) terminal.start(40)
      while (!harness.terminals.every(({ isDone }) => isDone)) await scheduler.sleep(1000)
      for (const terminal of harness.terminals) await terminal.finish()
      await scheduler.sleep(START + (days - 1) * DAY + 40 * MINUTE - scheduler.now)
      while (unsettledAtAcquirer(storage).length > 0) await scheduler.sleep(MINUTE)
    })
    await harness.check()
    // Approved before the cut-off, and reversed after it.
    const kept = storage.rows(
      `select message_key from acquirer_message
       where case_reason = 'reversal_refused' and claimed_at < ?1 - 10000 and moved_at >= ?1`,
      CUT_OFF,
    )
    // The acquirer gave no answer to the sale, and declines its reversal. Without inquiries only a person can find out.
    const unanswered = storage.rows<{
      readonly isLate: number
      readonly amount: number
      readonly [name: string]: number
    }>(
      `select claimed_at >= ?1 as isLate, amount from acquirer_message
       where case_reason = 'reversal_refused' and acquirer_status is null and kind = 'sale'`,
      CUT_OFF,
    )
    const rows = storage.rows<DayRow>('select * from acquirer_settlement order by day')
    return { rows, lines, kept, unanswered, ledger: acquirer.simulator.ledger }
  } finally {
    storage.close()
  }
}

it.each([1, 2])('a day has equal totals on both sides, whatever fails: seed %i', async (seed) => {
  const { rows, lines, ledger } = await daysOf({
    seed,
    recovery: 'inquiry',
    hasFaults: true,
    reverse: 0,
    days: 1,
  })
  const [row] = rows
  expect(rows).toHaveLength(1)
  expect(row).toMatchObject({ day: '2026-06-01', undecided: 0, result: 'equal' })
  const { debitAmount, debitCount, creditAmount, creditCount } = ledger.totalsOf(
    Date.UTC(2026, 5, 1) / DAY,
    '156',
  )
  expect(JSON.parse(row?.own ?? '')).toEqual([debitAmount, debitCount, creditAmount, creditCount])
  expect(debitCount).toBeGreaterThan(10)
  // The cut-off came while messages ran.
  expect(ledger.totalsOf(Date.UTC(2026, 5, 2) / DAY, '156').debitCount).toBeGreaterThan(10)
  expect(lines.filter((line) => line.includes('"acquirer_settled"'))).toHaveLength(1)
})

it.each([
  [3, 'repeat'],
  [4, 'inquiry'],
] as const)(
  'a declined reversal on a later day leaves a message in its day: seed %i, %s',
  async (seed, recovery) => {
    const world = { seed, recovery, hasFaults: false, reverse: 2, days: 2 } as const
    const { rows, kept, unanswered, ledger } = await daysOf(world)
    expect(kept.length).toBeGreaterThan(3)
    expect(unanswered.length).toBeLessThan(3)
    expect(rows.map(({ day }) => day)).toEqual(['2026-06-01', '2026-06-02'])
    for (const [i, row] of rows.entries()) {
      const theirs = ledger.totalsOf(Date.UTC(2026, 5, 1 + i) / DAY, '156')
      const open = unanswered.filter(({ isLate }) => isLate === i)
      expect(JSON.parse(row.own)).toEqual([
        theirs.debitAmount - open.reduce((sum, { amount }) => sum + amount, 0),
        theirs.debitCount - open.length,
        theirs.creditAmount,
        theirs.creditCount,
      ])
      expect(row.result).toBe(open.length === 0 ? 'equal' : 'different')
    }
  },
)
