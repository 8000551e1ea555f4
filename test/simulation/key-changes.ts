/** @module An acquirer of a world that gives its MAC keys by sign-on, and loses them at any moment, also shortly after one. */

import type { Harness } from './harness.ts'
import { PLATFORM } from './platform/isolate.ts'
import { Random } from './platform/random.ts'

/** The stream of draws. Without it a seed gives the same world. */
const SIGN_ONS = 12

export interface KeyChanges {
  /** A test key, hex. */
  readonly zoneKey: string
  /** How often the acquirer lost its key. */
  readonly counts: Readonly<Record<string, number>>
  /** Loses the key again and again, while `isOn`. `mean`: milliseconds between two losses. */
  start(harness: Harness, mean: number, isOn: () => boolean): void
}

/** Null: the acquirer of the world never changes its key. A loss leaves messages open for a minute, so no mild world has any. */
export function drawKeyChanges(seed: number): KeyChanges | null {
  const random = new Random(seed, SIGN_ONS)
  if (!random.chance(0.4)) return null
  let lost = 0
  return {
    zoneKey: '8899AABBCCDDEEFF0011223344556677',
    get counts() {
      return { 'keys lost': lost }
    },
    start({ scheduler, acquirer }, mean, isOn) {
      const next = () =>
        scheduler.after(random.delay(mean), PLATFORM, 'key lost', () => {
          if (!isOn()) return
          acquirer.simulator.loseKey()
          lost++
          next()
        })
      next()
    },
  }
}
