/**
 * @module Whole days of a terminal that shares no code with `src/`: each MAC profile, with each pad, as packets and as serial frames. In
 * the end its book, that of the service and that of the acquirer are equal to the cent.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isWhole, sizeOf } from '../proofs.ts'
import { subtle } from '../simulation/platform/subtle.ts'
import { OwnTerminal } from '../support/own-terminal/terminal.ts'
import { SOMETIMES } from './acts.ts'
import { Day } from './day.ts'
import { liveDays } from './live.ts'
import { openForwardingSite, openSite, type Site } from './site.ts'
import { CELLS, settingsOf } from './terminals.ts'

const TERMINALS = sizeOf('own-terminal/days')
/** In the sample all terminals together have each act. */
const EXTENT = isWhole() ? { some: 8, nights: 2, isWhole: true } : { some: 1, nights: 6, isWhole: false }
/** One terminal in so many has a service that forwards. The number shares no factor with that of the cells. */
const FORWARDED = 5

const all = Array.from({ length: TERMINALS }, (_, at) => {
  const cell = CELLS[at % CELLS.length]
  if (cell === undefined) throw new RangeError(`cell ${at}`)
  return { ...cell, seed: at + 1, acquirer: (at + 1) % FORWARDED === 0 ? 'forwarded' : 'sandbox' }
})

let sandbox: Site
let forwarding: Site

beforeAll(async () => {
  // Without the threads of WebCrypto the sample takes half the time. The whole has the real one.
  if (!isWhole()) Object.defineProperty(crypto, 'subtle', { value: subtle, configurable: true })
  sandbox = await openSite()
  forwarding = await openForwardingSite()
})

afterAll(() => {
  sandbox.close()
  forwarding.close()
  Reflect.deleteProperty(crypto, 'subtle')
})

describe('a terminal of our own', () => {
  it.each(all)(
    '$macProfile, pad $padding, $transport, $acquirer, seed $seed: lives its days',
    async ({ seed, acquirer, ...cell }) => {
      const site = acquirer === 'sandbox' ? sandbox : forwarding
      const settings = settingsOf(cell, seed)
      // An acquirer gets nothing that is under a key of the service.
      const encrypts = settings.encrypts && site === sandbox
      await site.begin({ ...settings, encrypts })
      const terminal = new OwnTerminal({ ...settings, encrypts }, site.carry, site.now)
      await liveDays(new Day(site, terminal, seed), seed, EXTENT)
    },
  )

  it('has each act in one of its lives', () => {
    expect(Object.keys(SOMETIMES).length).toBeLessThanOrEqual(TERMINALS * EXTENT.some)
  })
})
