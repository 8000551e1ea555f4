/**
 * @module The first good answer of an acquirer makes its open cases due at once (semantics.md, Cases). An isolate knows only its
 * own requests. So it looks for cases after each silence, and once a minute while there are answers.
 */

import type { AcquirerResponse } from '../acquirer/port.ts'
import { errorText } from '../store/db.ts'
import { wakeCases } from '../store/wake-cases.ts'
import type { AcquirerStage } from './types.ts'

/** The most cases that one answer makes due. The next answer makes the others due. */
const MOST_CASES = 100

/** Milliseconds after which a look that has not ended was cut off with its request. */
const LOOK_MS = 15_000

/** Milliseconds between two looks while the acquirer answers. Another isolate may have met the silence. */
const LOOK_AGAIN_MS = 60_000

/** The responses of an acquirer to this isolate. */
interface Responses {
  isSilent: boolean
  /** The count of first answers so far, and the time of the last one. */
  firsts: number
  firstAt: number
  /** Whether the last first answer came after a silence. */
  wasSilent: boolean
  /** The first answer after which the cases of the database are due. */
  wokenBy: number
  /** The time at which a look began that has not ended. */
  lookedAt: number | null
}

/** Each invocation has an acquirer and a database of its own, with its budget. The pipeline of a database stays. */
const responsesOf = new WeakMap<AcquirerStage['pipeline'], Responses>()

function responsesTo({ pipeline }: Pick<AcquirerStage, 'pipeline'>): Responses {
  const seen = responsesOf.get(pipeline) ?? {
    isSilent: true,
    firsts: 0,
    firstAt: 0,
    wasSilent: true,
    wokenBy: 0,
    lookedAt: null,
  }
  responsesOf.set(pipeline, seen)
  return seen
}

/** Notes a response of the acquirer. */
export function noteResponse(
  stage: Pick<AcquirerStage, 'pipeline' | 'now'>,
  kind: AcquirerResponse['kind'],
): void {
  const seen = responsesTo(stage)
  const { now } = stage
  if (kind === 'unknown') {
    seen.isSilent = true
    return
  }
  // One message that stays without an answer, between others with one, must not wake all cases again and again.
  if (seen.firsts > 0 && now() < seen.firstAt + LOOK_AGAIN_MS) return
  Object.assign(seen, {
    wasSilent: seen.isSilent,
    isSilent: false,
    firsts: seen.firsts + 1,
    firstAt: now(),
  })
}

/** Makes open cases due, if a first good answer came since the last time. Without a silence before, only those without an answer. */
export async function wakeAfterAnswer(stage: AcquirerStage): Promise<void> {
  const seen = responsesTo(stage)
  const { firsts, wasSilent } = seen
  if (firsts === seen.wokenBy) return
  // Many answers come at once. One look suffices for them.
  if (seen.lookedAt !== null && Math.abs(stage.now() - seen.lookedAt) < LOOK_MS) return
  seen.lookedAt = stage.now()
  try {
    const woken = await wakeCases(stage.db, { now: stage.now(), isAll: wasSilent, limit: MOST_CASES })
    if (woken < MOST_CASES) seen.wokenBy = firsts
  } catch (error) {
    // The next answer tries again. The cases are due within an hour in any case.
    stage.log('recovery_failed', { error: errorText(error) })
  } finally {
    seen.lookedAt = null
  }
}
