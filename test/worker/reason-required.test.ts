/** @module The rule `reasonRequired` of a merchant: a void by JSON has a reason. */

import { beforeAll, describe, expect, it } from 'vitest'
import { aSale, openOffice, voidsOf } from './merchant-client.ts'
import * as s from './support.ts'
import { openTerminal } from './terminal.ts'

let isolate: s.Isolate
let admin: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

let merchants = 0
const freshMid = () => `R${String(++merchants).padStart(14, '0')}`

const rule = (mid: string, rules: object) => s.ask(isolate, admin, 'PUT', `/v1/merchants/${mid}`, rules)

describe('a void by JSON without a reason', () => {
  it('is refused if the merchant requires one, and the same key takes it with a reason', async () => {
    const terminal = await openTerminal(isolate, { mid: freshMid() })
    const key = await s.bearerKey(terminal.mid)
    const sale = await aSale(terminal)
    const send = (more: object, name = 'k') =>
      s.ask(
        isolate,
        key,
        'POST',
        '/v1/voids',
        { saleId: sale.saleId, amount: 1234, ...more },
        { 'idempotency-key': name },
      )
    await rule(terminal.mid, { reasonRequired: true })
    expect(await send({})).toMatchObject({
      status: 422,
      body: { reason: 'reason_required', certainty: 'FINAL' },
    })
    expect(await voidsOf(sale)).toEqual([])
    expect((await send({ reason: 'duplicate' })).body).toMatchObject({
      state: 'approved',
      reason: 'duplicate',
    })
    expect((await send({}, 'second')).body).toMatchObject({ reason: 'original_already_voided' })
  })

  it('is done again for a copy of a void from before the rule, and for a terminal', async () => {
    const terminal = await openTerminal(isolate, { mid: freshMid() })
    const office = openOffice(isolate, await s.bearerKey(terminal.mid))
    const [first, second] = [await aSale(terminal), await aSale(terminal)]
    const voided = await office.void(first, 'k')
    await rule(terminal.mid, { reasonRequired: true })
    expect((await office.void(first, 'k')).text).toBe(voided.text)
    const reply = await terminal.send(s.aVoid({ stan: '900001', original: second.stan, rrn: second.rrn }))
    expect(reply.fields.get(39)).toBe('00')
  })
})
