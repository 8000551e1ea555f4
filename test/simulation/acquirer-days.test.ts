/**
 * @module Days of the acquirer in virtual time over the real application. Messages run across a cut-off, with faults of the acquirer
 * and of the isolates. The day is sent once, and both sides have the same totals.
 */

import { expect, it } from 'vitest'
import { testCard } from '../../src/terminal/test-cards.ts'
import { coreModule } from '../support/load-core.ts'
import { unsettledAtAcquirer } from './checks.ts'
import { Harness } from './harness.ts'
import { Random } from './platform/random.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const TERMINALS = 6
/** 22:58 in China: two minutes before the end of the day. */
const START = Date.UTC(2026, 5, 1, 14, 58)

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

async function daysOf(seed: number) {
  const random = new Random(seed)
  const lines: string[] = []
  const harness = new Harness({
    seed,
    module: coreModule,
    start: START,
    acquirer: 'https',
    recovery: 'inquiry',
    isolates: 2,
    planTrip: () => ({ there: 1, back: 1, fate: 'done' }),
    planAcquirer: () => ({ there: random.between(5, 900), back: random.between(5, 900) }),
    planCopies: (all) => [{ isolate: random.pick(all), there: 1, back: 1, fate: 'done' }],
    losesPower: () => false,
    trace: (line) => void lines.push(line),
  })
  const { scheduler, acquirer, storage } = harness
  for (const isolate of harness.isolates) isolate.hasDays = true
  // Both isolates run the cron in each minute.
  const tick = () => {
    for (const isolate of harness.isolates) isolate.cron()
    if (random.chance(0.1)) random.pick(harness.isolates).crash()
    void scheduler.sleep(MINUTE).then(tick)
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
          weights: { sale: 3, void: 2, reverse: 0, settle: 0, signOn: 0, resend: 0, echo: 0 },
          cards: [testCard(1)],
          pause: 4000,
          captureSales: null,
        })
      for (const terminal of harness.terminals) await harness.provision(terminal)
      acquirer.simulator.follow({ rates: FAULTS, script: [] })
      tick()
      for (const terminal of harness.terminals) terminal.start(40)
      while (!harness.terminals.every(({ isDone }) => isDone)) await scheduler.sleep(1000)
      for (const terminal of harness.terminals) await terminal.finish()
      await scheduler.sleep(START + 40 * MINUTE - scheduler.now)
      while (unsettledAtAcquirer(storage).length > 0) await scheduler.sleep(MINUTE)
    })
    await harness.check()
    const rows = storage.rows<DayRow>('select * from acquirer_settlement order by day')
    return { rows, lines, ledger: acquirer.simulator.ledger }
  } finally {
    storage.close()
  }
}

it.each([1, 2])('a day has equal totals on both sides, whatever fails: seed %i', async (seed) => {
  const { rows, lines, ledger } = await daysOf(seed)
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
