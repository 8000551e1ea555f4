/** @module The parts that all terminals of a load share. */

import type { Core } from '../../src/core/instance.ts'
import type { Random } from '../support/micro-random.ts'
import type { LoadLedger } from './ledger.ts'
import type { Measured } from './measurements.ts'
import type { Sender } from './sender.ts'

export interface LoadHarness {
  readonly core: Core
  readonly sender: Sender
  readonly ledger: LoadLedger
  readonly random: Random
  /** Bearer keys of the merchant, so that none exceeds its rate. */
  readonly merchantKeys: readonly string[]
  /** The share of answers that the terminals lose, 0 … 1. */
  readonly lose: number
  readonly isStorm: boolean
  /** Milliseconds, for durations only. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Gets each measured exchange. */
  record: (measured: Measured) => void
}
