/** @module The meaning of a response in Chinese and English: its response code, and the reason if the text of field 63 names one. */

import { type DeclineReason, REFUSALS } from '../../domain/decline-reason.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { RESPONSE_CODES } from '../../iso8583/names.ts'
import { answerTexts, type Exchange, MATCHED } from '../../terminal/exchange.ts'

export interface Words {
  /** The service's stable name of a refusal, found by the text of field 63. */
  readonly reason?: DeclineReason
  readonly zh: string
  readonly en: string
  readonly advice?: string
}

const refusals = Object.entries(REFUSALS) as [DeclineReason, Refusal][]

export function wordsOf({ outcome, responseCode = '', received, fault }: Exchange): Words {
  if (outcome === 'unanswered') return { zh: '无应答', en: 'no response' }
  if (outcome === 'invalid') return { zh: '应答无效', en: `invalid response: ${fault}` }
  const isSettlement = received?.mti === '0510' && !received.fields.has(39)
  if (isSettlement)
    return responseCode === MATCHED
      ? { zh: '对账平', en: 'totals match' }
      : { zh: '对账不平', en: 'totals differ' }
  const english = RESPONSE_CODES[responseCode] ?? 'transaction failed'
  if (outcome === 'approved') return { zh: '交易成功', en: english }
  const texts = answerTexts(received)
  const named = refusals.find(
    ([, refusal]) =>
      refusal.responseCode === responseCode && (texts.includes(refusal.zh) || texts.includes(refusal.en)),
  )
  if (named === undefined) return { zh: texts[0] ?? '交易失败', en: english }
  const [reason, { zh, en, adviceZh, adviceEn }] = named
  return { reason, zh, en, advice: `${adviceZh} / ${adviceEn}` }
}
