/** @module What is asked of an acquirer, as ISO 8583 (protocol.md §3.3–3.5). The same question gives the same bytes. */

import { FORWARDED_CARD_FIELDS, isUnderOurKeys } from '../iso8583/card-fields.ts'
import { TRANSACTION_CODES } from '../iso8583/cup.ts'
import { type Message, messageOf, type OptionalFields } from '../iso8583/message.ts'
import type { AcquirerRequest } from './port.ts'

/** Entered by hand, no PIN: no card is presented to us when a void or reversal is sent on. */
const NO_CARD_READ = '012'
const NORMAL_CONDITION = '00'
/** "Other": why a sale or void is undone stays here. */
const REVERSAL_REASON = '06'

/** Why a question cannot be put to an acquirer at all; it is then not sent. */
export function unsendable({ kind, cardFields }: AcquirerRequest): 'without_card' | 'under_our_keys' | null {
  if (kind !== 'sale') return null
  if (cardFields === null) return 'without_card'
  return isUnderOurKeys(cardFields) ? 'under_our_keys' : null
}

/** Without field 64. Throws RangeError where a value does not fit its field. */
export function messageFor(request: AcquirerRequest): Message {
  const { kind, of, original } = request
  const { processingCode, transactionType } = TRANSACTION_CODES[of]
  const identity: OptionalFields = [
    [3, processingCode],
    [4, String(request.amount).padStart(12, '0')],
    [11, request.acquirerStan],
    [41, request.terminalId],
    [42, request.merchantId],
    [60, `${transactionType}${request.batchNumber}000`],
  ]
  if (kind === 'inquiry') return messageOf('0600', identity)
  const { cardFields } = request
  const card: OptionalFields =
    kind === 'sale' && cardFields !== null
      ? FORWARDED_CARD_FIELDS.map((number) => [number, cardFields.get(number)])
      : []
  const isReversal = kind === 'reversal'
  return messageOf(isReversal ? '0400' : '0200', [
    ...identity,
    [22, NO_CARD_READ],
    [25, NORMAL_CONDITION],
    [49, request.currencyCode],
    [39, isReversal ? REVERSAL_REASON : undefined],
    // A reversal never carries 37 (protocol.md §3.5).
    [37, isReversal ? undefined : original?.rrn],
    [38, original?.authorizationCode ?? undefined],
    [61, original === null ? undefined : original.batchNumber + original.stan],
    ...card,
  ])
}
