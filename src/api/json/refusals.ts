/** @module Why the JSON API itself refuses a request: HTTP status, words, advice, and what the caller does next. */

import type { DeclineReason } from '../../domain/decline-reason.ts'
import type { DoNext } from '../../domain/refusal.ts'

export interface ApiRefusal {
  readonly status: number
  readonly zh: string
  readonly en: string
  readonly adviceZh: string
  readonly adviceEn: string
  readonly doNext: DoNext
}

const refusal = (
  status: number,
  doNext: DoNext,
  [zh, en]: readonly [string, string],
  [adviceZh, adviceEn]: readonly [string, string],
): ApiRefusal => ({ status, zh, en, adviceZh, adviceEn, doNext })

/** Reasons of the API itself; those of the domain are in `decline-reason.ts`. */
export const API_REFUSALS = {
  unauthorized: refusal(
    401,
    'nothing',
    ['未授权', 'Bearer key missing or not valid'],
    ['请在 Authorization 头中使用有效的密钥', 'Send a valid key as Authorization: Bearer KEY'],
  ),
  forbidden: refusal(
    403,
    'nothing',
    ['无权限', 'This key may not do that'],
    [
      '请使用管理员密钥或本商户的密钥，并具备所需权限（scope）；新密钥的权限和有效期不得超过创建者',
      'Use a key with the scope of the route, of an administrator or the merchant; a new key gets no more than its maker has',
    ],
  ),
  not_found: refusal(
    404,
    'nothing',
    ['未找到', 'Nothing is here'],
    ['请核对路径和编号', 'Check the path and the reference'],
  ),
  method_not_allowed: refusal(
    405,
    'nothing',
    ['方法不允许', 'Method not allowed'],
    ['请使用 Allow 头列出的方法', 'Use a method that the Allow header lists'],
  ),
  body_too_large: refusal(
    413,
    'nothing',
    ['请求过大', 'The body is too large'],
    ['请分成较小的请求', 'Split it into smaller requests'],
  ),
  unsupported_media_type: refusal(
    415,
    'nothing',
    ['类型不支持', 'Media type not supported'],
    [
      '请以 UTF-8 发送 accepts 列出的类型，不压缩',
      'Send a type that `accepts` lists, in UTF-8, not compressed',
    ],
  ),
  invalid_request: refusal(
    400,
    'nothing',
    ['请求格式错', 'The request is not valid'],
    ['请按 errors 所列修改请求', 'Correct what `errors` lists'],
  ),
  idempotency_key_required: refusal(
    400,
    'nothing',
    ['缺少幂等键', 'Idempotency-Key is missing or not valid'],
    [
      '请为每笔新操作生成一个键，1 至 255 个可见 ASCII 字符',
      'Make one key for each new act: 1 to 255 visible ASCII characters',
    ],
  ),
  terminal_of_other_merchant: refusal(
    409,
    'contact_acquirer',
    ['终端号已被占用', 'The terminal number belongs to another merchant'],
    ['请使用其他终端号', 'Use another terminal number'],
  ),
  merchant_required: refusal(
    409,
    'nothing',
    ['商户未登记', 'The merchant is not provisioned'],
    ['请先登记商户，再登记终端', 'Send PUT /v1/merchants/{merchantId} first, then this request again'],
  ),
  master_key_required: refusal(
    422,
    'nothing',
    ['缺少主密钥', 'A new terminal, or a change of MAC profile, needs a master key'],
    ['请在 tmk 中提供两个密钥分量', 'Add `tmk` with two components'],
  ),
  master_key_weak: refusal(
    422,
    'nothing',
    ['主密钥过弱或不合要求', 'The master key is weak, or its length or parity is not allowed'],
    [
      '请重新生成密钥分量；8 字节密钥须 allowSingleLength',
      'Generate both components at random, 16 bytes each; 8 bytes need `allowSingleLength`',
    ],
  ),
  currency_fixed: refusal(
    409,
    'nothing',
    ['商户币种不可更改', 'The currency of a merchant does not change'],
    ['请为其他币种另建商户', 'Provision another merchant for another currency'],
  ),
  check_value_differs: refusal(
    422,
    'nothing',
    ['密钥校验值不符', 'A check value does not fit its key'],
    ['请核对密钥分量及其校验值', 'Check the components and their check values'],
  ),
  body_too_slow: refusal(
    408,
    'retry',
    ['请求超时', 'The body did not come in time'],
    ['未作处理，请重发', 'Nothing was done: send the request again'],
  ),
  rate_limited: refusal(
    429,
    'retry',
    ['请求过于频繁', 'Too many requests'],
    [
      '未作处理，请按 Retry-After 等待后重发',
      'Nothing was done: wait Retry-After seconds, then send it again',
    ],
  ),
  overloaded: refusal(
    503,
    'retry',
    ['系统繁忙', 'The service is too busy'],
    [
      '未作处理，请按 Retry-After 等待后重发',
      'Nothing was done: wait Retry-After seconds, then send it again',
    ],
  ),
  case_closed: refusal(
    409,
    'nothing',
    ['个案已结', 'The case is closed already'],
    ['请查看该个案的处理记录', 'Read the case: its history has the decision'],
  ),
  too_many_notes: refusal(
    409,
    'nothing',
    ['备注已满', 'The case has as many notes as it may have'],
    ['请联系收单机构处理该个案', 'Have the case decided: it takes no more notes'],
  ),
  unavailable: refusal(
    503,
    'retry',
    ['暂不可用', 'The service is not available'],
    ['未作处理，请重发', 'Nothing was done: send the request again'],
  ),
  outcome_unknown: refusal(
    503,
    'retry',
    ['结果未知', 'The outcome is not known yet'],
    [
      '请原样重发同一请求；有幂等键的，须用同一键',
      'Send the same request again, with the same Idempotency-Key if it has one',
    ],
  ),
} as const satisfies Record<string, ApiRefusal>

export type ApiReason = keyof typeof API_REFUSALS

/** A reason of the API itself or of the domain. */
export type Reason = ApiReason | DeclineReason
