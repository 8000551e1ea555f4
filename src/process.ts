/**
 * @module The road on one page: load → verify → decide → commit → outcome, for a set of messages at once.
 *
 * A message goes round again when another writer moved its terminal's head in between; no outcome is told while the
 * outcome of its commit is unknown.
 */

import { decide, type Request } from './decide.ts'
import { newTerminal } from './domain/decide-provision.ts'
import type { Situation, Supplies } from './domain/decision.ts'
import type { DeclineReason } from './domain/decline-reason.ts'
import type { Answer, DraftEntry, HostMessage, JournalEntry, Merchant, Terminal } from './domain/types.ts'
import { createGroup, type Group, type Unsettled, type Work } from './group.ts'
import type { Acquirer } from './host/port.ts'
import { commit } from './store/commit.ts'
import { type Db, errorText, isConstraint } from './store/db.ts'
import { openEntry, seal } from './store/journal.ts'
import { type Loaded, type LoadItem, load } from './store/load.ts'
import type { CommitItem } from './store/step.ts'

/** Whether it is proved who speaks; only what was verified can reach a decision. */
export type Verdict =
  | {
      readonly kind: 'verified'
      readonly request: Request
      /** The key set that this message makes current, when it was pending. */
      readonly keyVersion?: number
      readonly masterKey?: CommitItem['masterKey']
    }
  | { readonly kind: 'refused'; readonly reason: DeclineReason }
  /** Not the caller's to ask; the door that said so knows why. */
  | { readonly kind: 'denied' }

/** A message as a door hands it over: what to load, and how to prove who speaks. */
export interface Message {
  readonly load: LoadItem
  verify(loaded: Loaded): Promise<Verdict>
}

export interface Place {
  readonly terminal: Terminal
  readonly merchant: Merchant
}

export type Outcome =
  /** Decided: `entry` is what stands in the journal, null where nothing had to be written. */
  | {
      readonly kind: 'answered'
      readonly answer: Answer
      readonly entry: JournalEntry | null
      readonly replayed: boolean
      readonly place: Place
      readonly situation: Situation
    }
  /** Not heard: nothing was written. `place` is null where the terminal is not known. */
  | {
      readonly kind: 'refused'
      readonly reason: DeclineReason
      readonly place: Place | null
    }
  | { readonly kind: 'denied' }
  /** Forwarded to the host, whose word is not known yet: say nothing of the outcome. */
  | {
      readonly kind: 'pending'
      readonly forwarded: HostMessage
      readonly claim: JournalEntry
      /** Whether this message's own commit was the claim, so that its bearer is the one to ask the host. */
      readonly isNew: boolean
      readonly place: Place
    }
  /** Nothing was written, and nothing is known to be wrong with the message: it may be sent again. */
  | { readonly kind: 'unavailable' }
  /** What happened is not known: say nothing. */
  | { readonly kind: 'unknown' }

export interface Road {
  readonly db: Db
  readonly acquirer: Acquirer
  supplies(): Supplies
  /** Told of what went wrong; never of what a message holds. */
  log(event: string, detail: Record<string, unknown>): void
}

type Item = Work<Message, Outcome>

/** Bounded: after this many heads lost to other writers the terminal is told to wait. */
const MAX_LOSSES = 8

export const openRoad = (road: Road): Group<Message, Outcome> =>
  createGroup<Message, Outcome>({
    run: (set) => processSet(road, set),
    unknown: { kind: 'unknown' },
  })

/** Takes one message down the road by itself, round and round until it is settled. */
export async function processAlone(road: Road, message: Message): Promise<Outcome> {
  let outcome: Outcome | undefined
  const work: Item = { message, since: 0, losses: 0, settle: (settled) => (outcome ??= settled) }
  while (outcome === undefined) await processSet(road, [work])
  return outcome
}

/** Takes a set down the road. Every work is settled, or returned because it lost its head and goes again. */
async function processSet(road: Road, set: readonly Item[]): Promise<Unsettled<Message, Outcome>> {
  let loaded: Loaded[]
  try {
    loaded = await load(
      road.db,
      set.map((work) => work.message.load),
    )
  } catch (error) {
    // A row that does not parse is one message's; a database that fails is everyone's.
    if (error instanceof SyntaxError && set.length > 1) return oneByOne(road, set)
    road.log('load_failed', { error: errorText(error) })
    for (const work of set) work.settle({ kind: 'unavailable' })
    return { lost: [], deferred: [] }
  }
  // Terminals side by side, so that one message's acquirer keeps no other terminal waiting longer than itself.
  const decided = await Promise.all(
    [...byTerminal(set, loaded).values()].map((works) => decideFirst(road, works)),
  )
  const ready = decided.flatMap((one) => one.ready ?? [])
  const deferred = decided.flatMap((one) => one.deferred)
  return { lost: await commitReady(road, ready), deferred }
}

async function oneByOne(road: Road, set: readonly Item[]): Promise<Unsettled<Message, Outcome>> {
  const all = await Promise.all(set.map((work) => processSet(road, [work])))
  return { lost: all.flatMap(({ lost }) => lost), deferred: all.flatMap(({ deferred }) => deferred) }
}

type Found = readonly [Item, Loaded]

/** The works of each terminal, the oldest first; one whose terminal is not known stands alone. */
function byTerminal(set: readonly Item[], loaded: readonly Loaded[]): Map<unknown, Found[]> {
  const terminals = new Map<unknown, Found[]>()
  const inOrder = [...set.entries()].sort(([, a], [, b]) => a.since - b.since)
  for (const [i, work] of inOrder) {
    const found = loaded[i]
    if (found === undefined) continue
    const terminal = found.terminal?.terminalId ?? work.message.load.terminalId ?? work
    terminals.set(terminal, [...(terminals.get(terminal) ?? []), [work, found]])
  }
  return terminals
}

/**
 * Decides a terminal's works one after the other until one is to be written: a set holds at most one of each, since the
 * next one decides on what that one leaves behind. What is refused or answered on the way is settled at once.
 */
async function decideFirst(
  road: Road,
  works: readonly Found[],
): Promise<{ ready: Ready | null; deferred: readonly Item[] }> {
  for (const [i, [work, found]] of works.entries()) {
    const ready = await decideSafely(road, work, found)
    if (ready !== null) return { ready, deferred: works.slice(i + 1).map(([later]) => later) }
  }
  return { ready: null, deferred: [] }
}

async function decideSafely(road: Road, work: Item, loaded: Loaded): Promise<Ready | null> {
  try {
    return await decideOne(road, work, loaded)
  } catch (error) {
    road.log('decide_failed', { error: errorText(error) })
    work.settle({ kind: 'unavailable' })
    return null
  }
}

/** A decision that is to be written. */
interface Ready {
  readonly work: Item
  readonly item: CommitItem
  readonly place: Place
  readonly forwarded: HostMessage | null
  outcome(entry: JournalEntry): Outcome
}

/** Verifies and decides one message; settles it when nothing has to be written. */
async function decideOne(road: Road, work: Item, loaded: Loaded): Promise<Ready | null> {
  const verdict = await work.message.verify(loaded)
  const known = placeOf(loaded)
  if (verdict.kind === 'denied') {
    work.settle(verdict)
    return null
  }
  if (verdict.kind === 'refused') {
    work.settle({ kind: 'refused', reason: verdict.reason, place: known })
    return null
  }
  const { request } = verdict
  const place =
    request.kind === 'provision'
      ? { terminal: loaded.terminal ?? newTerminal(request), merchant: request.merchant }
      : known
  if (place === null) throw new Error('a verified message has a terminal')
  const situation: Situation = { ...loaded, ...place }
  const supplies = road.supplies()
  const decision = await decide(road.acquirer, request, situation, supplies)
  if (decision === null) {
    work.settle({ kind: 'unknown' })
    return null
  }
  if (decision.kind === 'pending') {
    const { forwarded, claim } = decision
    work.settle({ kind: 'pending', forwarded, claim, isNew: false, place })
    return null
  }
  if (decision.kind !== 'commit') {
    const entry = decision.kind === 'replay' ? decision.entry : null
    const { answer } = decision
    work.settle({ kind: 'answered', answer, entry, replayed: entry !== null, place, situation })
    return null
  }
  const { keyVersion } = verdict
  const effects = {
    ...decision.draft.effects,
    ...(keyVersion === undefined ? {} : { keyVersion }),
  }
  const row = await seal(
    { ...decision.draft, effects },
    place.terminal.head,
    newRrn(request, decision.draft, supplies),
  )
  return {
    work,
    place,
    forwarded: situation.forwarded,
    item: {
      row,
      effects,
      terminal: place.terminal,
      ...(verdict.masterKey === undefined ? {} : { masterKey: verdict.masterKey }),
    },
    outcome: (entry) => outcomeOf(entry, place, situation),
  }
}

/** The RRN that an entry brings into the world; a claim's outcome and a fed sale carry one that is there. */
function newRrn(request: Request, { answer, effects }: DraftEntry, { rrn }: Supplies): string | null {
  if (request.kind === 'provision') return null
  return answer?.rrn === rrn || effects.claim?.rrn === rrn ? rrn : null
}

function outcomeOf(entry: JournalEntry, place: Place, situation: Situation): Outcome {
  const { answer, effects } = entry
  if (answer !== null) return { kind: 'answered', answer, entry, replayed: false, place, situation }
  if (effects.claim !== undefined)
    return { kind: 'pending', forwarded: effects.claim, claim: entry, isNew: true, place }
  const { forwarded, claim } = situation
  if (forwarded === null || claim === null) throw new Error('an entry without an answer follows a claim')
  const moved = effects.hostMoves?.find(({ messageKey }) => messageKey === forwarded.messageKey)
  const now = { ...forwarded, state: moved?.state ?? forwarded.state }
  return { kind: 'pending', forwarded: now, claim, isNew: false, place }
}

const placeOf = ({ terminal, merchant }: Loaded): Place | null =>
  terminal === null || merchant === null ? null : { terminal, merchant }

/** Writes the set; returns the works that lost their head. A set that breaks a constraint goes again one by one. */
async function commitReady(road: Road, ready: readonly Ready[]): Promise<readonly Item[]> {
  if (ready.length === 0) return []
  let stands: boolean[]
  try {
    stands = await commit(
      road.db,
      ready.map(({ item }) => item),
    )
  } catch (error) {
    road.log('commit_failed', { error: errorText(error), messages: ready.length })
    if (!isConstraint(error)) {
      for (const one of ready) alertOfCase(road, one)
      for (const { work } of ready) work.settle({ kind: 'unknown' })
      return []
    }
    if (ready.length > 1) return (await Promise.all(ready.map((one) => commitReady(road, [one])))).flat()
    stands = [false]
  }
  const again: Item[] = []
  for (const [i, one] of ready.entries()) {
    const { work, item, place, outcome } = one
    if (stands[i]) {
      alertOfCase(road, one)
      work.settle(outcome(openEntry(item.row)))
    } else if (++work.losses < MAX_LOSSES) again.push(work)
    else work.settle({ kind: 'refused', reason: 'in_progress', place })
  }
  return again
}

/** Told as well where the case is only perhaps written: then nothing else would tell of it. */
function alertOfCase(road: Road, { item, forwarded }: Ready): void {
  const { terminalId, seq } = item.row
  const { claim, hostMoves = [] } = item.effects
  const reason = hostMoves.find((move) => move.caseReason)?.caseReason ?? claim?.caseReason
  const caseId = claim?.rrn ?? forwarded?.rrn
  if (reason != null) road.log('alert', { why: 'case_opened', reason, caseId, terminalId, seq })
}
