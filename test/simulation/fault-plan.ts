/**
 * @module The faults of one world. Each kind is absent from some worlds and frequent in others, so that one
 * does not always hide another. The seed decides.
 */

import { FAULTS, type Plan } from '../../src/simulator/faults.ts'
import type { AcquirerPlan } from './platform/acquirer-link.ts'
import type { D1Plan, Isolate } from './platform/isolate.ts'
import type { CopyPlan } from './platform/network.ts'
import type { Random } from './platform/random.ts'

/** The probability of each fault. */
export interface FaultRates {
  readonly requestLost: number
  readonly answerLost: number
  readonly answerCrossed: number
  readonly doubled: number
  readonly slowNetwork: number
  readonly d1LostBefore: number
  readonly d1LostAfter: number
  readonly d1Late: number
  readonly d1Reset: number
  readonly d1Overloaded: number
  readonly d1Slow: number
  readonly crashAtTrip: number
  readonly crashAtAcquirer: number
  readonly acquirerSlow: number
  readonly powerCut: number
}

const NAMES = [
  'requestLost',
  'answerLost',
  'answerCrossed',
  'doubled',
  'slowNetwork',
  'd1LostBefore',
  'd1LostAfter',
  'd1Late',
  'd1Reset',
  'd1Overloaded',
  'd1Slow',
  'crashAtTrip',
  'crashAtAcquirer',
  'acquirerSlow',
  'powerCut',
] as const satisfies readonly (keyof FaultRates)[]

export const NO_FAULT_RATES = Object.fromEntries(NAMES.map((name) => [name, 0])) as unknown as FaultRates

const LEVELS = [0, 0, 0.01, 0.04, 0.12]
/** A crash ends everything that runs in its isolate. */
const CRASH_LEVELS = [0, 0, 0.002, 0.01, 0.03]

/** Low enough for a terminal, which sends a reversal three times, to succeed. */
const MILD_LEVELS = [0, 0.01, 0.03]

export function drawFaultRates(random: Random, isMild: boolean): FaultRates {
  const level = (name: string) => {
    if (isMild)
      return name === 'powerCut' ? 0 : random.pick(name.startsWith('crash') ? [0, 0.005] : MILD_LEVELS)
    if (name === 'acquirerSlow') return random.pick([0, 0.1, 0.5])
    return random.pick(name.startsWith('crash') ? CRASH_LEVELS : LEVELS)
  }
  return Object.fromEntries(NAMES.map((name) => [name, level(name)])) as unknown as FaultRates
}

/** In D1's words (platform.md). */
const LOST = 'D1_ERROR: Network connection lost.'
/** One after another, so that no draw decides. */
const RESETS = [
  'D1_ERROR: Internal error in D1 DB storage caused object to be reset.',
  'D1_ERROR: D1 DB exceeded its CPU time limit and was reset.',
  "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
  'D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.',
] as const
const OVERLOADED = 'D1_ERROR: D1 DB is overloaded. Requests queued for too long.'

export class FaultPlan {
  rates: FaultRates
  /** The number of active pauses. Any pause stops all faults. */
  pauses = 0
  /** The faults that occurred, by name. */
  readonly counts = new Map<string, number>()
  readonly #random: Random

  readonly #isMild: boolean

  constructor(random: Random, rates: FaultRates, isMild: boolean) {
    this.#random = random
    this.#isMild = isMild
    this.rates = rates
  }

  /** Draws whether a fault occurs, and counts it. */
  strikes(name: keyof FaultRates): boolean {
    if (this.pauses > 0 || !this.#random.chance(this.rates[name])) return false
    this.note(name)
    return true
  }

  /** Counts a fault. */
  note(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  planTrip(): D1Plan {
    const there = this.strikes('d1Slow')
      ? this.#random.between(500, this.#isMild ? 3000 : 45_000)
      : 1 + this.#random.delay(3)
    const back = 1 + this.#random.delay(2)
    const crash = this.strikes('crashAtTrip') ? this.#random.pick(['before', 'after'] as const) : undefined
    return { there, back, fate: this.#fate(), ...(crash === undefined ? {} : { crash }) }
  }

  planAcquirer(): AcquirerPlan {
    const crash = this.strikes('crashAtAcquirer')
      ? this.#random.pick(['before', 'after'] as const)
      : undefined
    const slow = this.strikes('acquirerSlow') ? this.#random.between(200, 7_500) : 0
    const [there, back] = [1 + this.#random.delay(30), 1 + this.#random.delay(30) + slow]
    return { there, back, ...(crash === undefined ? {} : { crash }) }
  }

  #fate(): D1Plan['fate'] {
    if (this.strikes('d1LostBefore')) return { error: LOST, applied: 'no' }
    if (this.strikes('d1LostAfter')) return { error: LOST, applied: 'yes' }
    if (this.strikes('d1Late'))
      return { error: LOST, applied: { late: this.#random.pick([1, 20, 3000, 40_000]) } }
    if (this.strikes('d1Reset')) {
      const error = RESETS[(this.counts.get('d1Reset') ?? 0) % RESETS.length] ?? RESETS[0]
      return { error, applied: this.#random.pick(['no', 'yes'] as const) }
    }
    if (this.strikes('d1Overloaded')) return { error: OVERLOADED, applied: 'no' }
    return 'done'
  }

  planCopies(isolates: readonly Isolate[]): CopyPlan[] {
    const copies = [this.#copy(isolates)]
    while (copies.length < 4 && this.strikes('doubled')) copies.push(this.#copy(isolates))
    return copies
  }

  #copy(isolates: readonly Isolate[]): CopyPlan {
    const random = this.#random
    const slow = this.strikes('slowNetwork')
      ? random.pick(this.#isMild ? [300, 5000] : [300, 5000, 70_000])
      : 0
    return {
      isolate: random.pick(isolates),
      there: 1 + random.delay(15) + random.delay(slow),
      back: 1 + random.delay(15),
      fate: this.strikes('requestLost')
        ? 'request lost'
        : this.strikes('answerLost')
          ? 'answer lost'
          : this.strikes('answerCrossed')
            ? 'answer crossed'
            : 'done',
    }
  }
}

/** Faults of the acquirer itself, with their rates: some, in some worlds. */
export function drawAcquirerPlan(random: Random, isMild: boolean): Plan {
  const levels = isMild ? [0, 0, 0.02] : [0, 0, 0, 0.02, 0.06]
  // The end of the acquirer's day is permanent: after it the day before can no longer be undone.
  const faults = isMild ? FAULTS.filter((fault) => fault !== 'cut_off') : FAULTS
  const rates = faults.map((fault) => [fault, random.pick(levels)] as const)
  return { rates: Object.fromEntries(rates), script: [] }
}
