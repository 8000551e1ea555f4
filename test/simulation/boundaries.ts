/**
 * @module The boundaries that a message passes, and the faults that can strike there: one fault at one
 * boundary, no others in the world.
 */

import { type Fault as AcquirerFault, NO_FAULTS } from '../../src/simulator/faults.ts'
import type { AcquirerLink, AcquirerPlan } from './platform/acquirer-link.ts'
import type { Trip } from './platform/d1.ts'
import type { D1Plan, Isolate } from './platform/isolate.ts'

/** In the order of a message: a trip leaves, its results return, …, the answer leaves. */
export type Boundary = 'd1 request' | 'd1 reply' | 'acquirer request' | 'acquirer response' | 'answer'

export const STRIKES = [
  'crash',
  'd1 fails before, once',
  'd1 fails before, always',
  'd1 fails after, once',
  'd1 fails after, always',
  'd1 fails, applied later',
  'acquirer late',
  'acquirer twice',
  'acquirer without answer',
] as const
export type Strike = (typeof STRIKES)[number]

/** The boundaries of each fault. */
const POSSIBLE: Readonly<Record<Strike, readonly Boundary[]>> = {
  crash: ['d1 request', 'd1 reply', 'acquirer request', 'acquirer response', 'answer'],
  'd1 fails before, once': ['d1 request'],
  'd1 fails before, always': ['d1 request'],
  'd1 fails after, once': ['d1 reply'],
  'd1 fails after, always': ['d1 reply'],
  'd1 fails, applied later': ['d1 request'],
  'acquirer late': ['acquirer request', 'acquirer response'],
  'acquirer twice': ['acquirer request', 'acquirer response'],
  'acquirer without answer': ['acquirer request', 'acquirer response'],
}

export const fits = (strike: Strike, boundary: Boundary): boolean => POSSIBLE[strike].includes(boundary)

/** Faults of the acquirer on the request, and on the response. */
const ACQUIRER_FAULTS: Readonly<Partial<Record<Strike, readonly [AcquirerFault, AcquirerFault]>>> = {
  'acquirer late': ['late_request', 'late_answer'],
  'acquirer twice': ['twice', 'twice'],
  'acquirer without answer': ['drop_request', 'drop_answer'],
}

/** How often a batch with an unknown outcome is sent again. */
const REPEATS = 2
const LOST = 'D1_ERROR: Network connection lost.'
const DELAYS = { there: 2, back: 2 }
/** The time that a competitor has while the message waits at its boundary. */
const PAUSE_MS = 3_000

export class Boundaries {
  /** The boundaries passed so far, while watching. */
  readonly met: Boundary[] = []
  readonly #acquirer: () => AcquirerLink
  #watched: Isolate | null = null
  #at = -1
  #strike: Strike | null = null
  #compete: (() => void) | null = null
  /** The trip whose outcome was lost. */
  #lost: string | null = null
  #repeats = 0

  constructor(acquirer: () => AcquirerLink) {
    this.#acquirer = acquirer
  }

  /**
   * Counts the boundaries of this isolate from now on. `strike` hits the one numbered `at`, and `compete`
   * runs there.
   */
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
    if (isolate !== this.#watched) return { ...DELAYS, fate: 'done' }
    // The same batch sent again is not a new boundary, and `always` applies to it too.
    if (this.#lost !== null && this.#repeats > 0 && textOf(trip) === this.#lost) {
      this.#repeats--
      return { ...DELAYS, fate: this.#strike?.endsWith('always') ? fateOf(this.#strike) : 'done' }
    }
    const request = this.#pass(isolate, 'd1 request')
    const reply = this.#pass(isolate, 'd1 reply')
    const there = DELAYS.there + (request?.pause ?? 0)
    const back = DELAYS.back + (reply?.pause ?? 0)
    if (request?.strike === 'crash') return { there, back, fate: 'done', crash: 'before' }
    if (reply?.strike === 'crash') return { there, back, fate: 'done', crash: 'after' }
    const strike = request?.strike ?? reply?.strike ?? null
    if (strike !== null) {
      this.#lost = textOf(trip)
      this.#repeats = REPEATS
    }
    return { there, back, fate: fateOf(strike) }
  }

  planAcquirer(isolate: Isolate): AcquirerPlan {
    const request = this.#pass(isolate, 'acquirer request')
    const reply = this.#pass(isolate, 'acquirer response')
    const there = DELAYS.there + (request?.pause ?? 0)
    const back = DELAYS.back + (reply?.pause ?? 0)
    if (request?.strike === 'crash') return { there, back, crash: 'before' }
    if (reply?.strike === 'crash') return { there, back, crash: 'after' }
    const faults = ACQUIRER_FAULTS[request?.strike ?? reply?.strike ?? 'crash']
    const fault = faults?.[request?.strike == null ? 1 : 0]
    this.#acquirer().simulator.follow(fault === undefined ? NO_FAULTS : { rates: {}, script: [{ fault }] })
    return { there, back }
  }

  onAnswer(isolate: Isolate): void {
    const met = this.#pass(isolate, 'answer')
    if (met?.strike === 'crash') isolate.crash()
  }

  #pass(isolate: Isolate, boundary: Boundary): { strike: Strike | null; pause: number } | null {
    if (isolate !== this.#watched) return null
    this.met.push(boundary)
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
    case 'd1 fails, applied later':
      return { error: LOST, applied: { late: 2_000 } }
    default:
      return 'done'
  }
}
