/**
 * @module The pipeline on one page: load → verify → decide → commit → ask the acquirer → commit its outcome.
 *
 * The first four stages run for a set of messages at once. A message runs again when another writer moved its terminal's
 * head in between. No outcome leaves while the outcome of its commit is unknown.
 */

import { isExpired } from '../domain/api-key.ts'
import { newTerminal } from '../domain/decide-provision.ts'
import { RowLost } from '../domain/decide-reversal.ts'
import type { LoadedState } from '../domain/decision.ts'
import { actorOf } from '../domain/request-actor.ts'
import { type Budget, createBudget, isLimit, withinBudget } from '../store/budget.ts'
import { errorText } from '../store/db.ts'
import { seal } from '../store/journal.ts'
import type { Loaded } from '../store/load.ts'
import { askAcquirer } from './ask-acquirer.ts'
import {
  commitSet,
  MAX_BREAKS,
  messageLog,
  type Ready,
  type SubmittedWork,
  unconfirmedOf,
} from './commit-set.ts'
import { decide, decideUnrecordable } from './decide.ts'
import { createGroupCommit, type Unsettled } from './group-commit.ts'
import { submitList } from './list.ts'
import { loadWorks } from './load-works.ts'
import { contextOf, newRrn, outcomeOf } from './outcome-of.ts'
import { createRefusalTally, type RefusalTally } from './refusal-tally.ts'
import { rememberDeclared } from './remember-declared.ts'
import { handOver, type Submission, submissionOf, verify } from './submission.ts'
import { withBudget } from './try-acquirer.ts'
import type { AcquirerStage, Caller, Outcome, Pipeline, PipelineMessage, PipelineOptions } from './types.ts'

/** The pipeline of one isolate. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const newBudget = () => createBudget(options.queryLimit)
  const group = createGroupCommit<Submission, Outcome>({
    run: (set, budget) => processSet({ ...options, db: withinBudget(options.db, budget) }, set),
    unknown: { kind: 'unknown' },
    stranded: outcomeOfStranded,
  })
  const ask = async (
    outcome: Outcome,
    { log, cardFields }: PipelineMessage,
    caller: Caller,
    budget: Budget,
  ): Promise<Outcome> => {
    if (outcome.kind !== 'pending' && outcome.kind !== 'answered') return outcome
    const own = { ...withBudget(stage, budget), log: log ?? options.log }
    return askAcquirer(own, outcome, cardFields ?? null, caller)
  }
  const pipeline: Pipeline = {
    submit: (message, caller) =>
      handOver(submissionOf(message), async (submission) => {
        const { budget = newBudget() } = caller
        const outcome = await group.submit(submission, caller.waitUntil, budget)
        return ask(outcome, message, caller, budget)
      }),
    submitList: (messages, caller, asks) => {
      const { budget = newBudget() } = caller
      return submitList(messages, budget, async (round) => {
        const outcomes = await group.submitAll(round, caller.waitUntil, budget)
        return asks
          ? Promise.all(round.map(({ message }, i) => ask(outcomes[i] ?? UNKNOWN, message, caller, budget)))
          : outcomes
      })
    },
    runAlone: (message) =>
      handOver(submissionOf(message), (submission) => processAlone(options, submission, newBudget())),
    submitEvent: (message, waitUntil, budget = newBudget()) =>
      group.submit(submissionOf(message), waitUntil, budget),
    submitEvents: (messages, waitUntil, budget = newBudget()) =>
      group.submitAll(messages.map(submissionOf), waitUntil, budget),
  }
  const stage: AcquirerStage = { ...options, pipeline }
  return pipeline
}

const UNKNOWN: Outcome = { kind: 'unknown' }

/** The outcome of a work that no invocation can drive. Unless its entry may be in the journal, nothing was written. */
const outcomeOfStranded = (work: SubmittedWork): Outcome => ({
  kind: unconfirmedOf(work) === undefined ? 'unavailable' : 'unknown',
})

/** Runs one message by itself until it is settled, or until its invocation is at its limit. */
async function processAlone(
  { db, ...options }: PipelineOptions,
  message: Submission,
  budget: Budget,
): Promise<Outcome> {
  let outcome: Outcome | undefined
  const work: SubmittedWork = { message, since: 0, losses: 0, settle: (settled) => (outcome ??= settled) }
  while (outcome === undefined) {
    await processSet({ ...options, db: withinBudget(db, budget) }, [work])
    if (budget.isEnded()) outcome ??= outcomeOfStranded(work)
  }
  return outcome
}

/**
 * The most messages of a set that broke a constraint before. Each is written alone, and an invocation of a Worker may send D1
 * 1,000 statements. The others wait for a later set.
 */
const MOST_BROKEN = 5

/** Runs a set. Every work is settled, or returned because it must run again. */
async function processSet(
  options: PipelineOptions,
  set: readonly SubmittedWork[],
): Promise<Unsettled<Submission, Outcome>> {
  const waiting = set.filter(({ message }) => message.breaks > 0).slice(MOST_BROKEN)
  const now = set.filter((work) => !waiting.includes(work))
  const { lost, deferred } = await processNow(options, now)
  return { lost, deferred: [...deferred, ...waiting] }
}

async function processNow(
  options: PipelineOptions,
  set: readonly SubmittedWork[],
): Promise<Unsettled<Submission, Outcome>> {
  const again = set.flatMap((work) => unconfirmedOf(work) ?? [])
  const works = set.filter((work) => unconfirmedOf(work) === undefined)
  let loaded: Loaded[]
  const refusals = createRefusalTally(options)
  try {
    loaded = await loadWorks(options, works)
  } catch (error) {
    // The next driver loads. Nothing of these works was sent.
    if (isLimit(error)) {
      options.log('handed_over', { error: errorText(error), messages: set.length })
      return { lost: set, deferred: [] }
    }
    // A row that does not parse belongs to one message. A failing database concerns all.
    if (error instanceof SyntaxError && set.length > 1) return oneByOne(options, set)
    options.log('load_failed', { error: errorText(error) })
    for (const work of works) work.settle({ kind: 'unavailable' })
    return commitSet(options, again)
  }
  // Terminals run side by side, so the acquirer of one message delays no other terminal.
  const decided = await Promise.all(
    [...byTerminal(works, loaded).values()].map((one) => decideFirst(options, refusals, one)),
  )
  const ready = [...again, ...decided.flatMap((one) => one.ready ?? [])]
  const deferred = decided.flatMap((one) => one.deferred)
  const isSettled = (work: SubmittedWork) =>
    !deferred.includes(work) && ready.every((one) => one.work !== work)
  const followers = works.flatMap((work) => (isSettled(work) ? (work.message.follower ?? []) : []))
  const [rest] = await Promise.all([commitSet(options, ready, followers), refusals.settle()])
  return { lost: rest.lost, deferred: [...rest.deferred, ...deferred] }
}

async function oneByOne(
  options: PipelineOptions,
  set: readonly SubmittedWork[],
): Promise<Unsettled<Submission, Outcome>> {
  const all = await Promise.all(set.map((work) => processNow(options, [work])))
  return { lost: all.flatMap(({ lost }) => lost), deferred: all.flatMap(({ deferred }) => deferred) }
}

type Found = readonly [SubmittedWork, Loaded]

/** The works of each terminal, the oldest first. A work without a known terminal is on its own. */
function byTerminal(set: readonly SubmittedWork[], loaded: readonly Loaded[]): Map<unknown, Found[]> {
  const terminals = new Map<unknown, Found[]>()
  const inOrder = [...set.entries()].sort(([, a], [, b]) => a.since - b.since)
  for (const [i, work] of inOrder) {
    const found = loaded[i]
    if (found === undefined) continue
    const terminal = found.terminal?.terminalId ?? work.message.message.load.terminalId ?? work
    terminals.set(terminal, [...(terminals.get(terminal) ?? []), [work, found]])
  }
  return terminals
}

/**
 * Decides a terminal's works in order, up to the first one to write. The next one depends on the state after it, so a
 * set writes one per terminal. Answers and refusals before it are settled at once.
 */
async function decideFirst(
  options: PipelineOptions,
  refusals: RefusalTally,
  works: readonly Found[],
): Promise<{ ready: Ready | null; deferred: readonly SubmittedWork[] }> {
  for (const [i, [work, found]] of works.entries()) {
    const ready = await decideSafely(options, refusals, work, found)
    if (ready !== null) return { ready, deferred: works.slice(i + 1).map(([later]) => later) }
  }
  return { ready: null, deferred: [] }
}

async function decideSafely(
  options: PipelineOptions,
  refusals: RefusalTally,
  work: SubmittedWork,
  loaded: Loaded,
): Promise<Ready | null> {
  try {
    return await decideOne(options, refusals, work, loaded)
  } catch (error) {
    const tell = messageLog(options, work)
    if (error instanceof RowLost)
      tell('alert', { why: 'row_lost', terminalId: loaded.terminal?.terminalId, error: errorText(error) })
    else tell('decide_failed', { error: errorText(error) })
    work.settle({ kind: 'unavailable' })
    return null
  }
}

/** Verifies and decides one message. Settles it when there is nothing to write. */
async function decideOne(
  options: PipelineOptions,
  refusals: RefusalTally,
  work: SubmittedWork,
  loaded: Loaded,
): Promise<Ready | null> {
  const verdict = await verify(work.message, loaded)
  const known = contextOf(loaded)
  if (verdict.kind === 'denied') {
    work.settle({ kind: 'denied' })
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
  const generated = options.generated(context.terminal.merchantId)
  // Between the load and the decision the key may expire. No entry is later than the key that asked for it.
  if (loaded.credential !== null && isExpired(loaded.credential, generated.now)) {
    work.settle({ kind: 'denied' })
    return null
  }
  const isBroken = work.message.breaks === MAX_BREAKS
  const decided = isBroken
    ? decideUnrecordable(request, loadedState, generated)
    : await decide(options.acquirer, request, loadedState, generated)
  if (decided === null) {
    work.settle(isBroken ? { kind: 'refused', reason: 'not_recorded', context } : { kind: 'unknown' })
    return null
  }
  const { decision, counted } = refusals.limit(decided, loadedState.refusals)
  if (decision.kind === 'pending') {
    const { forwarded, claim } = decision
    work.settle({ kind: 'pending', forwarded, claim, isNew: false, context, loadedState })
    return null
  }
  if (decision.kind !== 'commit') {
    const entry = decision.kind === 'replay' ? decision.entry : null
    const { answer } = decision
    if (decision.kind === 'answer' && decision.declared !== undefined)
      await rememberDeclared(options, context.terminal, decision.declared)
    work.settle({ kind: 'answered', answer, entry, replayed: entry !== null, context, loadedState })
    return null
  }
  const { keyVersion } = verdict
  const effects = {
    ...decision.draft.effects,
    ...(keyVersion === undefined ? {} : { keyVersion }),
  }
  const actor = actorOf(request.sender, loaded.needs, context.merchant.merchantId)
  const row = await seal(
    { ...decision.draft, effects, actor },
    context.terminal.head,
    newRrn(request, decision.draft, generated),
    {
      before: context.terminal.batch,
      base: loaded.claim ?? loaded.earlier,
      merchantId: context.terminal.merchantId,
    },
  )
  return {
    work,
    context,
    forwarded: loadedState.forwarded,
    item: {
      row,
      headMac: await options.macHead(row.terminalId, row, loaded.head),
      effects,
      needs: [...loaded.needs, ...(options.bucketNeeds?.(context.terminal.merchantId) ?? [])],
      saleKey: loaded.original?.sale.messageKey,
      moves: decision.moves ?? [],
      refusal: counted ?? undefined,
      terminal: context.terminal,
      ...(verdict.masterKey === undefined ? {} : { masterKey: verdict.masterKey }),
    },
    outcome: () =>
      outcomeOf({ ...decision.draft, effects, seq: row.seq, hash: row.hash }, context, loadedState),
  }
}
