/**
 * @module How certain an answer is, and the next step of its caller (semantics.md, Certainty). Every body of the API has its certainty
 * from here. FINAL is the outcome of a message: without a new command it never changes.
 */

import { type AcquirerState, isCaseOpen, isUndecided, isUnsettled } from '../../domain/acquirer-state.ts'
import type { DoNext } from '../../domain/refusal.ts'
import type { AcquirerMessage, SaleState } from '../../domain/types.ts'
import type { Certain } from './answer-schemas.ts'
import type { Reason } from './refusals.ts'

/** The subject of a body. */
export type Subject =
  /** A void, a reversal, or the message of an inquiry or case. `doNext`: the step after a final outcome. */
  | {
      readonly of: 'message'
      readonly state: AcquirerState
      /** Null: the acquirer never got it. */
      readonly forwarded: AcquirerMessage | null
      readonly doNext: DoNext
    }
  /** A sale, with its void and its reversal. */
  | {
      readonly of: 'sale'
      readonly sale: Pick<SaleState, 'forwarded' | 'liveVoid'>
      readonly doNext: DoNext
    }
  /** A message that Annul did not see. It may still arrive. */
  | { readonly of: 'unseen'; readonly doNext: DoNext }
  /** A refusal. `isDecided`: a copy of the request gets it again, because it stands in the journal or depends on no time. */
  | {
      readonly of: 'refusal'
      readonly reason: Reason
      readonly doNext: DoNext
      readonly isDecided: boolean
    }
  /** An id or RRN that this region does not have. Another region may have it. `isPossible`: a region may have given it. */
  | { readonly of: 'reference'; readonly isPossible: boolean }

/** The seconds before the next query. */
const QUERY_AGAIN_AFTER = 2

/** The default of `Retry-After`, in seconds. */
export const ASK_AGAIN_AFTER = 1

/** Refusals before a decision. */
const BEFORE_DECISION: readonly Reason[] = [
  'body_too_slow',
  'rate_limited',
  'overloaded',
  'unavailable',
  'in_progress',
]

/** Refusals that time alone can end, if they are no entry: a copy of the request is then decided again. */
const CURED_BY_TIME: readonly Reason[] = ['outcome_pending', 'original_not_found']

/** The certainty of settings, keys and lists: they are about no message. */
export const FINAL = { certainty: 'FINAL', doNext: 'nothing' } as const

/** The certainty of a body about a message. */
export function certaintyOf(subject: Subject): Certain {
  switch (subject.of) {
    case 'message':
      return ofMessage(subject.state, subject.forwarded, subject.doNext)
    case 'sale':
      return ofSale(subject.sale, subject.doNext)
    case 'unseen':
      return { certainty: 'PENDING', doNext: subject.doNext, retryAfter: ASK_AGAIN_AFTER }
    case 'refusal':
      return ofRefusal(subject.reason, subject.doNext, subject.isDecided)
    case 'reference':
      return subject.isPossible
        ? { certainty: 'UNKNOWN', doNext: 'contact_acquirer', retryAfter: ASK_AGAIN_AFTER }
        : FINAL
  }
}

/** Query again while the acquirer decides, and call it for a case. */
function ofMessage(state: AcquirerState, forwarded: AcquirerMessage | null, doNext: DoNext): Certain {
  // A void without an answer is kept, and Annul goes on asking. Nothing of it is decided.
  const isKept = state === 'pending' && forwarded?.kind === 'void'
  const certainty = isUndecided(state) && !isKept ? 'UNKNOWN' : isUnsettled(state) ? 'PENDING' : 'FINAL'
  if (forwarded !== null && isCaseOpen(forwarded))
    return { certainty, doNext: 'contact_acquirer', case: caseOf(forwarded) }
  if (certainty === 'FINAL') return { certainty, doNext }
  const decideBy = forwarded === null ? {} : { decideBy: new Date(forwarded.decideBy).toISOString() }
  return { certainty, doNext: 'query', retryAfter: QUERY_AGAIN_AFTER, ...decideBy }
}

/** A sale is pending while its own outcome, its void or its reversal is. */
function ofSale({ forwarded, liveVoid }: Pick<SaleState, 'forwarded' | 'liveVoid'>, doNext: DoNext): Certain {
  const isOwn = forwarded !== null && (isUnsettled(forwarded.state) || isCaseOpen(forwarded))
  const ofVoid = ofMessage(liveVoid?.state ?? 'approved', liveVoid?.message ?? null, doNext)
  const ofOwn = isOwn ? ofMessage(forwarded.state, forwarded, doNext) : ofVoid
  // A sale with a case of its own may have a void that is pending.
  const certain = ofOwn.certainty === 'FINAL' ? { ...ofVoid, ...ofOwn, certainty: ofVoid.certainty } : ofOwn
  return certain.certainty === 'FINAL' ? certain : { ...certain, certainty: 'PENDING' }
}

function ofRefusal(reason: Reason, doNext: DoNext, isDecided: boolean): Certain {
  if (reason === 'outcome_unknown') return { certainty: 'UNKNOWN', doNext, retryAfter: ASK_AGAIN_AFTER }
  const isPending = BEFORE_DECISION.includes(reason) || (!isDecided && CURED_BY_TIME.includes(reason))
  return isPending
    ? { certainty: 'PENDING', doNext, retryAfter: ASK_AGAIN_AFTER }
    : { certainty: 'FINAL', doNext }
}

/** A case that is open, by the RRN of its message. */
const caseOf = ({ rrn, caseReason, caseOpenedAt }: AcquirerMessage): NonNullable<Certain['case']> => ({
  rrn,
  reason: caseReason ?? 'no_answer',
  openedAt: caseOpenedAt === null ? null : new Date(caseOpenedAt).toISOString(),
})
