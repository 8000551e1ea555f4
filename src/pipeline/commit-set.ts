/**
 * @module The commit of a set. Each message then has its outcome, or runs again after a lost race or a broken constraint. Its
 * runs end after eight of either.
 *
 * The invocation that drives the set may reach its limit (store/budget.ts). Then the next driver sends the same entries again, so
 * that an entry whose outcome is unknown is confirmed and never decided twice.
 */

import { differs } from '../domain/batch-closing.ts'
import { MAX_LOSSES } from '../domain/guard.ts'
import { utcDay } from '../domain/refusal-quota.ts'
import type { AcquirerMessage } from '../domain/types.ts'
import { isLimit } from '../store/budget.ts'
import { commit, commitAndLoad } from '../store/commit.ts'
import { errorText, isConstraint } from '../store/db.ts'
import type { Loaded } from '../store/load.ts'
import type { CommitItem } from '../store/step.ts'
import type { Unsettled, Work } from './group-commit.ts'
import { reportLostRaces } from './lost-races.ts'
import type { Submission } from './submission.ts'
import { addTrip } from './timing.ts'
import type { Log, Outcome, PipelineOptions, TerminalContext } from './types.ts'
import type { WarmOptions } from './warm.ts'

export type SubmittedWork = Work<Submission, Outcome>

/** A decision to write. */
export interface Ready {
  readonly work: SubmittedWork
  /** The state that it was decided on. */
  readonly loaded: Loaded
  readonly item: CommitItem
  readonly context: TerminalContext
  readonly forwarded: AcquirerMessage | null
  /** The outcome when the entry is in the journal. */
  outcome(): Outcome
}

/** A message whose entry breaks a constraint so often is refused. */
export const MAX_BREAKS = 8

/** The parts into which a set falls after it broke a constraint. One bad message in a set of 100 costs 20 more commits. */
const PARTS = 10

/** The log of a message of a set: that of its request, if it has one. */
export const messageLog = ({ log }: PipelineOptions, { message }: SubmittedWork): Log =>
  message.message.log ?? log

/** The entries that a driver at its limit may have sent. */
const unconfirmed = new WeakMap<SubmittedWork, Ready>()

/** The entry of a work that the next driver sends again. Undefined if the work has none. */
export const unconfirmedOf = (work: SubmittedWork): Ready | undefined => unconfirmed.get(work)

/** The works that run again, and those that run no more because they lost too many races. */
interface Rest extends Unsettled<Submission, Outcome> {
  readonly beaten: readonly Ready[]
}

const NO_REST: Rest = { lost: [], deferred: [], beaten: [] }

const together = (rests: readonly Rest[]): Rest => ({
  lost: rests.flatMap(({ lost }) => lost),
  deferred: rests.flatMap(({ deferred }) => deferred),
  beaten: rests.flatMap(({ beaten }) => beaten),
})

/**
 * Writes a set. Returns the works that must run again. A message that broke a constraint before is written alone, so that
 * it breaks no other set. All others are written together. Broken messages run again after all others, so that they hold up
 * none. `followers` are the messages of lists that come after works that are settled already.
 */
export async function commitSet(
  options: WarmOptions,
  ready: readonly Ready[],
  followers: readonly Submission[] = [],
): Promise<Unsettled<Submission, Outcome>> {
  const broken = ready.filter(({ work }) => work.message.breaks > 0)
  const sound = ready.filter(({ work }) => work.message.breaks === 0)
  const alone = broken.map((one) => [one])
  const { lost, deferred, beaten } = together(
    await Promise.all([
      commitPart(options, sound, followers),
      ...alone.map((part) => commitPart(options, part)),
    ]),
  )
  await reportLostRaces(
    options,
    beaten.map(({ work, item }) => ({ ...item, log: messageLog(options, work) })),
  )
  return { lost, deferred }
}

/** Writes these entries in one batch. If one of them breaks a constraint, smaller parts follow. */
async function commitPart(
  options: WarmOptions,
  ready: readonly Ready[],
  followers: readonly Submission[] = [],
): Promise<Rest> {
  if (ready.length === 0) return NO_REST
  let written: boolean[]
  for (const { work } of ready) unconfirmed.delete(work)
  const since = options.now()
  try {
    written = await commitAhead(options, ready, followers)
    addTrip(
      ready.map(({ work }) => work.message),
      'commit',
      options.now() - since,
    )
  } catch (error) {
    for (const { item } of ready) options.warm.forget(item.row.terminalId)
    if (isLimit(error)) return toNextDriver(options, ready, error)
    options.log('commit_failed', { error: errorText(error), messages: ready.length })
    if (!isConstraint(error)) {
      for (const one of ready) alertOfCase(options, one)
      for (const { work } of ready) work.settle({ kind: 'unknown' })
      return NO_REST
    }
    if (ready.length === 1) return { ...NO_REST, deferred: ready.flatMap((one) => afterBreak(options, one)) }
    return together(await Promise.all(partsOf(ready).map((part) => commitPart(options, part))))
  }
  const lost: SubmittedWork[] = []
  const beaten: Ready[] = []
  /** The terminals that lost. An entry behind another one that lost has lost no race itself. */
  const losers = new Set<string>()
  for (const [i, one] of ready.entries()) {
    const { work, item, context, outcome } = one
    const isFirst = !losers.has(item.row.terminalId)
    if (written[i]) {
      alertOfCase(options, one)
      options.warm.keep(work.message.message.load, one.loaded, item)
      work.settle(outcome())
      continue
    }
    losers.add(item.row.terminalId)
    options.warm.forget(item.row.terminalId)
    if (isFirst) work.losses++
    if (work.losses < MAX_LOSSES) lost.push(work)
    else {
      work.settle({ kind: 'refused', reason: 'in_progress', context })
      beaten.push(one)
    }
  }
  return { lost, deferred: [], beaten }
}

/** Writes these entries, and loads the messages that come next in their lists in the same trip. Returns which are written. */
async function commitAhead(
  options: WarmOptions,
  ready: readonly Ready[],
  followers: readonly Submission[],
): Promise<boolean[]> {
  const items = ready.map(({ item }) => item)
  const own = ready.map(({ work }) => work.message.follower)
  const next = [...own, ...followers].filter((one) => one !== null)
  if (next.length === 0) return commit(options.db, items)
  const now = options.now()
  const loads = next.map(({ message }) => ({ ...message.load, day: utcDay(now) }))
  const { written, loaded } = await commitAndLoad(options.db, items, loads, now)
  for (const [i, one] of next.entries()) one.ahead = loaded?.[i] ?? null
  // A message behind an entry that was not written is loaded by itself.
  for (const [i, one] of own.entries()) if (one !== null && !written[i]) one.ahead = null
  return written
}

/** The next driver sends these entries again. An earlier try of the same batch may have written them. */
function toNextDriver(options: PipelineOptions, ready: readonly Ready[], error: unknown): Rest {
  options.log('handed_over', { error: errorText(error), messages: ready.length })
  for (const one of ready) {
    unconfirmed.set(one.work, one)
    alertOfCase(options, one)
  }
  return { ...NO_REST, lost: ready.map(({ work }) => work) }
}

/** The parts of a set, at most `PARTS`, each smaller than the set. */
function partsOf<T>(set: readonly T[]): T[][] {
  const size = Math.ceil(set.length / PARTS)
  return Array.from({ length: Math.ceil(set.length / size) }, (_, i) => set.slice(i * size, (i + 1) * size))
}

/** Counts a broken constraint. The message runs again, unless its refusal broke one too. */
function afterBreak(options: PipelineOptions, { work, item, context }: Ready): SubmittedWork[] {
  const breaks = ++work.message.breaks
  const { terminalId, seq } = item.row
  if (breaks === MAX_BREAKS) messageLog(options, work)('alert', { why: 'not_recorded', terminalId, seq })
  if (breaks <= MAX_BREAKS) return [work]
  work.settle({ kind: 'refused', reason: 'in_progress', context })
  return []
}

/** The entries with such an alert. */
const reported = new WeakSet<Ready>()

/** Logs an alert even when the commit is only possible, because nothing else reports the case then. Once for each entry. */
function alertOfCase(options: PipelineOptions, one: Ready): void {
  const { work, item, forwarded } = one
  if (reported.has(one)) return
  reported.add(one)
  const { terminalId, seq } = item.row
  const { claim, acquirerMoves = [], closing, batch } = item.effects
  if (closing !== undefined && differs(closing)) {
    const { batchNumber } = batch ?? {}
    messageLog(options, work)('alert', { why: 'batch_differs', terminalId, seq, batchNumber })
  }
  const reason = acquirerMoves.find((move) => move.caseReason)?.caseReason ?? claim?.caseReason
  const rrn = claim?.rrn ?? forwarded?.rrn
  if (reason != null) messageLog(options, work)('alert', { why: 'case_opened', reason, rrn, terminalId, seq })
}
