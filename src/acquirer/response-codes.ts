/**
 * @module What field 39 of an acquirer means to us: one table (protocol.md §6). A code that is not in it, and one
 * that does not say for sure what stands in the acquirer's books, leaves the outcome unknown; an inquiry or a reversal finds it.
 */

import type { DeclineReason } from '../domain/decline-reason.ts'

interface Meaning {
  /** Of a sale or void. */
  readonly requested: 'approved' | DeclineReason | 'unknown'
  /** Of a void that was sent before: what is said of the copy alone is no word on the first. */
  readonly repeated: 'approved' | DeclineReason | 'unknown'
  /** Of a reversal: what it names has no effect, or keeps it; `not_found`: nothing stands, and a late copy may still come. */
  readonly reversed: 'undone' | 'not_found' | DeclineReason | 'unknown'
  /** Of an inquiry: what stands of the message that it names. */
  readonly inquired: 'approved' | 'not_found' | DeclineReason | 'unknown'
}

const UNKNOWN: Meaning = {
  requested: 'unknown',
  repeated: 'unknown',
  reversed: 'unknown',
  inquired: 'unknown',
}
const APPROVED: Meaning = { ...UNKNOWN, requested: 'approved', repeated: 'approved', inquired: 'approved' }

/** The issuer or the acquirer decided; an acquirer that gives the same answer to the same message says so again. */
const declined = (reason: DeclineReason): Meaning => ({
  requested: reason,
  repeated: reason,
  reversed: reason,
  inquired: reason,
})

/** Said of the very bytes, whatever the books hold: a copy hears it too, an inquiry hears it about itself. */
const refused = (reason: DeclineReason): Meaning => ({ ...declined(reason), inquired: 'unknown' })

/** The way to the issuer or the acquirer's register of terminals: decided for a sale or void, no word on earlier ones. */
const refusedFirst = (reason: DeclineReason): Meaning => ({ ...UNKNOWN, requested: reason })

const issuer = declined('issuer_declined')
const unreachable = refusedFirst('issuer_unavailable')

export const MEANINGS: Readonly<Record<string, Meaning>> = {
  '00': { ...APPROVED, reversed: 'undone' },
  // Approved with a qualification.
  '11': APPROVED,
  A2: APPROVED,
  A4: APPROVED,
  A5: APPROVED,
  A6: APPROVED,

  // A terminal takes 12 and 25 for a reversal that is over (protocol.md §3.5). An acquirer may say them because the message has
  // not come yet, or because a void of the sale stands; to a copy of a void, because the first one stands.
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
  // Not passed on, and kept so in the acquirer's books. Said to an inquiry or a reversal it may mean: not now.
  '91': unreachable,
  '92': unreachable,

  // Approved in part: not what was asked, and not nothing.
  '10': UNKNOWN,
  // States differ: to a reversal, too late; to anything else, no statement.
  '22': { ...UNKNOWN, reversed: 'reversal_too_late' },
  // Errors on the way and in the acquirer, before or after it booked; late and missing answers of the issuer.
  '06': UNKNOWN,
  '09': UNKNOWN,
  '19': UNKNOWN,
  '20': UNKNOWN,
  '68': UNKNOWN,
  '96': UNKNOWN,
  '98': UNKNOWN,
  // The state of the day, the batch or the keys now; what an earlier copy met is not said.
  '77': UNKNOWN,
  '79': UNKNOWN,
  '90': UNKNOWN,
  '95': UNKNOWN,
  '99': UNKNOWN,
  A0: UNKNOWN,
  A7: UNKNOWN,
  // Seen before, and not what became of it: an acquirer that does not repeat its first answer.
  '94': UNKNOWN,
}

/** What a response code says to a question of this kind. */
export function meaningOf<K extends keyof Meaning>(responseCode: string, as: K): Meaning[K] {
  const meaning = Object.hasOwn(MEANINGS, responseCode) ? MEANINGS[responseCode] : undefined
  return (meaning ?? UNKNOWN)[as]
}
