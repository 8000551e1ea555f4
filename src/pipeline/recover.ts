/**
 * @module Asking the acquirer, and finding out where it did not answer: claim → acquirer → settle (ARCHITECTURE.md, The acquirer behind us).
 *
 * Every step that decides anything is a message down the road, so that two who drive the same message, or one that dies
 * half way, do no harm: the acquirer is asked under the same identity, and the first outcome that is written counts.
 */

import type { AcquirerRequest, AcquirerResponse } from '../acquirer/port.ts'
import { GIVE_UP_MS, QUIET_MS } from '../domain/acquirer-state.ts'
import type { AcquirerEventRequest } from '../domain/requests.ts'
import type { AcquirerMessage, JournalEntry } from '../domain/types.ts'
import { errorText } from '../store/db.ts'
import {
  hasUnsettledVoid,
  type Leased,
  leaseDue,
  leaseOne,
  nextDue,
  overdue,
  release,
} from '../store/outbox.ts'
import type { Message, Outcome } from './process.ts'
import type { Services } from './services.ts'

type WaitUntil = (promise: Promise<unknown>) => void
type Pending = Extract<Outcome, { kind: 'pending' }>

/** Waits before the tries that follow within the request that began it, in milliseconds; cron does the others. */
const FOLLOW_UPS_MS = [1000, 2000, 4000, 8000] as const

/** How many due messages are driven at once: an invocation of a Worker has six connections outwards. */
const AT_ONCE = 6

/** How many cases are opened at once: one set of the road. */
const CASES_AT_ONCE = 100

/** How many such sets before tries get their turn. */
const MOST_CASE_SETS = 20

/** How often, while tries are under way, it is looked for more, in milliseconds. */
const LOOK_MS = 1000

/** Whether `withAcquirer` asks the acquirer before it returns. */
export const isAsked = (outcome: Outcome): outcome is Pending => outcome.kind === 'pending' && outcome.isNew

/**
 * Goes on where the road left off: a claim is taken to the acquirer, and the acquirer is told of what was reversed. Returns what is
 * known when the acquirer has answered or its patience is over.
 */
export async function withAcquirer(
  services: Services,
  outcome: Outcome,
  cardFields: AcquirerRequest['cardFields'],
  waitUntil: WaitUntil,
): Promise<Outcome> {
  if (isAsked(outcome)) {
    const asked = askFirst(services, outcome, cardFields, waitUntil)
    waitUntil(asked.catch(() => undefined))
    return asked
  }
  if (outcome.kind === 'answered' && !outcome.replayed)
    for (const messageKey of messagesToSend(outcome.entry))
      waitUntil(followUp(services, messageKey, [0, ...FOLLOW_UPS_MS.slice(1)]))
  return outcome
}

/** What an entry that was answered leaves the acquirer to be told. */
const messagesToSend = (entry: JournalEntry | null): string[] =>
  [
    ...(entry?.effects.acquirerMoves ?? []).filter(({ nextAt }) => nextAt !== null),
    ...(entry?.effects.claim === undefined ? [] : [entry.effects.claim]),
  ].map(({ messageKey }) => messageKey)

async function askFirst(
  services: Services,
  pending: Pending,
  cardFields: AcquirerRequest['cardFields'],
  waitUntil: WaitUntil,
): Promise<Outcome> {
  const { forwarded } = pending
  const answer = await services.acquirer.ask({ ...requestOf(forwarded, forwarded.kind), cardFields })
  const event = eventOf(answer)
  const outcome =
    event === null ? pending : await services.group.submit(messageOf(services, forwarded, event), waitUntil)
  if (outcome.kind !== 'answered') {
    services.log('acquirer_unknown', {
      ...named(forwarded),
      why: answer.kind === 'unknown' ? answer.why : outcome.kind,
    })
    waitUntil(afterFirst(services, forwarded.messageKey))
    return pending
  }
  return outcome
}

async function afterFirst(services: Services, messageKey: string): Promise<void> {
  await safely(services, () => release(services.db, { message: { messageKey }, attempts: 0 }, services.now()))
  await followUp(services, messageKey, FOLLOW_UPS_MS)
}

/** Tries again and again after these waits, as long as no one else has taken the message. */
async function followUp(services: Services, messageKey: string, waits: readonly number[]): Promise<void> {
  for (const wait of waits) {
    if (wait > 0) await services.sleep(wait)
    const leased = await safely(services, () => leaseOne(services.db, messageKey, services.now()))
    if (leased == null) return
    await drive(services, leased)
  }
}

async function drive(services: Services, leased: Leased): Promise<void> {
  const givenUp = await safely(services, () => tryAcquirer(services, leased.message))
  // What was given up on the way is owed afresh.
  const { message, attempts } = leased
  await safely(services, () =>
    release(services.db, { message, attempts: givenUp === true ? 0 : attempts }, services.now()),
  )
}

/**
 * Opens the cases of all whose time is up, and drives everything that is due or becomes due, until `until` (milliseconds
 * since the epoch). Safe beside others that do the same. Returns how many tries were made.
 */
export async function recover(services: Services, until: number): Promise<number> {
  const { db } = services
  const underWay = new Set<Promise<void>>()
  for (let tries = 0, isFirst = true; ; isFirst = false) {
    await safely(services, () => openCases(services))
    const now = services.now()
    const capacity = isFirst || now < until ? AT_ONCE - underWay.size : 0
    const due = capacity === 0 ? [] : ((await safely(services, () => leaseDue(db, now, capacity))) ?? [])
    for (const leased of due) {
      const one: Promise<void> = drive(services, leased).finally(() => underWay.delete(one))
      underWay.add(one)
    }
    tries += due.length
    if (underWay.size > 0) {
      await Promise.race(now < until ? [...underWay, services.sleep(LOOK_MS)] : underWay)
      continue
    }
    const next = await safely(services, () => nextDue(db))
    if (next === null || now >= until || (next !== undefined && next >= until)) return tries
    await services.sleep(Math.max((next ?? 0) - now, LOOK_MS))
  }
}

/** A case needs no word of the acquirer's, so that it is never late because the acquirer is slow. */
async function openCases(services: Services): Promise<void> {
  for (let set = 0; set < MOST_CASE_SETS; set++) {
    const late = await overdue(services.db, services.now(), CASES_AT_ONCE)
    await Promise.all(late.map((message) => submitEvent(services, message, only('overdue'))))
    if (late.length < CASES_AT_ONCE) return
  }
}

/** An error is one try's; the message is due again. */
async function safely<T>(services: Services, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    services.log('recovery_failed', { error: errorText(error) })
    return undefined
  }
}

/** One try: what the acquirer says is written down, and what waiting for it has come to. Whether the message was given up. */
async function tryAcquirer(services: Services, message: AcquirerMessage): Promise<boolean> {
  const now = services.now()
  // What was forwarded once is not asked of an acquirer who has it not.
  if (!services.acquirer.isRemote) return false
  const isPending = message.state === 'pending'
  if (isPending) {
    const isLate = now >= message.claimedAt + GIVE_UP_MS
    const event = await find(services, message, isLate)
    if (event !== null) await submitEvent(services, message, event)
    if (event !== null || !isLate) return false
    // Only what stands in the journal as given up or reversed is undone at the acquirer.
    const given = await submitEvent(services, message, only('give_up'))
    if (given.kind !== 'pending' || given.forwarded.state !== 'undoing') return false
  }
  // An acquirer that finds a sale voided may refuse to reverse it, or reverse the void only. Not for ever: a person is called.
  const mayWait = message.kind === 'sale' && now < message.decideBy
  if (mayWait && (await hasUnsettledVoid(services.db, message.messageKey))) return isPending
  const event = await undo(services, message, now)
  if (event !== null) await submitEvent(services, message, event)
  return isPending
}

/** Takes an event down the road, together with others of this isolate. */
const submitEvent = (services: Services, message: AcquirerMessage, event: AcquirerEvent): Promise<Outcome> =>
  services.group.submit(messageOf(services, message, event), (set) => void set.catch(() => undefined))

/**
 * What became of a message: by inquiry, or by the same message again where the acquirer knows no inquiry. One that the acquirer never
 * saw is sent again, but not when it is about to be given up.
 */
async function find(
  { acquirer }: Services,
  message: AcquirerMessage,
  isLate: boolean,
): Promise<AcquirerEvent | null> {
  const { kind } = message
  if (acquirer.recovery === 'inquiry') {
    const found = await acquirer.ask(requestOf(message, 'inquiry'))
    if (found.kind !== 'not_found' || isLate) return eventOf(found)
  }
  // A sale's card is not kept, so it cannot be sent again; it is given up in time.
  return kind === 'sale' ? null : eventOf(await acquirer.ask({ ...requestOf(message, kind), isCopy: true }))
}

/**
 * Reverses at the acquirer. A refusal is no word about the message, and an acquirer that has nothing to reverse may get it yet: what it
 * holds is asked where it can be, and nothing is taken for gone while a copy may be on its way.
 */
async function undo(
  { acquirer }: Services,
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

const only = (event: AcquirerEventRequest['event']): AcquirerEvent => ({
  event,
  acquirerRrn: null,
  authorizationCode: null,
  reason: null,
})

const referencesOf = ({ rrn, authorizationCode }: Extract<AcquirerResponse, { kind: 'approved' }>) => ({
  acquirerRrn: rrn,
  authorizationCode,
})

function eventOf(answer: AcquirerResponse): AcquirerEvent | null {
  if (answer.kind === 'approved') return { ...only('acquirer_approved'), ...referencesOf(answer) }
  return answer.kind === 'declined' ? { ...only('acquirer_declined'), reason: answer.reason } : null
}

/** The event as a message down the road. Its sender is this service: there is nothing to verify. */
function messageOf({ log }: Services, forwarded: AcquirerMessage, event: AcquirerEvent): Message {
  const { messageKey, merchantId, terminalId } = forwarded
  log('acquirer_event', { ...named(forwarded), event: event.event, reason: event.reason })
  return {
    load: { terminalId, messageKey },
    verify: async () => ({
      kind: 'verified',
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

const named = ({ kind, terminalId, acquirerStan, rrn }: AcquirerMessage) => ({
  type: kind,
  terminalId,
  acquirerStan,
  rrn,
})

function requestOf(message: AcquirerMessage, kind: AcquirerRequest['kind']): AcquirerRequest {
  const { originalBatchNumber, originalStan, originalRrn, originalAuthorizationCode } = message
  const { merchantId, terminalId, batchNumber, acquirerStan, amount, currencyCode } = message
  return {
    kind,
    of: message.kind,
    merchantId,
    terminalId,
    batchNumber,
    acquirerStan,
    amount,
    currencyCode,
    original:
      originalBatchNumber === null || originalStan === null || originalRrn === null
        ? null
        : {
            batchNumber: originalBatchNumber,
            acquirerStan: originalStan,
            rrn: originalRrn,
            authorizationCode: originalAuthorizationCode,
          },
    cardFields: null,
  }
}
