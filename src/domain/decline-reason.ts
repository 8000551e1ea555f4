/**
 * @module All reasons for a refusal. Only this table maps a reason to field 39, an HTTP status, words and advice.
 *
 * In GBK, `zh` fits the 20 bytes of the acquirer's text in field 63. `adviceZh` fits the 60 bytes of the terminal's
 * text (protocol.md §2.3). The English texts fit the same lengths in ASCII.
 */

export const DO_NEXT = [
  'print_receipt',
  'query',
  'reverse',
  'sign_on',
  'ask_supervisor',
  'refund',
  'contact_acquirer',
  'retry',
  'nothing',
] as const
export type DoNext = (typeof DO_NEXT)[number]

export interface Refusal {
  /** Field 39, two characters (protocol.md §6). */
  readonly responseCode: string
  readonly httpStatus: 400 | 401 | 403 | 404 | 409 | 422 | 503
  readonly zh: string
  readonly en: string
  readonly adviceZh: string
  readonly adviceEn: string
  readonly doNext: DoNext
}

const refusal = (
  responseCode: string,
  httpStatus: Refusal['httpStatus'],
  zh: string,
  en: string,
  adviceZh: string,
  adviceEn: string,
  doNext: DoNext,
): Refusal => ({ responseCode, httpStatus, zh, en, adviceZh, adviceEn, doNext })

const NOT_FOUND = refusal(
  '25',
  404,
  '未找到原交易',
  'Original not found',
  '请核对原凭证号和参考号',
  'Check the original voucher and reference number',
  'query',
)

/** In the order of the guards (semantics.md, Order of the guards). The names never change. */
export const REFUSALS = {
  unsupported_transaction: refusal(
    '40',
    422,
    '不支持该交易',
    'Not supported',
    '请改用其他交易或联系收单机构',
    'Use another transaction or call the acquirer',
    'contact_acquirer',
  ),
  terminal_unknown: refusal(
    '97',
    404,
    '终端未登记',
    'Terminal unknown',
    '请联系收单机构登记终端',
    'Ask the acquirer to register this terminal',
    'contact_acquirer',
  ),
  merchant_unknown: refusal(
    '03',
    404,
    '商户无效',
    'Merchant unknown',
    '请核对商户号或联系收单机构',
    'Check the merchant number or call the acquirer',
    'contact_acquirer',
  ),
  terminal_not_allowed: refusal(
    '58',
    403,
    '终端已停用',
    'Terminal not allowed',
    '该终端不可交易，请联系收单机构',
    'This terminal may not transact: call the acquirer',
    'contact_acquirer',
  ),
  key_not_established: refusal(
    '77',
    409,
    '请先签到',
    'Sign on first',
    '请签到后重新交易',
    'Sign on, then do the transaction again',
    'sign_on',
  ),
  mac_mismatch: refusal(
    'A0',
    401,
    '校验错',
    'MAC error',
    '请签到后重新交易',
    'Sign on, then do the transaction again',
    'sign_on',
  ),
  format_error: refusal(
    '30',
    400,
    '报文格式错',
    'Format error',
    '请联系终端维护人员',
    'Call the terminal maintainer',
    'contact_acquirer',
  ),
  key_reused_with_different_content: refusal(
    '94',
    422,
    '流水号重复',
    'Duplicate trace',
    '流水号已用于另一笔，请核对后重做',
    'Trace number used for something else: check and redo',
    'query',
  ),
  message_reversed: refusal(
    '12',
    409,
    '该笔已冲正',
    'Already reversed',
    '本笔无效，如需请以新流水号重做',
    'This one has no effect: redo with a new trace number',
    'nothing',
  ),
  batch_mismatch: refusal(
    '77',
    409,
    '批次不符请签到',
    'Batch mismatch',
    '请签到更新批次号后重新交易',
    'Sign on for the batch number, then redo',
    'sign_on',
  ),
  original_not_found: NOT_FOUND,
  // The sale of another merchant looks absent on the wire. Only the log has the difference.
  merchant_differs: NOT_FOUND,
  terminal_differs: refusal(
    '25',
    409,
    '非本终端交易',
    'Other terminal',
    '请在原终端撤销',
    'Void it on the terminal that made the sale',
    'contact_acquirer',
  ),
  reference_differs: refusal(
    '25',
    409,
    '参考号不符',
    'Reference differs',
    '请核对参考号和授权码',
    'Check the reference number and authorisation code',
    'query',
  ),
  card_differs: refusal(
    '14',
    409,
    '卡号与原交易不符',
    'Card differs',
    '请使用原交易的卡',
    'Use the card of the original sale',
    'nothing',
  ),
  original_not_approved: refusal(
    '12',
    409,
    '原交易未成功',
    'Sale not approved',
    '未扣款，无需撤销',
    'Nothing was charged: there is nothing to void',
    'nothing',
  ),
  original_reversed: refusal(
    '25',
    409,
    '原交易已冲正',
    'Sale was reversed',
    '款项已冲正，无需撤销',
    'The sale was already reversed: nothing to void',
    'nothing',
  ),
  original_already_voided: refusal(
    '12',
    409,
    '原交易已撤销',
    'Already voided',
    '请勿重复撤销，可查询原撤销',
    'Do not void again: look up the first void',
    'query',
  ),
  outcome_pending: refusal(
    '09',
    409,
    '原交易结果待定',
    'Outcome pending',
    '上一笔结果未定，请稍后查询再做',
    'An outcome is not known yet: query it, then try again',
    'query',
  ),
  original_settled: refusal(
    '12',
    409,
    '原交易已结算',
    'Already settled',
    '不能撤销，请由收单机构办理退货',
    'Cannot void: ask the acquirer for a refund',
    'refund',
  ),
  // Terminals take 00, 12 and 25 as reversed (protocol.md §3.5). This target is not reversed, so the code is none of
  // them.
  reversal_too_late: refusal(
    '22',
    409,
    '已结算不能冲正',
    'Too late to reverse',
    '冲正未成功，请联系收单机构',
    'Not reversed: call the acquirer',
    'contact_acquirer',
  ),
  window_expired: refusal(
    '12',
    409,
    '已过撤销时限',
    'Void window over',
    '不能撤销，请由收单机构办理退货',
    'Cannot void: ask the acquirer for a refund',
    'refund',
  ),
  amount_differs: refusal(
    '64',
    422,
    '金额与原交易不符',
    'Amount differs',
    '金额须与原交易相同；部分请办退货',
    'Use the full original amount; for a part, refund',
    'refund',
  ),
  currency_differs: refusal(
    'A1',
    422,
    '币种不符',
    'Currency differs',
    '请使用商户及原交易的币种',
    'Use the currency of the merchant and of the sale',
    'nothing',
  ),
  issuer_declined: refusal(
    '05',
    409,
    '发卡行不予承兑',
    'Do not honour',
    '请持卡人联系发卡行',
    'The cardholder should call the issuer',
    'nothing',
  ),
  insufficient_funds: refusal(
    '51',
    409,
    '余额不足',
    'Insufficient funds',
    '请更换卡片',
    'Use another card',
    'nothing',
  ),
  card_expired: refusal('54', 409, '卡已过期', 'Card expired', '请更换卡片', 'Use another card', 'nothing'),
  pin_incorrect: refusal(
    '55',
    409,
    '密码错误',
    'Wrong PIN',
    '请重新输入密码',
    'Enter the PIN again',
    'nothing',
  ),
  limit_exceeded: refusal(
    '61',
    409,
    '超出金额限制',
    'Over the limit',
    '请更换卡片',
    'Use another card',
    'nothing',
  ),
  issuer_unavailable: refusal(
    '91',
    409,
    '发卡行暂不可用',
    'Issuer unavailable',
    '请稍后重做',
    'Try again later',
    'nothing',
  ),
  acquirer_silent: refusal(
    '68',
    409,
    '收单机构未应答',
    'No acquirer answer',
    '未撤销未扣款，请重做',
    'It did not happen: do it again',
    'nothing',
  ),
  in_progress: refusal(
    '09',
    409,
    '正在处理',
    'In progress',
    '请稍候再试',
    'Wait a moment and try again',
    'retry',
  ),
} as const satisfies Record<string, Refusal>

export type DeclineReason = keyof typeof REFUSALS

/** The row of a reason. */
export const refusalOf = (reason: DeclineReason): Refusal => REFUSALS[reason]
