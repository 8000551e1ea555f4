/** @module The steps of a ramp, and its knee: the last rate with which the service keeps up. */

/** One step: a constant rate for some seconds. */
export interface RampStep {
  readonly rate: number
  /** Answers per second. */
  readonly answered: number
  readonly refused: number
  readonly lost: number
  /** Milliseconds from the due time. */
  readonly p50: number
  readonly p99: number
}

export interface Knee {
  /** Arrivals per second of the last step that kept up. */
  readonly rate: number
  /** Why the service did not keep up with the step after it. */
  readonly why: 'answers' | 'refusals' | 'latency'
}

/** The share of the rate that must be answered. */
const ANSWERED = 0.95
/** The share of refusals and lost answers that is still fine. */
const FAILED = 0.01
/** How often the p99 of the quietest step a p99 may be. Small ones count as `QUIET_MS`. */
const TIMES = 8
const QUIET_MS = 10

/** Why the service does not keep up with the last of these steps; null when it does. */
export function whyNot(steps: readonly RampStep[]): Knee['why'] | null {
  const last = steps.at(-1)
  if (last === undefined) return null
  const { rate, answered, refused, lost, p99 } = last
  if ((refused + lost) / Math.max(answered + refused + lost, 1) > FAILED) return 'refusals'
  if (answered < ANSWERED * rate) return 'answers'
  const quietest = Math.max(Math.min(...steps.map((step) => step.p99)), QUIET_MS)
  return p99 > TIMES * quietest ? 'latency' : null
}

/** The knee of a ramp; null when each step kept up, or none. */
export function findKnee(steps: readonly RampStep[]): Knee | null {
  for (let count = 1; count <= steps.length; count++) {
    const why = whyNot(steps.slice(0, count))
    const before = steps[count - 2]
    if (why !== null) return before === undefined ? null : { rate: before.rate, why }
  }
  return null
}
