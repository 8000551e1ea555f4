/**
 * @module The words of the JSON API for the reasons of the domain. A caller of the API has ids and keys; the words of
 * `decline-reason.ts` are for a terminal, which has trace numbers and vouchers.
 */

import { type DeclineReason, refusalOf } from '../../domain/decline-reason.ts'
import type { DoNext } from '../../domain/refusal.ts'

interface Wording {
  readonly zh: string
  readonly en: string
  readonly adviceZh: string
  readonly adviceEn: string
  /** Where a caller of the API does something else than a terminal. */
  readonly doNext?: DoNext
}

const say = (zh: string, en: string, adviceZh: string, adviceEn: string, doNext?: DoNext): Wording => ({
  zh,
  en,
  adviceZh,
  adviceEn,
  ...(doNext === undefined ? {} : { doNext }),
})

const SALE_UNKNOWN = say(
  '未找到原交易',
  'The sale is not known',
  '请核对 saleId；该商户在本区域没有此交易，其他区域可能有',
  'Check saleId: no sale of this merchant has it in this region. Another region may have it',
  'contact_acquirer',
)
const TERMINAL_ONLY = say(
  '仅限终端报文',
  'Only a terminal can get this answer',
  '请联系收单机构',
  'Call the acquirer',
  'contact_acquirer',
)
const OTHER_CARD = ['请持卡人更换卡片', 'The cardholder can use another card'] as const

/** For `amount_differs` of a reversal: it names another amount than its target. */
export const REVERSAL_AMOUNT_WORDS = say(
  '金额与原报文不符',
  'The amount is not that of the message to reverse',
  '原报文仍然有效；请查询该报文，并以其金额冲正',
  'It is unchanged: query it at `location`, and reverse it with its amount',
)

export const JSON_WORDS: Readonly<Record<DeclineReason, Wording>> = {
  unsupported_transaction: TERMINAL_ONLY,
  terminal_unknown: say(
    '终端未登记',
    'The terminal is not known',
    '请核对 merchantId 和 terminalId，或先登记终端',
    'Check merchantId and terminalId, or have the terminal provisioned',
    'nothing',
  ),
  merchant_unknown: say(
    '商户无效',
    'The merchant is not known or is closed',
    '请核对商户号或联系收单机构',
    'Check merchantId, or call the acquirer',
  ),
  terminal_not_allowed: say(
    '终端已停用',
    'The terminal is blocked, stolen or retired',
    '请联系收单机构恢复该终端',
    'Call the acquirer to put the terminal back into use',
  ),
  key_not_established: TERMINAL_ONLY,
  mac_mismatch: TERMINAL_ONLY,
  format_error: TERMINAL_ONLY,
  key_reused_with_different_content: say(
    '该键已用于其他内容',
    'This key or number was used for other content',
    '请按 location 查询先前的请求；新操作请用新键',
    'Look up the first request at `location`; use a new key for a new act',
  ),
  message_reversed: say(
    '该请求已被冲正',
    'This request was reversed',
    '本请求无效；如需请以新键重做',
    'It has no effect: to do it after all, use a new key',
  ),
  message_archived: say(
    '该请求已归档',
    'This request is in the archive',
    '请勿重做；结果见存档，请向服务方查询',
    'Do not do it again: the operator of the service has its outcome in the archive',
  ),
  batch_mismatch: say(
    '批次不符',
    'The batch is not the open batch of the terminal',
    '请核对 batchNumber',
    'Check batchNumber: only the open batch takes sales',
    'nothing',
  ),
  original_not_found: SALE_UNKNOWN,
  merchant_differs: SALE_UNKNOWN,
  terminal_differs: say(
    '非该终端的交易',
    'The sale is of another terminal',
    '请核对 saleId',
    'Check saleId',
    'nothing',
  ),
  reference_differs: say(
    '参考信息不符',
    'The references do not belong together',
    '请按 location 查询所指的撤销',
    'Look up the void that you named at `location`',
  ),
  card_differs: TERMINAL_ONLY,
  original_not_approved: say(
    '原交易未成功',
    'The sale was not approved',
    '未扣款，无需撤销',
    'Nothing was charged: there is nothing to void',
  ),
  original_reversed: say(
    '原交易已冲正',
    'The sale was reversed',
    '款项已冲正，无需撤销',
    'The money went back with the reversal: there is nothing to void',
  ),
  original_already_voided: say(
    '原交易已撤销',
    'The sale is voided already',
    '请勿重复撤销，按 location 查询',
    'Do not void it again: look the sale up at `location`',
  ),
  outcome_pending: say(
    '原交易结果待定',
    'The sale, or another void of it, is not decided yet',
    '请稍后按 location 查询，再决定是否重做',
    'Look the sale up at `location` a little later, then decide',
  ),
  original_settled: say(
    '原交易已结算',
    'The sale is settled',
    '不能撤销，请由收单机构办理退货',
    'A void is not possible: ask the acquirer for a refund',
  ),
  reversal_too_late: say(
    '已结算不能冲正',
    'The batch is settled: too late to reverse',
    '冲正未成功，请联系收单机构',
    'Nothing was reversed: call the acquirer',
  ),
  window_expired: say(
    '已过撤销时限',
    'The time for a void is over',
    '不能撤销，请由收单机构办理退货',
    'A void is not possible: ask the acquirer for a refund',
  ),
  amount_differs: say(
    '金额与原交易不符',
    'The amount is not that of the sale',
    '金额须为原交易全额；部分退款请办退货',
    'A void is for the full amount of the sale; for a part, ask for a refund',
  ),
  currency_differs: say(
    '币种不符',
    'The currency is not that of the merchant or of the sale',
    '请使用商户及原交易的币种',
    'Use the currency of the merchant and of the sale',
  ),
  reversal_too_old: TERMINAL_ONLY,
  approval_required: say(
    '需主管授权',
    'The void is too old to be reversed without an approval',
    '撤销仍然有效；请由管理员附原因（reason）冲正',
    'The void stands: an administrator can reverse it, with a reason',
  ),
  reason_required: say(
    '须填写原因',
    'A reason is required',
    '请在 reason 中填写原因，以同一键重做',
    'Send it again with `reason`, under the same key',
  ),
  issuer_declined: say(
    '发卡行不予承兑',
    'The issuer declined it',
    '请持卡人联系发卡行',
    'The cardholder should call the issuer',
  ),
  insufficient_funds: say('余额不足', 'The funds are not sufficient', ...OTHER_CARD),
  card_expired: say('卡已过期', 'The card is expired', ...OTHER_CARD),
  pin_incorrect: say('密码错误', 'The PIN was wrong', ...OTHER_CARD),
  limit_exceeded: say('超出金额限制', 'The amount is over the limit of the card', ...OTHER_CARD),
  issuer_unavailable: say(
    '发卡行暂不可用',
    'The issuer is not available',
    '请稍后以新键重做',
    'Try again later, under a new key',
  ),
  acquirer_silent: say(
    '收单机构未应答',
    'The acquirer did not answer',
    '未撤销；如需请以新键重做',
    'It did not happen: to do it, use a new key',
  ),
  not_recorded: say(
    '系统无法记账',
    'The service could not record it',
    '本笔未成功，请联系收单机构；交易类报文已建个案',
    'It did not happen: call the acquirer. A sale, void or reversal has an open case',
  ),
  in_progress: say(
    '正在处理',
    'Another request is being processed',
    '请稍候以同一键重发',
    'Wait a moment, then send the same request again',
  ),
}

/** The next step of a caller after a refusal by the domain. */
export const jsonDoNext = (reason: DeclineReason): DoNext =>
  JSON_WORDS[reason].doNext ?? refusalOf(reason).doNext
