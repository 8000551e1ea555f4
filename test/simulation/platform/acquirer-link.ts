/** @module The acquirer of a world and the way to it: its faults are its own, its place in time the scheduler's. */

import { createHash } from 'node:crypto'
import type { Core } from '../../../src/core/instance.ts'
import { AcquirerSimulator } from '../../../src/simulator/acquirer.ts'
import { PLATFORM } from './isolate.ts'
import type { Random } from './random.ts'
import type { Owner, Scheduler } from './scheduler.ts'

export const ACQUIRER_KEY = '0123456789ABCDEF'

/** What becomes of one question. Times in milliseconds. */
export interface AcquirerPlan {
  readonly there: number
  readonly back: number
  /** The isolate dies before the question leaves, or as soon as it has left. */
  readonly crash?: 'before' | 'after'
}

export class AcquirerLink {
  readonly simulator: AcquirerSimulator
  readonly #scheduler: Scheduler

  constructor(scheduler: Scheduler, core: Core, random: Random) {
    this.#scheduler = scheduler
    this.simulator = new AcquirerSimulator({
      core,
      macProfile: 'cup-ecb',
      macKey: Uint8Array.from(Buffer.from(ACQUIRER_KEY, 'hex')),
      random: () => random.next() / 2 ** 32,
    })
  }

  /** Takes a frame there, and brings its answer to whoever asked; null where none comes. */
  carry(
    frame: Uint8Array,
    plan: AcquirerPlan,
    asker: Owner,
    arrive: (answer: Uint8Array | null) => void,
  ): void {
    const scheduler = this.#scheduler
    const answered = (answer: Uint8Array | null, delay: number) => {
      scheduler.note(
        `acquirer ${createHash('sha256')
          .update(answer ?? '')
          .digest('base64')}`,
      )
      scheduler.after(delay, asker, 'acquirer answers', () => arrive(answer))
    }
    scheduler.after(plan.there, PLATFORM, 'acquirer', () => {
      const { answer, delayMs, arrivesAfterMs } = this.simulator.receive(frame, scheduler.now)
      if (arrivesAfterMs === 0) return answered(answer, delayMs + plan.back)
      scheduler.after(arrivesAfterMs, PLATFORM, 'acquirer, late', () =>
        answered(this.simulator.process(frame, scheduler.now), plan.back),
      )
    })
  }
}
