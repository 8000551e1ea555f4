/**
 * @module Golden requests with one flipped bit, cut at every byte, or forged as the CUP ECB MAC allows.
 * Posted to the POS door, they are refused with nothing written, or are harmless. The harmless ones are
 * listed with the reason.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { dump } from './book.ts'
import { captureFlowSale, flowOf, openFlowTerminal } from './flow.ts'
import * as s from './support.ts'
import { hexOf } from './terminal.ts'

let isolate: s.Isolate
let before: Awaited<ReturnType<typeof dump>>

/** The sale is captured, so that void and reversals are accepted as published. */
const REQUESTS = [
  '3-sale-req',
  '5-void-req',
  '5b-void-req-61-16digits',
  '7-void-reversal-req',
  '7b-void-reversal-req-61-own',
] as const

beforeAll(async () => {
  isolate = await s.openIsolate()
  await openFlowTerminal(isolate)
  await captureFlowSale(isolate)
  before = await dump()
})

/** All at once would exceed the concurrency limit. */
async function inBatches<T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < list.length; at += 24)
    results.push(...(await Promise.all(list.slice(at, at + 24).map(work))))
  return results
}

const send = async (frame: Uint8Array) => s.read(await s.post(isolate, frame))

const flipped = (frame: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(frame)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
  return copy
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** LEN and the first byte of the TPDU; then addresses and header, which no MAC covers; then the message. */
const ADDRESSES = [3, 13] as const

/** A reversal that cannot be processed gets no answer: its number is 503. Other messages get 400, 97 or 03. */
const isReversal = (name: string): boolean => name.includes('reversal')

/** How a request was refused: HTTP status without an answer, or field 39. */
const fate = ({ status, fields }: s.Reply): string => fields.get(39) ?? String(status)

describe.each(REQUESTS)('%s', (name) => {
  const { frame } = flowOf(name)

  it('is refused with any flipped bit outside the addresses and the header', async () => {
    const bits = [...range(0, 8 * ADDRESSES[0]), ...range(8 * ADDRESSES[1], 8 * frame.length)]
    const fates = await inBatches(bits, async (bit) => fate(await send(flipped(frame, bit))))
    // 400: not a frame or not a message. A0: wrong MAC. 97, 03: another terminal or merchant. 40: another
    // message type. 503: a reversal that cannot be read, of another terminal or merchant.
    const unknown = isReversal(name) ? '503' : '97'
    expect([...new Set(fates)].sort()).toEqual(expect.arrayContaining(['400', unknown, 'A0']))
    const refused = isReversal(name) ? ['400', 'A0', '40', '503'] : ['400', 'A0', '97', '03', '40']
    const others = bits.filter((_, i) => !refused.includes(fates[i] ?? ''))
    expect(others.map((bit) => [bit, fates[bits.indexOf(bit)]])).toEqual([])
    expect(await dump()).toEqual(before)
  })

  it('is refused when cut at any byte', async () => {
    const cuts = range(0, frame.length)
    const asIs = await inBatches(cuts, async (length) => send(frame.subarray(0, length)))
    expect(new Set(asIs.map(fate))).toEqual(new Set(['400']))
    const fitted = await inBatches(range(2, frame.length), async (length) => {
      const cut = Uint8Array.from(frame.subarray(0, length))
      cut[0] = (length - 2) >> 8
      cut[1] = (length - 2) & 0xff
      return send(cut)
    })
    // A reversal that is cut behind its batch number still has a target, and a wrong MAC.
    const fates = isReversal(name) ? ['400', '503', 'A0'] : ['400']
    expect(new Set(fitted.map(fate))).toEqual(new Set(fates))
    expect(await dump()).toEqual(before)
  })
})

it('with a flipped bit in the addresses or the header is the same message, booked once', async () => {
  const frame = flowOf('5-void-req').frame
  const first = await send(frame)
  expect(first.fields.get(39)).toBe('00')
  const after = await dump()
  for (const bit of range(8 * ADDRESSES[0], 8 * ADDRESSES[1])) {
    const reply = await send(flipped(frame, bit))
    expect(hexOf(reply.body)).toBe(hexOf(first.body))
  }
  expect(await dump()).toEqual(after)
})
