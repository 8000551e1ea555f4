/** @module The responses of the JSON API: sales, voids and problem details. */

import { describe, expect, it } from 'vitest'
import { saleBody, terminalBody, voidBodyOf } from '../../src/api/json/bodies.ts'
import { caseBody } from '../../src/api/json/cases.ts'
import { apiProblem, declineProblem } from '../../src/api/json/problem.ts'
import { API_REFUSALS, type ApiReason } from '../../src/api/json/refusals.ts'
import { JSON_WORDS, jsonDoNext } from '../../src/api/json/words.ts'
import { NO_STAN } from '../../src/domain/decide-claim.ts'
import { type DeclineReason, REFUSALS, refusalOf } from '../../src/domain/decline-reason.ts'
import { tombstonedKey } from '../../src/domain/message-key.ts'
import type { Sale, SaleState } from '../../src/domain/types.ts'
import { NOW, original, sale, terminal, voidRecord } from '../domain/fixtures.ts'

/** 23:00 in Shanghai on the day of the sale. */
const CUT_OFF = Date.UTC(2026, 5, 1, 15)
const liveVoid = { id: '2'.repeat(32), messageKey: 'v', state: 'approved', forwarded: false } as const

describe('a sale', () => {
  it('is complete, its card masked, its times in UTC', () => {
    expect(saleBody(original, CUT_OFF, NOW)).toEqual({
      id: '1'.repeat(32),
      merchantId: '123456789012345',
      terminalId: '12345678',
      batchNumber: '000001',
      stan: '000001',
      amount: 1234,
      currency: '156',
      fee: 7,
      card: { first6: '622500', last4: '0014' },
      rrn: '000000000101',
      authorizationCode: '000201',
      soldAt: '2026-06-01T02:18:00.000Z',
      state: 'approved',
      voidable: true,
      whyNotVoidable: null,
      voidableUntil: '2026-06-01T15:00:00.000Z',
      voidId: null,
      certainty: 'FINAL',
      doNext: 'nothing',
    })
  })

  const closed = { batchState: 'closed' } as const
  const rows: [string, Partial<SaleState>, Partial<Sale>, number, string, string | null][] = [
    ['declined', {}, { status: 'declined' }, NOW, 'declined', 'original_not_approved'],
    ['reversed', { reversed: true }, {}, NOW, 'reversed', 'original_reversed'],
    [
      'reversed, its batch closed since',
      { reversed: true, ...closed },
      {},
      NOW,
      'reversed',
      'original_reversed',
    ],
    ['voided', { liveVoid }, {}, NOW, 'voided', 'original_already_voided'],
    ['voided, its batch closed since', { liveVoid, ...closed }, {}, NOW, 'voided', 'original_already_voided'],
    [
      'voided, and the row of the void is lost',
      { isVoidedByEntries: true },
      {},
      NOW,
      'approved',
      'original_already_voided',
    ],
    ['settled', closed, {}, NOW, 'settled', 'original_settled'],
    ['in the last millisecond', {}, {}, CUT_OFF - 1, 'approved', null],
    ['at the cut-off', {}, {}, CUT_OFF, 'approved', 'window_expired'],
    ['without a card', {}, { card: null }, NOW, 'approved', null],
  ]
  it.each(rows)('%s', (_, state, change, now, name, whyNotVoidable) => {
    const body = saleBody({ ...original, ...state, sale: { ...sale, ...change } }, CUT_OFF, now)
    const voidable = whyNotVoidable === null
    expect(body).toMatchObject({ state: name, voidable, whyNotVoidable, voidId: state.liveVoid?.id ?? null })
  })

  it('has no end of its window when only its batch ends it', () => {
    expect(saleBody(original, null, CUT_OFF)).toMatchObject({ voidable: true, voidableUntil: null })
  })

  it('hides the fingerprint and the message key', () => {
    expect(JSON.stringify(saleBody(original, CUT_OFF, NOW))).not.toMatch(/cccc|pos\|/)
  })
})

describe('a void', () => {
  it('names the account that gets the money, the fee of 0 and the returned fee', () => {
    expect(voidBodyOf({ record: voidRecord, reversedAt: null, forwarded: null, card: sale.card })).toEqual({
      id: '2'.repeat(32),
      saleId: '1'.repeat(32),
      state: 'approved',
      merchantId: '123456789012345',
      terminalId: '12345678',
      batchNumber: '000001',
      stan: '000002',
      amount: 1234,
      currency: '156',
      card: { first6: '622500', last4: '0014' },
      rrn: '000000000102',
      originalRrn: '000000000101',
      acquirerRrn: null,
      authorizationCode: '000202',
      reason: null,
      fee: 0,
      feeReturned: 7,
      destination: 'original_card',
      voidedAt: '2026-06-01T02:19:00.000Z',
      reversedAt: null,
      reversedLate: false,
      certainty: 'FINAL',
      doNext: 'print_receipt',
    })
  })

  it('shows when it is reversed', () => {
    const record = { ...voidRecord, state: 'reversed' } as const
    expect(voidBodyOf({ record, reversedAt: NOW, forwarded: null, card: null })).toMatchObject({
      card: null,
      state: 'reversed',
      reversedAt: '2026-06-01T02:19:00.000Z',
      certainty: 'FINAL',
      doNext: 'nothing',
    })
  })
})

it('a terminal is shown without keys or journal', () => {
  expect(terminalBody(terminal)).toEqual({
    merchantId: '123456789012345',
    terminalId: '12345678',
    state: 'active',
    macProfile: 'cup-ecb',
    textEncoding: 'gbk',
    settlementMac: 'optional',
    texts: 'short',
    padding: '0',
    entryMode: 'left',
    cardCheck: 'none',
    headerLength: 6,
    headerTlv: false,
    voidForms: 'strict',
    batchNumber: '000001',
    certainty: 'FINAL',
    doNext: 'nothing',
  })
})

/** RFC 6750 §3.1. */
const CHALLENGES: Readonly<Record<number, string>> = {
  401: 'Bearer error="invalid_token"',
  403: 'Bearer error="insufficient_scope"',
}

/** Refusals that are not final. All others are. */
const CERTAINTY: Readonly<Partial<Record<string, string>>> = {
  body_too_slow: 'PENDING',
  rate_limited: 'PENDING',
  overloaded: 'PENDING',
  unavailable: 'PENDING',
  outcome_unknown: 'UNKNOWN',
}

describe('problem details (RFC 9457)', () => {
  const declines = Object.keys(REFUSALS) as DeclineReason[]
  const doors = Object.keys(API_REFUSALS) as ApiReason[]

  it.each(declines)('%s', (reason) => {
    const { status, body, headers } = declineProblem(reason, { isWritten: true })
    const { httpStatus } = refusalOf(reason)
    const { zh, en, adviceZh, adviceEn } = JSON_WORDS[reason]
    expect(status).toBe(httpStatus)
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8')
    const open = reason === 'in_progress'
    expect(body).toEqual({
      type: `urn:annul:problem:${reason}`,
      title: en,
      status: httpStatus,
      detail: adviceEn,
      reason,
      messages: { zh, en },
      advice: { zh: adviceZh, en: adviceEn },
      certainty: open ? 'PENDING' : 'FINAL',
      doNext: jsonDoNext(reason),
      ...(open ? { retryAfter: 1 } : {}),
    })
    expect(headers['retry-after']).toBe(open ? '1' : undefined)
  })

  it.each(doors)('%s', (reason) => {
    const { status, body, headers } = apiProblem(reason)
    const { zh, en, adviceZh, adviceEn, doNext } = API_REFUSALS[reason]
    expect(body).toMatchObject({ status, reason, title: en, messages: { zh, en }, doNext })
    expect([body.advice, body.detail]).toEqual([{ zh: adviceZh, en: adviceEn }, adviceEn])
    expect(status).toBe(API_REFUSALS[reason].status)
    const certainty = CERTAINTY[reason] ?? 'FINAL'
    expect(body.certainty).toBe(certainty)
    expect('retryAfter' in body).toBe(certainty !== 'FINAL')
    expect(headers['retry-after']).toBe(certainty === 'FINAL' ? undefined : '1')
    expect(headers['www-authenticate']).toBe(CHALLENGES[status])
  })

  it('shares no reason between the API and the domain', () => {
    expect(doors.filter((reason) => reason in REFUSALS)).toEqual([])
  })

  it('names the sale when only a refund helps, with its amount only if the caller knows it', () => {
    const found = { saleId: sale.id, rrn: sale.rrn, soldAt: '2026-06-01T02:18:00.000Z' }
    const whole = { ...found, amount: 1234, currency: '156' }
    const requests: readonly (readonly [object, object])[] = [
      [{}, found],
      [{ named: { amount: 1 } }, found],
      [{ named: { amount: 1, currency: '156' } }, found],
      [{ named: { amount: 1234, currency: '840' } }, found],
      [{ named: { amount: 1234 } }, whole],
      [{ named: { amount: 1234, currency: '156' } }, whole],
    ]
    for (const reason of declines)
      for (const [named, original] of requests)
        expect([reason, declineProblem(reason, { original: sale, ...named }).body.original]).toEqual([
          reason,
          jsonDoNext(reason) === 'refund' ? original : undefined,
        ])
  })

  it('where the caller is to query, it says what', () => {
    const about = {
      saleId: sale.id,
      keyAt: '/v1/inquiries?idempotencyKey=k',
      targetAt: '/v1/inquiries?idempotencyKey=t',
    }
    const queried = declines.filter((reason) => jsonDoNext(reason) === 'query')
    expect(queried).toEqual([
      'key_reused_with_different_content',
      'reference_differs',
      'original_already_voided',
      'outcome_pending',
    ])
    const sold = { location: `/v1/sales/${sale.id}`, saleId: sale.id }
    for (const [i, query] of [{ location: about.keyAt }, { location: about.targetAt }, sold, sold].entries())
      expect(declineProblem(queried[i] ?? 'in_progress', about).body).toMatchObject(query)
    // A reversal that names another amount: its void is in effect.
    expect(declineProblem('amount_differs', about).body).toMatchObject({
      doNext: 'query',
      location: about.targetAt,
    })
    const others = declines.filter((one) => !queried.includes(one) && one !== 'amount_differs')
    for (const reason of others) expect(declineProblem(reason, about).body).not.toHaveProperty('location')
  })

  it('has no words of a terminal', () => {
    for (const words of [...Object.values(JSON_WORDS), ...Object.values(API_REFUSALS)]) {
      const text = `${words.en} ${words.adviceEn}`
      expect(text).not.toMatch(/\btrace\b|voucher|sign on|\bredo\b|print/i)
      expect(`${words.zh}${words.adviceZh}`).not.toMatch(/流水号|凭证|签到/)
      expect([words.zh, words.adviceZh].every((one) => /[\u4e00-\u9fff]/.test(one))).toBe(true)
      expect(text).toMatch(/^[\x20-\x7e]+$/)
    }
  })

  it('carries the given extra members', () => {
    const errors = [{ in: 'body', pointer: '/amount', why: 'x' }] as const
    expect(apiProblem('invalid_request', { errors: [...errors] }).body.errors).toEqual(errors)
    const { headers, body } = apiProblem('unsupported_media_type', { accepts: ['application/json'] })
    expect([headers.accept, body.accepts]).toEqual(['application/json', ['application/json']])
  })
})

it('a case of a late captured sale says that its trace number is of another, and names it by its RRN', () => {
  const times = { claimedAt: NOW, movedAt: NOW, decideBy: NOW, caseOpenedAt: NOW, caseClosedAt: null }
  const { terminalId, merchantId, batchNumber, amount, currencyCode } = sale
  const body = caseBody({
    message: {
      ...{ terminalId, merchantId, batchNumber, amount, currencyCode, ...times },
      messageKey: tombstonedKey(sale.messageKey),
      kind: 'sale',
      acquirerStan: NO_STAN,
      original: null,
      rrn: '000000000102',
      acquirerRrn: '900000000001',
      state: 'reversed',
      caseReason: 'reversal_refused',
      acquirerStatus: null,
      acquirerAmount: null,
    },
    attempts: 0,
    nextAt: null,
    history: [],
    sale: null,
  })
  expect(body).toMatchObject({
    state: 'open',
    stan: sale.stan,
    ours: { state: 'reversed' },
    acquirer: { stan: null, rrn: '900000000001' },
    why: { en: expect.stringContaining('Another sale has its trace number') },
    toDo: { en: expect.stringContaining('by its RRN') },
    doNext: 'contact_acquirer',
  })
})
