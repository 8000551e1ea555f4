/** @module The responses of the JSON API: sales, voids and problem details. */

import { describe, expect, it } from 'vitest'
import { saleBody, terminalBody, voidBodyOf } from '../../src/api/json/bodies.ts'
import { DOOR_REFUSALS, type DoorReason, declineProblem, doorProblem } from '../../src/api/json/problem.ts'
import { type DeclineReason, REFUSALS, refusalOf } from '../../src/domain/decline-reason.ts'
import type { Sale, SaleState } from '../../src/domain/types.ts'
import { merchant, NOW, original, sale, terminal, voidRecord } from '../domain/fixtures.ts'

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
      voidableUntil: '2026-06-01T15:00:00.000Z',
      voidId: null,
      certainty: 'FINAL',
      doNext: 'nothing',
    })
  })

  const rows: [string, Partial<SaleState>, Partial<Sale>, number, string, boolean][] = [
    ['declined', {}, { status: 'declined' }, NOW, 'declined', false],
    ['reversed', { reversed: true }, {}, NOW, 'reversed', false],
    [
      'reversed, its batch closed since',
      { reversed: true, batchState: 'closed' },
      {},
      NOW,
      'reversed',
      false,
    ],
    ['voided', { liveVoid }, {}, NOW, 'voided', false],
    ['voided, its batch closed since', { liveVoid, batchState: 'closed' }, {}, NOW, 'voided', false],
    ['settled', { batchState: 'closed' }, {}, NOW, 'settled', false],
    ['in the last millisecond', {}, {}, CUT_OFF - 1, 'approved', true],
    ['at the cut-off', {}, {}, CUT_OFF, 'approved', false],
    ['without a card', {}, { card: null }, NOW, 'approved', true],
  ]
  it.each(rows)('%s', (_, state, change, now, name, voidable) => {
    const body = saleBody({ ...original, ...state, sale: { ...sale, ...change } }, CUT_OFF, now)
    expect(body).toMatchObject({ state: name, voidable, voidId: state.liveVoid?.id ?? null })
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
    expect(voidBodyOf(voidRecord, null, null)).toEqual({
      id: '2'.repeat(32),
      saleId: '1'.repeat(32),
      status: 'approved',
      merchantId: '123456789012345',
      terminalId: '12345678',
      batchNumber: '000001',
      stan: '000002',
      amount: 1234,
      currency: '156',
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
      certainty: 'FINAL',
      doNext: 'print_receipt',
    })
  })

  it('shows when it is reversed', () => {
    expect(voidBodyOf({ ...voidRecord, state: 'reversed' }, NOW, null)).toMatchObject({
      status: 'reversed',
      reversedAt: '2026-06-01T02:19:00.000Z',
      certainty: 'FINAL',
      doNext: 'nothing',
    })
  })
})

it('a terminal is shown without keys or journal', () => {
  const { merchantId: _, currencyCode: currency, ...settings } = merchant
  expect(terminalBody(terminal, merchant)).toEqual({
    merchantId: '123456789012345',
    terminalId: '12345678',
    status: 'active',
    macProfile: 'cup-ecb',
    textEncoding: 'gbk',
    settlementMac: 'optional',
    batchNumber: '000001',
    merchant: { ...settings, currency },
    certainty: 'FINAL',
    doNext: 'nothing',
  })
})

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
  const doors = Object.keys(DOOR_REFUSALS) as DoorReason[]

  it.each(declines)('%s', (reason) => {
    const { status, body, headers } = declineProblem(reason, null)
    const { httpStatus, zh, en, adviceZh, adviceEn, doNext } = refusalOf(reason)
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
      doNext,
      ...(open ? { retryAfter: 1 } : {}),
    })
    expect(headers['retry-after']).toBe(open ? '1' : undefined)
  })

  it.each(doors)('%s', (reason) => {
    const { status, body, headers } = doorProblem(reason)
    const { zh, en, doNext } = DOOR_REFUSALS[reason]
    expect(body).toMatchObject({ status, reason, title: en, messages: { zh, en }, doNext })
    expect(status).toBe(DOOR_REFUSALS[reason].status)
    const certainty = CERTAINTY[reason] ?? 'FINAL'
    expect(body.certainty).toBe(certainty)
    expect('retryAfter' in body).toBe(certainty !== 'FINAL')
    expect(headers['retry-after']).toBe(certainty === 'FINAL' ? undefined : '1')
    expect(headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined)
  })

  it('shares no reason between the API and the domain', () => {
    expect(doors.filter((reason) => reason in REFUSALS)).toEqual([])
  })

  it('names the reference, date and amount of the sale when only a refund helps', () => {
    const told = {
      saleId: sale.id,
      rrn: sale.rrn,
      amount: 1234,
      currency: '156',
      soldAt: '2026-06-01T02:18:00.000Z',
    }
    for (const reason of declines)
      expect([reason, declineProblem(reason, sale).body.original]).toEqual([
        reason,
        refusalOf(reason).doNext === 'refund' ? told : undefined,
      ])
  })

  it('carries the given extra members', () => {
    expect(doorProblem('invalid_request', { errors: [{ field: 'amount', why: 'x' }] }).body.errors).toEqual([
      { field: 'amount', why: 'x' },
    ])
  })
})
