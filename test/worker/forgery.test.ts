/**
 * @module Forgeries that keep the CUP ECB MAC right, because it folds a message by XOR. They swap blocks,
 * flip equal bits in two blocks, or append zero blocks. The tests show which ones the canonical parse and the
 * comparison with the original catch, and which remain.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { unpack } from '../../src/iso8583/message.ts'
import { microMac } from '../support/micro-mac.ts'
import { effectOf } from './book.ts'
import { adjusted, asciiHex, captureFlowSale, type FlowName, flowOf } from './flow.ts'
import * as s from './support.ts'
import { bytes, hexOf, openTerminal, type TestTerminal } from './terminal.ts'

const VOID = '5-void-req'
const BLOCK = 8
const MESSAGE = 13

let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
})

/** Changes MTI … MAC of a frame in place, or returns another body. */
type Forgery = (body: Uint8Array) => Uint8Array

function forge(frame: Uint8Array, change: Forgery): Uint8Array {
  const body = change(Uint8Array.from(frame.subarray(MESSAGE)))
  const forged = Uint8Array.from([...frame.subarray(0, MESSAGE), ...body])
  forged[0] = (forged.length - 2) >> 8
  forged[1] = (forged.length - 2) & 0xff
  return forged
}

const isRight = (frame: Uint8Array): boolean =>
  hexOf(microMac('cup-ecb', bytes(s.MAK), frame.subarray(MESSAGE, -8))) === hexOf(frame.subarray(-8))

const length = flowOf(VOID).frame.length - MESSAGE - 8
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

const swap =
  (a: number, b: number): Forgery =>
  (body) => {
    const first = body.slice(a * BLOCK, (a + 1) * BLOCK)
    body.copyWithin(a * BLOCK, b * BLOCK, (b + 1) * BLOCK)
    body.set(first, b * BLOCK)
    return body
  }

const flip =
  (...bits: number[]): Forgery =>
  (body) => {
    for (const bit of bits) body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
    return body
  }

/** The fields in which a forged void differs. Undefined when it no longer parses. */
function differences(change: Forgery): string[] | undefined {
  const original = unpack(flowOf(VOID).frame.subarray(MESSAGE))
  const forged = unpack(forge(flowOf(VOID).frame, change).subarray(MESSAGE))
  if (!original.ok || !forged.ok) return undefined
  const [before, after] = [original.value, forged.value]
  const numbers = [...new Set([...before.fields.keys(), ...after.fields.keys()])]
  const changed = numbers.filter((n) => before.fields.get(n) !== after.fields.get(n)).map(String)
  return before.mti === after.mti ? changed : ['MTI', ...changed]
}

/** One forgery for every set of fields that some forgery changes and that still parses. */
function readable(forgeries: readonly Forgery[]): Map<string, Forgery> {
  const one = new Map<string, Forgery>()
  for (const forgery of forgeries) {
    const changed = differences(forgery)?.join(' ')
    if (changed !== undefined && changed !== '' && !one.has(changed)) one.set(changed, forgery)
  }
  return one
}

/** The flow's sale and void on a terminal of its own, in its first batch. */
async function openVoid(): Promise<{ terminal: TestTerminal; frame: Uint8Array }> {
  const terminal = await openTerminal(isolate)
  // Each has another RRN, as acquirers assign them: when field 61 names no sale, the RRN alone finds it.
  const rrn = `9${terminal.tid.slice(1)}0000`
  await captureFlowSale(isolate, terminal, { batchNumber: '000001', rrn })
  const frame = adjusted(VOID, {
    [asciiHex('101530000002')]: asciiHex(rrn),
    [asciiHex(s.TID)]: asciiHex(terminal.tid),
    '2300000700': '2300000100',
    '000007000002': '000001000002',
  })
  return { terminal, frame }
}

/**
 * The fields that remain, which no decision uses. Field 2 identifies the card, 4 and 49 amount and currency,
 * 37 and 38 the sale, 41, 42 and 60 the terminal. The forgeries change the expiry (14), the entry mode (22,
 * 23), the PIN (26, 52) and the track (35). They also change the security flags (53), the reader's digits of
 * 60, and the STAN (11). A changed STAN voids the same sale, once and in full, under another number. Such a
 * forger must hold a message of the terminal and its place in TLS. Profiles with X9.9, X9.19 or SM4-CBC leave
 * no such field.
 */
const UNPROTECTED = ['11', '14', '22', '23', '26', '35', '52', '53', '60']

async function expectCaught(forgeries: readonly Forgery[]): Promise<string[]> {
  const approved: string[] = []
  for (const [changed, forgery] of readable(forgeries)) {
    const { terminal, frame } = await openVoid()
    const forged = forge(frame, forgery)
    expect(isRight(forged)).toBe(true)
    const reply = await s.read(await s.post(isolate, forged))
    const { sales, batches } = await effectOf(terminal.tid)
    const done = reply.fields.get(39) === '00'
    expect(sales, changed).toMatchObject([{ reversed: 0, live_voids: done ? 1 : 0 }])
    expect(batches, changed).toMatchObject([{ credit_amount: done ? 1234 : 0 }])
    if (!done) continue
    approved.push(changed)
    expect(
      changed.split(' ').filter((field) => !UNPROTECTED.includes(field)),
      `approved with ${changed} changed`,
    ).toEqual([])
  }
  return approved
}

describe('a forged void', () => {
  it('unchanged is approved, so the forgeries have a valid start', async () => {
    const { frame } = await openVoid()
    expect(isRight(frame)).toBe(true)
    expect((await s.read(await s.post(isolate, frame))).fields.get(39)).toBe('00')
  })

  it('with two swapped blocks changes nothing that a decision uses', async () => {
    const whole = Math.floor(length / BLOCK)
    const forgeries = range(0, whole).flatMap((a) => range(a + 1, whole).map((b) => swap(a, b)))
    expect(forgeries.length).toBeGreaterThan(100)
    await expectCaught(forgeries)
  })

  it('with one bit flipped in two blocks changes nothing that a decision uses', async () => {
    const forgeries = range(0, 8 * length).flatMap((a) =>
      range(1, Math.ceil((8 * length - a) / 64)).map((n) => flip(a, a + 64 * n)),
    )
    expect(forgeries.length).toBeGreaterThan(5000)
    const approved = await expectCaught(forgeries)
    const touched = new Set(approved.flatMap((changed) => changed.split(' ')))
    expect([...touched].sort()).toEqual([...UNPROTECTED].sort())
    // Thousands of messages: six seconds on a quiet machine.
  }, 90_000)

  it.each<FlowName>([VOID, '5b-void-req-61-16digits'])(
    'with appended zeros does not parse: %s',
    async (name) => {
      const { frame } = flowOf(name)
      const zeros = (BLOCK - ((frame.length - MESSAGE - 8) % BLOCK)) % BLOCK
      for (const appended of [zeros, zeros + BLOCK, zeros + 3 * BLOCK].filter((n) => n > 0)) {
        const forged = forge(frame, (body) =>
          Uint8Array.from([...body.subarray(0, -8), ...new Uint8Array(appended), ...body.subarray(-8)]),
        )
        expect(isRight(forged)).toBe(true)
        expect((await s.post(isolate, forged)).status).toBe(400)
      }
    },
  )
})

it('a reversal with appended zeros undoes the same void: its target is read as before', async () => {
  const { terminal, frame } = await openVoid()
  await s.post(isolate, frame)
  const reversal = terminal.frame(s.aReversal('void', { stan: flowOf(VOID).fields['11'] ?? '' }))
  const zeros = (BLOCK - ((reversal.length - MESSAGE - 8) % BLOCK)) % BLOCK
  const forged = forge(reversal, (body) =>
    Uint8Array.from([...body.subarray(0, -8), ...new Uint8Array(zeros + BLOCK), ...body.subarray(-8)]),
  )
  expect(isRight(forged)).toBe(true)
  expect((await s.read(await s.post(isolate, forged))).fields.get(39)).toBe('00')
  expect((await effectOf(terminal.tid)).sales).toMatchObject([{ reversed: 0, live_voids: 0 }])
})

/** The pad nibble of an odd number of digits can hold any value: other bytes for the same message. */
it('a void with a non-zero pad nibble is rejected, though its MAC is right and it has the same fields', async () => {
  const { terminal, frame } = await openVoid()
  // Field 22 is three digits, left-aligned in two bytes.
  const changed = bytes(hexOf(frame).replace('281205100001', '281205170001'))
  expect(hexOf(changed)).not.toBe(hexOf(frame))
  changed.set(microMac('cup-ecb', bytes(s.MAK), changed.subarray(MESSAGE, -8)), changed.length - 8)
  const reply = await s.read(await s.post(isolate, changed))
  expect(reply.fields.get(39)).toBe('30')
  expect((await effectOf(terminal.tid)).sales).toMatchObject([{ live_voids: 0 }])
})
