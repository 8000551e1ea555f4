/** @module The acquirer of a world and the link to it: its faults are its own, its times the scheduler's. */

import { createHash } from 'node:crypto'
import { ECHO_FIELDS, type EchoField } from '../../../src/acquirer/profile.ts'
import { AcquirerSimulator } from '../../../src/simulator/acquirer.ts'
import { DeclineWatch, type DeclineWatchOptions } from '../decline-watch.ts'
import { PLATFORM } from './isolate.ts'
import type { Random } from './random.ts'
import type { Owner, Scheduler } from './scheduler.ts'

export const ACQUIRER_KEY = '0123456789ABCDEF'

/** The end of the acquirer's day, as its ledger has it. */
const CUT_OFF = '23:00'

/** The plan of one request. Times in milliseconds. */
export interface AcquirerPlan {
  readonly there: number
  readonly back: number
  /** The isolate dies before the request leaves, or right after it. */
  readonly crash?: 'before' | 'after'
}

export interface AcquirerLinkOptions extends DeclineWatchOptions {
  /** The fields that the acquirer leaves out of its answers. The service then expects the others. */
  readonly absentEchoes: readonly EchoField[]
  /** `ACQUIRER_ZONE_KEY`, hex: the service signs on at the acquirer. Undefined: the MAC key is for good. */
  readonly zoneKey: string | undefined
}

export class AcquirerLink {
  readonly simulator: AcquirerSimulator
  readonly declines: DeclineWatch
  readonly #options: AcquirerLinkOptions
  readonly #scheduler: Scheduler

  constructor(scheduler: Scheduler, random: Random, options: AcquirerLinkOptions) {
    const { core, zoneKey, absentEchoes } = options
    this.#scheduler = scheduler
    this.#options = options
    this.declines = new DeclineWatch(options)
    this.simulator = new AcquirerSimulator({
      core,
      macProfile: 'cup-ecb',
      macKey: Uint8Array.from(Buffer.from(ACQUIRER_KEY, 'hex')),
      ...(zoneKey === undefined ? {} : { zoneKey: Uint8Array.from(Buffer.from(zoneKey, 'hex')) }),
      leavesOut: absentEchoes,
      random: () => random.next() / 2 ** 32,
    })
  }

  /** The settings of the service. */
  get settings() {
    const { zoneKey, absentEchoes, believes } = this.#options
    const echo = ECHO_FIELDS.filter((field) => field !== 49 && !absentEchoes.includes(field))
    return {
      ACQUIRER_MAC_KEY: ACQUIRER_KEY,
      ACQUIRER_CUTOFF: CUT_OFF,
      ...(zoneKey === undefined ? {} : { ACQUIRER_ZONE_KEY: zoneKey }),
      ...(absentEchoes.length === 0 ? {} : { ACQUIRER_ECHO: echo.join(' ') }),
      ...(believes === 'unsigned'
        ? { ACQUIRER_DECLINES: 'unsigned', ACQUIRER_URL: 'https://acquirer.example/' }
        : {}),
    }
  }

  /** No row and no line may have them. */
  secrets(): string[] {
    const { zoneKey } = this.#options
    return zoneKey === undefined ? [] : [zoneKey]
  }

  /** Carries a frame to the acquirer and its answer back to the sender. Null without an answer. */
  carry(
    frame: Uint8Array,
    plan: AcquirerPlan,
    sender: Owner,
    arrive: (answer: Uint8Array | null) => void,
  ): void {
    const scheduler = this.#scheduler
    const respond = (given: Uint8Array | null, delay: number) => {
      const answer = this.declines.pass(frame, given)
      const { absentEchoes, kinds } = this.#options
      if (answer !== null && absentEchoes.length > 0) kinds.note('answers without an echo')
      scheduler.note(
        `acquirer ${createHash('sha256')
          .update(answer ?? '')
          .digest('base64')}`,
      )
      scheduler.after(delay, sender, 'acquirer response', () => arrive(answer))
    }
    scheduler.after(plan.there, PLATFORM, 'acquirer', () => {
      const { answer, delayMs, arrivesAfterMs } = this.simulator.receive(frame, scheduler.now)
      if (arrivesAfterMs === 0) return respond(answer, delayMs + plan.back)
      scheduler.after(arrivesAfterMs, PLATFORM, 'acquirer, late', () =>
        respond(this.simulator.process(frame, scheduler.now), plan.back),
      )
    })
  }
}
