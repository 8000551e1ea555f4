/** @module Errors of the JSON door: RFC 9457 problem details with the stable reason, words and advice in both languages. */

import { type DeclineReason, type DoNext, refusalOf } from '../../domain/decline-reason.ts'
import type { Sale } from '../../domain/types.ts'

interface DoorRefusal {
  readonly status: number
  readonly zh: string
  readonly en: string
  readonly doNext: DoNext
}

/** Refusals of the door itself; what the domain refuses is in `decline-reason.ts`. */
export const DOOR_REFUSALS = {
  unauthorized: { status: 401, zh: '未授权', en: 'Bearer key missing or not valid', doNext: 'nothing' },
  forbidden: { status: 403, zh: '无权限', en: 'This key may not do that', doNext: 'nothing' },
  not_found: { status: 404, zh: '未找到', en: 'Nothing is here', doNext: 'nothing' },
  method_not_allowed: { status: 405, zh: '方法不允许', en: 'Method not allowed', doNext: 'nothing' },
  body_too_large: { status: 413, zh: '请求过大', en: 'The body is too large', doNext: 'nothing' },
  unsupported_media_type: {
    status: 415,
    zh: '类型不支持',
    en: 'Media type not supported',
    doNext: 'nothing',
  },
  invalid_request: { status: 400, zh: '请求格式错', en: 'The request is not valid', doNext: 'nothing' },
  idempotency_key_required: {
    status: 400,
    zh: '缺少幂等键',
    en: 'Idempotency-Key is missing or not 1 to 255 visible ASCII characters',
    doNext: 'nothing',
  },
  terminal_of_other_merchant: {
    status: 409,
    zh: '终端号已被占用',
    en: 'The terminal number belongs to another merchant',
    doNext: 'contact_acquirer',
  },
  master_key_required: {
    status: 422,
    zh: '缺少主密钥',
    en: 'A new terminal, or a change of MAC profile, needs a master key',
    doNext: 'nothing',
  },
  master_key_weak: {
    status: 422,
    zh: '主密钥过弱',
    en: 'The two components are the same: the key would be zero',
    doNext: 'nothing',
  },
  currency_fixed: {
    status: 409,
    zh: '商户币种不可更改',
    en: 'The currency of a merchant does not change',
    doNext: 'nothing',
  },
  check_value_differs: {
    status: 422,
    zh: '密钥校验值不符',
    en: 'A check value does not fit its key',
    doNext: 'nothing',
  },
  body_too_slow: { status: 408, zh: '请求超时', en: 'The body did not come in time', doNext: 'retry' },
  rate_limited: { status: 429, zh: '请求过于频繁', en: 'Too many requests', doNext: 'retry' },
  overloaded: { status: 503, zh: '系统繁忙', en: 'Nothing was done: too busy', doNext: 'retry' },
  case_closed: { status: 409, zh: '个案已结', en: 'The case is closed already', doNext: 'nothing' },
  unavailable: { status: 503, zh: '暂不可用', en: 'Nothing was done: try again', doNext: 'retry' },
  outcome_unknown: {
    status: 503,
    zh: '结果未知',
    en: 'The outcome is not known yet: send the same request again',
    doNext: 'retry',
  },
} as const satisfies Record<string, DoorRefusal>

export type DoorReason = keyof typeof DOOR_REFUSALS

/** How long to wait before asking again, in seconds, where nothing else is said. */
const RETRY_AFTER = 1

/** Refusals before anything was done or decided. */
const PENDING: readonly DoorReason[] = ['body_too_slow', 'rate_limited', 'overloaded', 'unavailable']

/** Members beside the usual ones. */
export interface More {
  /** Seconds. */
  readonly retryAfter?: number
  readonly [member: string]: unknown
}

export interface Problem {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
}

interface Words {
  readonly reason: string
  readonly status: number
  readonly zh: string
  readonly en: string
  readonly advice?: { readonly zh: string; readonly en: string }
  readonly doNext: DoNext
}

function problem(words: Words, certainty: 'FINAL' | 'PENDING' | 'UNKNOWN', more: More): Problem {
  const { reason, status, zh, en, advice, doNext } = words
  const { retryAfter = RETRY_AFTER } = more
  const again = certainty === 'FINAL' ? {} : { retryAfter }
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      ...(doNext === 'retry' ? { 'retry-after': String(retryAfter) } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body: {
      type: `urn:annul:problem:${reason}`,
      title: en,
      status,
      ...(advice === undefined ? {} : { detail: advice.en }),
      reason,
      messages: { zh, en },
      ...(advice === undefined ? {} : { advice }),
      certainty,
      doNext,
      ...again,
      ...more,
    },
  }
}

export function doorProblem(reason: DoorReason, more: More = {}): Problem {
  const certainty = reason === 'outcome_unknown' ? 'UNKNOWN' : PENDING.includes(reason) ? 'PENDING' : 'FINAL'
  return problem({ reason, ...DOOR_REFUSALS[reason] }, certainty, more)
}

/** A refusal by the domain. Where only the acquirer can help now, it says with which reference, date and amount. */
export function declineProblem(reason: DeclineReason, original: Sale | null): Problem {
  const { httpStatus: status, zh, en, adviceZh, adviceEn, doNext } = refusalOf(reason)
  const advice = { zh: adviceZh, en: adviceEn }
  const certainty = reason === 'in_progress' ? 'PENDING' : 'FINAL'
  return problem({ reason, status, zh, en, advice, doNext }, certainty, referral(doNext, original))
}

function referral(doNext: DoNext, original: Sale | null): More {
  if (doNext !== 'refund' || original === null) return {}
  const { id, rrn, amount, currencyCode, soldAt } = original
  return {
    original: { saleId: id, rrn, amount, currency: currencyCode, soldAt: new Date(soldAt).toISOString() },
  }
}
