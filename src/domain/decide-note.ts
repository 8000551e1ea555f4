/**
 * @module A note on an open case (semantics.md, Cases). It decides nothing. Its key follows from the `Idempotency-Key`, so the same
 * note is written once.
 */

import { claimContextOf, currentAnswer, entryAfter } from './acquirer-outcome.ts'
import { isCaseOpen } from './acquirer-state.ts'
import type { Decision, Generated, LoadedState } from './decision.ts'
import type { NoteRequest } from './requests.ts'

/** Writes the note. Returns the current answer when no case is open, or when the journal has the note already. */
export function decideNote(request: NoteRequest, loadedState: LoadedState, generated: Generated): Decision {
  const context = claimContextOf(loadedState, generated)
  if (loadedState.target !== null || !isCaseOpen(context.message)) return currentAnswer(context)
  return entryAfter(context, {
    kind: 'case_note',
    messageKey: request.noteKey,
    door: request.door,
    request: request.request,
    answer: null,
    effects: {},
  })
}
