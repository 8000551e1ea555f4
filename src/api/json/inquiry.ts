/** @module The answer to an inquiry: the first answer of the message, its current state, and the next step. */

import { isCaseOpen, isUnsettled } from '../../domain/acquirer-state.ts'
import { type DeclineReason, refusalOf } from '../../domain/decline-reason.ts'
import { posPartsOf } from '../../domain/message-key.ts'
import type { DoNext } from '../../domain/refusal.ts'
import type { Reversal } from '../../domain/reversal.ts'
import type { AcquirerMessage, JournalEntry, SaleState } from '../../domain/types.ts'
import type { Certain } from './answer-schemas.ts'
import { iso, stateOf, VOID_STATE } from './bodies.ts'
import { ASK_AGAIN_AFTER, certaintyOf } from './certainty.ts'
import { firstAnswer } from './first-answer.ts'
import type { InquiryBody } from './inquiry-schemas.ts'
import { apiProblem, type Problem, unknownReference } from './problem.ts'
import { jsonDoNext } from './words.ts'

/** A message, as the database has it. */
export interface Inquired {
  readonly messageKey: string
  /** The merchant of the entry, or of the terminal that the key names. */
  readonly merchantId: string | null
  /** Its outcome, or its claim before the outcome. Null if only its reversal arrived. */
  readonly entry: JournalEntry | null
  readonly claim: JournalEntry | null
  readonly forwarded: AcquirerMessage | null
  readonly reversal: Reversal | null
  /** The sale that it made or names. */
  readonly original: SaleState | null
}

export function inquiryBody(inquired: Inquired): InquiryBody {
  const { messageKey, merchantId, entry, claim, original } = inquired
  const first = claim ?? entry
  const effects = { ...claim?.effects, ...entry?.effects }
  const record = effects.voidRecord ?? effects.sale ?? effects.claimedSale
  const parts = posPartsOf(messageKey)
  return {
    found: true,
    kind: claim?.effects.claim?.kind ?? entry?.kind ?? (parts?.kind === 'sale' ? 'sale' : 'void'),
    merchantId,
    terminalId: entry?.terminalId ?? parts?.terminalId ?? null,
    batchNumber: parts?.batchNumber ?? record?.batchNumber ?? null,
    stan: parts?.stan ?? null,
    saleId: original?.sale.id ?? effects.claimedSale?.id ?? null,
    voidId: effects.voidRecord?.id ?? null,
    rrn: entry?.answer?.rrn ?? record?.rrn ?? inquired.forwarded?.rrn ?? null,
    receivedAt: first === null ? null : iso(first.at),
    answer: entry === null ? null : firstAnswer(entry, original?.sale ?? null),
    state: stateNow(inquired),
    ...certaintyNow(inquired),
  }
}

/** True if the reversal arrived first. The message is refused if it still arrives. */
const wasNeverSeen = ({ entry }: Inquired): boolean => entry === null

function stateNow(inquired: Inquired): InquiryBody['state'] {
  const { entry, forwarded, reversal, original } = inquired
  if (wasNeverSeen(inquired)) return 'tombstoned'
  if (reversal !== null || entry?.answer == null)
    return forwarded === null ? 'reversed' : VOID_STATE[forwarded.state]
  if (entry.answer.reason !== null) return 'declined'
  return entry.effects.sale === undefined || original === null ? 'approved' : stateOf(original)
}

/** The next step after a refusal. The answer to a terminal has no `location`, so without a sale nothing can be queried. */
function nextAfter(reason: DeclineReason, { door }: JournalEntry, original: SaleState | null): DoNext {
  if (door === 'json') return jsonDoNext(reason)
  const { doNext } = refusalOf(reason)
  return doNext === 'query' && original === null ? 'nothing' : doNext
}

/** The state of the message at the acquirer. Without the acquirer it is settled. */
function certaintyNow(inquired: Inquired): Certain {
  const { entry, forwarded, reversal, original } = inquired
  const reason = entry?.answer?.reason ?? null
  if (entry !== null && reason !== null && reversal === null && !isWaiting(forwarded))
    return certaintyOf({ of: 'refusal', reason, doNext: nextAfter(reason, entry, original), isDecided: true })
  const doNext = reversal === null && hasReceipt(entry) ? 'print_receipt' : 'nothing'
  // A sale without an outcome is its message alone.
  if (original !== null && entry?.effects.sale !== undefined)
    return certaintyOf({ of: 'sale', sale: original, doNext })
  return certaintyOf({ of: 'message', state: forwarded?.state ?? 'approved', forwarded, doNext })
}

const isWaiting = (forwarded: AcquirerMessage | null): boolean =>
  forwarded !== null && (isUnsettled(forwarded.state) || isCaseOpen(forwarded))

const hasReceipt = (entry: JournalEntry | null): boolean =>
  entry?.effects.sale?.status === 'approved' ||
  (entry?.effects.voidRecord !== undefined && entry.answer?.reason === null)

/** The kind of reference in an inquiry. */
export type LookupKey = 'messageKey' | 'idempotencyKey' | 'reference'

/**
 * The answer about a message that Annul did not see. It is not final while the message may still arrive. Its sender sends it
 * again under the same key, or reverses it. Both end in one answer. Another region may have a reference.
 */
export function notSeen(lookupKey: LookupKey, reference: string): Problem {
  if (lookupKey === 'reference') return unknownReference(reference, { found: false })
  const { status, headers, body } = apiProblem('not_found', { found: false })
  const doNext = lookupKey === 'idempotencyKey' ? 'retry' : 'reverse'
  const certain = certaintyOf({ of: 'unseen', doNext })
  return {
    status,
    headers: { ...headers, 'retry-after': String(ASK_AGAIN_AFTER) },
    body: { ...body, ...certain },
  }
}
