/**
 * @module The places at which a message on its way can be struck, and what can strike it there: one fault at one place, the rest
 * of the world calm.
 */

import { type Fault as AcquirerFault, NO_FAULTS } from '../../src/simulator/faults.ts'
import type { AcquirerLink, AcquirerPlan } from './platform/acquirer-link.ts'
import type { Trip } from './platform/d1.ts'
import type { D1Plan, Isolate } from './platform/isolate.ts'

/** In the order in which they are met: a trip leaves, its results come, …, the answer leaves. */
export type Place = 'd1 asked' | 'd1 answers' | 'acquirer asked' | 'acquirer answers' | 'answer'

export const STRIKES = [
  'crash',
  'd1 fails before, once',
  'd1 fails before, always',
  'd1 fails after, once',
  'd1 fails after, always',
  'd1 fails, and does it later',
  'acquirer late',
  'acquirer twice',
  'acquirer silent',
] as const
export type Strike = (typeof STRIKES)[number]

/** Where a fault can strike at all. */
const FITS: Readonly<Record<Strike, readonly Place[]>> = {
  crash: ['d1 asked', 'd1 answers', 'acquirer asked', 'acquirer answers', 'answer'],
  'd1 fails before, once': ['d1 asked'],
  'd1 fails before, always': ['d1 asked'],
  'd1 fails after, once': ['d1 answers'],
  'd1 fails after, always': ['d1 answers'],
  'd1 fails, and does it later': ['d1 asked'],
  'acquirer late': ['acquirer asked', 'acquirer answers'],
  'acquirer twice': ['acquirer asked', 'acquirer answers'],
  'acquirer silent': ['acquirer asked', 'acquirer answers'],
}

export const fits = (strike: Strike, place: Place): boolean => FITS[strike].includes(place)

/** Faults of the acquirer on its way there, and on its way back. */
const ACQUIRER_FAULTS: Readonly<Partial<Record<Strike, readonly [AcquirerFault, AcquirerFault]>>> = {
  'acquirer late': ['late_request', 'late_answer'],
  'acquirer twice': ['twice', 'twice'],
  'acquirer silent': ['drop_request', 'drop_answer'],
}

/** How often a batch whose fate is not known is sent once more. */
const REPEATS = 2
const LOST = 'D1_ERROR: Network connection lost.'
const CALM = { there: 2, back: 2 }
/** How long a competitor has, while the message waits at its place. */
const PAUSE_MS = 3_000

export class Boundaries {
  /** Met so far, while watching. */
  readonly met: Place[] = []
  readonly #acquirer: () => AcquirerLink
  #watched: Isolate | null = null
  #at = -1
  #strike: Strike | null = null
  #compete: (() => void) | null = null
  /** The trip whose fate was not told. */
  #lost: string | null = null
  #repeats = 0

  constructor(acquirer: () => AcquirerLink) {
    this.#acquirer = acquirer
  }

  /** From now on the boundaries of this isolate are counted; `strike` befalls the one numbered `at`, `compete` runs there. */
  watch(isolate: Isolate, at: number, strike: Strike | null, compete: (() => void) | null): void {
    this.met.length = 0
    this.#watched = isolate
    this.#at = at
    this.#strike = strike
    this.#compete = compete
    this.#lost = null
  }

  stop(): void {
    this.#watched = null
  }

  planTrip(isolate: Isolate, trip: Trip): D1Plan {
    if (isolate !== this.#watched) return { ...CALM, fate: 'done' }
    // The very same batch sent once more is no new boundary, and `always` means that one too.
    if (this.#lost !== null && this.#repeats > 0 && textOf(trip) === this.#lost) {
      this.#repeats--
      return { ...CALM, fate: this.#strike?.endsWith('always') ? fateOf(this.#strike) : 'done' }
    }
    const asked = this.#meet(isolate, 'd1 asked')
    const answers = this.#meet(isolate, 'd1 answers')
    const there = CALM.there + (asked?.pause ?? 0)
    const back = CALM.back + (answers?.pause ?? 0)
    if (asked?.strike === 'crash') return { there, back, fate: 'done', crash: 'before' }
    if (answers?.strike === 'crash') return { there, back, fate: 'done', crash: 'after' }
    const strike = asked?.strike ?? answers?.strike ?? null
    if (strike !== null) {
      this.#lost = textOf(trip)
      this.#repeats = REPEATS
    }
    return { there, back, fate: fateOf(strike) }
  }

  planAcquirer(isolate: Isolate): AcquirerPlan {
    const asked = this.#meet(isolate, 'acquirer asked')
    const answers = this.#meet(isolate, 'acquirer answers')
    const there = CALM.there + (asked?.pause ?? 0)
    const back = CALM.back + (answers?.pause ?? 0)
    if (asked?.strike === 'crash') return { there, back, crash: 'before' }
    if (answers?.strike === 'crash') return { there, back, crash: 'after' }
    const faults = ACQUIRER_FAULTS[asked?.strike ?? answers?.strike ?? 'crash']
    const fault = faults?.[asked?.strike == null ? 1 : 0]
    this.#acquirer().simulator.follow(fault === undefined ? NO_FAULTS : { rates: {}, script: [{ fault }] })
    return { there, back }
  }

  answering(isolate: Isolate): void {
    const met = this.#meet(isolate, 'answer')
    if (met?.strike === 'crash') isolate.crash()
  }

  #meet(isolate: Isolate, place: Place): { strike: Strike | null; pause: number } | null {
    if (isolate !== this.#watched) return null
    this.met.push(place)
    if (this.met.length - 1 !== this.#at) return null
    const compete = this.#compete
    compete?.()
    return { strike: this.#strike, pause: compete === null ? 0 : PAUSE_MS }
  }
}

const textOf = ({ statements }: Trip): string => statements.map(({ params }) => params.join()).join()

function fateOf(strike: Strike | null): D1Plan['fate'] {
  switch (strike) {
    case 'd1 fails before, once':
    case 'd1 fails before, always':
      return { error: LOST, applied: 'no' }
    case 'd1 fails after, once':
    case 'd1 fails after, always':
      return { error: LOST, applied: 'yes' }
    case 'd1 fails, and does it later':
      return { error: LOST, applied: { late: 2_000 } }
    default:
      return 'done'
  }
}
