/**
 * @module One try to bring a forwarded message to its end: inquire, repeat or reverse at the acquirer, and write what follows.
 *
 * Each step that decides is a message through the pipeline. So two drivers of one message, or one that dies, do no harm: every
 * try has the same identity at the acquirer, and the first outcome that is written counts.
 */

import type { AcquirerRequest, AcquirerResponse } from '../acquirer/port.ts'
import { GIVE_UP_MS, QUIET_MS } from '../domain/acquirer-state.ts'
import type { AcquirerEventRequest } from '../domain/requests.ts'
import type { AcquirerMessage } from '../domain/types.ts'
import { errorText } from '../store/db.ts'
import { hasUnsettledVoid, type Leased, release } from '../store/outbox.ts'
import type { AcquirerStage, Outcome, PipelineMessage } from './types.ts'

/** Makes one try for a leased message, and releases it for the next. */
export async function drive(stage: AcquirerStage, leased: Leased): Promise<void> {
  const givenUp = await safely(stage, () => tryAcquirer(stage, leased.message))
  // A message that this try gave up starts with new attempts.
  const { message, attempts } = leased
  await safely(stage, () =>
    release(stage.db, { message, attempts: givenUp === true ? 0 : attempts }, stage.now()),
  )
}

/** An error ends one try. The message is due again. */
export async function safely<T>(stage: AcquirerStage, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    stage.log('recovery_failed', { error: errorText(error) })
    return undefined
  }
}

/** One try: writes the acquirer's response, or what follows from its silence. Returns whether the message was given up. */
async function tryAcquirer(stage: AcquirerStage, message: AcquirerMessage): Promise<boolean> {
  const now = stage.now()
  // A message that went to a remote acquirer means nothing to an acquirer in this isolate.
  if (!stage.acquirer.isRemote) return false
  const isPending = message.state === 'pending'
  if (isPending) {
    const isLate = now >= message.claimedAt + GIVE_UP_MS
    const event = await find(stage, message, isLate)
    if (event !== null) await submitEvent(stage, message, event)
    if (event !== null || !isLate) return false
    // Reverse at the acquirer only what the journal holds as given up or reversed.
    const given = await submitEvent(stage, message, only('give_up'))
    if (given.kind !== 'pending' || given.forwarded.state !== 'undoing') return false
  }
  // The acquirer may refuse to reverse a sale that is voided, or reverse only the void. So the void goes first, until decideBy.
  const mayWait = message.kind === 'sale' && now < message.decideBy
  if (mayWait && (await hasUnsettledVoid(stage.db, message.messageKey))) return isPending
  const event = await undo(stage, message, now)
  if (event !== null) await submitEvent(stage, message, event)
  return isPending
}

/** Submits an event, in a set with others of this isolate. */
export const submitEvent = (
  stage: AcquirerStage,
  message: AcquirerMessage,
  event: AcquirerEvent,
): Promise<Outcome> =>
  stage.pipeline.submitEvent(eventMessage(stage, message, event), (set) => void set.catch(() => undefined))

/**
 * Finds what became of a message: by inquiry, or by a repetition where the acquirer has no inquiry. Sends the message again where
 * the acquirer never saw it, but not when it is about to be given up.
 */
async function find(
  { acquirer }: AcquirerStage,
  message: AcquirerMessage,
  isLate: boolean,
): Promise<AcquirerEvent | null> {
  const { kind } = message
  if (acquirer.recovery === 'inquiry') {
    const found = await acquirer.ask(requestOf(message, 'inquiry'))
    if (found.kind !== 'not_found' || isLate) return eventOf(found)
  }
  // The card of a sale is not kept, so a sale cannot be sent again. It is given up in time.
  return kind === 'sale' ? null : eventOf(await acquirer.ask({ ...requestOf(message, kind), isCopy: true }))
}

/**
 * Reverses at the acquirer. A refused reversal proves nothing about the message, and a late copy may still arrive. So inquire where
 * that is possible, and count nothing as undone while a copy may be on its way.
 */
async function undo(
  { acquirer }: AcquirerStage,
  message: AcquirerMessage,
  now: number,
): Promise<AcquirerEvent | null> {
  const answer = await acquirer.ask(requestOf(message, 'reversal'))
  if (answer.kind === 'approved') return only('acquirer_undone')
  if (answer.kind === 'unknown') return null
  const isQuiet = now >= message.claimedAt + QUIET_MS
  if (acquirer.recovery === 'repeat') {
    if (answer.kind === 'declined') return only('reversal_declined')
    return isQuiet ? only('acquirer_undone') : null
  }
  const found = await acquirer.ask(requestOf(message, 'inquiry'))
  if (found.kind === 'unknown') return null
  if (found.kind === 'approved') return { ...only('reversal_refused'), ...referencesOf(found) }
  const isReversed = found.kind === 'declined' && found.reason === 'message_reversed'
  return isQuiet || isReversed ? only('acquirer_undone') : null
}

type AcquirerEvent = Pick<AcquirerEventRequest, 'event' | 'acquirerRrn' | 'authorizationCode' | 'reason'>

export const only = (event: AcquirerEventRequest['event']): AcquirerEvent => ({
  event,
  acquirerRrn: null,
  authorizationCode: null,
  reason: null,
})

const referencesOf = ({ rrn, authorizationCode }: Extract<AcquirerResponse, { kind: 'approved' }>) => ({
  acquirerRrn: rrn,
  authorizationCode,
})

export function eventOf(answer: AcquirerResponse): AcquirerEvent | null {
  if (answer.kind === 'approved') return { ...only('acquirer_approved'), ...referencesOf(answer) }
  return answer.kind === 'declined' ? { ...only('acquirer_declined'), reason: answer.reason } : null
}

/** The event as a message for the pipeline. This service sends it, so there is nothing to verify. */
export function eventMessage(
  { log }: AcquirerStage,
  forwarded: AcquirerMessage,
  event: AcquirerEvent,
): PipelineMessage<null> {
  const { messageKey, merchantId, terminalId } = forwarded
  log('acquirer_event', { ...named(forwarded), event: event.event, reason: event.reason })
  return {
    load: { terminalId, messageKey },
    verify: async () => ({
      kind: 'verified',
      found: null,
      request: {
        kind: 'acquirer_event',
        door: 'terminal',
        merchantId,
        messageKey,
        contentFingerprint: '',
        request: {},
        ...event,
      },
    }),
  }
}

export const named = ({ kind, terminalId, acquirerStan, rrn }: AcquirerMessage) => ({
  type: kind,
  terminalId,
  acquirerStan,
  rrn,
})

export function requestOf(message: AcquirerMessage, kind: AcquirerRequest['kind']): AcquirerRequest {
  const { original, merchantId, terminalId, batchNumber, acquirerStan, amount, currencyCode } = message
  return {
    kind,
    of: message.kind,
    merchantId,
    terminalId,
    batchNumber,
    acquirerStan,
    amount,
    currencyCode,
    original: original === null || original.rrn === null ? null : { ...original, rrn: original.rrn },
    cardFields: null,
  }
}
