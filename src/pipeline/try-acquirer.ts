/**
 * @module One try for a forwarded message: inquire, repeat or reverse at the acquirer, and write the result.
 *
 * Every step that decides is a message through the pipeline, every try has the same identity at the acquirer, and the
 * first outcome counts. So two drivers of one message, or a driver that dies, do no harm.
 */

import type { Acquirer, AcquirerRequest, AcquirerResponse } from '../acquirer/port.ts'
import { giveUpAt, quietAt } from '../domain/acquirer-state.ts'
import { NO_SENDER } from '../domain/request-actor.ts'
import type { AcquirerEventRequest } from '../domain/requests.ts'
import type { AcquirerMessage } from '../domain/types.ts'
import { type Budget, withinBudget } from '../store/budget.ts'
import { errorText } from '../store/db.ts'
import { hasUnsettledVoid, type Leased, release } from '../store/outbox.ts'
import { inOpenBuckets } from './moved-buckets.ts'
import type { AcquirerStage, Outcome, PipelineMessage } from './types.ts'
import { noteResponse, wakeAfterAnswer } from './wake-cases.ts'

/** Makes one try for a leased message, and releases the message for the next. Returns its outcome, null without one. */
export async function drive(stage: AcquirerStage, leased: Leased): Promise<Outcome | null> {
  const tried = await safely(stage, () => tryAcquirer(stage, leased.message))
  // A message that this try gave up starts with zero attempts.
  const { message, attempts } = leased
  await safely(stage, () =>
    release(stage.db, { message, attempts: tried?.isGivenUp === true ? 0 : attempts }, stage.now()),
  )
  await wakeAfterAnswer(stage)
  return tried?.outcome ?? null
}

/** Asks the acquirer, and notes whether it answers. */
export async function ask(stage: AcquirerStage, request: AcquirerRequest): Promise<AcquirerResponse> {
  const response = await stage.acquirer.ask(request)
  noteResponse(stage, response.kind)
  return response
}

/** Asks about a message in a later try. A line in the log says why a response is not valid. */
async function askAbout(
  stage: AcquirerStage,
  message: AcquirerMessage,
  request: AcquirerRequest,
): Promise<AcquirerResponse> {
  const response = await ask(stage, request)
  if (response.kind === 'unknown')
    stage.log('acquirer_unknown', { ...named(message), request: request.kind, why: response.why })
  return response
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

/** The result of one try. `outcome` is null when the acquirer stated nothing. */
interface Tried {
  readonly isGivenUp: boolean
  readonly outcome: Outcome | null
}

const NOTHING: Tried = { isGivenUp: false, outcome: null }

async function tryAcquirer(stage: AcquirerStage, message: AcquirerMessage): Promise<Tried> {
  const now = stage.now()
  if ((await inOpenBuckets(stage, [message])).length === 0) return NOTHING
  // The acquirer in the settings is not the one that got the message.
  if (!stage.acquirer.isRemote) return NOTHING
  const isPending = message.state === 'pending'
  if (isPending) {
    const isLate = now >= giveUpAt(message)
    const event = await find(stage, message, isLate)
    if (event !== null) return { isGivenUp: false, outcome: await submitEvent(stage, message, event) }
    if (!isLate) return NOTHING
    // Annul reverses at the acquirer only what the journal has as given up or reversed.
    const given = await submitEvent(stage, message, only('give_up'))
    if (given.kind !== 'pending' || given.forwarded.state !== 'undoing') return NOTHING
  }
  // An acquirer may refuse to reverse a voided sale, or reverse only the void. So the sale waits for its void, until
  // its deadline. A sale without an outcome has no void.
  const mayWait = !isPending && message.kind === 'sale' && now < message.decideBy
  if (mayWait && (await hasUnsettledVoid(stage.db, message.messageKey))) return NOTHING
  const event = await undo(stage, message, now)
  const outcome = event === null ? null : await submitEvent(stage, message, event)
  return { isGivenUp: isPending, outcome }
}

/** The outcome of a message that another driver may have settled. */
export const currentOutcome = (stage: AcquirerStage, message: AcquirerMessage): Promise<Outcome> =>
  submitEvent(stage, message, only('none'))
/** The stage of one invocation. Its queries and its requests to the acquirer count for the budget. */
export function withBudget<S extends AcquirerStage>(stage: S, budget: Budget): S {
  const { acquirer, db } = stage
  const ask: Acquirer['ask'] = async (request) => {
    if (budget.isEnded()) return { kind: 'unknown', why: 'the invocation is at its limit' }
    budget.spend(1)
    return acquirer.ask(request)
  }
  return { ...stage, budget, db: withinBudget(db, budget), acquirer: { ...acquirer, ask } }
}

/** Submits an event, in a set with others of this isolate. */
const submitEvent = (stage: AcquirerStage, message: AcquirerMessage, event: EventDetails): Promise<Outcome> =>
  stage.pipeline.submitEvent(
    eventMessage(stage, message, event),
    (set) => void set.catch(() => undefined),
    stage.budget,
  )

/**
 * Finds the outcome of a message by an inquiry, or by the same message again when the acquirer has no inquiries. A void
 * that the acquirer never saw is sent again, unless it is about to be given up.
 */
async function find(
  stage: AcquirerStage,
  message: AcquirerMessage,
  isLate: boolean,
): Promise<EventDetails | null> {
  const { kind } = message
  if (stage.acquirer.recovery === 'inquiry') {
    const found = await askAbout(stage, message, requestOf(message, 'inquiry'))
    if (found.kind !== 'not_found' || isLate) return eventOf(found)
  }
  // A sale cannot be sent again without its card. It is given up in time.
  return kind === 'sale'
    ? null
    : eventOf(await askAbout(stage, message, { ...requestOf(message, kind), isCopy: true }))
}

/**
 * Reverses at the acquirer. A refusal says nothing about the message, and an acquirer without the message may get it
 * later. So an inquiry follows, and nothing counts as gone while a copy may be on its way.
 */
async function undo(
  stage: AcquirerStage,
  message: AcquirerMessage,
  now: number,
): Promise<EventDetails | null> {
  const answer = await askAbout(stage, message, requestOf(message, 'reversal'))
  if (answer.kind === 'approved') return only('acquirer_undone')
  if (answer.kind === 'unknown') return null
  const isQuiet = now >= quietAt(message)
  if (stage.acquirer.recovery === 'repeat') {
    if (answer.kind === 'declined') return only('reversal_declined')
    return isQuiet ? only('acquirer_undone') : null
  }
  const found = await askAbout(stage, message, requestOf(message, 'inquiry'))
  if (found.kind === 'unknown') return null
  if (found.kind === 'approved') return { ...only('reversal_refused'), ...referencesOf(found) }
  const isReversed = found.kind === 'declined' && found.reason === 'message_reversed'
  return isQuiet || isReversed ? only('acquirer_undone') : null
}

type EventDetails = Pick<
  AcquirerEventRequest,
  'event' | 'acquirerRrn' | 'authorizationCode' | 'reason' | 'settlementDate'
>

/** An event without references and reason. */
export const only = (event: AcquirerEventRequest['event']): EventDetails => ({
  event,
  acquirerRrn: null,
  authorizationCode: null,
  reason: null,
})

const referencesOf = ({
  rrn,
  authorizationCode,
  settlementDate,
}: Extract<AcquirerResponse, { kind: 'approved' }>) => ({
  acquirerRrn: rrn,
  authorizationCode,
  ...(settlementDate === undefined ? {} : { settlementDate }),
})

/** The event of an acquirer's response; null when the response has no outcome. */
export function eventOf(answer: AcquirerResponse): EventDetails | null {
  if (answer.kind === 'approved') return { ...only('acquirer_approved'), ...referencesOf(answer) }
  return answer.kind === 'declined' ? { ...only('acquirer_declined'), reason: answer.reason } : null
}

/** The event as a message for the pipeline. This service sends it, so there is nothing to verify. */
export function eventMessage(
  { log }: AcquirerStage,
  forwarded: AcquirerMessage,
  event: EventDetails,
): PipelineMessage<null> {
  const { messageKey, merchantId, terminalId } = forwarded
  if (event.event !== 'none')
    log('acquirer_event', { ...named(forwarded), outcome: event.event, reason: event.reason })
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
        sender: NO_SENDER,
        ...event,
      },
    }),
  }
}

/** The members of a message for the log. */
export const named = ({ kind, terminalId, acquirerStan, rrn }: AcquirerMessage) => ({
  type: kind,
  terminalId,
  acquirerStan,
  rrn,
})

/** The request of this kind about a forwarded message, without card fields. */
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
    original,
    cardFields: null,
  }
}
