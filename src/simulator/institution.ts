/**
 * @module Answers of a simulated acquirer to an institution: to an echo, and to the settlement of a day. The same settlement gets the same
 * answer, also as a repeat (0501).
 */

import { compareTotals, NO_TOTALS, settlementTotals } from '../domain/money.ts'
import { buildAnswer } from '../iso8583/answer.ts'
import { field60Of, firstMti } from '../iso8583/cup.ts'
import type { Message } from '../iso8583/message.ts'
import type { Ledger } from './ledger.ts'
import { localClock, monthAndDay } from './messages.ts'

export type InstitutionKind = 'echo' | 'settlement'

/** The kind of a message without a terminal; undefined for any other message. */
export function institutionKindOf({ mti, fields }: Message): InstitutionKind | undefined {
  if (!fields.has(32) || fields.has(41)) return undefined
  const code = field60Of(fields).networkManagementCode
  if (mti === '0820' && code === '301') return 'echo'
  return firstMti(mti) === '0500' && code === '201' ? 'settlement' : undefined
}

/** Days that a settlement may name: the last ones that ended. */
const DAYS_BACK = 30

/** One minor unit: the totals of a script that differs. */
const OTHER = 1

export class Institution {
  readonly #ledger: Ledger
  /** Field 48 of the answers, by the day and field 11. */
  readonly #answers = new Map<string, string>()

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** The answer before its MAC. `isOther`: as if the acquirer had other totals. */
  answer(kind: InstitutionKind, request: Message, now: number, isOther = false): Message {
    if (kind === 'echo') return this.#message('echo', request, now, '00')
    const day = this.#dayOf(request, now)
    // A day that goes on has no totals yet: the code of a cut-off under way.
    if (day === null) return this.#message('settlement', request, now, '90')
    const key = `${request.fields.get(15)} ${request.fields.get(11)}`
    const totals = this.#answers.get(key) ?? this.#compare(request, day, isOther)
    if (totals === undefined) return this.#message('settlement', request, now, '30')
    this.#answers.set(key, totals)
    return this.#message('settlement', request, now, '00', totals)
  }

  /** The refusal of a message. A settlement has no totals then. */
  refuse(kind: InstitutionKind, request: Message, now: number, code: string): Message {
    return this.#message(kind, request, now, code)
  }

  #compare({ fields }: Message, day: number, isOther: boolean): string | undefined {
    const own = this.#ledger.totalsOf(day, fields.get(49) ?? '')
    const totals = isOther ? { ...own, debitAmount: own.debitAmount + OTHER } : own
    return compareTotals(fields.get(48) ?? '', totals)?.answer
  }

  /** The last day before today with the date of field 15. */
  #dayOf({ fields }: Message, now: number): number | null {
    const today = this.#ledger.dayAt(now)
    for (let day = today - 1; day >= today - DAYS_BACK; day--)
      if (monthAndDay(day * 86_400_000) === fields.get(15)) return day
    return null
  }

  #message(
    type: InstitutionKind,
    request: Message,
    now: number,
    responseCode: string,
    totals?: string,
  ): Message {
    const refused = settlementTotals(NO_TOTALS, { domestic: '3', foreign: '3' })
    return buildAnswer(request, type, {
      responseCode,
      ...localClock(now),
      settlementDate: request.fields.get(15) ?? '',
      rrn: '0'.repeat(12),
      authorizationCode: null,
      acquirerId: request.fields.get(32) ?? '',
      receivingInstitution: '',
      privateData: '',
      totals: totals ?? refused,
    })
  }
}
