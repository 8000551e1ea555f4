/** @module The outcome of a message whose entry is in the journal. */

import type { Generated, LoadedState } from '../domain/decision.ts'
import type { DraftEntry, JournalEntry } from '../domain/types.ts'
import type { Loaded } from '../store/load.ts'
import type { Request } from './decide.ts'
import type { Outcome, TerminalContext } from './types.ts'

/** The new RRN of an entry. Null when the entry has none, or repeats one: the outcome of a claim, a captured sale. */
export function newRrn(request: Request, { answer, effects }: DraftEntry, { rrn }: Generated): string | null {
  if (request.kind === 'provision') return null
  return answer?.rrn === rrn || effects.claim?.rrn === rrn ? rrn : null
}

export function outcomeOf(entry: JournalEntry, context: TerminalContext, loadedState: LoadedState): Outcome {
  const { answer, effects } = entry
  if (answer !== null) return { kind: 'answered', answer, entry, replayed: false, context, loadedState }
  if (effects.claim !== undefined)
    return { kind: 'pending', forwarded: effects.claim, claim: entry, isNew: true, context, loadedState }
  const { forwarded, claim } = loadedState
  if (forwarded === null || claim === null) throw new Error('an entry without an answer follows a claim')
  const moved = effects.acquirerMoves?.find(({ messageKey }) => messageKey === forwarded.messageKey)
  const now = { ...forwarded, state: moved?.state ?? forwarded.state }
  return { kind: 'pending', forwarded: now, claim, isNew: false, context, loadedState }
}

export const contextOf = ({ terminal, merchant }: Loaded): TerminalContext | null =>
  terminal === null || merchant === null ? null : { terminal, merchant }
