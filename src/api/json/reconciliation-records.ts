/** @module The lines of an acquirer's list, and the results of their comparison with our records. */

import type { ReconciliationRecord, ReconciliationResult } from '../../domain/compare-record.ts'
import type { AcquirerMessage } from '../../domain/types.ts'
import type { AcquirerMessageBody } from './answer-schemas.ts'
import { iso } from './bodies.ts'
import type { ComparisonBody } from './line-schemas.ts'
import type { RecordLine } from './schemas.ts'

export function recordOf(line: RecordLine): ReconciliationRecord {
  const { kind, merchantId, terminalId, batchNumber, stan, state, amount, currency, original } = line
  return {
    kind,
    merchantId,
    terminalId,
    batchNumber,
    acquirerStan: stan,
    // The acquirer got the reversal first. So the message does not stand there either.
    state: state === 'tombstone' ? 'reversed' : state,
    amount: amount ?? null,
    currencyCode: currency ?? null,
    acquirerRrn: line.rrn ?? null,
    authorizationCode: line.authorizationCode ?? null,
    original: original == null ? null : { batchNumber: original.batchNumber, stan: original.stan },
  }
}

/** The result of a comparison, or the reason why there is none. */
export type Found = ReconciliationResult | { readonly result: 'unknown_terminal' | 'archived' }

/** `applied`: true if the result is recorded. Null if there is nothing to record, or without `apply`. */
export function resultBody(
  line: RecordLine,
  found: Found,
  message: AcquirerMessage | null,
  applied: boolean | null,
): ComparisonBody {
  const { kind, merchantId, terminalId, batchNumber, stan, state, amount = null } = line
  return {
    kind,
    merchantId,
    terminalId,
    batchNumber,
    stan,
    ...found,
    acquirer: { state, amount },
    ours: message === null ? null : { state: message.state, amount: message.amount, rrn: message.rrn },
    applied,
  }
}

/** A forwarded message in the form of an acquirer's list. */
export function forwardedBody(message: AcquirerMessage): AcquirerMessageBody {
  const { kind, merchantId, terminalId, batchNumber, acquirerStan: stan, amount, state, rrn } = message
  const { currencyCode: currency, claimedAt } = message
  return {
    kind,
    merchantId,
    terminalId,
    batchNumber,
    stan,
    amount,
    currency,
    state,
    rrn,
    claimedAt: iso(claimedAt),
  }
}
