/** @module The cron's echo at the acquirer over two databases: when it is sent, its alert, and the cases that a good one makes due. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inEachDatabase } from '../../src/pipeline/databases.ts'
import { recoverEach } from '../../src/pipeline/recover.ts'
import { watchLine } from '../../src/pipeline/watch-line.ts'
import { AcquirerSimulator } from '../../src/simulator/acquirer.ts'
import { NO_FAULTS, type Plan, seededRandom } from '../../src/simulator/faults.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { watchedCore } from '../support/load-core.ts'
import { AT_HOME, MERCHANTS, MOVED, Region } from './region.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const MAC_KEY = '0123456789ABCDEF'
const SILENT: Plan = { rates: { drop_request: 1 }, script: [] }

let region: Region
let simulator: AcquirerSimulator
/** The MTIs of the requests that reached the acquirer. */
let mtis: string[]

const open = (idle?: string): Promise<void> =>
  region.open({
    ACQUIRER: 'https',
    ACQUIRER_MAC_KEY: MAC_KEY,
    ...(idle === undefined ? {} : { ACQUIRER_IDLE: idle }),
    ACQUIRER_SERVICE: {
      async fetch(_, init) {
        const bytes = init.body as Uint8Array
        mtis.push(Buffer.from(bytes.subarray(13, 15)).toString('hex'))
        const { answer } = simulator.receive(bytes, region.clock.now)
        return new Response(answer === null ? null : Uint8Array.from(answer), {
          status: answer === null ? 504 : 200,
        })
      },
    },
  })

beforeEach(async () => {
  region = new Region()
  mtis = []
  simulator = new AcquirerSimulator({
    core: watchedCore().core,
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    random: seededRandom(1),
  })
  await open()
  for (const merchantId of [AT_HOME, MOVED] as const) await region.provision(merchantId)
})
afterEach(() => region.close())

/** A run of the cron in this minute. */
const run = () => watchLine(inEachDatabase(region.services))
const echoes = () => mtis.filter((mti) => mti === '0820').length
const line = () => region.storages[0].rows('select failures, why from acquirer_line')[0]
const alerts = () => region.logged.filter(({ event, why }) => event === 'alert' && why === 'acquirer_silent')

async function minutes(count: number, each: () => Promise<unknown> = run): Promise<void> {
  for (let i = 0; i < count; i++) {
    region.clock.now += MINUTE
    await each()
  }
}

describe('the echo', () => {
  it('is sent while no sale or void gets an answer, once in the time of the setting', async () => {
    await minutes(10)
    expect(echoes()).toBe(5)
    expect(line()).toEqual({ failures: 0, why: null })
    await open('5')
    mtis = []
    await minutes(20)
    expect(echoes()).toBe(4)
    await open('0')
    mtis = []
    await minutes(20)
    expect(mtis).toEqual([])
  })

  it.each([AT_HOME, MOVED] as const)(
    'is not sent while answers prove the line, whichever database has them: %s',
    async (merchantId) => {
      const terminal = region.terminal(merchantId)
      await terminal.signOn()
      simulator.follow(SILENT)
      await minutes(5)
      expect(line()).toMatchObject({ failures: expect.any(Number), why: 'no answer' })
      simulator.follow(NO_FAULTS)
      mtis = []
      await minutes(6, async () => {
        // A decline is an answer too.
        await terminal.sale(1251, testCard(1))
        await run()
      })
      expect(echoes()).toBe(0)
      expect(line()).toEqual({ failures: 0, why: null })
    },
  )

  it('is sent although messages go out, when none of them gets an answer', async () => {
    const terminal = region.terminal(AT_HOME)
    await terminal.signOn()
    await terminal.sale(1200, testCard(1))
    await minutes(3)
    mtis = []
    simulator.follow(SILENT)
    await minutes(4, async () => {
      await terminal.sale(1200, testCard(1))
      await run()
    })
    expect(echoes()).toBeGreaterThanOrEqual(3)
  })

  it('comes from one run, however many run at once in however many isolates', async () => {
    region.clock.now += 10 * MINUTE
    const first = region.services
    await open()
    const runs = [...Array(8)].map((_, i) => inEachDatabase(i % 2 === 0 ? first : region.services))
    await Promise.all(runs.map(watchLine))
    expect(echoes()).toBe(1)
  })

  it('has an alert from the third failure in a row on, in any isolate, and none after a good one', async () => {
    simulator.follow(SILENT)
    await minutes(5, async () => {
      await open()
      await run()
    })
    expect(echoes()).toBe(5)
    expect(alerts().map(({ failures, error }) => [failures, error])).toEqual([
      [3, 'no answer'],
      [4, 'no answer'],
      [5, 'no answer'],
    ])
    simulator.follow({ rates: {}, script: [{ on: 'echo', code: '96' }] })
    await minutes(1)
    expect(line()).toEqual({ failures: 6, why: 'response code 96' })
    await minutes(1)
    expect(line()).toEqual({ failures: 0, why: null })
    expect(alerts()).toHaveLength(4)
    expect(
      region.logged.filter(({ event }) => event === 'acquirer_echo').map(({ failures }) => failures),
    ).toEqual([1, 2, 3, 4, 5, 6, 0])
  })

  it('that is the first good one makes the open cases of each database due at once', async () => {
    for (const merchantId of [AT_HOME, MOVED] as const) {
      const terminal = region.terminal(merchantId)
      await terminal.signOn()
      await terminal.sale(1234, testCard(1))
      const rrn = terminal.state.log.at(-1)?.rrn ?? ''
      simulator.follow(SILENT)
      const { database, key } = MERCHANTS[merchantId]
      const [sale] = region.storages[database].rows('select id from sale where rrn = ?', rrn)
      const body = { saleId: sale?.id, amount: 1234 }
      await region.json(key, 'POST', '/v1/voids', body, { 'idempotency-key': 'void-1' })
      simulator.follow(NO_FAULTS)
    }
    simulator.follow(SILENT)
    const cases = () =>
      region.storages.flatMap((storage) =>
        storage.rows(
          'select next_at from acquirer_message where case_opened_at is not null and case_closed_at is null',
        ),
      )
    await minutes(6, async () => {
      await run()
      await recoverEach(inEachDatabase(region.services), region.clock.now)
    })
    expect(cases()).toHaveLength(2)
    for (const { next_at } of cases()) expect(next_at).toBeGreaterThan(region.clock.now + HOUR / 2)
    await open()
    simulator.follow(NO_FAULTS)
    await minutes(1)
    for (const { next_at } of cases()) expect(next_at).toBeLessThanOrEqual(region.clock.now)
    await recoverEach(inEachDatabase(region.services), region.clock.now)
    expect(cases()).toEqual([])
  })

  it('that cannot be written fails no other work of the cron', async () => {
    region.storages[0].rows('alter table acquirer_line rename to away')
    await minutes(3)
    expect(region.logged.at(-1)).toMatchObject({ event: 'recovery_failed' })
    region.storages[0].rows('alter table away rename to acquirer_line')
    await minutes(1)
    expect(line()).toEqual({ failures: 0, why: null })
  })
})
