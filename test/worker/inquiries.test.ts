/**
 * @module Inquiries: the first answer to a message and its present state, by any reference, for its own
 * merchant only.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { rows } from './book.ts'
import { answerFields, inquire as ask, idOf, keyOf as named } from './inquire.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

const OTHER_MID = '543210987654321'
const DAY = 86_400_000

let isolate: s.Isolate
let terminal: TestTerminal
let key: string
let otherKey: string
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  await openTerminal(isolate, { mid: OTHER_MID })
  key = await s.bearerKey(terminal.mid)
  otherKey = await s.bearerKey(OTHER_MID)
  admin = await s.bearerKey(null)
})

/** By the merchant of the terminal, at the first isolate. */
const inquire = (query: Record<string, string>, bearer = key) => ask(isolate, bearer, query)

const keyOf = (kind: 'sale' | 'void', stan: string, of: Pick<TestTerminal, 'tid' | 'mid'> = terminal) =>
  named(kind, stan, of)

let stans = 0
const nextStan = () => String(++stans).padStart(6, '0')

describe('a terminal’s message', () => {
  it('that was approved is found by its key, its RRN and its id, always with the first answer', async () => {
    const sold = await terminal.send(s.aSale({ stan: nextStan() }))
    const original = sold.fields.get(11) ?? ''
    const rrn = sold.fields.get(37) ?? ''
    const voided = await terminal.send(s.aVoid({ stan: nextStan(), original, rrn }))
    const stan = voided.fields.get(11) ?? ''
    const voidId = await idOf('void', voided.fields.get(37))
    const saleId = await idOf('sale', rrn)

    const found = await inquire(keyOf('void', stan))
    expect(found).toMatchObject({
      status: 200,
      body: {
        found: true,
        ...keyOf('void', stan),
        saleId,
        voidId,
        rrn: voided.fields.get(37),
        receivedAt: new Date(s.START).toISOString(),
        answer: { ...answerFields(voided), reason: null, at: new Date(s.START).toISOString() },
        state: 'approved',
        certainty: 'FINAL',
        doNext: 'print_receipt',
      },
    })
    expect((await inquire({ rrn: voided.fields.get(37) ?? '' })).text).toBe(found.text)
    expect((await inquire({ voidId })).text).toBe(found.text)
    expect((await inquire({ voidId }, admin)).text).toBe(found.text)

    const ofSale = await inquire({ saleId })
    expect(ofSale.body).toMatchObject({
      kind: 'sale',
      stan: original,
      answer: answerFields(sold),
      state: 'voided',
      certainty: 'FINAL',
    })
    expect((await inquire({ rrn })).text).toBe(ofSale.text)
    expect((await inquire(keyOf('sale', original))).text).toBe(ofSale.text)
  })

  it('that was refused is found with the reason and its texts', async () => {
    const sale = await sell(terminal, nextStan())
    const refused = await terminal.send(s.aVoid({ stan: nextStan(), ...sale, amount: 1 }))
    const { body } = await inquire({ rrn: refused.fields.get(37) ?? '' })
    expect(body).toMatchObject({
      kind: 'void',
      answer: {
        ...answerFields(refused),
        reason: 'amount_differs',
        messages: { zh: '金额与原交易不符', en: 'Amount differs' },
        advice: { en: expect.any(String) },
      },
      state: 'declined',
      certainty: 'FINAL',
      doNext: 'refund',
    })
    const declined = await terminal.send(s.aSale({ stan: nextStan(), amount: 1205 }))
    expect((await inquire(keyOf('sale', declined.fields.get(11) ?? ''))).body).toMatchObject({
      answer: { reason: 'issuer_declined', responseCode: '05' },
      state: 'declined',
    })
  })

  it('that was reversed keeps its first answer and shows the reversal', async () => {
    const sale = await sell(terminal, nextStan())
    const stan = nextStan()
    const voided = await terminal.send(s.aVoid({ stan, ...sale }))
    const reversal = await terminal.send(s.aReversal('void', { stan }))
    expect((await inquire(keyOf('void', stan))).body).toMatchObject({
      answer: answerFields(voided),
      state: 'reversed',
      certainty: 'FINAL',
      doNext: 'nothing',
    })
    expect((await inquire({ rrn: reversal.fields.get(37) ?? '' })).body).toMatchObject({
      kind: 'void_reversal',
      answer: answerFields(reversal),
    })
    await terminal.send(s.aReversal('sale', { stan: sale.original }))
    expect((await inquire({ rrn: sale.rrn })).body).toMatchObject({ state: 'reversed', doNext: 'nothing' })
  })

  it('that was reversed before it arrived is final: it never happens', async () => {
    const stan = nextStan()
    const sale = await sell(terminal, nextStan())
    await terminal.send(s.aReversal('void', { stan }))
    const found = await inquire(keyOf('void', stan))
    expect(found.body).toMatchObject({
      ...keyOf('void', stan),
      found: true,
      answer: null,
      state: 'tombstoned',
      certainty: 'FINAL',
      doNext: 'nothing',
    })
    expect((await terminal.send(s.aVoid({ stan, ...sale }))).fields.get(39)).toBe('12')
    expect((await inquire(keyOf('void', stan))).text).toBe(found.text)
  })
})

describe('a back office’s void', () => {
  const post = (saleId: string, amount: number, name: string) =>
    s.ask(isolate, key, 'POST', '/v1/voids', { saleId, amount }, { 'idempotency-key': name })

  it('is found by its Idempotency-Key, with the body of its first answer', async () => {
    const { rrn } = await sell(terminal, nextStan())
    const saleId = await idOf('sale', rrn)
    const refused = await post(saleId, 1, 'inquiry/refused 4711'.replace(' ', '+'))
    const late = await s.openIsolate()
    late.clock.now = s.START + DAY
    const expired = await s.ask(
      late,
      key,
      'POST',
      '/v1/voids',
      { saleId, amount: 1234 },
      { 'idempotency-key': 'inquiry-late' },
    )
    const approved = await post(saleId, 1234, 'inquiry-approved')
    const pairs = [
      ['inquiry/refused+4711', refused],
      ['inquiry-late', expired],
      ['inquiry-approved', approved],
    ] as const
    for (const [idempotencyKey, first] of pairs) {
      const { body } = await inquire({ idempotencyKey })
      expect(body.answer).toEqual({ httpStatus: first.status, body: first.body })
      expect(body).toMatchObject({ kind: 'void', certainty: 'FINAL', doNext: first.body.doNext, stan: null })
    }
    expect((await inquire({ voidId: String(approved.body.id) })).body.answer).toMatchObject({
      httpStatus: 201,
    })
  })

  it('is found by its own key only: another caller’s same key is another', async () => {
    const { rrn } = await sell(terminal, nextStan())
    const first = await post(await idOf('sale', rrn), 1234, 'inquiry-scope')
    expect(first.status).toBe(201)
    expect((await inquire({ idempotencyKey: 'inquiry-scope' })).status).toBe(200)
    expect((await inquire({ idempotencyKey: 'inquiry-scope' }, otherKey)).status).toBe(404)
    expect((await inquire({ idempotencyKey: 'inquiry-scope' }, admin)).status).toBe(404)
  })

  it('finds a captured sale with the body of its first answer, also beside another sale with its RRN', async () => {
    const rrn = '990000000001'
    const captureSales = async (bearer: string, { mid, tid }: Pick<TestTerminal, 'mid' | 'tid'>) =>
      s.ask(isolate, bearer, 'POST', '/v1/sales', {
        merchantId: mid,
        terminalId: tid,
        batchNumber: '000001',
        stan: '900001',
        amount: 700,
        rrn,
      })
    const foreign = await openTerminal(isolate, { mid: OTHER_MID })
    const mine = await captureSales(key, terminal)
    const theirs = await captureSales(otherKey, foreign)
    for (const [bearer, first] of [
      [key, mine],
      [otherKey, theirs],
    ] as const)
      expect((await inquire({ rrn }, bearer)).body).toMatchObject({
        kind: 'sale',
        rrn,
        answer: { httpStatus: 201, body: first.body },
        state: 'approved',
      })
  })
})

describe('an unseen message', () => {
  const ELSEWHERE = { certainty: 'UNKNOWN', doNext: 'contact_acquirer', retryAfter: 1 }
  const unseen: readonly [string, Record<string, string>, object][] = [
    [
      'of a terminal: an unsure client reverses it',
      keyOf('void', '999999', { tid: 'T0000001', mid: s.MID }),
      {
        certainty: 'PENDING',
        doNext: 'reverse',
        retryAfter: 1,
      },
    ],
    [
      'of the caller: send it under the same key',
      { idempotencyKey: 'never-sent' },
      {
        certainty: 'PENDING',
        doNext: 'retry',
        retryAfter: 1,
      },
    ],
    // Another region may have it.
    ['by an unknown RRN', { rrn: '000000000000' }, ELSEWHERE],
    ['by an unknown id', { voidId: '0'.repeat(32) }, ELSEWHERE],
    ['by an unknown id', { saleId: '0'.repeat(32) }, ELSEWHERE],
    ['by an id that no region gives', { saleId: 'f'.repeat(32) }, { certainty: 'FINAL', doNext: 'nothing' }],
  ]
  it.each(unseen)('%s', async (_, query, expected) => {
    const reply = await inquire(query)
    expect(reply).toMatchObject({ status: 404, body: { reason: 'not_found', found: false, ...expected } })
    expect(reply.headers.get('retry-after')).toBe('retryAfter' in expected ? '1' : null)
  })

  it('is booked once, however the client retries', async () => {
    const { rrn } = await sell(terminal, nextStan())
    const body = { saleId: await idOf('sale', rrn), amount: 1234 }
    const headers = { 'idempotency-key': 'dumb' }
    expect((await inquire({ idempotencyKey: 'dumb' })).body.doNext).toBe('retry')
    await Promise.all([1, 2, 3].map(() => s.ask(isolate, key, 'POST', '/v1/voids', body, headers)))
    const { body: found } = await inquire({ idempotencyKey: 'dumb' })
    expect(found).toMatchObject({ certainty: 'FINAL', state: 'approved' })
    expect(await rows('select 1 from void where sale_id = ?', body.saleId)).toHaveLength(1)
  })
})

it('gives the same bytes for another merchant’s message as for a missing one', async () => {
  const sale = await sell(terminal, nextStan())
  const stan = nextStan()
  const voided = await terminal.send(s.aVoid({ stan, ...sale }))
  const tombstoned = nextStan()
  await terminal.send(s.aReversal('void', { stan: tombstoned }))
  const absent = { tid: terminal.tid, mid: OTHER_MID }
  const pairs: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
    [keyOf('void', stan), keyOf('void', '999998', absent)],
    [keyOf('sale', sale.original), keyOf('sale', '999998', absent)],
    [keyOf('void', tombstoned), keyOf('void', '999998', absent)],
    [{ rrn: sale.rrn }, { rrn: '999999999999' }],
    [{ rrn: voided.fields.get(37) ?? '' }, { rrn: '999999999999' }],
    [{ saleId: await idOf('sale', sale.rrn) }, { saleId: '0'.repeat(32) }],
    [{ voidId: await idOf('void', voided.fields.get(37)) }, { voidId: '0'.repeat(32) }],
  ]
  const fate = async (query: Record<string, string>) => {
    const { status, text, headers } = await inquire(query, otherKey)
    return JSON.stringify([status, text, [...headers]])
  }
  for (const [foreign, missing] of pairs) {
    expect((await inquire(foreign)).status, JSON.stringify(foreign)).toBe(200)
    expect(await fate(foreign), JSON.stringify(foreign)).toBe(await fate(missing))
  }
})

it.each([
  ['none', ''],
  ['two kinds', 'rrn=000000000001&saleId=00000000000000000000000000000000'],
  ['one of them twice', 'rrn=000000000001&rrn=000000000002'],
  ['a part of a key', `merchantId=${s.MID}&terminalId=T0000001&stan=000001&kind=void`],
  [
    'a key and more',
    `merchantId=${s.MID}&terminalId=T0000001&batchNumber=000001&stan=000001&kind=void&rrn=000000000001`,
  ],
  ['another kind', `merchantId=${s.MID}&terminalId=T0000001&batchNumber=000001&stan=000001&kind=refund`],
  ['an invalid RRN', 'rrn=1'],
  ['an empty key', 'idempotencyKey='],
  ['a key of a sale', 'idempotencyKey=k&kind=sale'],
  ['an unknown parameter', 'pan=6225000000000014'],
])('rejects %s as a reference', async (_, query) => {
  const reply = await s.ask(isolate, key, 'GET', `/v1/inquiries?${query}`)
  expect([reply.status, reply.body.reason]).toEqual([400, 'invalid_request'])
  expect(reply.text).not.toContain('6225000000000014')
})
