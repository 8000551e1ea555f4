/** @module The first answer to a message, from its entry: for the caller, for copies and for inquiries. */

import { refusalOf } from '../../domain/decline-reason.ts'
import type { Answer, Card, JournalEntry, Sale, VoidRecord } from '../../domain/types.ts'
import type { SaleBody, VoidBody } from './answer-schemas.ts'
import { iso, saleBody, voidBodyOf } from './bodies.ts'
import type { FirstAnswer, TerminalAnswer } from './inquiry-schemas.ts'
import { type About, declineProblem } from './problem.ts'

/** The void as it was approved, with the RRN of the acquirer if there is one. `card`: that of its sale. */
export function approvedVoid(record: VoidRecord, { effects }: JournalEntry, card: Card | null): VoidBody {
  const moved = effects.acquirerMoves?.find(({ messageKey }) => messageKey === record.messageKey)
  const approved = { ...record, state: 'approved' } as const
  const body = voidBodyOf({ record: approved, reversedAt: null, forwarded: null, card })
  return { ...body, acquirerRrn: moved?.acquirerRrn ?? null }
}

/** The sale as it was captured. Later changes are not in its first answer. */
export function capturedSale(sale: Sale, { voidableUntil: inAnswer = null, at }: Answer): SaleBody {
  const { voidableUntil = inAnswer } = sale
  const state = {
    sale,
    liveVoid: null,
    isVoidedByEntries: false,
    isVoidRowLost: false,
    isRrnOurs: true,
    reversed: false,
    ownVoids: [],
    forwarded: null,
    batchState: 'open',
  } as const
  return saleBody(state, voidableUntil, at)
}

/** The decided part of an answer to a terminal. Its bytes depend on the key of the terminal. */
function terminalAnswer({ responseCode, reason, rrn, authorizationCode, at }: Answer): TerminalAnswer {
  const decided = { responseCode, reason, rrn, authorizationCode, at: iso(at) }
  if (reason === null) return { ...decided, messages: { zh: '交易成功', en: 'Approved' } }
  const { zh, en, adviceZh, adviceEn } = refusalOf(reason)
  return { ...decided, messages: { zh, en }, advice: { zh: adviceZh, en: adviceEn } }
}

/** The subject of a refusal: the same in its first answer, its copies and its inquiries. */
const refusedVoid = ({ request }: JournalEntry, original: Sale | null): About => ({
  isWritten: true,
  original,
  named: { amount: Number(request.amount), currency: request.currency },
  ...(request.saleId === undefined ? {} : { saleId: request.saleId }),
})

/** The first answer of an entry. Null if there is none yet. `original`: the sale that a JSON void names. */
export function firstAnswer(entry: JournalEntry, original: Sale | null): FirstAnswer {
  const { answer, door, effects } = entry
  if (answer === null) return null
  if (door === 'terminal') return terminalAnswer(answer)
  if (answer.reason !== null) {
    const { status, body } = declineProblem(answer.reason, refusedVoid(entry, original))
    return { httpStatus: status, body }
  }
  const { voidRecord, sale } = effects
  if (voidRecord !== undefined)
    return { httpStatus: 201, body: approvedVoid(voidRecord, entry, original?.card ?? null) }
  return sale === undefined ? terminalAnswer(answer) : { httpStatus: 201, body: capturedSale(sale, answer) }
}
