/** @module The cron over two databases: it drives the messages of each, within one number of connections, and watches each size. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bucketOf } from '../../src/domain/bucket.ts'
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
/** The requests that the acquirer got. */
let sent = 0
let onSent: () => unknown = () => undefined

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
        sent++
        onSent()
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

/** One void of the merchant, which the acquirer never sees. */
async function undecidedVoid(merchantId: MerchantId): Promise<void> {
  const terminal = region.terminal(merchantId)
  await terminal.signOn()
  await terminal.sale(1234, testCard(1))
  const { database, key } = MERCHANTS[merchantId]
  const [sale] = region.storages[database].rows('select id from sale')
  isReachable = false
  const body = { saleId: sale?.id, amount: 1234 }
  await region.json(key, 'POST', '/v1/voids', body, { 'idempotency-key': 'void' })
  isReachable = true
  expect(voidStates(merchantId)).toEqual(['pending'])
}

const guardOf = (merchantId: MerchantId, change: string) =>
  region.storages[MERCHANTS[merchantId].database].rows(
    `insert into guard values (?, 1) on conflict (key) do update set version = version ${change}`,
    `bucket:${bucketOf(merchantId)}`,
  )

describe.each(BOTH)('while the bucket of %s is frozen', (merchantId) => {
  const { database } = MERCHANTS[merchantId]
  const entries = () => region.storages[database].rows('select terminal_id, seq, hash from journal')
  const version = merchantId === MOVED ? 1 : 0
  const name = `DB_${database}`
  const late = () => recoverEach(inEachDatabase(region.services), region.clock.now + 10_000)

  it('no message of it goes to the acquirer and no case is opened, and all of it goes on when the bucket is open', async () => {
    await undecidedVoid(merchantId)
    const before = entries()
    guardOf(merchantId, '+ 1')
    const sentBefore = sent
    // Past every deadline.
    region.clock.now += 24 * 3_600_000
    region.logged.length = 0
    await late()
    await late()
    expect([sent - sentBefore, entries()]).toEqual([0, before])
    expect(region.logged.filter(({ event }) => event === 'alert')).toEqual([])
    await region.place(bucketOf(merchantId), name, version + 2)
    guardOf(merchantId, '+ 1')
    // The first run reads the table of buckets again.
    await late()
    region.clock.now += 120_000
    await late()
    expect(sent).toBeGreaterThan(sentBefore)
    expect(entries().length).toBeGreaterThan(before.length)
  })

  it('an answer of the acquirer that comes then changes nothing, and the cron finds it later', async () => {
    const terminal = region.terminal(merchantId)
    await terminal.signOn()
    onSent = () => guardOf(merchantId, '+ 1')
    // The claim is written, and the answer of the acquirer comes after the freeze.
    expect(await terminal.sale(1234, testCard(1))).toMatchObject({ value: { outcome: 'unanswered' } })
    onSent = () => undefined
    const saleStates = () =>
      region.storages[database].rows(`select state from acquirer_record where kind = 'sale'`)
    expect(saleStates()).toEqual([{ state: 'pending' }])
    await region.place(bucketOf(merchantId), name, version + 2)
    region.storages[database].rows(
      `update guard set version = ${version + 2} where key = 'bucket:${bucketOf(merchantId)}'`,
    )
    // The first of these runs reads the table of buckets again.
    for (let run = 0; run < 2; run++) {
      region.clock.now += 60_000
      await late()
    }
    expect(saleStates()).not.toEqual([{ state: 'pending' }])
  })
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
