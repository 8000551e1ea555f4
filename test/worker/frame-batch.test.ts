/**
 * @module Many frames in one request: the order of the answers, an outcome for each frame, wrong boundaries, limits and copies.
 */

import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BATCH_BODY_LIMIT, BATCH_FRAMES } from '../../src/pos/batch-body.ts'
import { BATCH_PATH, TERMINAL_BODY_LIMIT } from '../../src/pos/door.ts'
import { dump, effectOf, journalOf } from './book.ts'
import * as s from './support.ts'
import { hexOf, macOf, openTerminal, sell, sixDigits, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let a: TestTerminal
let b: TestTerminal
beforeAll(async () => {
  isolate = await s.openIsolate()
  a = await openTerminal(isolate)
  b = await openTerminal(isolate)
})
// The isolate forgets its last answers.
beforeEach(() => {
  isolate.clock.now += 10_000
})

const TYPE = 'x-ISO-TPDU/x-auth'
const WRONG_KEY = { algorithm: 'cup-ecb', mak: '5'.repeat(16) } as const

const joined = (frames: readonly Uint8Array[]) => Uint8Array.from(frames.flatMap((frame) => [...frame]))

const send = (
  body: BodyInit | null,
  headers: Record<string, string> = { 'content-type': TYPE },
  to = isolate,
) => to.fetch(BATCH_PATH, { method: 'POST', headers, body })

/** The answers of a batch, each as the answer to a request of its own. */
async function answersTo(frames: readonly Uint8Array[], to = isolate) {
  const response = await send(joined(frames), undefined, to)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, TYPE])
  const bytes = new Uint8Array(await response.arrayBuffer())
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + 256 * (bytes[at] ?? 0) + (bytes[at + 1] ?? 0)
    parts.push(bytes.slice(at, end))
    at = end
  }
  const replies = await Promise.all(parts.map((part) => s.read(new Response(part))))
  return { bytes, replies, hex: parts.map(hexOf), headers: response.headers }
}

const codesOf = (replies: readonly s.Reply[]) => replies.map(({ fields }) => fields.get(39))

let stans = 100
const next = () => sixDigits(++stans)

describe('each frame has an outcome of its own', () => {
  it('in the order of the frames', async () => {
    const sold = await sell(a, next())
    const [stan, voided] = [next(), next()]
    const frames = [
      a.frame(s.aSale({ stan })),
      b.frame(s.aVoid({ stan: next(), original: '999999', rrn: '000000000000' })),
      a.frame(s.aVoid({ ...sold, stan: voided })),
      b.frame(s.aSale({ stan: next() }), { key: WRONG_KEY }),
      Uint8Array.of(0, 3, 1, 2, 3),
      a.frame(s.aManagement('0800', '003', { stan: next() }), { key: null }),
      a.frame(s.aManagement('0820', '301', { stan: next() }), { key: null }),
      b.frame(s.aSale({ stan: next() })),
    ]
    const { replies, hex } = await answersTo(frames)
    expect(codesOf(replies)).toEqual(['00', '25', '00', 'A0', undefined, '40', '40', '00'])
    expect(hex[4]).toBe('000115')
    expect([replies[0], replies[2]].map((reply) => reply?.fields.get(11))).toEqual([stan, voided])
    expect(replies.map((reply) => macOf(reply, a.key))).toEqual([
      ...['right', 'right', 'right', 'none', 'none', 'none', 'none'],
      'right',
    ])
    const { sales } = await effectOf(a.tid)
    expect(sales.find((sale) => sale.stan === sold.original)).toMatchObject({ live_voids: 1 })
    expect(sales.find((sale) => sale.stan === stan)).toMatchObject({ live_voids: 0 })
  })

  it('a reversal that nobody can read gets no answer', async () => {
    const reversal = a.frame(s.aReversal('sale', { stan: next() }))
    // The MTI of a reversal, and a field that breaks off.
    const broken = Uint8Array.from([0, 21, ...reversal.subarray(2, 23)])
    const { hex, replies } = await answersTo([broken, a.frame(s.aSale({ stan: next() }))])
    expect(hex[0]).toBe('0000')
    expect(codesOf(replies)).toEqual([undefined, '00'])
  })

  it('a sale, its void and the reversal of the void are decided in order', async () => {
    const [sale, voided] = [next(), next()]
    const { replies } = await answersTo([
      a.frame(s.aSale({ stan: sale })),
      a.frame(s.aVoid({ stan: voided, original: sale, rrn: '000000000000', more: { 37: undefined } })),
      a.frame(s.aReversal('void', { stan: voided })),
      a.frame(s.aVoid({ stan: next(), original: sale, rrn: '000000000000', more: { 37: undefined } })),
    ])
    expect(codesOf(replies)).toEqual(['00', '00', '00', '00'])
  })

  it('an unknown terminal and a made-up merchant are refused beside the others', async () => {
    const attacker = s.frameOf(isolate, s.from(s.aSale({ stan: next() }), { tid: '99999999', mid: a.mid }))
    const elsewhere = s.frameOf(
      isolate,
      s.from(s.aSale({ stan: next() }), { tid: a.tid, mid: '9'.repeat(15) }),
      a.key,
    )
    const { replies } = await answersTo([attacker, elsewhere, a.frame(s.aSale({ stan: next() }))])
    expect(codesOf(replies)).toEqual(['97', '03', '00'])
  })
})

describe('copies', () => {
  it('identical frames of a batch are one message', async () => {
    const frame = a.frame(s.aSale({ stan: next() }))
    const before = (await journalOf(a.tid)).length
    const { hex, replies } = await answersTo([frame, b.frame(s.aSale({ stan: next() })), frame, frame])
    expect(codesOf(replies)).toEqual(['00', '00', '00', '00'])
    expect(new Set([hex[0], hex[2], hex[3]]).size).toBe(1)
    expect(await journalOf(a.tid)).toHaveLength(before + 1)
  })

  it('identical frames that get no answer are one message too', async () => {
    const before = isolate.logged.length
    const frame = a.frame(s.aSale({ stan: next() }), { key: WRONG_KEY })
    const { replies } = await answersTo([frame, frame, frame])
    expect(codesOf(replies)).toEqual(['A0', 'A0', 'A0'])
    expect(isolate.logged.slice(before).filter(({ event }) => event === 'refused')).toHaveLength(1)
  })

  it('a batch that is sent again gets the same bytes: in flight, at once, and later', async () => {
    const frames = [a, b, a].map((terminal) => terminal.frame(s.aSale({ stan: next() })))
    const entries = async () => (await journalOf(a.tid)).length + (await journalOf(b.tid)).length
    const before = await entries()
    const [first, twin] = await Promise.all([answersTo(frames), answersTo(frames)])
    expect(codesOf(first.replies)).toEqual(['00', '00', '00'])
    const atOnce = await answersTo(frames)
    isolate.clock.now += 600_000
    const later = await answersTo(frames)
    const elsewhere = await answersTo(frames, await s.openIsolate())
    for (const again of [twin, atOnce, later, elsewhere]) expect(again.bytes).toEqual(first.bytes)
    expect(await entries()).toBe(before + 3)
  })

  it('a frame alone and the same frame in a batch are one message', async () => {
    const frame = a.frame(s.aSale({ stan: next() }))
    const [alone, batch] = await Promise.all([s.post(isolate, frame), answersTo([frame])])
    expect(new Uint8Array(await alone.arrayBuffer())).toEqual(batch.bytes)
  })
})

describe('a request that is no batch', () => {
  const wrong: readonly (readonly [string, number, (frame: Uint8Array) => Uint8Array])[] = [
    ['an empty body', 400, () => new Uint8Array(0)],
    ['a byte too few', 400, (frame) => joined([frame, frame.subarray(0, -1)])],
    ['a byte too many', 400, (frame) => joined([frame, Uint8Array.of(0)])],
    ['CR LF behind a frame', 400, (frame) => joined([frame, Uint8Array.of(0x0d, 0x0a)])],
    ['a LEN of zero', 400, (frame) => joined([frame, Uint8Array.of(0, 0), frame])],
    ['a frame too many', 413, (frame) => joined(Array.from({ length: BATCH_FRAMES + 1 }, () => frame))],
    [
      'a frame that is too long',
      413,
      (frame) => joined([frame, Uint8Array.of(0x0f, 0xff), new Uint8Array(TERMINAL_BODY_LIMIT - 1)]),
    ],
    ['a body that is too long', 413, () => new Uint8Array(BATCH_BODY_LIMIT + 1)],
  ]
  it.each(wrong)('%s is %i, and nothing of it is done', async (_, status, bodyOf) => {
    const before = await dump()
    const response = await send(Uint8Array.from(bodyOf(a.frame(s.aSale({ stan: next() })))))
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([status, 0])
    expect(await dump()).toEqual(before)
  })

  it('has another method, type or encoding', async () => {
    const frame = Uint8Array.from(a.frame(s.aSale({ stan: next() })))
    const before = await dump()
    const other = await isolate.fetch(BATCH_PATH, { method: 'PUT', body: frame })
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await send(frame, { 'content-type': 'application/x-ndjson' })).status).toBe(415)
    expect((await send(frame, { 'content-type': TYPE, 'content-encoding': 'gzip' })).status).toBe(415)
    expect(await dump()).toEqual(before)
  })

  it('has a serial frame', async () => {
    const serial = a.frame(s.aSale({ stan: next() }), { kind: 'serial' })
    const before = await dump()
    expect((await send(Uint8Array.from(serial))).status).toBe(400)
    expect(await dump()).toEqual(before)
  })
})

describe('bounds', () => {
  it('the most frames and the longest one are taken', async () => {
    const most = Array.from({ length: BATCH_FRAMES }, () => a.frame(s.aSale({ stan: next() })))
    const { replies } = await answersTo(most)
    expect(new Set(codesOf(replies))).toEqual(new Set(['00']))
    expect(replies.map(({ fields }) => fields.get(11))).toEqual(
      most.map((_, i) => sixDigits(stans - BATCH_FRAMES + 1 + i)),
    )
    const longest = Uint8Array.from([0x0f, 0xfe, ...new Uint8Array(TERMINAL_BODY_LIMIT - 2)])
    expect((await answersTo([longest])).hex).toEqual(['000115'])
  })

  it('an isolate without a place refuses a batch as a whole', async () => {
    const full = await s.openIsolate({ mostInside: 0 })
    const before = await dump()
    const response = await send(joined([a.frame(s.aReversal('sale', { stan: next() }))]), undefined, full)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await dump()).toEqual(before)
  })
})
