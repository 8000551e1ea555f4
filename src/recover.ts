/**
 * @module Asking the host, and finding out where it did not answer: claim → host → settle (ARCHITECTURE.md, The host behind us).
 *
 * Every step that decides anything is a message down the road, so that two who drive the same message, or one that dies
 * half way, do no harm: the host is asked under the same identity, and the first outcome that is written counts.
 */

import { GIVE_UP_MS, QUIET_MS } from './domain/host-state.ts'
import type { HostEventRequest } from './domain/requests.ts'
import type { HostMessage, JournalEntry } from './domain/types.ts'
import type { HostAnswer, HostQuestion } from './host/port.ts'
import type { Message, Outcome } from './process.ts'
import type { Services } from './services.ts'
import { errorText } from './store/db.ts'
import { isVoidOwed, nextDue, overdue, putBack, type Taken, takeDue, takeOne } from './store/outbox.ts'

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

/** Whether `withHost` asks the host before it returns. */
export const isAsked = (outcome: Outcome): outcome is Pending => outcome.kind === 'pending' && outcome.isNew

/**
 * Goes on where the road left off: a claim is taken to the host, and the host is told of what was reversed. Returns what is
 * known when the host has answered or its patience is over.
 */
export async function withHost(
  services: Services,
  outcome: Outcome,
  cardFields: HostQuestion['cardFields'],
  waitUntil: WaitUntil,
): Promise<Outcome> {
  if (isAsked(outcome)) {
    const asked = askFirst(services, outcome, cardFields, waitUntil)
    waitUntil(asked.catch(() => undefined))
    return asked
  }
  if (outcome.kind === 'answered' && !outcome.replayed)
    for (const messageKey of owedBy(outcome.entry))
      waitUntil(followUp(services, messageKey, [0, ...FOLLOW_UPS_MS.slice(1)]))
  return outcome
}

/** What an entry that was answered leaves the host to be told. */
const owedBy = (entry: JournalEntry | null): string[] =>
  [
    ...(entry?.effects.hostMoves ?? []).filter(({ nextAt }) => nextAt !== null),
    ...(entry?.effects.claim === undefined ? [] : [entry.effects.claim]),
  ].map(({ messageKey }) => messageKey)

async function askFirst(
  services: Services,
  pending: Pending,
  cardFields: HostQuestion['cardFields'],
  waitUntil: WaitUntil,
): Promise<Outcome> {
  const { forwarded } = pending
  const answer = await services.acquirer.ask({ ...questionOf(forwarded, forwarded.kind), cardFields })
  const event = eventOf(answer)
  const outcome =
    event === null ? pending : await services.group.submit(messageOf(services, forwarded, event), waitUntil)
  if (outcome.kind !== 'answered') {
    services.log('host_unknown', {
      ...named(forwarded),
      why: answer.kind === 'unknown' ? answer.why : outcome.kind,
    })
    waitUntil(afterFirst(services, forwarded.messageKey))
    return pending
  }
  return outcome
}

async function afterFirst(services: Services, messageKey: string): Promise<void> {
  await safely(services, () => putBack(services.db, { message: { messageKey }, attempts: 0 }, services.now()))
  await followUp(services, messageKey, FOLLOW_UPS_MS)
}

/** Tries again and again after these waits, as long as no one else has taken the message. */
async function followUp(services: Services, messageKey: string, waits: readonly number[]): Promise<void> {
  for (const wait of waits) {
    if (wait > 0) await services.sleep(wait)
    const taken = await safely(services, () => takeOne(services.db, messageKey, services.now()))
    if (taken == null) return
    await drive(services, taken)
  }
}

async function drive(services: Services, taken: Taken): Promise<void> {
  const givenUp = await safely(services, () => tryHost(services, taken.message))
  // What was given up on the way is owed afresh.
  const { message, attempts } = taken
  await safely(services, () =>
    putBack(services.db, { message, attempts: givenUp === true ? 0 : attempts }, services.now()),
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
    const room = isFirst || now < until ? AT_ONCE - underWay.size : 0
    const due = room === 0 ? [] : ((await safely(services, () => takeDue(db, now, room))) ?? [])
    for (const taken of due) {
      const one: Promise<void> = drive(services, taken).finally(() => underWay.delete(one))
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

/** A case needs no word of the host's, so that it is never late because the host is slow. */
async function openCases(services: Services): Promise<void> {
  for (let set = 0; set < MOST_CASE_SETS; set++) {
    const late = await overdue(services.db, services.now(), CASES_AT_ONCE)
    await Promise.all(late.map((message) => tell(services, message, only('overdue'))))
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

/** One try: what the host says is written down, and what waiting for it has come to. Whether the message was given up. */
async function tryHost(services: Services, message: HostMessage): Promise<boolean> {
  const now = services.now()
  // What was forwarded once is not asked of an acquirer who has it not.
  if (!services.acquirer.isRemote) return false
  const isPending = message.state === 'pending'
  if (isPending) {
    const isLate = now >= message.claimedAt + GIVE_UP_MS
    const event = await find(services, message, isLate)
    if (event !== null) await tell(services, message, event)
    if (event !== null || !isLate) return false
    // Only what stands in the journal as given up or reversed is undone at the host.
    const given = await tell(services, message, only('give_up'))
    if (given.kind !== 'pending' || given.forwarded.state !== 'undoing') return false
  }
  // A host that finds a sale voided may refuse to reverse it, or reverse the void only. Not for ever: a person is called.
  const mayWait = message.kind === 'sale' && now < message.decideBy
  if (mayWait && (await isVoidOwed(services.db, message.messageKey))) return isPending
  const event = await undo(services, message, now)
  if (event !== null) await tell(services, message, event)
  return isPending
}

/** Takes an event down the road, together with others of this isolate. */
const tell = (services: Services, message: HostMessage, event: HostEvent): Promise<Outcome> =>
  services.group.submit(messageOf(services, message, event), (set) => void set.catch(() => undefined))

/**
 * What became of a message: by inquiry, or by the same message again where the host knows no inquiry. One that the host never
 * saw is sent again, but not when it is about to be given up.
 */
async function find(
  { acquirer }: Services,
  message: HostMessage,
  isLate: boolean,
): Promise<HostEvent | null> {
  const { kind } = message
  if (acquirer.recovery === 'inquiry') {
    const found = await acquirer.ask(questionOf(message, 'inquiry'))
    if (found.kind !== 'not_found' || isLate) return eventOf(found)
  }
  // A sale's card is not kept, so it cannot be sent again; it is given up in time.
  return kind === 'sale' ? null : eventOf(await acquirer.ask({ ...questionOf(message, kind), isCopy: true }))
}

/**
 * Reverses at the host. A refusal is no word about the message, and a host that has nothing to reverse may get it yet: what it
 * holds is asked where it can be, and nothing is taken for gone while a copy may be on its way.
 */
async function undo({ acquirer }: Services, message: HostMessage, now: number): Promise<HostEvent | null> {
  const answer = await acquirer.ask(questionOf(message, 'reversal'))
  if (answer.kind === 'approved') return only('host_undone')
  if (answer.kind === 'unknown') return null
  const isQuiet = now >= message.claimedAt + QUIET_MS
  if (acquirer.recovery === 'repeat') {
    if (answer.kind === 'declined') return only('host_refuses')
    return isQuiet ? only('host_undone') : null
  }
  const found = await acquirer.ask(questionOf(message, 'inquiry'))
  if (found.kind === 'unknown') return null
  if (found.kind === 'approved') return { ...only('host_keeps'), ...referencesOf(found) }
  const isReversed = found.kind === 'declined' && found.reason === 'message_reversed'
  return isQuiet || isReversed ? only('host_undone') : null
}

type HostEvent = Pick<HostEventRequest, 'event' | 'hostRrn' | 'authorizationCode' | 'reason'>

const only = (event: HostEventRequest['event']): HostEvent => ({
  event,
  hostRrn: null,
  authorizationCode: null,
  reason: null,
})

const referencesOf = ({ rrn, authorizationCode }: Extract<HostAnswer, { kind: 'approved' }>) => ({
  hostRrn: rrn,
  authorizationCode,
})

function eventOf(answer: HostAnswer): HostEvent | null {
  if (answer.kind === 'approved') return { ...only('host_approved'), ...referencesOf(answer) }
  return answer.kind === 'declined' ? { ...only('host_declined'), reason: answer.reason } : null
}

/** The event as a message down the road. Its sender is this service: there is nothing to verify. */
function messageOf({ log }: Services, forwarded: HostMessage, event: HostEvent): Message {
  const { messageKey, merchantId, terminalId } = forwarded
  log('host_event', { ...named(forwarded), event: event.event, reason: event.reason })
  return {
    load: { terminalId, messageKey },
    verify: async () => ({
      kind: 'verified',
      request: {
        kind: 'host_event',
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

const named = ({ kind, terminalId, hostStan, rrn }: HostMessage) => ({
  type: kind,
  terminalId,
  hostStan,
  rrn,
})

function questionOf(message: HostMessage, kind: HostQuestion['kind']): HostQuestion {
  const { originalBatchNumber, originalStan, originalRrn, originalAuthorizationCode } = message
  const { merchantId, terminalId, batchNumber, hostStan, amount, currencyCode } = message
  return {
    kind,
    of: message.kind,
    merchantId,
    terminalId,
    batchNumber,
    hostStan,
    amount,
    currencyCode,
    original:
      originalBatchNumber === null || originalStan === null || originalRrn === null
        ? null
        : {
            batchNumber: originalBatchNumber,
            hostStan: originalStan,
            rrn: originalRrn,
            authorizationCode: originalAuthorizationCode,
          },
    cardFields: null,
  }
}
