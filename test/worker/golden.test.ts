/**
 * @module The messages of vectors/cup-flow.json as exchanges: the published bytes go in, and the answer has
 * the type, fields, addresses and MAC of the published answer.
 *
 * One adjustment: the flow cannot know the values that the acquirer assigns (RRN and authorisation code of a
 * sale that it authorised).
 * The next request names ours instead, and test/support/micro-mac.ts computes its MAC.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { adjusted, asciiHex, captureFlowSale, type FlowName, flowOf, openFlowTerminal } from './flow.ts'
import * as s from './support.ts'
import { hexOf, macOf } from './terminal.ts'

/**
 * Field numbers that our answer has beyond the golden one, with the reason. The flow's declines hold the
 * least. Ours echo what an approval echoes and add time, institution and reason: the terminal prints them,
 * and a proved refusal is signed.
 */
const MORE: Partial<Record<FlowName, readonly number[]>> = {
  // The acquirer of the flow omits the approval's echoed fields (2, 14, 23, 53), the date of settlement (15),
  // the institutions (44) and the MAC.
  '6b-void-resp-declined-25': [2, 14, 15, 23, 44, 53, 64],
  // The same, with the texts of the refusal (63), but without a MAC: a request with a wrong MAC gets an
  // unsigned answer.
  '6c-void-resp-A0': [2, 14, 15, 23, 44, 53, 63],
}

/** Fields that the acquirer assigns: values differ, forms do not. */
const ASSIGNED = [12, 13, 15, 37, 38, 62, 63, 64]

function expectLike(reply: s.Reply, name: FlowName) {
  const golden = flowOf(name)
  expect(reply.status).toBe(200)
  expect(reply.mti).toBe(golden.mti)
  expect(reply.tpdu).toBe('6000000003')
  expect(reply.header).toBe(hexOf(golden.frame.subarray(7, 13)))
  const numbers = [...golden.numbers, ...(MORE[name] ?? [])].sort((a, b) => a - b)
  expect([...reply.fields.keys()]).toEqual(numbers)
  for (const [number, value] of Object.entries(golden.fields)) {
    const ours = reply.fields.get(Number(number))
    if (ASSIGNED.includes(Number(number))) expect(ours).toMatch(/^[0-9A-F]+$/)
    else expect(ours, number).toBe(value)
  }
  expect(macOf(reply, s.CUP_KEY)).toBe(reply.fields.has(64) ? 'right' : 'none')
}

const post = async (isolate: s.Isolate, frame: Uint8Array) => s.read(await s.post(isolate, frame))

describe('as published, after the capture of the sale', () => {
  let isolate: s.Isolate
  beforeAll(async () => {
    isolate = await s.openIsolate()
    await openFlowTerminal(isolate)
    expect((await captureFlowSale(isolate)).status).toBe(201)
  })

  it('sign-on', async () => {
    const reply = await post(isolate, flowOf('1-signon-req').frame)
    expectLike(reply, '2-signon-resp')
    // 16-byte TPK and 8-byte MAK, padded, with 4 bytes of check value each.
    expect(reply.fields.get(62)).toHaveLength(80)
  })

  it('void with a wrong MAC', async () => {
    const frame = Uint8Array.from(flowOf('5-void-req').frame)
    frame[frame.length - 1] = 0x30
    expectLike(await post(isolate, frame), '6c-void-resp-A0')
  })

  it('void', async () => {
    expectLike(await post(isolate, flowOf('5-void-req').frame), '6-void-resp')
  })

  it('the same void without its card: other content under its key', async () => {
    const reply = await post(isolate, flowOf('5b-void-req-61-16digits').frame)
    expect(reply.fields.get(39)).toBe('94')
  })

  it('reversal of the void, when field 61 names the sale or the void itself', async () => {
    expectLike(await post(isolate, flowOf('7-void-reversal-req').frame), '8-void-reversal-resp')
    const own = await post(isolate, flowOf('7b-void-reversal-req-61-own').frame)
    expect(own.fields.get(39)).toBe('00')
    expect(macOf(own, s.CUP_KEY)).toBe('right')
  })

  it('echo and sign-off', async () => {
    expectLike(await post(isolate, flowOf('9-echo-req').frame), '10-echo-resp')
    expectLike(await post(isolate, flowOf('13-signoff-req').frame), '14-signoff-resp')
  })
})

describe('with a sale of its own', () => {
  const names = { tid: '12345679', mid: s.MID }
  const other = { [asciiHex(s.TID)]: asciiHex(names.tid) }
  let isolate: s.Isolate
  let renamed: Record<string, string>

  beforeAll(async () => {
    isolate = await s.openIsolate()
    await openFlowTerminal(isolate, names)
  })

  /** Like `expectLike`, for a second terminal. */
  const expectLikeFlow = (reply: s.Reply, name: FlowName) => {
    expect(reply.fields.get(41)).toBe(names.tid)
    expectLike({ ...reply, fields: new Map([...reply.fields, [41, s.TID]]) }, name)
  }

  it('sale', async () => {
    const sale = await post(isolate, adjusted('3-sale-req', other))
    expectLikeFlow(sale, '4-sale-resp')
    const own = (number: number) => asciiHex(sale.fields.get(number) ?? '')
    renamed = { ...other, [asciiHex('101530000002123456')]: own(37) + own(38) }
  })

  it('void with zeros in field 61: its RRN names the sale', async () => {
    const changes = { '0000000012340000032812': '0000000012340000232812', '000007000002': '000000000000' }
    const reply = await post(isolate, adjusted('5-void-req', { ...renamed, ...changes }))
    expect(reply.fields.get(39)).toBe('00')
    await post(isolate, adjusted('7-void-reversal-req', { ...other, '0000032812': '0000232812' }))
  })

  it('void', async () => {
    expectLikeFlow(await post(isolate, adjusted('5-void-req', renamed)), '6-void-resp')
  })

  it('settlement', async () => {
    const reply = await post(isolate, adjusted('11-settle-req', other))
    expectLikeFlow(reply, '12-settle-resp')
  })

  it('void again after settlement, and of an unknown sale', async () => {
    const fresh = await s.openIsolate()
    const replayed = await post(fresh, adjusted('5-void-req', renamed))
    expect(replayed.fields.get(39)).toBe('00')
    const unknownSale = adjusted('5-void-req', {
      ...other,
      '0000000012340000032812': '0000000012340000332812',
      '2300000700': '2300000800',
      '000007000002': '000008000077',
    })
    expectLikeFlow(
      await post(isolate, unknownSale).then((reply) => ({
        ...reply,
        fields: new Map([...reply.fields, [11, '000003'], [60, '2300000700050']]),
      })),
      '6b-void-resp-declined-25',
    )
  })
})

describe('serial framing', () => {
  it('gets a serial answer; a wrong LRC gets a NAK and changes nothing', async () => {
    const isolate = await s.openIsolate()
    const names = { tid: '12345670', mid: s.MID }
    await s.provision(isolate, {}, names)
    await s.installKey(isolate, s.MAK, names)
    const frame = s.frameOf(isolate, s.from(s.aSale({ stan: '000001' }), names), s.CUP_KEY, 'serial')
    const broken = Uint8Array.from(frame)
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
    const nak = await s.post(isolate, broken)
    expect([nak.status, hexOf(new Uint8Array(await nak.arrayBuffer()))]).toEqual([400, '15'])

    const response = await s.post(isolate, frame)
    const bytes = new Uint8Array(await response.clone().arrayBuffer())
    // STX, two BCD bytes of length, data, ETX, and the XOR of all bytes after STX is 0.
    expect([bytes[0], bytes.at(-2)]).toEqual([0x02, 0x03])
    expect(Number(hexOf(bytes.subarray(1, 3)))).toBe(bytes.length - 5)
    expect(bytes.subarray(1).reduce((xor, byte) => xor ^ byte, 0)).toBe(0)
    const reply = await s.read(response)
    expect(reply.fields.get(39)).toBe('00')
    expect(macOf(reply, s.CUP_KEY)).toBe('right')
    // The frame with the NAK left nothing, so this is the first.
    expect(isolate.logged.filter(({ event }) => event === 'answered')).toHaveLength(1)
  })
})
