/** @module Requests to an acquirer as ISO 8583 messages (protocol.md §3.9). The same request gives the same bytes. */

import { FORWARDED_CARD_FIELDS, isUnderOurKeys } from '../iso8583/card-fields.ts'
import { TRANSACTION_CODES } from '../iso8583/cup.ts'
import { type Message, messageOf, type OptionalFields } from '../iso8583/message.ts'
import type { AcquirerRequest } from './port.ts'

/** Entered by hand, no PIN: a void or reversal has no card here. */
const NO_CARD_READ = '012'
const NORMAL_CONDITION = '00'
/** "Other": the acquirer does not get the reason of a void or reversal. */
const REVERSAL_REASON = '06'
/** Field 37 of a void whose sale has no RRN of the acquirer. It is never an RRN of ours. */
const NO_RRN = '000000000000'

/** The reason why a request cannot be sent to any acquirer; null when it can. */
export function unsendable({ kind, cardFields }: AcquirerRequest): 'without_card' | 'under_our_keys' | null {
  if (kind !== 'sale') return null
  if (cardFields === null) return 'without_card'
  return isUnderOurKeys(cardFields) ? 'under_our_keys' : null
}

/** The message without field 64. Throws RangeError when a value does not fit its field. */
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
    [37, isReversal || original === null ? undefined : (original.rrn ?? NO_RRN)],
    [38, original?.authorizationCode ?? undefined],
    [61, original === null ? undefined : original.batchNumber + original.stan],
    ...card,
  ])
}
