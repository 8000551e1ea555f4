/** @module A terminal's whole day through the POS door. */

import { describe, expect, it } from 'vitest'
import { rows } from './book.ts'
import * as s from './support.ts'

describe("a terminal's day", () => {
  it('signs on, sells, voids, reverses, settles', async () => {
    const isolate = await s.openIsolate()
    await s.provision(isolate)
    await s.installKey(isolate)

    const sale = await s.send(isolate, s.aSale({ stan: '000002' }))
    expect(sale.fields.get(39)).toBe('00')
    const rrn = sale.fields.get(37) ?? ''

    const voided = await s.send(isolate, s.aVoid({ stan: '000003', original: '000002', rrn }))
    expect(voided.fields.get(39)).toBe('00')

    // Both ids begin with the bucket of their merchant, so that they lead to its database.
    const ids = await rows('select id from sale union all select id from void')
    expect(ids).toEqual([{ id: expect.stringMatching(/^217/) }, { id: expect.stringMatching(/^217/) }])

    const settled = await s.send(
      isolate,
      s.aSettlement({ stan: '000004' }, s.totalsOf(1234, 1, 1234, 1)),
      null,
    )
    expect(settled.fields.get(48)?.[30]).toBe('1')
    const signOn = await s.send(isolate, s.aManagement('0800', '003', { stan: '000005' }), null)
    expect(signOn.fields.get(60)).toBe('00000002003')
  })
})
