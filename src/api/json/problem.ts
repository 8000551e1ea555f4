/** @module Errors of the JSON API: RFC 9457 problem details with a stable reason, words and advice in both languages. */

import * as z from 'zod'
import type { ArchivedMonth } from '../../domain/archived-message.ts'
import { bucketOfId } from '../../domain/bucket.ts'
import { type DeclineReason, REFUSALS, refusalOf } from '../../domain/decline-reason.ts'
import type { DoNext } from '../../domain/refusal.ts'
import { isDifferent } from '../../domain/sale-known.ts'
import { shownTerminal } from '../../domain/terminal-number.ts'
import type { Sale } from '../../domain/types.ts'
import { ASK_AGAIN_AFTER, certaintyOf } from './certainty.ts'
import { API_REFUSALS, type ApiReason, type Reason } from './refusals.ts'
import * as v from './values.ts'
import { JSON_WORDS, jsonDoNext, REVERSAL_AMOUNT_WORDS } from './words.ts'

const REASONS = [...Object.keys(API_REFUSALS), ...Object.keys(REFUSALS)] as [Reason, ...Reason[]]

/** One fault of a request, and its place. */
const requestError = z.strictObject({
  in: z.enum(['body', 'query', 'path', 'header']),
  pointer: v.text.describe('JSON pointer (RFC 6901) to the member; empty for the whole.'),
  why: v.text,
})

/** The members that only some problems have. */
const MORE = {
  retryAfter: v.retryAfter.optional(),
  errors: z.array(requestError).optional(),
  accepts: z.array(v.text).optional().describe('Media types that the route takes.'),
  location: v.text.optional().describe('The path of this API to query.'),
  saleId: v.id.optional().describe('The sale to query: `GET /v1/sales/{reference}`.'),
  voidId: v.id.optional().describe('The void to query: `GET /v1/voids/{reference}`.'),
  original: z
    .strictObject({
      saleId: v.id,
      rrn: v.rrn,
      amount: v.amount.optional(),
      currency: v.currency.optional(),
      soldAt: v.time,
    })
    .optional()
    .describe('The sale, for a refund by the acquirer.'),
  found: z.literal(false).optional(),
  archived: z
    .strictObject({ month: v.text.describe('In UTC, `YYYY-MM`.'), at: v.time })
    .optional()
    .describe('The month of the message, and when it went into the archive.'),
  lines: z.int().optional().describe('The most lines of one request.'),
}

export const problem = z.strictObject({
  type: v.text.describe('`urn:annul:problem:` and the reason.'),
  title: v.text,
  status: z.int(),
  detail: v.text,
  reason: z.enum(REASONS),
  messages: v.words,
  advice: v.words,
  certainty: v.certainty,
  doNext: v.doNext,
  ...MORE,
})

export type ProblemBody = z.infer<typeof problem>
export type RequestError = z.infer<typeof requestError>
export type More = { readonly [K in keyof typeof MORE]?: z.infer<(typeof MORE)[K]> }

export interface Problem {
  readonly status: number
  readonly body: ProblemBody
  readonly headers: Readonly<Record<string, string>>
}

export const PROBLEM_TYPE = 'application/problem+json'

/** RFC 6750 §3. */
const CHALLENGES: Readonly<Partial<Record<Reason, string>>> = {
  unauthorized: 'Bearer error="invalid_token"',
  forbidden: 'Bearer error="insufficient_scope"',
}

interface Words {
  readonly zh: string
  readonly en: string
  readonly adviceZh: string
  readonly adviceEn: string
}

/** A refusal, and whether a copy of the request gets it again (`Subject`). */
interface Refused {
  readonly reason: Reason
  readonly doNext: DoNext
  readonly isDecided: boolean
}

function problemOf(refused: Refused, status: number, words: Words, more: More): Problem {
  const { reason } = refused
  const { zh, en, adviceZh, adviceEn } = words
  const { certainty, doNext } = certaintyOf({ of: 'refusal', ...refused })
  const { retryAfter = ASK_AGAIN_AFTER, ...others } = more
  const challenge = CHALLENGES[reason]
  return {
    status,
    headers: {
      'content-type': `${PROBLEM_TYPE}; charset=utf-8`,
      ...(certainty === 'FINAL' ? {} : { 'retry-after': String(retryAfter) }),
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(others.accepts === undefined ? {} : { accept: others.accepts.join(', ') }),
    },
    body: {
      type: `urn:annul:problem:${reason}`,
      title: en,
      status,
      detail: adviceEn,
      reason,
      messages: { zh, en },
      advice: { zh: adviceZh, en: adviceEn },
      certainty,
      doNext,
      ...(certainty === 'FINAL' ? {} : { retryAfter }),
      ...others,
    },
  }
}

export function apiProblem(reason: ApiReason, more: More = {}): Problem {
  const { status, doNext } = API_REFUSALS[reason]
  return problemOf({ reason, doNext, isDecided: true }, status, API_REFUSALS[reason], more)
}

/** Nothing of this region has the reference. Another region may have it, unless no region gives such an id. */
export function unknownReference(
  reference: string,
  more: More = {},
  isPossible: boolean = isOfSomeRegion(reference),
): Problem {
  const { status, headers, body } = apiProblem('not_found', more)
  const { zh, en } = isPossible ? ELSEWHERE : { zh: body.advice.zh, en: body.advice.en }
  const certain = certaintyOf({ of: 'reference', isPossible })
  const again = isPossible ? { 'retry-after': String(ASK_AGAIN_AFTER) } : {}
  return {
    status,
    headers: { ...headers, ...again },
    body: { ...body, detail: en, advice: { zh, en }, ...certain },
  }
}

const ID_LENGTH = 32

/** No region gives an id without a bucket. Nothing else tells the regions apart: each has all buckets, and an RRN is random. */
export const isOfSomeRegion = (reference: string): boolean =>
  reference.length !== ID_LENGTH || bucketOfId(reference) !== null

const ELSEWHERE = {
  zh: '请核对编号；编号可能属于其他区域，请向给出编号的服务查询',
  en: 'Check the reference. Another region may have it: ask the service that gave it',
}

export const invalid = (...errors: readonly RequestError[]): Problem =>
  apiProblem('invalid_request', { errors: [...errors] })

/** The subject of a refusal by the domain, as far as its caller may know it. */
export interface About {
  readonly original?: Sale | null
  /** The sale that the caller named. */
  readonly saleId?: string
  /** The amount and currency that the caller named. */
  readonly named?: { readonly amount: number; readonly currency?: string | undefined }
  /** The path of the message that has the key of the request. */
  readonly keyAt?: string
  /** The path of the message that the request names by its key. */
  readonly targetAt?: string
  /** Whether the refusal stands in the journal, so that copies get it again. Absent: it does not. */
  readonly isWritten?: boolean
}

/**
 * A refusal by the domain. For `query` it has the path to query: of the message with the same key, of the named message, or of
 * the named sale. For `refund` it has the sale. It never has the right value of a member that was wrong, because the caller
 * could then send that value.
 */
export function declineProblem(reason: DeclineReason, about: About = {}): Problem {
  const { original = null, targetAt, isWritten: isDecided = false } = about
  const { httpStatus } = refusalOf(reason)
  // A reversal with a wrong amount leaves its target as it is. A refund would pay the customer twice.
  if (reason === 'amount_differs' && targetAt !== undefined)
    return problemOf({ reason, doNext: 'query', isDecided }, httpStatus, REVERSAL_AMOUNT_WORDS, {
      location: targetAt,
    })
  const doNext = jsonDoNext(reason)
  const more: More = {
    ...(doNext === 'query' ? toQuery(reason, about) : {}),
    ...(doNext === 'refund' && original !== null ? { original: referral(about, original) } : {}),
  }
  return problemOf({ reason, doNext, isDecided }, httpStatus, JSON_WORDS[reason], more)
}

function toQuery(reason: DeclineReason, { keyAt, targetAt, saleId }: About): More {
  if (reason === 'key_reused_with_different_content') return keyAt === undefined ? {} : { location: keyAt }
  if (reason === 'reference_differs') return targetAt === undefined ? {} : { location: targetAt }
  return saleId === undefined ? {} : { saleId, location: saleAt(saleId) }
}

/** The sale, void or message is in the archive. */
export const archivedProblem = ({ month, archivedAt }: ArchivedMonth): Problem =>
  problemOf(
    { reason: 'message_archived', doNext: jsonDoNext('message_archived'), isDecided: true },
    refusalOf('message_archived').httpStatus,
    JSON_WORDS.message_archived,
    { archived: { month, at: new Date(archivedAt).toISOString() } },
  )

export const saleAt = (reference: string): string => `/v1/sales/${reference}`
export const voidAt = (reference: string): string => `/v1/voids/${reference}`

/** The path of an inquiry. It has a terminal number as people write it. */
export function inquiryAt(query: Readonly<Record<string, string>>): string {
  const { terminalId } = query
  const number = terminalId === undefined ? {} : { terminalId: shownTerminal(terminalId) }
  return `/v1/inquiries?${new URLSearchParams({ ...query, ...number })}`
}

/** True if the caller named the amount, and no wrong currency. A void may be refused as late before they are compared. */
const isKnown = ({ named }: About, { amount, currencyCode }: Sale): boolean =>
  named?.amount === amount && !isDifferent(named.currency, currencyCode)

const referral = (about: About, sale: Sale): NonNullable<ProblemBody['original']> => ({
  saleId: sale.id,
  rrn: sale.rrn,
  ...(isKnown(about, sale) ? { amount: sale.amount, currency: sale.currencyCode } : {}),
  soldAt: new Date(sale.soldAt).toISOString(),
})
