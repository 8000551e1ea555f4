/** @module What a message was answered first, built again from its entry: for its caller, its copies and whoever inquires. */

import { refusalOf } from '../../domain/decline-reason.ts'
import type { Answer, JournalEntry, Sale, VoidRecord } from '../../domain/types.ts'
import type { SaleBody, VoidBody } from './answer-schemas.ts'
import { iso, saleBody, voidBodyOf } from './bodies.ts'
import type { FirstAnswer, TerminalAnswer } from './inquiry-schemas.ts'
import { type About, declineProblem } from './problem.ts'

/** As it was approved: with the RRN that the acquirer gave it, if one was asked. */
export function approvedVoid(record: VoidRecord, { effects }: JournalEntry): VoidBody {
  const moved = effects.acquirerMoves?.find(({ messageKey }) => messageKey === record.messageKey)
  const body = voidBodyOf({ ...record, state: 'approved' }, null, null)
  return { ...body, acquirerRrn: moved?.acquirerRrn ?? null }
}

/** As it was captured: what happened to it since is not in the first answer, nor in its replay. */
export function capturedSale(sale: Sale, { voidableUntil = null, at }: Answer): SaleBody {
  const state = { sale, liveVoid: null, reversed: false, forwarded: null, batchState: 'open' } as const
  return saleBody(state, voidableUntil, at)
}

/** A terminal's answer as far as it was decided; the bytes depend on the terminal's key. */
function terminalAnswer({ responseCode, reason, rrn, authorizationCode, at }: Answer): TerminalAnswer {
  const decided = { responseCode, reason, rrn, authorizationCode, at: iso(at) }
  if (reason === null) return { ...decided, messages: { zh: '交易成功', en: 'Approved' } }
  const { zh, en, adviceZh, adviceEn } = refusalOf(reason)
  return { ...decided, messages: { zh, en }, advice: { zh: adviceZh, en: adviceEn } }
}

/** What a refused request of the JSON API was about: the same in its first answer, its replays and its inquiries. */
const refusedVoid = ({ request }: JournalEntry, original: Sale | null): About => ({
  original,
  ...(request.saleId === undefined ? {} : { saleId: request.saleId }),
})

/**
 * The first answer of an entry; null where nothing was told yet. `original` is the sale that a refused void of the JSON
 * door named.
 */
export function firstAnswer(entry: JournalEntry, original: Sale | null): FirstAnswer {
  const { answer, door, effects } = entry
  if (answer === null) return null
  if (door === 'terminal') return terminalAnswer(answer)
  if (answer.reason !== null) {
    const { status, body } = declineProblem(answer.reason, refusedVoid(entry, original))
    return { httpStatus: status, body }
  }
  const { voidRecord, sale } = effects
  if (voidRecord !== undefined) return { httpStatus: 201, body: approvedVoid(voidRecord, entry) }
  return sale === undefined ? terminalAnswer(answer) : { httpStatus: 201, body: capturedSale(sale, answer) }
}
