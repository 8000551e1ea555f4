/**
 * @module HTTP at the POS door: paths, methods, types, lengths, invalid frames and unsupported messages. A
 * refused request leaves nothing behind.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TERMINAL_BODY_LIMIT, TERMINAL_PATHS } from '../../src/pos/door.ts'
import { dump } from './book.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let terminal: TestTerminal
let echo: Uint8Array
let before: Awaited<ReturnType<typeof dump>>

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  await sell(terminal, '000001')
  echo = terminal.frame(s.aManagement('0820', '301', { stan: '000009' }), { key: null })
  before = await dump()
})
afterAll(async () => expect(await dump()).toEqual(before))

const PATH = TERMINAL_PATHS[0]
const TYPE = 'x-ISO-TPDU/x-auth'

const send = (
  body: BodyInit | null,
  headers: Record<string, string> = { 'content-type': TYPE },
  path = PATH,
) => isolate.fetch(path, { method: 'POST', headers, body })

const lengthOf = async (response: Response) => (await response.arrayBuffer()).byteLength

describe('paths and methods', () => {
  it.each(TERMINAL_PATHS)('accepts POST %s', async (path) => {
    const reply = await s.read(await s.post(isolate, echo, path))
    expect([reply.status, reply.mti, reply.fields.get(39)]).toEqual([200, '0830', '00'])
  })

  it.each(TERMINAL_PATHS.filter((path) => path !== '/'))('rejects other methods on %s', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
      const response = await isolate.fetch(path, { method })
      expect([response.status, response.headers.get('allow'), await lengthOf(response)]).toEqual([
        405,
        'POST',
        0,
      ])
    }
  })

  it('leaves other methods of the root to what they were', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await isolate.fetch('/', { method })
      expect([method, response.status, await lengthOf(response)]).toEqual([method, 404, 0])
    }
    expect((await isolate.fetch('/')).status).toBe(200)
  })

  it.each(['/unp', `${PATH}/`, '/unp/webtrans/wpos', '/V1/iso8583'])('returns 404 for %s', async (path) => {
    const response = await s.post(isolate, echo, path)
    expect([response.status, await lengthOf(response)]).toEqual([404, 0])
  })
})

describe('content type', () => {
  it.each([TYPE, 'X-ISO-TPDU/X-AUTH', `${TYPE}; charset=x`, 'application/octet-stream'])(
    'accepts %s',
    async (type) => {
      expect((await send(Uint8Array.from(echo), { 'content-type': type })).status).toBe(200)
    },
  )

  it('accepts a missing type', async () => {
    expect((await send(Uint8Array.from(echo), {})).status).toBe(200)
  })

  it.each(['application/json', 'text/plain', 'multipart/form-data', 'application/octet-stream+x'])(
    'rejects %s',
    async (type) => {
      const response = await send(Uint8Array.from(echo), { 'content-type': type })
      expect([response.status, await lengthOf(response)]).toEqual([415, 0])
    },
  )
})

describe('length', () => {
  const padded = (length: number): Uint8Array<ArrayBuffer> => {
    const body = new Uint8Array(length)
    body.set(echo)
    return body
  }

  /** A body without a Content-Length, in chunks. */
  const stream = (length: number, onPull: () => void = () => {}): ReadableStream => {
    const body = padded(length)
    let at = 0
    return new ReadableStream({
      pull(controller) {
        onPull()
        if (at >= body.length) return controller.close()
        controller.enqueue(body.slice(at, at + 512))
        at += 512
      },
    })
  }

  it('reads up to 4 KiB, with or without a Content-Length, and ignores bytes after the frame', async () => {
    expect((await send(padded(TERMINAL_BODY_LIMIT))).status).toBe(200)
    expect((await send(stream(TERMINAL_BODY_LIMIT))).status).toBe(200)
    const crlf = await s.read(await send(Uint8Array.from([...echo, 13, 10, 13, 10])))
    expect(crlf.fields.get(39)).toBe('00')
  })

  it('rejects a longer body without reading it when its Content-Length says so', async () => {
    const response = await send(padded(TERMINAL_BODY_LIMIT + 1))
    expect([response.status, await lengthOf(response)]).toEqual([413, 0])
    let pulls = 0
    const headers = { 'content-type': TYPE, 'content-length': '5000' }
    expect(
      (
        await send(
          stream(5000, () => pulls++),
          headers,
        )
      ).status,
    ).toBe(413)
    // A stream may fill its queue once by itself.
    expect(pulls).toBeLessThanOrEqual(1)
  })

  it('rejects a longer body without a Content-Length, and stops reading at the limit', async () => {
    let pulls = 0
    const response = await send(stream(1_000_000, () => pulls++))
    expect([response.status, await lengthOf(response)]).toEqual([413, 0])
    expect(pulls).toBeLessThan(20)
  })

  it('is in every response, with the type that terminals expect', async () => {
    const response = await s.post(isolate, echo)
    expect(response.headers.get('content-type')).toBe(TYPE)
    expect(response.headers.get('transfer-encoding')).toBeNull()
    const body = new Uint8Array(await response.arrayBuffer())
    expect(((body[0] ?? 0) << 8) | (body[1] ?? 0)).toBe(body.length - 2)
  })
})

describe('bytes that are not a frame', () => {
  const frames: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['one byte', '00'],
    ['a length without content', '003C'],
    ['a length of zero', '0000'],
    ['less than the declared length', '003C6000030000602200000000080000'],
    ['TPDU and header alone', '000B6000030000602200000000'],
    ['a TPDU that does not start with 60', '000D70000300006022000000000800'],
    ['text', '474554202F20485454502F312E310D0A'],
    ['an MTI that is not digits', '00156000030000602200000000ABCD0020000000C00012'],
    ['a secondary bitmap', '00156000030000602200000000080080000000000000000000'],
    ['a truncated field', '001960000300006022000000000820000000000040000031323334'],
  ]
  it.each(frames)('%s: get 400 and an empty body', async (_name, hex) => {
    const response = await s.post(
      isolate,
      Uint8Array.from(hex.match(/../g) ?? [], (x) => Number.parseInt(x, 16)),
    )
    expect([response.status, await lengthOf(response)]).toEqual([400, 0])
  })

  it.each(['0210', '0410', '0510', '0810', '0830', '0130'])(
    'a response message (%s) is not a request',
    async (mti) => {
      const reply = await terminal.send({ ...s.aSale({ stan: '000002' }), mti })
      expect([reply.status, reply.bytes.length]).toEqual([400, 0])
    },
  )

  it.each(['02', '020C', '02000401020304', '020004010203040302', '02000G'])(
    'a broken serial frame (%s) gets a NAK',
    async (hex) => {
      const start = Uint8Array.from(hex.match(/../g) ?? [], (x) => Number.parseInt(x, 16))
      const response = await s.post(isolate, start)
      expect([response.status, hexOf(new Uint8Array(await response.arrayBuffer()))]).toEqual([400, '15'])
    },
  )
})

describe('unsupported messages get 40', () => {
  const sale = () => s.aSale({ stan: '000002' })
  it.each(['0100', '0220', '0620', '0300', '0101', '0221', '0900'])('MTI %s', async (mti) => {
    const reply = await terminal.send({ ...sale(), mti })
    expect([reply.status, reply.fields.get(39)]).toEqual([200, '40'])
    expect(reply.mti).toBe(`0${mti[1]}${Number(mti[2]) + 1}0`)
    expect(reply.fields.has(2)).toBe(false)
  })

  const unknown: readonly (readonly [string, Parameters<TestTerminal['send']>[0]])[] = [
    ['a balance inquiry', s.aSale({ stan: '000002', more: { 3: '310000', 60: '0100000100050' } })],
    ['a pre-authorisation condition', s.aSale({ stan: '000002', more: { 25: '06' } })],
    ['a void under the code of a sale', s.aSale({ stan: '000002', more: { 60: '2300000100050' } })],
    [
      'a void of a pre-authorised completion',
      s.aSale({ stan: '000002', more: { 3: '200000', 60: '21000001000' } }),
    ],
    ['a truncated field 60', s.aSale({ stan: '000002', more: { 60: '220000010' } })],
    ['no field 60', s.aSale({ stan: '000002', more: { 60: undefined } })],
    ['parameter download', s.aManagement('0800', '360', { stan: '000002' })],
    ['status upload', s.aManagement('0820', '362', { stan: '000002' })],
    ['a settlement under another code', s.aManagement('0500', '999', { stan: '000002' })],
    ['an upload under another code', s.aManagement('0320', '210', { stan: '000002' })],
  ]
  it.each(unknown)('%s', async (_name, message) => {
    const reply = await terminal.send(message)
    expect([reply.status, reply.fields.get(39), reply.fields.has(64)]).toEqual([200, '40', false])
  })
})

describe('mandatory fields', () => {
  const sale = { original: '000001', rrn: '0'.repeat(12) }
  const incomplete: readonly (readonly [string, Parameters<TestTerminal['send']>[0]])[] = [
    ...[4, 22, 49].map(
      (n) => [`sale without ${n}`, s.aSale({ stan: '000003', more: { [n]: undefined } })] as const,
    ),
    ...[4, 22, 49].map(
      (n) => [`void without ${n}`, s.aVoid({ stan: '000003', ...sale, more: { [n]: undefined } })] as const,
    ),
    ['sale of zero', s.aSale({ stan: '000003', amount: 0 })],
    ['STAN zero', s.aSale({ stan: '000000' })],
    ['no STAN', s.aSale({ stan: '000003', more: { 11: undefined } })],
    ['void without 37 and 61', s.aVoid({ stan: '000003', ...sale, more: { 37: undefined, 61: undefined } })],
    ['truncated field 61', s.aVoid({ stan: '000003', ...sale, more: { 61: '00000100000' } })],
  ]
  it.each(incomplete)('%s: gets 30', async (_name, message) => {
    expect((await terminal.send(message)).fields.get(39)).toBe('30')
  })
})
