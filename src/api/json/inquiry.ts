/** @module What an inquiry is told: the message's first answer, how it stands now, and what to do where that is not final. */

import { isCaseOpen, isUnsettled } from '../../domain/acquirer-state.ts'
import { refusalOf } from '../../domain/decline-reason.ts'
import { posPartsOf } from '../../domain/message-key.ts'
import type { AcquirerMessage, JournalEntry, Reversal, SaleState } from '../../domain/types.ts'
import { certaintyOf, iso, STATUS, stateOf } from './bodies.ts'
import { firstAnswer } from './first-answer.ts'
import { doorProblem, type Problem } from './problem.ts'

/** A message as it was found. */
export interface Inquired {
  readonly messageKey: string
  /** Its outcome, or its claim before there is one; null where only its reversal came. */
  readonly entry: JournalEntry | null
  readonly claim: JournalEntry | null
  readonly forwarded: AcquirerMessage | null
  readonly reversal: Reversal | null
  /** The sale that it made, or that it voids or would have voided. */
  readonly original: SaleState | null
}

export function inquiryBody(inquired: Inquired): object {
  const { messageKey, entry, claim, original } = inquired
  const first = claim ?? entry
  const effects = { ...claim?.effects, ...entry?.effects }
  const record = effects.voidRecord ?? effects.sale ?? effects.claimedSale
  const parts = posPartsOf(messageKey)
  return {
    found: true,
    kind: claim?.effects.claim?.kind ?? entry?.kind ?? parts?.kind ?? 'void',
    merchantId: entry?.merchantId ?? parts?.merchantId ?? null,
    terminalId: entry?.terminalId ?? parts?.terminalId ?? null,
    batchNumber: parts?.batchNumber ?? record?.batchNumber ?? null,
    stan: parts?.stan ?? null,
    saleId: original?.sale.id ?? null,
    voidId: effects.voidRecord?.id ?? null,
    rrn: entry?.answer?.rrn ?? record?.rrn ?? inquired.forwarded?.rrn ?? null,
    receivedAt: first === null ? null : iso(first.at),
    answer: entry === null ? null : firstAnswer(entry, original?.sale ?? null),
    state: stateNow(inquired),
    ...certaintyNow(inquired),
  }
}

/** A message that was reversed before it was ever seen is refused if it still comes. */
const wasNeverSeen = ({ entry }: Inquired): boolean => entry === null

function stateNow(inquired: Inquired): string {
  const { entry, forwarded, reversal, original } = inquired
  if (wasNeverSeen(inquired)) return 'reversed_before_seen'
  if (reversal !== null || entry?.answer == null)
    return forwarded === null ? 'reversed' : STATUS[forwarded.state]
  if (entry.answer.reason !== null) return 'declined'
  return entry.effects.sale === undefined || original === null ? 'approved' : stateOf(original)
}

function certaintyNow({ entry, forwarded, reversal }: Inquired): object {
  if (forwarded !== null && (isUnsettled(forwarded.state) || isCaseOpen(forwarded)))
    return certaintyOf(forwarded.state, forwarded)
  const reason = entry?.answer?.reason ?? null
  if (reversal !== null || entry === null) return { certainty: 'FINAL', doNext: 'nothing' }
  if (reason !== null) return { certainty: 'FINAL', doNext: refusalOf(reason).doNext }
  const { sale, voidRecord } = entry.effects
  const hasReceipt = sale?.status === 'approved' || voidRecord !== undefined
  return { certainty: 'FINAL', doNext: hasReceipt ? 'print_receipt' : 'nothing' }
}

/** How a message that was never seen was asked for. */
export type LookupKey = 'messageKey' | 'idempotencyKey' | 'reference'

/**
 * Nothing is known to have happened. A message that may still be on its way is not final: whoever sent it sends it again under
 * the same key, or reverses it, and both end in one answer. A reference that we did not give names nothing, and never will.
 */
export function notSeen(lookupKey: LookupKey): Problem {
  if (lookupKey === 'reference') return doorProblem('not_found', { found: false })
  const doNext = lookupKey === 'idempotencyKey' ? 'retry' : 'reverse'
  const { status, headers, body } = doorProblem('not_found')
  return {
    status,
    headers: { ...headers, 'retry-after': '1' },
    body: { ...body, found: false, certainty: 'PENDING', doNext, retryAfter: 1 },
  }
}
