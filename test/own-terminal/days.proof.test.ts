/**
 * @module Whole days of a terminal that shares no code with `src/`: each MAC profile, with each pad, as packets and as serial frames. In
 * the end its book and that of the service are equal to the cent.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isWhole, sizeOf } from '../proofs.ts'
import { OwnTerminal } from '../support/own-terminal/terminal.ts'
import { SOMETIMES } from './acts.ts'
import { Day } from './day.ts'
import { liveDays } from './live.ts'
import { openForwardingShop, openShop, type Shop } from './shop.ts'
import { CELLS, settingsOf } from './terminals.ts'

const TERMINALS = sizeOf('own-terminal/days')
/** Acts of each terminal beside those that all have. In the sample all terminals together have each act. */
const SOME = isWhole() ? 8 : 1
/** Shops of their own beside each other. Within a shop one terminal lives after another, so each shop can be repeated. */
const SHOPS = 5

const all = Array.from({ length: TERMINALS }, (_, at) => {
  const cell = CELLS[at % CELLS.length]
  if (cell === undefined) throw new RangeError(`cell ${at}`)
  return { ...cell, seed: at + 1 }
})

type One = (typeof all)[number]

async function live(shop: Shop, { seed, ...cell }: One): Promise<void> {
  shop.faults.length = 0
  // An acquirer gets no PIN block, which is under another key.
  const settings = { ...settingsOf(cell, seed), ...(shop.acquirer === null ? {} : { takesPins: false }) }
  await shop.provision(settings)
  await liveDays(new Day(shop, new OwnTerminal(settings, shop.carry, shop.now), seed), seed, SOME)
}

const lives = new Map<number, Promise<void>>()
let shops: Promise<Shop>[] = []

beforeAll(() => {
  shops = Array.from({ length: SHOPS }, (_, number) => {
    // One of them has an acquirer with a ledger of its own.
    const shop = number === 0 ? openForwardingShop() : openShop()
    let before: Promise<unknown> = shop
    for (const one of all.filter(({ seed }) => seed % SHOPS === number)) {
      const life = before.then(async () => live(await shop, one))
      lives.set(one.seed, life)
      before = life.catch(() => {})
    }
    return shop
  })
})

afterAll(async () => {
  for (const shop of await Promise.all(shops)) shop.close()
})

describe('a terminal of our own', () => {
  it.each(all)('$macProfile, pad $padding, $transport, seed $seed: lives two days', async ({ seed }) => {
    await lives.get(seed)
  })

  it('has each act in one of its lives', () => {
    const acts = Object.keys(SOMETIMES).length
    expect(acts).toBeLessThanOrEqual(TERMINALS * SOME)
  })
})
