/** @module A case for a person: its records here and at the acquirer, its history, and the next step. */

import type { CaseReason } from '../../domain/acquirer-move.ts'
import { isCaseOpen, isUndecided } from '../../domain/acquirer-state.ts'
import type { Actor } from '../../domain/actor.ts'
import { NO_STAN } from '../../domain/decide-claim.ts'
import { posPartsOf } from '../../domain/message-key.ts'
import type { AcquirerMessage, JournalEntry, Sale } from '../../domain/types.ts'
import type { CaseBody, CaseEvent, Certain } from './answer-schemas.ts'
import { iso, isoOrNull, shownCard } from './bodies.ts'
import { certaintyOf } from './certainty.ts'

interface Words {
  readonly zh: string
  readonly en: string
}

interface CaseWords {
  readonly why: Words
  readonly toDo: Words
}

/** The reason for a case, and the next step of a person. */
const CASE_WORDS: Readonly<Record<CaseReason, CaseWords>> = {
  no_answer: {
    why: { zh: '收单机构一直未应答', en: 'The acquirer did not answer' },
    toDo: {
      zh: '请以收单机构的参考号或流水号向其查询该笔是否成立，再登记结果',
      en: 'Ask the acquirer by its references whether it stands there, then record the answer',
    },
  },
  reversal_refused: {
    why: { zh: '收单机构拒绝冲正', en: 'The acquirer will not undo what is reversed here' },
    toDo: {
      zh: '终端已被告知冲正成功：请要求收单机构撤销该笔，或登记其成立',
      en: 'The terminal got the answer that it is reversed: have the acquirer undo it, or record that it stands',
    },
  },
  record_differs: {
    why: { zh: '与收单机构的清单不符', en: 'The list of the acquirer differs from this record' },
    toDo: {
      zh: '请与收单机构核对该笔，再登记其是否成立',
      en: 'Check it with the acquirer, then record whether it stands',
    },
  },
  only_acquirer: {
    why: { zh: '仅收单机构有该笔', en: 'The acquirer has it, and there is no other trace of it here' },
    toDo: {
      zh: '请与商户核对凭单：成立则登记，否则要求收单机构撤销后登记',
      en: 'Compare with the receipts of the merchant; record that it stands, or have the acquirer undo it',
    },
  },
  not_recorded: {
    why: { zh: '该笔无法记账', en: 'The service could not record the message' },
    toDo: {
      zh: '请与商户核对凭单及终端对账，再登记结果，并报告服务维护人员',
      en: 'Compare with the receipts of the merchant, record the result, and report it to those who run the service',
    },
  },
}

/** For `reversal_refused` of a message that was given up, or approved after its batch closed. Nobody got an answer to it. */
const KEPT_UNANSWERED: CaseWords = {
  why: {
    zh: '收单机构持有该笔，此处未入账',
    en: 'The acquirer holds on to it, and it was not taken up here',
  },
  toDo: {
    zh: '终端尚未得到结果：请要求收单机构撤销该笔，或登记其成立',
    en: 'The terminal got no answer: have the acquirer undo it, or record that it stands',
  },
}

/** For `reversal_refused` of a captured sale whose trace number another sale has. Annul cannot name it to the acquirer. */
const KEPT_WITHOUT_NUMBER: CaseWords = {
  why: {
    zh: '该笔的流水号已被另一笔占用，无法自动冲正',
    en: 'Another sale has its trace number, so it cannot be reversed at the acquirer by that number',
  },
  toDo: {
    zh: '终端已被告知冲正成功：请要求收单机构按参考号撤销该笔，或登记其成立',
    en: 'The terminal got the answer that it is reversed: have the acquirer undo it by its RRN, or record that it stands',
  },
}

function wordsOf({ caseReason, state, acquirerStan }: AcquirerMessage): CaseWords {
  if (caseReason === 'reversal_refused' && acquirerStan === NO_STAN) return KEPT_WITHOUT_NUMBER
  if (caseReason === 'reversal_refused' && isUndecided(state)) return KEPT_UNANSWERED
  return CASE_WORDS[caseReason ?? 'no_answer']
}

export interface CaseView {
  readonly message: AcquirerMessage
  readonly attempts: number
  readonly nextAt: number | null
  readonly history: readonly JournalEntry[]
  readonly sale: Sale | null
}

export function caseBody({ message, attempts, nextAt, history, sale }: CaseView): CaseBody {
  const { caseReason, caseOpenedAt, caseClosedAt } = message
  const isOpen = isCaseOpen(message)
  const words = wordsOf(message)
  return {
    rrn: message.rrn,
    state: isOpen ? 'open' : 'closed',
    reason: caseReason,
    why: words.why,
    openedAt: isoOrNull(caseOpenedAt),
    closedAt: isoOrNull(caseClosedAt),
    kind: message.kind,
    merchantId: message.merchantId,
    terminalId: message.terminalId,
    batchNumber: message.batchNumber,
    /** The trace number of the terminal. Null if the void came by the JSON API. */
    stan: posPartsOf(message.messageKey)?.stan ?? null,
    amount: message.amount,
    currency: message.currencyCode,
    voidId: history[0]?.effects.voidRecord?.id ?? null,
    receivedAt: iso(message.claimedAt),
    sale: sale === null ? null : saleReference(sale),
    /** The record here, and the last answer of the acquirer. */
    ours: { state: message.state },
    acquirer: {
      state: message.acquirerStatus,
      amount: message.acquirerAmount,
      stan: message.acquirerStan === NO_STAN ? null : message.acquirerStan,
      rrn: message.acquirerRrn,
      original: message.original,
    },
    tries: attempts,
    nextTryAt: isoOrNull(nextAt),
    history: history.map(eventOf),
    toDo: isOpen ? words.toDo : null,
    ...certaintyOfCase(message),
  }
}

/** An open case is a question to a person. Otherwise the certainty is that of its message. */
function certaintyOfCase(message: AcquirerMessage): Omit<Certain, 'case'> {
  const { case: _, ...certain } = certaintyOf({
    of: 'message',
    state: message.state,
    forwarded: message,
    doNext: 'nothing',
  })
  return certain
}

const saleReference = ({
  id,
  batchNumber,
  stan,
  rrn,
  amount,
  authorizationCode,
  card,
  soldAt,
}: Sale): NonNullable<CaseBody['sale']> => ({
  id,
  batchNumber,
  stan,
  rrn,
  amount,
  authorizationCode,
  card: shownCard(card),
  soldAt: iso(soldAt),
})

/** The network of the sender and the version of the settings stay in the journal. */
const shownActor = ({ channel, operator, keyId }: Actor): NonNullable<CaseEvent['actor']> => ({
  channel,
  operator,
  keyId,
})

/** The members of an entry that a person needs. */
function eventOf({ seq, kind, at, door, answer, request, effects, actor }: JournalEntry): CaseEvent {
  const { resolution, note, decidedBy, notedBy } = request
  const why = effects.acquirerMoves?.find(({ caseReason }) => caseReason !== undefined)?.caseReason
  return {
    seq,
    kind,
    at: iso(at),
    door,
    ...(actor === undefined ? {} : { actor: shownActor(actor) }),
    ...(answer === null ? {} : { responseCode: answer.responseCode, reason: answer.reason }),
    ...(why === undefined ? {} : { why }),
    ...(kind === 'case_closed'
      ? { resolution: resolution === 'undone' ? 'undone' : 'stands', note, decidedBy }
      : {}),
    ...(kind === 'case_note' ? { note, notedBy } : {}),
  }
}
