/** @module Each member of a JSON message is part of its content: the same key with another value of any member is refused. */

import { beforeAll, describe, expect, it } from 'vitest'
import {
  capturedSaleBody,
  saleReversalBody,
  VOID_REASONS,
  voidRequestBody,
  voidReversalBody,
} from '../../src/api/json/schemas.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { aSale } from './merchant-client.ts'
import * as s from './support.ts'
import { openTerminal, sixDigits, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let terminal: TestTerminal
let key: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  key = await s.bearerKey(terminal.mid)
})

const REUSED = '422 key_reused_with_different_content'
const post = async (path: string, body: object, name: string) => {
  const { status, body: answer } = await s.ask(isolate, key, 'POST', path, body, { 'idempotency-key': name })
  return status < 300 ? String(status) : `${status} ${answer.reason}`
}

/** Other values of each member. Undefined: without the member. */
type Others = Readonly<Record<string, readonly unknown[]>>

const OTHER_ID = 'f'.repeat(32)

describe('a captured sale', () => {
  const SALE = {
    amount: 700,
    currency: '156',
    pan: testCard(1),
    rrn: 'MEMBERS00001',
    authorizationCode: '123456',
  }
  const OTHERS: Others = {
    amount: [701],
    currency: ['840'],
    // The same first six digits, the same last four, and both.
    pan: [testCard(2), '6225880000000014', '6225001000000014', undefined],
    rrn: ['MEMBERS00002', undefined],
    authorizationCode: ['123457', undefined],
    state: ['declined'],
    fee: [8, undefined],
    soldAt: ['2026-06-01T01:59:59.999Z', undefined],
  }
  /** They are the key of a captured sale. */
  const KEY = ['merchantId', 'terminalId', 'batchNumber', 'stan']
  let stans = 910_000

  it('has a line for each member of its body', () => {
    expect([...KEY, ...Object.keys(OTHERS)].toSorted()).toEqual(
      Object.keys(capturedSaleBody.shape).toSorted(),
    )
  })

  it.each(Object.entries(OTHERS).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'with another %s: %s',
    async (name, value) => {
      const { mid: merchantId, tid: terminalId } = terminal
      const line = { merchantId, terminalId, batchNumber: '000001', stan: sixDigits(++stans) }
      const first = { ...line, ...SALE, rrn: `MEMBER${stans}`, fee: 7, soldAt: '2026-06-01T02:00:00Z' }
      expect(await post('/v1/sales', first, '')).toBe('201')
      expect(await post('/v1/sales', { ...first, [name]: value }, '')).toBe(REUSED)
      expect(await post('/v1/sales', first, '')).toBe('201')
    },
  )
})

describe('a void', () => {
  const OTHERS: Others = {
    saleId: [OTHER_ID],
    amount: [1235],
    currency: ['840'],
    reason: [...VOID_REASONS.filter((reason) => reason !== 'duplicate'), undefined],
  }

  it('has a line for each member of its body', () => {
    expect(Object.keys(OTHERS).toSorted()).toEqual(Object.keys(voidRequestBody.shape).toSorted())
  })

  it.each(Object.entries(OTHERS).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'with another %s: %s',
    async (name, value) => {
      const { saleId, amount } = await aSale(terminal)
      const first = { saleId, amount, currency: '156', reason: 'duplicate' }
      const named = `void-${name}-${value}`
      expect(await post('/v1/voids', first, named)).toBe('201')
      expect(await post('/v1/voids', { ...first, [name]: value }, named)).toBe(REUSED)
      expect(await post('/v1/voids', first, named)).toBe('201')
    },
  )
})

describe('the reversal of a void', () => {
  const OTHERS: Others = {
    saleId: [OTHER_ID],
    amount: [1235],
    idempotencyKey: ['another'],
    reason: ['another reason', undefined],
  }

  it('has a line for each member of its body', () => {
    expect(Object.keys(OTHERS).toSorted()).toEqual(Object.keys(voidReversalBody.shape).toSorted())
  })

  it.each(Object.entries(OTHERS).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'with another %s: %s',
    async (name, value) => {
      const { saleId, amount } = await aSale(terminal)
      const target = `target-${name}-${value}`.replaceAll(' ', '-')
      const undo = `undo-${name}-${value}`.replaceAll(' ', '-')
      await post('/v1/voids', { saleId, amount }, target)
      const first = { saleId, amount, idempotencyKey: target, reason: 'the first reason' }
      expect(await post('/v1/reversals', first, undo)).toBe('200')
      expect(await post('/v1/reversals', { ...first, [name]: value }, undo)).toBe(REUSED)
      expect(await post('/v1/reversals', first, undo)).toBe('200')
    },
  )
})

describe('the reversal of a captured sale', () => {
  const OTHERS: Others = {
    terminalId: ['NOWHERE1'],
    batchNumber: ['000002'],
    stan: ['999999'],
    amount: [1235],
  }

  it('has a line for each member of its body but the merchant, which another key cannot name', () => {
    const names = ['merchantId', ...Object.keys(OTHERS)]
    expect(names.toSorted()).toEqual(Object.keys(saleReversalBody.shape).toSorted())
  })

  it.each(Object.entries(OTHERS).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'with another %s: %s',
    async (name, value) => {
      const { mid: merchantId, tid: terminalId } = terminal
      const first = { merchantId, terminalId, batchNumber: '000001', stan: '920001', amount: 1234 }
      expect(await post('/v1/reversals', first, `sale-${name}`)).toBe('200')
      expect(await post('/v1/reversals', { ...first, [name]: value }, `sale-${name}`)).toBe(REUSED)
      expect(await post('/v1/reversals', first, `sale-${name}`)).toBe('200')
    },
  )
})
