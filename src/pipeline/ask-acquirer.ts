/**
 * @module The acquirer's stage of the pipeline. It sends a claim to the acquirer in the request that wrote it, and
 * tries again after the answer. The cron (recover.ts) makes the later tries.
 */

import type { AcquirerRequest } from '../acquirer/port.ts'
import type { JournalEntry } from '../domain/types.ts'
import { leaseOne, release } from '../store/outbox.ts'
import { drive, eventMessage, eventOf, named, requestOf, safely } from './try-acquirer.ts'
import type { AcquirerStage, Caller, Outcome, WaitUntil } from './types.ts'

type Pending = Extract<Outcome, { kind: 'pending' }>

/** Waits before the later tries in the request, in milliseconds. */
const FOLLOW_UPS_MS = [1000, 2000, 4000, 8000] as const

/**
 * Sends a new claim to the acquirer, and the messages that a decision reversed. Returns the outcome that is known after
 * the acquirer's response or deadline.
 */
export async function askAcquirer(
  stage: AcquirerStage,
  outcome: Outcome,
  cardFields: AcquirerRequest['cardFields'],
  { waitUntil, beforeAcquirer }: Caller,
): Promise<Outcome> {
  if (outcome.kind === 'pending' && outcome.isNew) {
    beforeAcquirer()
    const response = askFirst(stage, outcome, cardFields, waitUntil)
    waitUntil(response.catch(() => undefined))
    return response
  }
  if (outcome.kind === 'answered' && !outcome.replayed)
    for (const messageKey of messagesToSend(outcome.entry))
      waitUntil(followUp(stage, messageKey, [0, ...FOLLOW_UPS_MS.slice(1)]))
  return outcome
}

/** Keys of the messages that an entry leaves for the acquirer. */
const messagesToSend = (entry: JournalEntry | null): string[] =>
  [
    ...(entry?.effects.acquirerMoves ?? []).filter(({ nextAt }) => nextAt !== null),
    ...(entry?.effects.claim === undefined ? [] : [entry.effects.claim]),
  ].map(({ messageKey }) => messageKey)

async function askFirst(
  stage: AcquirerStage,
  pending: Pending,
  cardFields: AcquirerRequest['cardFields'],
  waitUntil: WaitUntil,
): Promise<Outcome> {
  const { forwarded } = pending
  const response = await stage.acquirer.ask({ ...requestOf(forwarded, forwarded.kind), cardFields })
  const event = eventOf(response)
  const outcome =
    event === null
      ? pending
      : await stage.pipeline.submitEvent(eventMessage(stage, forwarded, event), waitUntil)
  if (outcome.kind !== 'answered') {
    stage.log('acquirer_unknown', {
      ...named(forwarded),
      why: response.kind === 'unknown' ? response.why : outcome.kind,
    })
    waitUntil(afterFirst(stage, forwarded.messageKey))
    return pending
  }
  // The event loads no sale.
  return { ...outcome, loadedState: { ...outcome.loadedState, original: pending.loadedState.original } }
}

async function afterFirst(stage: AcquirerStage, messageKey: string): Promise<void> {
  await safely(stage, () => release(stage.db, { message: { messageKey }, attempts: 0 }, stage.now()))
  await followUp(stage, messageKey, FOLLOW_UPS_MS)
}

/** Tries again after each wait, until another driver has leased the message. */
async function followUp(stage: AcquirerStage, messageKey: string, waits: readonly number[]): Promise<void> {
  for (const wait of waits) {
    if (wait > 0) await stage.sleep(wait)
    const leased = await safely(stage, () => leaseOne(stage.db, messageKey, stage.now()))
    if (leased == null) return
    await drive(stage, leased)
  }
}
