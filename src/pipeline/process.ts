/**
 * @module The road on one page: load → verify → decide → commit → outcome, for a set of messages at once.
 *
 * A message goes round again when another writer moved its terminal's head in between; no outcome is told while the
 * outcome of its commit is unknown.
 */

import type { Acquirer } from '../acquirer/port.ts'
import { newTerminal } from '../domain/decide-provision.ts'
import type { Generated, LoadedState } from '../domain/decision.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import type {
  AcquirerMessage,
  Answer,
  DraftEntry,
  JournalEntry,
  Merchant,
  Terminal,
} from '../domain/types.ts'
import { commit } from '../store/commit.ts'
import { type Db, errorText, isConstraint } from '../store/db.ts'
import { openEntry, seal } from '../store/journal.ts'
import { type Loaded, type LoadItem, load } from '../store/load.ts'
import type { CommitItem } from '../store/step.ts'
import { decide, type Request } from './decide.ts'
import { createGroup, type Group, type Unsettled, type Work } from './group-commit.ts'

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

export interface TerminalContext {
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
      readonly context: TerminalContext
      readonly loadedState: LoadedState
    }
  /** Not heard: nothing was written. `context` is null where the terminal is not known. */
  | {
      readonly kind: 'refused'
      readonly reason: DeclineReason
      readonly context: TerminalContext | null
    }
  | { readonly kind: 'denied' }
  /** Forwarded to the acquirer, whose word is not known yet: say nothing of the outcome. */
  | {
      readonly kind: 'pending'
      readonly forwarded: AcquirerMessage
      readonly claim: JournalEntry
      /** Whether this message's own commit was the claim, so that its bearer is the one to ask the acquirer. */
      readonly isNew: boolean
      readonly context: TerminalContext
    }
  /** Nothing was written, and nothing is known to be wrong with the message: it may be sent again. */
  | { readonly kind: 'unavailable' }
  /** What happened is not known: say nothing. */
  | { readonly kind: 'unknown' }

export interface Road {
  readonly db: Db
  readonly acquirer: Acquirer
  generated(): Generated
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
  readonly context: TerminalContext
  readonly forwarded: AcquirerMessage | null
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
    work.settle({ kind: 'refused', reason: verdict.reason, context: known })
    return null
  }
  const { request } = verdict
  const context =
    request.kind === 'provision'
      ? { terminal: loaded.terminal ?? newTerminal(request), merchant: request.merchant }
      : known
  if (context === null) throw new Error('a verified message has a terminal')
  const loadedState: LoadedState = { ...loaded, ...context }
  const generated = road.generated()
  const decision = await decide(road.acquirer, request, loadedState, generated)
  if (decision === null) {
    work.settle({ kind: 'unknown' })
    return null
  }
  if (decision.kind === 'pending') {
    const { forwarded, claim } = decision
    work.settle({ kind: 'pending', forwarded, claim, isNew: false, context })
    return null
  }
  if (decision.kind !== 'commit') {
    const entry = decision.kind === 'replay' ? decision.entry : null
    const { answer } = decision
    work.settle({ kind: 'answered', answer, entry, replayed: entry !== null, context, loadedState })
    return null
  }
  const { keyVersion } = verdict
  const effects = {
    ...decision.draft.effects,
    ...(keyVersion === undefined ? {} : { keyVersion }),
  }
  const row = await seal(
    { ...decision.draft, effects },
    context.terminal.head,
    newRrn(request, decision.draft, generated),
  )
  return {
    work,
    context,
    forwarded: loadedState.forwarded,
    item: {
      row,
      effects,
      terminal: context.terminal,
      ...(verdict.masterKey === undefined ? {} : { masterKey: verdict.masterKey }),
    },
    outcome: (entry) => outcomeOf(entry, context, loadedState),
  }
}

/** The RRN that an entry brings into the world; a claim's outcome and a fed sale carry one that is there. */
function newRrn(request: Request, { answer, effects }: DraftEntry, { rrn }: Generated): string | null {
  if (request.kind === 'provision') return null
  return answer?.rrn === rrn || effects.claim?.rrn === rrn ? rrn : null
}

function outcomeOf(entry: JournalEntry, context: TerminalContext, loadedState: LoadedState): Outcome {
  const { answer, effects } = entry
  if (answer !== null) return { kind: 'answered', answer, entry, replayed: false, context, loadedState }
  if (effects.claim !== undefined)
    return { kind: 'pending', forwarded: effects.claim, claim: entry, isNew: true, context }
  const { forwarded, claim } = loadedState
  if (forwarded === null || claim === null) throw new Error('an entry without an answer follows a claim')
  const moved = effects.acquirerMoves?.find(({ messageKey }) => messageKey === forwarded.messageKey)
  const now = { ...forwarded, state: moved?.state ?? forwarded.state }
  return { kind: 'pending', forwarded: now, claim, isNew: false, context }
}

const placeOf = ({ terminal, merchant }: Loaded): TerminalContext | null =>
  terminal === null || merchant === null ? null : { terminal, merchant }

/** Writes the set; returns the works that lost their head. A set that breaks a constraint goes again one by one. */
async function commitReady(road: Road, ready: readonly Ready[]): Promise<readonly Item[]> {
  if (ready.length === 0) return []
  let written: boolean[]
  try {
    written = await commit(
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
    written = [false]
  }
  const again: Item[] = []
  for (const [i, one] of ready.entries()) {
    const { work, item, context, outcome } = one
    if (written[i]) {
      alertOfCase(road, one)
      work.settle(outcome(openEntry(item.row)))
    } else if (++work.losses < MAX_LOSSES) again.push(work)
    else work.settle({ kind: 'refused', reason: 'in_progress', context })
  }
  return again
}

/** Told as well where the case is only perhaps written: then nothing else would tell of it. */
function alertOfCase(road: Road, { item, forwarded }: Ready): void {
  const { terminalId, seq } = item.row
  const { claim, acquirerMoves = [] } = item.effects
  const reason = acquirerMoves.find((move) => move.caseReason)?.caseReason ?? claim?.caseReason
  const caseId = claim?.rrn ?? forwarded?.rrn
  if (reason != null) road.log('alert', { why: 'case_opened', reason, caseId, terminalId, seq })
}
