/**
 * @module Key changes of the acquirer in virtual time over the real application, with 64 messages in flight: none is
 * lost or wrongly decided.
 */

import { expect, it } from 'vitest'
import { testCard } from '../../src/terminal/test-cards.ts'
import { isWhole, sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { unsettledAtAcquirer } from './checks.ts'
import { Harness } from './harness.ts'
import { Random } from './platform/random.ts'

const MERCHANT = '100000000000001'
/** Some of them have no message in flight at a change, because an isolate has few slots for an acquirer. */
const TERMINALS = 80
const IN_FLIGHT = 64
const CHANGES = sizeOf('simulation/sign-on')
const ZONE_KEY = '8899AABBCCDDEEFF0011223344556677'

interface Day {
  readonly recovery: 'inquiry' | 'repeat'
  readonly isolates: number
  /** Milliseconds between two changes. A sign-on is made at most once a minute. */
  readonly apart: number
}

/** A day with key changes, checked by every rule of a world. Returns the lines of the log. */
async function dayOf({ recovery, isolates, apart }: Day) {
  const random = new Random(7)
  const lines: string[] = []
  let inFlight = 0
  const atChanges: number[] = []
  const harness = new Harness({
    seed: 3,
    module: coreModule,
    start: Date.UTC(2026, 5, 1, 2, 18),
    acquirer: 'https',
    recovery,
    zoneKey: ZONE_KEY,
    isolates,
    planTrip: () => ({ there: 1, back: 1, fate: 'done' }),
    planAcquirer: () => {
      inFlight++
      const [there, back] = [random.between(200, 1_000), random.between(200, 1_000)]
      void harness.scheduler.sleep(there + back).then(() => inFlight--)
      return { there, back }
    },
    planCopies: (all) => [{ isolate: random.pick(all), there: 1, back: 1, fate: 'done' }],
    losesPower: () => false,
    trace: (line) => void lines.push(line),
  })
  const { scheduler, acquirer, storage } = harness
  const tick = () => {
    random.pick(harness.isolates).cron()
    void scheduler.sleep(60_000).then(tick)
  }
  try {
    await harness.phase('day', async () => {
      harness.addBearerKey(null)
      for (let t = 1; t <= TERMINALS; t++)
        harness.openTerminal({
          merchantId: MERCHANT,
          terminalId: `T${String(t).padStart(7, '0')}`,
          macProfile: 'cup-ecb',
          settlementMac: true,
          weights: { sale: 1, void: 1, reverse: 0, settle: 0, signOn: 0, resend: 0, echo: 0 },
          cards: [testCard(1)],
          pause: 0,
          captureSales: null,
        })
      for (const terminal of harness.terminals) await harness.provision(terminal)
      tick()
      for (const terminal of harness.terminals) terminal.start(2)
      for (let change = 0; change < CHANGES; change++) {
        await scheduler.sleep(change === 0 ? 65_000 : apart)
        for (const terminal of harness.terminals) if (terminal.isDone) terminal.start(3)
        await scheduler.sleep(900)
        acquirer.simulator.loseKey()
        atChanges.push(inFlight)
      }
      while (!harness.terminals.every(({ isDone }) => isDone)) await scheduler.sleep(1000)
      await scheduler.sleep(200_000)
      for (const terminal of harness.terminals) await terminal.finish()
      while (unsettledAtAcquirer(storage).length > 0) await scheduler.sleep(60_000)
    })
    await harness.check()
    const states = storage.rows<{ state: string; cases: number }>(
      'select state, case_reason is not null as cases from acquirer_record',
    )
    const keys = storage.rows<{ version: number }>('select version from acquirer_key order by version')
    return { lines, states, keys, atChanges, open: harness.book.open() }
  } finally {
    storage.close()
  }
}

const DAYS: readonly Day[] = [
  { recovery: 'inquiry', isolates: 3, apart: 65_000 },
  { recovery: 'inquiry', isolates: 3, apart: 9_000 },
  { recovery: 'repeat', isolates: 3, apart: 65_000 },
  { recovery: 'repeat', isolates: 3, apart: 9_000 },
]

it.each(isWhole() ? DAYS : DAYS.slice(0, 1))(
  'key changes $apart ms apart lose no message in flight ($recovery, $isolates isolates)',
  {
    timeout: 300_000,
  },
  async (day) => {
    const { lines, states, keys, atChanges, open } = await dayOf(day)
    const count = (text: string) => lines.filter((line) => line.includes(text)).length
    const isApart = day.apart >= 60_000
    if (isApart) expect(Math.max(...atChanges)).toBeGreaterThanOrEqual(IN_FLIGHT)
    else expect(count('the acquirer asks for a sign-on')).toBeGreaterThan(CHANGES)
    expect(states.length).toBeGreaterThan(2 * TERMINALS)
    // `dayOf` checks that the acquirer and the service agree on each message.
    expect(open).toEqual([])
    if (isApart) {
      // No person had to decide one. Each terminal got its outcome, so none had to reverse. Without inquiries a sale whose answer
      // never comes is reversed.
      expect(states.filter(({ cases }) => cases !== 0)).toEqual([])
      const outcomes = new Set(states.map(({ state }) => state))
      const expected = ['approved', 'declined', ...(day.recovery === 'repeat' ? ['reversed'] : [])]
      expect([...outcomes].toSorted()).toEqual(expected)
    }
    // Sign-ons of three isolates: never two in one minute, and one after the last loss.
    const signOns = count('"event":"acquirer_signed_on"')
    if (isApart) expect(signOns).toBe(CHANGES + 1)
    expect(signOns).toBeLessThanOrEqual(CHANGES + 1)
    expect(keys.map(({ version }) => version)).toEqual([signOns - 1, signOns])
  },
)
