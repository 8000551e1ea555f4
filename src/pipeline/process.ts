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
import { utcDay } from '../domain/refusal-quota.ts'
import { actorOf } from '../domain/request-actor.ts'
import { errorText } from '../store/db.ts'
import { seal } from '../store/journal.ts'
import { type Loaded, load } from '../store/load.ts'
import { askAcquirer } from './ask-acquirer.ts'
import { commitSet, MAX_BREAKS, messageLog, type Ready, type SubmittedWork } from './commit-set.ts'
import { decide, decideUnrecordable } from './decide.ts'
import { createGroupCommit, type Unsettled } from './group-commit.ts'
import { contextOf, newRrn, outcomeOf } from './outcome-of.ts'
import { createRefusalTally, type RefusalTally } from './refusal-tally.ts'
import { handOver, type Submission, submissionOf, verify } from './submission.ts'
import type { AcquirerStage, Outcome, Pipeline, PipelineOptions } from './types.ts'

/** The pipeline of one isolate. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const group = createGroupCommit<Submission, Outcome>({
    run: (set) => processSet(options, set),
    unknown: { kind: 'unknown' },
  })
  const pipeline: Pipeline = {
    submit: (message, caller) =>
      handOver(submissionOf(message), async (submission) => {
        const outcome = await group.submit(submission, caller.waitUntil)
        const own = { ...stage, log: message.log ?? options.log }
        return askAcquirer(own, outcome, message.cardFields ?? null, caller)
      }),
    runAlone: (message) => handOver(submissionOf(message), (submission) => processAlone(options, submission)),
    submitEvent: (message, waitUntil) => group.submit(submissionOf(message), waitUntil),
  }
  const stage: AcquirerStage = { ...options, pipeline }
  return pipeline
}

/** Runs one message by itself until it is settled. */
async function processAlone(options: PipelineOptions, message: Submission): Promise<Outcome> {
  let outcome: Outcome | undefined
  const work: SubmittedWork = { message, since: 0, losses: 0, settle: (settled) => (outcome ??= settled) }
  while (outcome === undefined) await processSet(options, [work])
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
  let loaded: Loaded[]
  const now = options.now()
  const day = utcDay(now)
  const refusals = createRefusalTally(options)
  try {
    loaded = await load(
      options.db,
      set.map((work) => ({ ...work.message.message.load, day })),
      now,
    )
  } catch (error) {
    // A row that does not parse belongs to one message. A failing database concerns all.
    if (error instanceof SyntaxError && set.length > 1) return oneByOne(options, set)
    options.log('load_failed', { error: errorText(error) })
    for (const work of set) work.settle({ kind: 'unavailable' })
    return { lost: [], deferred: [] }
  }
  // Terminals run side by side, so the acquirer of one message delays no other terminal.
  const decided = await Promise.all(
    [...byTerminal(set, loaded).values()].map((works) => decideFirst(options, refusals, works)),
  )
  const ready = decided.flatMap((one) => one.ready ?? [])
  const [{ lost, deferred }] = await Promise.all([commitSet(options, ready), refusals.settle()])
  return { lost, deferred: [...deferred, ...decided.flatMap((one) => one.deferred)] }
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
