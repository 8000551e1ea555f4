/** @module Lines of an acquirer's list as they come, and what holding one against ours came to. */

import type { ReconciliationRecord, ReconciliationResult } from '../../domain/compare-record.ts'
import type { AcquirerMessage } from '../../domain/types.ts'
import { iso } from './bodies.ts'
import type { RecordLine } from './schemas.ts'

export function recordOf(line: RecordLine): ReconciliationRecord {
  const { of, merchantId, terminalId, batchNumber, stan, state, amount, currencyCode, original } = line
  return {
    kind: of,
    merchantId,
    terminalId,
    batchNumber,
    acquirerStan: stan,
    // Reversed before the acquirer ever saw it: it stands there no more than one that it saw.
    state: state === 'tombstone' ? 'reversed' : state,
    amount: amount ?? null,
    currencyCode: currencyCode ?? null,
    acquirerRrn: line.rrn ?? null,
    authorizationCode: line.authorizationCode ?? null,
    original: original == null ? null : { batchNumber: original.batchNumber, stan: original.stan },
  }
}

/** What was found, or why nothing could be. */
export type Found = ReconciliationResult | { readonly result: 'unknown_terminal' }

/** `applied`: whether what follows from it is written; null where nothing does, or it was not asked for. */
export function resultBody(
  line: RecordLine,
  found: Found,
  message: AcquirerMessage | null,
  applied: boolean | null,
): object {
  const { of, merchantId, terminalId, batchNumber, stan, state, amount = null } = line
  return {
    of,
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

/** A forwarded message as an acquirer's list would name it. */
export function forwardedBody(message: AcquirerMessage): object {
  const { kind: of, merchantId, terminalId, batchNumber, acquirerStan: stan, amount, currencyCode } = message
  return {
    of,
    merchantId,
    terminalId,
    batchNumber,
    stan,
    amount,
    currencyCode,
    state: message.state,
    rrn: message.rrn,
    claimedAt: iso(message.claimedAt),
  }
}
