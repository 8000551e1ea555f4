/**
 * @module The meaning of an acquirer's field 39, as one table (protocol.md §6). The outcome stays unknown after a code
 * that is not in the table, or that is not definite. An inquiry or a reversal then finds the outcome.
 */

import type { DeclineReason } from '../domain/decline-reason.ts'

interface Meaning {
  /** In the response to a sale or void. */
  readonly requested: 'approved' | DeclineReason | 'unknown'
  /** In the response to a void that was sent before. A refusal of the copy says nothing about the first one. */
  readonly repeated: 'approved' | DeclineReason | 'unknown'
  /**
   * In the response to a reversal: the target has no effect, or keeps it. `not_found`: nothing is valid there, and a
   * late copy may still come.
   */
  readonly reversed: 'undone' | 'not_found' | DeclineReason | 'unknown'
  /** In the response to an inquiry: the current state of its message. */
  readonly inquired: 'approved' | 'not_found' | DeclineReason | 'unknown'
}

const UNKNOWN: Meaning = {
  requested: 'unknown',
  repeated: 'unknown',
  reversed: 'unknown',
  inquired: 'unknown',
}
const APPROVED: Meaning = { ...UNKNOWN, requested: 'approved', repeated: 'approved', inquired: 'approved' }

/** Issuer or acquirer declined. An acquirer that repeats its first answer sends the same code for a copy. */
const declined = (reason: DeclineReason): Meaning => ({
  requested: reason,
  repeated: reason,
  reversed: reason,
  inquired: reason,
})

/** Refused for the form of the message. A copy gets the same code, and so does an inquiry, for its own form. */
const refused = (reason: DeclineReason): Meaning => ({ ...declined(reason), inquired: 'unknown' })

/**
 * Refused for the way to the issuer, or for the acquirer's register of terminals. It is definite for a sale or void,
 * and says nothing about an earlier one.
 */
const refusedFirst = (reason: DeclineReason): Meaning => ({ ...UNKNOWN, requested: reason })

const issuer = declined('issuer_declined')
const unreachable = refusedFirst('issuer_unavailable')

/** Field 39 → meaning. */
export const MEANINGS: Readonly<Record<string, Meaning>> = {
  '00': { ...APPROVED, reversed: 'undone' },
  // Approved with a qualification.
  '11': APPROVED,
  A2: APPROVED,
  A4: APPROVED,
  A5: APPROVED,
  A6: APPROVED,

  // Terminals take 12 and 25 for the end of a reversal (protocol.md §3.5). An acquirer may send them because the
  // message has not arrived yet, or because a void of the sale is valid. A copy of a void may get them because the
  // first one is valid.
  '12': { ...UNKNOWN, requested: 'issuer_declined', reversed: 'not_found', inquired: 'message_reversed' },
  '25': { ...UNKNOWN, requested: 'original_not_found', reversed: 'not_found', inquired: 'not_found' },

  '01': issuer,
  '02': issuer,
  '04': issuer,
  '05': issuer,
  '07': issuer,
  '13': issuer,
  '14': issuer,
  '15': issuer,
  '21': issuer,
  '23': issuer,
  '31': issuer,
  '34': issuer,
  '35': issuer,
  '36': issuer,
  '37': issuer,
  '38': issuer,
  '39': issuer,
  '41': issuer,
  '42': issuer,
  '43': issuer,
  '44': issuer,
  '52': issuer,
  '53': issuer,
  '56': issuer,
  '57': issuer,
  '59': issuer,
  '60': issuer,
  '62': issuer,
  '63': issuer,
  '66': issuer,
  '67': issuer,
  '75': issuer,
  '93': issuer,
  A3: issuer,
  '33': declined('card_expired'),
  '54': declined('card_expired'),
  '51': declined('insufficient_funds'),
  '55': declined('pin_incorrect'),
  '61': declined('limit_exceeded'),
  '65': declined('limit_exceeded'),
  '64': declined('amount_differs'),
  A1: declined('currency_differs'),

  '30': refused('format_error'),
  '40': refused('unsupported_transaction'),

  '03': refusedFirst('merchant_unknown'),
  '58': refusedFirst('terminal_not_allowed'),
  '97': refusedFirst('terminal_unknown'),
  // The message was not passed on, and the acquirer's books have it so. In the response to an inquiry or reversal it
  // may mean: not now.
  '91': unreachable,
  '92': unreachable,

  // Partially approved: neither the requested amount nor nothing.
  '10': UNKNOWN,
  // States differ. In the response to a reversal: too late. Otherwise not definite.
  '22': { ...UNKNOWN, reversed: 'reversal_too_late' },
  // Errors on the way or in the acquirer, before or after it booked; late or missing answers of the issuer.
  '06': UNKNOWN,
  '09': UNKNOWN,
  '19': UNKNOWN,
  '20': UNKNOWN,
  '68': UNKNOWN,
  '96': UNKNOWN,
  '98': UNKNOWN,
  // The current state of the day, the batch or the keys. It says nothing about an earlier copy.
  '77': UNKNOWN,
  '79': UNKNOWN,
  '90': UNKNOWN,
  '95': UNKNOWN,
  '99': UNKNOWN,
  A0: UNKNOWN,
  A7: UNKNOWN,
  // A duplicate without its outcome, from an acquirer that does not repeat its first answer.
  '94': UNKNOWN,
}

/** The meaning of a response code in the response to this kind of request. */
export function meaningOf<K extends keyof Meaning>(responseCode: string, as: K): Meaning[K] {
  const meaning = Object.hasOwn(MEANINGS, responseCode) ? MEANINGS[responseCode] : undefined
  return (meaning ?? UNKNOWN)[as]
}
