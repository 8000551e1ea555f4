/** @module A sale is voided by what the entries say. A lost row of `void` lets no second void through. */

import { beforeEach, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'
import { OneSale, SALE_KEY } from './one-sale.ts'

let world: OneSale

const loseTheRow = () => world.service.rows('delete from void')

beforeEach(async () => {
  world = await OneSale.open(sandbox)
})

it('a second void is refused when the row of the first is lost', async () => {
  expect([await world.sell(), await world.voidIt(2)]).toEqual(['approved', 'approved'])
  loseTheRow()
  expect(await world.voidIt(3)).toBe('original_already_voided')
  expect(await world.voidIt(4)).toBe('original_already_voided')
  expect(world.countOfVoids).toBe(1)
})

it('a void after the reversal of the void is approved, and is the only one again', async () => {
  await world.sell()
  for (const stan of [2, 4, 6]) {
    expect(await world.voidIt(stan)).toBe('approved')
    expect(await world.voidIt(stan + 1)).toBe('original_already_voided')
    expect(await world.reverse('void')).toBe('approved')
  }
  expect(world.countOfVoids).toBe(0)
  expect(await world.voidIt(8)).toBe('approved')
  loseTheRow()
  expect(await world.voidIt(9)).toBe('original_already_voided')
})

it('the reversal of a voided sale ends its void too', async () => {
  await world.sell()
  await world.voidIt(2)
  expect(await world.reverse('sale')).toBe('approved')
  expect(world.countOfVoids).toBe(0)
  expect(await world.voidIt(3)).toBe('original_reversed')
})

it('a claim counts from its entry on, and no more when the acquirer declines it', async () => {
  world = await OneSale.open(scriptedAcquirer().port)
  await world.sell()
  await world.settle('acquirer_approved', SALE_KEY)
  expect(await world.voidIt(2)).toBe('pending')
  loseTheRow()
  expect(await world.voidIt(3)).toBe('original_already_voided')
  await world.settle('acquirer_declined', world.voids[0] ?? '')
  expect(world.countOfVoids).toBe(0)
})

it('finds the entries by an index', () => {
  const plan = world.service.rows<{ detail: string }>(
    `explain query plan select sum(sign(of_sale.void_of)) from journal as made
     join journal as of_sale on of_sale.terminal_id = made.terminal_id and of_sale.void_of in (made.seq, -made.seq)
     where made.message_key = ?`,
    'x',
  )
  expect(plan.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'))).toEqual([])
})
