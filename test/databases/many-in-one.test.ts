/** @module Two databases: the packets of a batch, and the lines of a list of voids, reach those of their merchants. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Exchange } from '../../src/terminal/exchange.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { ADMINISTRATOR, AT_HOME, MERCHANTS, type MerchantId, MOVED, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const

let region: Region
beforeEach(async () => {
  region = new Region()
  await region.open()
  for (const merchantId of BOTH) await region.provision(merchantId)
})
afterEach(() => region.close())

/** A sale of the merchant's terminal, and its id. */
async function sell(merchantId: MerchantId, amount = 1234): Promise<Exchange & { readonly saleId: string }> {
  const terminal = region.terminal(merchantId)
  await terminal.signOn()
  const sold = await terminal.sale(amount, testCard(1))
  if (!sold.ok) throw new Error(sold.error)
  expect(sold.value.outcome).toBe('approved')
  const { storages } = region
  const [sale] = storages[MERCHANTS[merchantId].database].rows<{ id: string }>('select id from sale')
  return { ...sold.value, saleId: sale?.id ?? '' }
}

it('a batch of packets has each one in the database of its merchant', async () => {
  const frames: number[] = []
  const answers: number[] = []
  for (const merchantId of BOTH) {
    const { request, answer } = await sell(merchantId)
    frames.push(...request)
    answers.push(...(answer ?? []))
  }
  region.takeTrips()
  const response = await region.fetch('/v1/iso8583/batch', { method: 'POST', body: Uint8Array.from(frames) })
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual(answers)
  expect(region.takeTrips()).toEqual([0, 1])
})

it('a list of voids has each line in the database of its sale', async () => {
  const sales = [(await sell(MOVED)).saleId, (await sell(AT_HOME, 500)).saleId]
  const lines = sales.map((saleId, i) =>
    JSON.stringify({ saleId, amount: i === 0 ? 1234 : 500, idempotencyKey: `void-${i}` }),
  )
  const { body } = await region.json(ADMINISTRATOR, 'POST', '/v1/voids', lines.join('\n'))
  expect(body.lines).toMatchObject([
    { line: 1, status: 201, saleId: sales[0], merchantId: MOVED },
    { line: 2, status: 201, saleId: sales[1], merchantId: AT_HOME },
  ])
  region.takeTrips()
  const own = await region.json(MERCHANTS[MOVED].key, 'POST', '/v1/voids', lines.join('\n'))
  expect(own.body.lines).toMatchObject([{ status: 409 }, { status: 404, reason: 'original_not_found' }])
  expect(region.takeTrips()).toEqual([1])
})
