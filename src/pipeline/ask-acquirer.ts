/**
 * @module The acquirer's stage of the pipeline. It sends a claim to the acquirer in the request that wrote it, and
 * tries again after the answer, or while a terminal waits. The cron (recover.ts) makes the later tries.
 */

import type { AcquirerRequest } from '../acquirer/port.ts'
import type { AcquirerMessage, JournalEntry } from '../domain/types.ts'
import { leaseOne, release } from '../store/outbox.ts'
import {
  ask,
  currentOutcome,
  drive,
  eventMessage,
  eventOf,
  named,
  requestOf,
  safely,
} from './try-acquirer.ts'
import type { AcquirerStage, Caller, Outcome } from './types.ts'
import { createWaiter, type Pending, type Waiter } from './waiter.ts'
import { wakeAfterAnswer } from './wake-cases.ts'

/** Waits before the later tries in the request, in milliseconds. */
const FOLLOW_UPS_MS = [1000, 2000, 4000, 8000] as const

/**
 * Sends a new claim to the acquirer, and the messages that a decision reversed. Returns the outcome that is known after
 * the acquirer's response or deadline. A caller that waits longer gets the outcome of a later try, if it comes in time.
 */
export async function askAcquirer(
  stage: AcquirerStage,
  outcome: Outcome,
  cardFields: AcquirerRequest['cardFields'],
  caller: Caller,
): Promise<Outcome> {
  const { waitUntil, beforeAcquirer } = caller
  if (outcome.kind === 'pending' && outcome.isNew) {
    beforeAcquirer()
    const response = askFirst(stage, outcome, cardFields, caller)
    waitUntil(response.catch(() => undefined))
    return response
  }
  if (outcome.kind === 'answered' && !outcome.replayed)
    for (const message of messagesToSend(outcome.entry))
      waitUntil(followUp(stage, message, [0, ...FOLLOW_UPS_MS.slice(1)]))
  return outcome
}

/** The messages that an entry leaves for the acquirer. */
const messagesToSend = (entry: JournalEntry | null): Pick<AcquirerMessage, 'messageKey'>[] => [
  ...(entry?.effects.acquirerMoves ?? []).filter(({ nextAt }) => nextAt !== null),
  ...(entry?.effects.claim === undefined ? [] : [entry.effects.claim]),
]

async function askFirst(
  stage: AcquirerStage,
  pending: Pending,
  cardFields: AcquirerRequest['cardFields'],
  { waitUntil, waitsUntil }: Caller,
): Promise<Outcome> {
  const { forwarded } = pending
  const response = await ask(stage, { ...requestOf(forwarded, forwarded.kind), cardFields })
  const event = eventOf(response)
  const outcome =
    event === null
      ? pending
      : await stage.pipeline.submitEvent(eventMessage(stage, forwarded, event), waitUntil, stage.budget)
  if (outcome.kind === 'answered') {
    waitUntil(wakeAfterAnswer(stage))
    return withSaleOf(pending, outcome)
  }
  stage.log('acquirer_unknown', {
    ...named(forwarded),
    why: response.kind === 'unknown' ? response.why : outcome.kind,
  })
  const waiter = createWaiter(stage, pending, waitsUntil)
  // A reversal may have come meanwhile.
  waiter.take(outcome)
  waitUntil(afterFirst(stage, forwarded, waiter).finally(waiter.end))
  return withSaleOf(pending, await waiter.outcome)
}

/** An event loads no sale. The caller's answer shows that of the claim. */
function withSaleOf({ loadedState: { original } }: Pending, outcome: Outcome): Outcome {
  if (outcome.kind !== 'answered') return outcome
  return { ...outcome, loadedState: { ...outcome.loadedState, original } }
}

async function afterFirst(stage: AcquirerStage, message: AcquirerMessage, waiter: Waiter): Promise<void> {
  const { messageKey } = message
  await safely(stage, () => release(stage.db, { message: { messageKey }, attempts: 0 }, stage.now()))
  await followUp(stage, message, FOLLOW_UPS_MS, { ...waiter, message })
}

/**
 * Tries again after each wait, until another driver has leased the message. While a caller waits, it also gets the outcome of
 * that driver.
 */
async function followUp(
  stage: AcquirerStage,
  { messageKey }: Pick<AcquirerMessage, 'messageKey'>,
  waits: readonly number[],
  waiter?: Pick<Waiter, 'isWaiting' | 'take'> & { readonly message: AcquirerMessage },
): Promise<void> {
  for (const wait of waits) {
    if (wait > 0) await stage.sleep(wait)
    const leased = await safely(stage, () => leaseOne(stage.db, messageKey, stage.now()))
    if (leased != null) {
      const outcome = await drive(stage, leased)
      waiter?.take(outcome)
    } else {
      if (waiter?.isWaiting() !== true) return
      const { message } = waiter
      waiter.take(await safely(stage, () => currentOutcome(stage, message)))
      if (!waiter.isWaiting()) return
    }
  }
}
