/**
 * @module The pipeline on one page: load → verify → decide → commit → ask the acquirer → commit its outcome.
 *
 * The first four stages run for a set of messages at once. A message runs again when another writer moved its terminal's
 * head in between. No outcome leaves while the outcome of its commit is unknown.
 */

import { type Budget, createBudget, isLimit, withinBudget } from '../store/budget.ts'
import { errorText } from '../store/db.ts'
import type { Loaded } from '../store/load.ts'
import { askAcquirer } from './ask-acquirer.ts'
import { commitSet, type SubmittedWork, unconfirmedOf } from './commit-set.ts'
import { decideWorks } from './decide-works.ts'
import { createGroupCommit, type Unsettled } from './group-commit.ts'
import { submitList } from './list.ts'
import { loadWorks } from './load-works.ts'
import { createRefusalTally } from './refusal-tally.ts'
import { handOver, type Submission, submissionOf } from './submission.ts'
import { withBudget } from './try-acquirer.ts'
import type { AcquirerStage, Caller, Outcome, Pipeline, PipelineMessage, PipelineOptions } from './types.ts'
import { createWarmStates, type WarmOptions, type WarmStates } from './warm.ts'

/** The pipeline of one isolate. */
export function createPipeline(
  options: PipelineOptions,
  warm: WarmStates = createWarmStates(options.now),
): Pipeline {
  const newBudget = () => createBudget(options.queryLimit)
  const group = createGroupCommit<Submission, Outcome>({
    run: (set, budget) => processSet({ ...options, warm, db: withinBudget(options.db, budget) }, set),
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
      handOver(submissionOf(message, caller.timing), async (submission) => {
        const { budget = newBudget() } = caller
        const outcome = await group.submit(submission, caller.waitUntil, budget)
        const since = options.now()
        const answered = await ask(outcome, message, caller, budget)
        submission.timing.acquirer += options.now() - since
        return answered
      }),
    together: group.together,
    submitList: (messages, caller, kind) => {
      const { budget = newBudget() } = caller
      return submitList(messages, kind, budget, async (round) => {
        const outcomes = await group.submitAll(round, caller.waitUntil, budget)
        return kind === 'acquirer'
          ? outcomes
          : Promise.all(round.map(({ message }, i) => ask(outcomes[i] ?? UNKNOWN, message, caller, budget)))
      })
    },
    runAlone: (message) =>
      handOver(submissionOf(message), (submission) =>
        processAlone({ ...options, warm }, submission, newBudget()),
      ),
    submitEvent: (message, waitUntil, budget = newBudget()) =>
      group.submit(submissionOf(message), waitUntil, budget),
    submitEvents: (messages, waitUntil, budget = newBudget()) =>
      group.submitAll(
        messages.map((message) => submissionOf(message)),
        waitUntil,
        budget,
      ),
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
  { db, ...options }: WarmOptions,
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
  options: WarmOptions,
  set: readonly SubmittedWork[],
): Promise<Unsettled<Submission, Outcome>> {
  const waiting = set.filter(({ message }) => message.breaks > 0).slice(MOST_BROKEN)
  const now = set.filter((work) => !waiting.includes(work))
  const { lost, deferred } = await processNow(options, now)
  return { lost, deferred: [...deferred, ...waiting] }
}

async function processNow(
  options: WarmOptions,
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
  const decided = await decideWorks(options, refusals, works, loaded)
  const ready = [...again, ...decided.flatMap((one) => one.ready)]
  const deferred = decided.flatMap((one) => one.deferred)
  const cold = decided.flatMap((one) => one.cold)
  for (const { message } of cold) message.isCold = true
  const isSettled = (work: SubmittedWork) =>
    !deferred.includes(work) && !cold.includes(work) && ready.every((one) => one.work !== work)
  const followers = works.flatMap((work) => (isSettled(work) ? (work.message.follower ?? []) : []))
  const [rest] = await Promise.all([commitSet(options, ready, followers), refusals.settle()])
  return { lost: [...rest.lost, ...cold], deferred: [...rest.deferred, ...deferred] }
}

async function oneByOne(
  options: WarmOptions,
  set: readonly SubmittedWork[],
): Promise<Unsettled<Submission, Outcome>> {
  const all = await Promise.all(set.map((work) => processNow(options, [work])))
  return { lost: all.flatMap(({ lost }) => lost), deferred: all.flatMap(({ deferred }) => deferred) }
}
