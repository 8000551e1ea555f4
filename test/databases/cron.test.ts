/** @module The cron over two databases: it drives the messages of each, within one number of connections, and watches each size. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { inEachDatabase } from '../../src/pipeline/databases.ts'
import { watchGrowth } from '../../src/pipeline/growth.ts'
import { recoverEach } from '../../src/pipeline/recover.ts'
import { createSimulator } from '../../src/simulator/app.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { watchedCore } from '../support/load-core.ts'
import { AT_HOME, MERCHANTS, type MerchantId, MOVED, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const
const MAC_KEY = '0123456789ABCDEF'
/** An invocation of a Worker may have six outbound connections. */
const CONNECTIONS = 6
const VOIDS = 8
const SLOW_MS = 30

let region: Region
let isReachable = true
let isSlow = false
let open = 0
let mostOpen = 0

beforeEach(async () => {
  region = new Region()
  const simulator = createSimulator({
    core: watchedCore().core,
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    now: () => region.clock.now,
    sleep: async () => {},
  })
  isReachable = true
  isSlow = false
  await region.open({
    ACQUIRER: 'https',
    ACQUIRER_MAC_KEY: MAC_KEY,
    ACQUIRER_SERVICE: {
      async fetch(url, init) {
        mostOpen = Math.max(mostOpen, ++open)
        // Meanwhile all others begin that may.
        if (isSlow) await new Promise((resolve) => setTimeout(resolve, SLOW_MS))
        open--
        return isReachable ? simulator(new Request(url, init)) : new Response(null, { status: 504 })
      },
    },
  })
  for (const merchantId of BOTH) await region.provision(merchantId)
})
afterEach(() => region.close())

/** The states of the voids of a merchant, each once. */
const voidStates = (merchantId: MerchantId) =>
  region.storages[MERCHANTS[merchantId].database]
    .rows(`select distinct state from acquirer_record where kind = 'void' and merchant_id = ?`, merchantId)
    .map(({ state }) => state)

it('drives the undecided messages of each database, and no more at a time than one invocation may', async () => {
  for (const merchantId of BOTH) {
    const terminal = region.terminal(merchantId)
    await terminal.signOn()
    const sales = []
    for (let i = 0; i < VOIDS; i++) {
      expect(await terminal.sale(1234, testCard(1))).toMatchObject({ value: { outcome: 'approved' } })
      sales.push(terminal.state.log.at(-1)?.rrn)
    }
    isReachable = false
    for (const [i, rrn] of sales.entries()) {
      const { database, key } = MERCHANTS[merchantId]
      const [sale] = region.storages[database].rows('select id from sale where rrn = ?', rrn ?? '')
      region.takeTrips()
      const body = { saleId: sale?.id, amount: 1234 }
      const answer = await region.json(key, 'POST', '/v1/voids', body, { 'idempotency-key': `void-${i}` })
      expect(answer.status).toBe(202)
      // The tries behind the answer too.
      expect(region.takeTrips()).toEqual([database])
    }
    isReachable = true
  }
  expect(BOTH.map(voidStates)).toEqual([['pending'], ['pending']])

  region.clock.now += 60_000
  mostOpen = 0
  isSlow = true
  const tries = await recoverEach(inEachDatabase(region.services), region.clock.now + 10_000)
  expect(tries).toBe(2 * VOIDS)
  // The acquirer was silent for more than a minute, so each void is given up.
  expect(BOTH.map(voidStates)).toEqual([['declined'], ['declined']])
  expect(mostOpen).toBeGreaterThan(CONNECTIONS / 2)
  expect(mostOpen).toBeLessThanOrEqual(CONNECTIONS)
})

it('logs the size of each database, with its name', async () => {
  region.logged.length = 0
  const hour = Math.ceil(region.clock.now / 3_600_000) * 3_600_000
  for (const one of inEachDatabase(region.services)) await watchGrowth(one, hour)
  expect(region.logged.map(({ event, database }) => [event, database])).toEqual([
    ['size', 'DB_0'],
    ['size', 'DB_1'],
  ])
})
