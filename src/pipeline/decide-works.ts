/** @module Decides the works of a set: the messages of each terminal in order, as a chain (chain.ts). */

import { isExpired } from '../domain/api-key.ts'
import { newTerminal } from '../domain/decide-provision.ts'
import { RowLost } from '../domain/decide-reversal.ts'
import type { Decision, Generated, LoadedState } from '../domain/decision.ts'
import type { CountedRefusal } from '../domain/refusal-quota.ts'
import { actorOf } from '../domain/request-actor.ts'
import { errorText } from '../store/db.ts'
import { seal } from '../store/journal.ts'
import type { Loaded } from '../store/load.ts'
import { createChain, type TerminalChain } from './chain.ts'
import { MAX_BREAKS, messageLog, type Ready, type SubmittedWork } from './commit-set.ts'
import { decide, decideUnrecordable } from './decide.ts'
import { contextOf, newRrn, outcomeOf } from './outcome-of.ts'
import type { RefusalTally } from './refusal-tally.ts'
import { rememberDeclared } from './remember-declared.ts'
import { verify } from './submission.ts'
import type { Outcome, PipelineOptions, TerminalContext, Verdict } from './types.ts'

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

/** The entries of a terminal to write, in order, and its works that wait for a later set. `cold`: those that must be loaded. */
export interface Decided {
  readonly ready: readonly Ready[]
  readonly cold: readonly SubmittedWork[]
  readonly deferred: readonly SubmittedWork[]
}

/** Decides the works of a set. Terminals run side by side, so the acquirer of one message delays no other terminal. */
export const decideWorks = (
  options: PipelineOptions,
  refusals: RefusalTally,
  works: readonly SubmittedWork[],
  loaded: readonly Loaded[],
): Promise<Decided[]> =>
  Promise.all(
    [...byTerminal(works, loaded).values()].map((ofTerminal) =>
      decideTerminal(options, refusals, ofTerminal),
    ),
  )

/** Decides a terminal's works in order, up to the end of its chain. Answers and refusals between its entries are settled at once. */
async function decideTerminal(
  options: PipelineOptions,
  refusals: RefusalTally,
  works: readonly Found[],
): Promise<Decided> {
  const chain = createChain()
  const from = (i: number) => works.slice(i).map(([work]) => work)
  for (const [i, [work, found]] of works.entries()) {
    if (!chain.beginsAt(found)) return { ready: chain.entries, cold: [], deferred: from(i) }
    const decided = await decideSafely(options, refusals, chain, work, chain.after(found))
    if (decided === 'later') return { ready: chain.entries, cold: [], deferred: from(i) }
    // The works after it are loaded with it. One by one, each could cost the terminal a trip.
    if (decided === 'cold') return { ready: chain.entries, cold: from(i), deferred: [] }
    if (decided !== null && !chain.add(decided))
      return { ready: chain.entries, cold: [], deferred: from(i + 1) }
  }
  return { ready: chain.entries, cold: [], deferred: [] }
}

async function decideSafely(
  options: PipelineOptions,
  refusals: RefusalTally,
  chain: TerminalChain,
  work: SubmittedWork,
  loaded: Loaded,
): Promise<Ready | 'later' | 'cold' | null> {
  try {
    return await decideOne(options, refusals, chain, work, loaded)
  } catch (error) {
    if (loaded.isWarm) return 'cold'
    const tell = messageLog(options, work)
    if (error instanceof RowLost)
      tell('alert', { why: 'row_lost', terminalId: loaded.terminal?.terminalId, error: errorText(error) })
    else tell('decide_failed', { error: errorText(error) })
    work.settle({ kind: 'unavailable' })
    return null
  }
}

/** Verifies and decides one message. Settles it when there is nothing to write. `later`: it does not fit into the chain. `cold`: its warm
 * state proves nothing. */
async function decideOne(
  options: PipelineOptions,
  refusals: RefusalTally,
  chain: TerminalChain,
  work: SubmittedWork,
  loaded: Loaded,
): Promise<Ready | 'later' | 'cold' | null> {
  const verdict = await verify(work.message, loaded)
  // The keys or the settings may have changed since.
  if (loaded.isWarm && verdict.kind !== 'verified') return 'cold'
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
  if (!chain.takes(work, request, loaded)) return 'later'
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
  // An answer without an entry is not proved by a commit.
  if (loaded.isWarm && decided?.kind !== 'commit') return 'cold'
  if (decided === null) {
    work.settle(isBroken ? { kind: 'refused', reason: 'not_recorded', context } : { kind: 'unknown' })
    return null
  }
  const { decision, counted } = refusals.limit(decided, loadedState.refusals)
  if (decision.kind === 'commit') {
    const state = { loaded, loadedState, context, generated }
    return { work, ...(await sealed(options, verdict, state, decision, counted)) }
  }
  if (decision.kind === 'answer' && decision.declared !== undefined)
    await rememberDeclared(options, context.terminal, decision.declared)
  work.settle(outcomeWithout(decision, context, loadedState))
  return null
}

/** The outcome of a decision without an entry: that of an earlier one, or an answer that needs none. */
function outcomeWithout(
  decision: Exclude<Decision, { kind: 'commit' }>,
  context: TerminalContext,
  loadedState: LoadedState,
): Outcome {
  if (decision.kind === 'pending') {
    const { forwarded, claim } = decision
    return { kind: 'pending', forwarded, claim, isNew: false, context, loadedState }
  }
  const entry = decision.kind === 'replay' ? decision.entry : null
  return { kind: 'answered', answer: decision.answer, entry, replayed: entry !== null, context, loadedState }
}

interface State {
  readonly loaded: Loaded
  readonly loadedState: LoadedState
  readonly context: TerminalContext
  readonly generated: Generated
}

/** The entry of a decision, with its place in the journal. */
async function sealed(
  options: PipelineOptions,
  { request, keyVersion, masterKey }: Extract<Verdict<unknown>, { kind: 'verified' }>,
  { loaded, loadedState, context, generated }: State,
  { draft, moves = [] }: Extract<Decision, { kind: 'commit' }>,
  counted: CountedRefusal | null,
): Promise<Omit<Ready, 'work'>> {
  const { terminal, merchant } = context
  const effects = { ...draft.effects, ...(keyVersion === undefined ? {} : { keyVersion }) }
  const actor = actorOf(request.sender, loaded.needs, merchant.merchantId)
  const row = await seal({ ...draft, effects, actor }, terminal.head, newRrn(request, draft, generated), {
    before: terminal.batch,
    base: loaded.claim ?? loaded.earlier,
    merchantId: terminal.merchantId,
  })
  return {
    loaded,
    context,
    forwarded: loadedState.forwarded,
    item: {
      row,
      headMac: await options.macHead(row.terminalId, row, loaded.head),
      effects,
      needs: [...loaded.needs, ...(options.bucketNeeds?.(terminal.merchantId) ?? [])],
      saleKey: loaded.original?.sale.messageKey,
      moves,
      refusal: counted ?? undefined,
      terminal,
      ...(masterKey === undefined ? {} : { masterKey }),
    },
    outcome: () => outcomeOf({ ...draft, effects, seq: row.seq, hash: row.hash }, context, loadedState),
  }
}
