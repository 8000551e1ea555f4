/**
 * @module Reversals by the JSON API: a caller's own void undone by its Idempotency-Key, seen or not, in any
 * order and from any isolate.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { effectOf, faultOf, journalOf } from './book.ts'
import { inquire } from './inquire.ts'
import { aSale, type Office, openOffice, type Sold, voidsOf } from './merchant-client.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'
import { watchD1, writesJournal } from './watched-d1.ts'

const OTHER_MID = '543210987654321'
const ABSENT = '0'.repeat(32)

let isolate: s.Isolate
let terminal: TestTerminal
let key: string
let other: Office
let office: Office

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  await openTerminal(isolate, { mid: OTHER_MID })
  key = await s.bearerKey(terminal.mid)
  office = openOffice(isolate, key)
  other = openOffice(isolate, await s.bearerKey(OTHER_MID))
})

const stateOf = async ({ saleId }: Sold) =>
  (await s.ask(isolate, key, 'GET', `/v1/sales/${saleId}`)).body.state

describe('the caller’s own void', () => {
  it('is undone: the sale stands again, the void is refused for good, and a new one is accepted', async () => {
    const sale = await aSale(terminal)
    const voided = await office.void(sale, 'a1')
    const undone = await office.reverse(sale, 'a1')
    expect(undone).toMatchObject({
      status: 200,
      body: {
        state: 'reversed',
        saleId: sale.saleId,
        voidId: voided.body.id,
        amount: 1234,
        certainty: 'FINAL',
        doNext: 'nothing',
      },
    })
    expect(undone.headers.get('location')).toBe(`/v1/voids/${voided.body.id}`)
    expect(await stateOf(sale)).toBe('approved')
    expect((await s.ask(isolate, key, 'GET', `/v1/voids/${voided.body.id}`)).body.state).toBe('reversed')
    expect(await office.void(sale, 'a1')).toMatchObject({ status: 409, body: { reason: 'message_reversed' } })
    expect((await office.void(sale, 'a2')).status).toBe(201)
    expect(await voidsOf(sale)).toEqual(['reversed', 'approved'])
    expect((await inquire(isolate, key, { idempotencyKey: 'a1' })).body).toMatchObject({
      state: 'reversed',
      answer: { httpStatus: 201, body: voided.body },
    })
  })

  it('that was never seen is tombstoned and refused when it arrives', async () => {
    const sale = await aSale(terminal)
    expect(await office.reverse(sale, 'b1')).toMatchObject({
      status: 200,
      body: { state: 'tombstoned', voidId: null, certainty: 'FINAL', doNext: 'nothing' },
    })
    expect((await office.reverse(sale, 'b1', 'b1-again')).body.state).toBe('tombstoned')
    expect(await office.void(sale, 'b1')).toMatchObject({ status: 409, body: { reason: 'message_reversed' } })
    expect((await inquire(isolate, key, { idempotencyKey: 'b1' })).body).toMatchObject({
      state: 'tombstoned',
      certainty: 'FINAL',
    })
    expect((await office.void(sale, 'b2')).status).toBe(201)
  })

  it('that was refused or reversed already leaves nothing to undo', async () => {
    const sale = await aSale(terminal)
    await office.void({ ...sale, amount: 1 }, 'c1')
    expect((await office.reverse({ ...sale, amount: 1 }, 'c1')).body).toMatchObject({
      state: 'nothing_to_undo',
      certainty: 'FINAL',
    })
    await office.void(sale, 'c2')
    await office.reverse(sale, 'c2')
    expect((await office.reverse(sale, 'c2', 'c2-another')).body).toMatchObject({ state: 'reversed' })
    expect(await voidsOf(sale)).toEqual(['reversed'])
  })

  it('of a closed batch can no longer be undone', async () => {
    const own = await openTerminal(isolate)
    const sale = await aSale(own)
    await office.void(sale, 'd1')
    await own.send(s.aSettlement({ stan: '900000' }, s.totalsOf(1234, 1, 0, 0)), { key: null })
    const late = await office.reverse(sale, 'd1')
    expect(late).toMatchObject({ status: 409, body: { reason: 'reversal_too_late', certainty: 'FINAL' } })
    expect((await office.reverse(sale, 'd1')).text).toBe(late.text)
    expect(await voidsOf(sale)).toEqual(['approved'])
  })
})

describe('its own Idempotency-Key', () => {
  it('repeated gets the same answer from any isolate', async () => {
    const sale = await aSale(terminal)
    await office.void(sale, 'e1')
    const first = await office.reverse(sale, 'e1')
    const entries = (await journalOf(terminal.tid)).length
    for (const to of [isolate, await s.openIsolate()]) {
      const again = await office.reverse(sale, 'e1', 'undo-e1', to)
      expect([again.status, again.text]).toEqual([200, first.text])
      expect(again.headers.get('idempotent-replayed')).toBe('true')
    }
    expect(await journalOf(terminal.tid)).toHaveLength(entries)
  })

  it('with other content is rejected, and exists beside the same key of a void', async () => {
    const [sale, second] = [await aSale(terminal), await aSale(terminal)]
    await office.void(sale, 'same')
    expect((await office.reverse(sale, 'same', 'same')).status).toBe(200)
    for (const other of [
      await office.reverse(second, 'same', 'same'),
      await office.reverse({ ...sale, amount: 1 }, 'same', 'same'),
      await office.reverse(sale, 'another', 'same'),
      await office.reverse({ ...sale, saleId: ABSENT }, 'same', 'same'),
    ])
      expect(other).toMatchObject({ status: 422, body: { reason: 'key_reused_with_different_content' } })
  })

  it('is not used by a reversal that names another amount or sale', async () => {
    const [sale, second] = [await aSale(terminal), await aSale(terminal)]
    await office.void(sale, 'f1')
    const entries = (await journalOf(terminal.tid)).length
    const otherAmount = await office.reverse({ ...sale, amount: 1 }, 'f1')
    // A refund would pay twice while the void is in effect.
    expect(otherAmount.body).toMatchObject({
      reason: 'amount_differs',
      doNext: 'query',
      location: '/v1/inquiries?idempotencyKey=f1',
    })
    expect(otherAmount.body.original).toBeUndefined()
    expect((await office.reverse(second, 'f1')).body.reason).toBe('reference_differs')
    expect(await journalOf(terminal.tid)).toHaveLength(entries)
    expect((await office.reverse(sale, 'f1')).body.state).toBe('reversed')
  })
})

describe('another caller’s', () => {
  it('sale and a missing one give the same bytes, and nothing is written', async () => {
    const sale = await aSale(terminal)
    await office.void(sale, 'g1')
    const entries = (await journalOf(terminal.tid)).length
    const foreign = await other.reverse(sale, 'g1', 'g')
    const absent = await other.reverse({ ...sale, saleId: ABSENT }, 'g1', 'g')
    expect([foreign.status, foreign.text]).toEqual([404, absent.text])
    expect(await journalOf(terminal.tid)).toHaveLength(entries)
    expect(await voidsOf(sale)).toEqual(['approved'])
  })

  it('key is separate: an administrator’s reversal without a reason does not affect a merchant’s void', async () => {
    const sale = await aSale(terminal)
    await office.void(sale, 'h1')
    const admin = openOffice(isolate, await s.bearerKey(null))
    expect((await admin.reverse(sale, 'h1', 'h')).body.reason).toBe('reason_required')
    expect(await voidsOf(sale)).toEqual(['approved'])
    expect((await office.void(sale, 'h1')).status).toBe(201)
  })

  it('invalid key or body', async () => {
    const sale = await aSale(terminal)
    expect((await office.reverse(sale, 'i1', 'a b')).body.reason).toBe('idempotency_key_required')
    const body = { saleId: sale.saleId, amount: 1234 }
    for (const bad of [body, { ...body, idempotencyKey: 'a b' }, { ...body, idempotencyKey: 'x', stan: '1' }])
      expect(
        await s.ask(isolate, key, 'POST', '/v1/reversals', bad, { 'idempotency-key': 'i' }),
      ).toMatchObject({ status: 400, body: { reason: 'invalid_request' } })
  })
})

describe('in any order', () => {
  const permutations = <T>(of: readonly T[]): T[][] =>
    of.length < 2
      ? [[...of]]
      : of.flatMap((one, i) => permutations(of.toSpliced(i, 1)).map((r) => [one, ...r]))

  it.each(permutations(['void', 'void', 'reversal', 'reversal']).map((order, i) => [i, order] as const))(
    '%i: %j leaves the sale unchanged',
    async (i, order) => {
      const sale = await aSale(terminal)
      const isolates = [isolate, await s.openIsolate()]
      for (const [at, kind] of order.entries()) {
        const to = isolates[at % 2] ?? isolate
        const reply = await (kind === 'void'
          ? office.void(sale, `order-${i}`, to)
          : office.reverse(sale, `order-${i}`, `undo-order-${i}-${at % 3}`, to))
        expect(reply.body.certainty).toBe('FINAL')
        if (kind === 'reversal') expect(reply.body.state).toMatch(/^(reversed|tombstoned)$/)
      }
      expect(await stateOf(sale)).toBe('approved')
      expect((await voidsOf(sale)).filter((state) => state !== 'reversed')).toEqual([])
    },
  )

  it('at once, over four isolates: the same result and exact totals', async () => {
    const own = await openTerminal(isolate)
    const isolates = await Promise.all([1, 2, 3, 4].map(() => s.openIsolate()))
    for (let round = 0; round < 5; round++) {
      const sale = await aSale(own, 100)
      await Promise.all(
        isolates.flatMap((to, i) => [
          office.void(sale, `race-${round}`, to),
          office.reverse(sale, `race-${round}`, `undo-race-${round}-${i % 2}`, to),
        ]),
      )
      expect((await office.reverse(sale, `race-${round}`, `undo-race-${round}-0`)).status).toBe(200)
      expect(await stateOf(sale)).toBe('approved')
    }
    expect((await effectOf(own.tid)).batches).toMatchObject([{ debit_amount: 500, credit_amount: 0 }])
    expect(await faultOf(own.tid)).toBeNull()
  })

  /** A change just before the first write. */
  async function inBetween(first: (to: s.Isolate) => Promise<s.JsonReply>, second: () => Promise<unknown>) {
    const watched = watchD1(env.DB)
    watched.watch.before = async (trip) => {
      if (!writesJournal(trip)) return
      watched.watch = {}
      await second()
    }
    return first(await s.openIsolate({ database: watched.database }))
  }

  it('of two terminals: a void is refused that was tombstoned while it ran', async () => {
    const [mine, theirs] = [await aSale(terminal), await aSale(await openTerminal(isolate))]
    const reversing = async () =>
      expect((await office.reverse(mine, 'cross-1')).body.state).toBe('tombstoned')
    const voided = await inBetween((to) => office.void(theirs, 'cross-1', to), reversing)
    expect([voided.status, voided.body.reason]).toEqual([409, 'message_reversed'])
    expect(await voidsOf(theirs)).toEqual([])
  })

  it('of two terminals: a void that was written in between is not tombstoned', async () => {
    const [mine, theirs] = [await aSale(terminal), await aSale(await openTerminal(isolate))]
    const voiding = async () => expect((await office.void(theirs, 'cross-2')).status).toBe(201)
    const undone = await inBetween((to) => office.reverse(mine, 'cross-2', 'undo-cross-2', to), voiding)
    expect([undone.status, undone.body.reason]).toEqual([409, 'reference_differs'])
    expect(await voidsOf(theirs)).toEqual(['approved'])
    expect((await office.reverse(theirs, 'cross-2', 'undo-cross-2')).body.state).toBe('reversed')
  })
})
