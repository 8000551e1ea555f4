/** @module Headers between TPDU and message: each terminal sends the one of its profile, and any other gets 30. */

import { beforeAll, describe, expect, it } from 'vitest'
import * as s from './support.ts'
import { bytes, macOf, openTerminal, type TestTerminal } from './terminal.ts'

const LRI = '4C5249001C9F500801087273928500009F510E3030303030303030303030303030'
const TEN = '60220000000011223344'
const SIX = '602200000000'

let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
})

/** Sends a message behind a header. `length`: bytes of the answer's header. */
async function send(
  { mid, tid }: TestTerminal,
  message: ReturnType<typeof s.aSale>,
  header: string,
  { length = header.length / 2, kind = 'tpdu' as 'tpdu' | 'serial', key = s.CUP_KEY as s.Key | null } = {},
) {
  const own = s.from(message, { mid, tid })
  const frame = s.frameOf(isolate, own, key, kind, undefined, bytes(header))
  return s.read(await s.post(isolate, frame, '/'), length)
}

describe.each([
  ['of 10 bytes', { headerLength: 10 }, TEN, TEN],
  ['of 0 bytes', { headerLength: 0 }, '', ''],
  ['of 46 bytes', { headerLength: 46 }, 'A5'.repeat(46), `A5A5A0${'A5'.repeat(43)}`],
  ['with a TLV block behind it', { headerTlv: true }, SIX + LRI, SIX],
  ['with a TLV block before it', { headerTlv: true }, LRI + SIX, SIX],
  ['of a TLV block alone', { headerLength: 0, headerTlv: true }, LRI, ''],
  ['of a profile with a TLV block, without one', { headerTlv: true }, SIX, SIX],
])('a header %s', (_, body, header, answered) => {
  it.each(['tpdu', 'serial'] as const)('in a %s frame: signs on, sells and voids', async (kind) => {
    const terminal = await openTerminal(isolate, { body })
    const options = { length: answered.length / 2, kind }
    const approved = async (message: ReturnType<typeof s.aSale>, key: s.Key | null = s.CUP_KEY) => {
      const reply = await send(terminal, message, header, { ...options, key })
      expect([reply.fields.get(39), reply.header]).toEqual(['00', answered])
      if (key !== null) expect(macOf(reply, key)).toBe('right')
      return reply
    }
    await approved(s.aManagement('0820', '301', { stan: '000009' }), null)
    const sale = await approved(s.aSale({ stan: '000001' }))
    const names = { original: '000001', rrn: sale.fields.get(37) ?? '' }
    await approved(s.aVoid({ stan: '000002', ...names }))
    await approved(s.aManagement('0800', '003', { stan: '000003' }), null)
  })
})

describe('any other header than that of the profile', () => {
  it.each([
    ['a usual terminal', {}, [TEN, '', SIX + LRI, LRI + SIX], 'not 6 bytes'],
    ['a terminal with 10 bytes', { headerLength: 10 }, [SIX, `${TEN}00`, TEN + LRI], 'not 10 bytes'],
    ['a terminal with a TLV block', { headerTlv: true }, [TEN, '', `${SIX + LRI}00`], 'not 6+TLV'],
  ])('of %s gets 30, and the log says why', async (_, body, headers, why) => {
    const terminal = await openTerminal(isolate, { body })
    for (const header of headers) {
      isolate.logged.length = 0
      const length = header.length / 2
      const sale = await send(terminal, s.aSale({ stan: '000001' }), header, { length })
      expect([header, sale.fields.get(39), macOf(sale, s.CUP_KEY)]).toEqual([header, '30', 'right'])
      expect(isolate.logged).toMatchObject([{ event: 'format_error', field: 'header', why }, {}])
      for (const message of [
        s.aManagement('0800', '003', { stan: '000003' }),
        s.aManagement('0820', '301', { stan: '000009' }),
      ]) {
        const reply = await send(terminal, message, header, { length, key: null })
        expect([header, reply.fields.get(39), reply.fields.has(62)]).toEqual([header, '30', false])
      }
    }
  })
})

describe('a message that cannot be read', () => {
  it.each(['', SIX, TEN, 'A5'.repeat(46), SIX + LRI, LRI + SIX])(
    'behind "%s": a reversal gets no answer',
    async (header) => {
      const terminal = await openTerminal(isolate)
      const cut = async (message: ReturnType<typeof s.aSale>) => {
        const whole = s.frameOf(
          isolate,
          s.from(message, terminal),
          s.CUP_KEY,
          'tpdu',
          undefined,
          bytes(header),
        )
        // The frame ends inside field 42, with the right length before it.
        const frame = whole.slice(0, Buffer.from(whole).indexOf(terminal.mid) + 5)
        new DataView(frame.buffer).setUint16(0, frame.length - 2)
        const reply = await s.post(isolate, frame)
        return [reply.status, (await reply.arrayBuffer()).byteLength]
      }
      expect(await cut(s.aReversal('void', { stan: '000001' }))).toEqual([503, 0])
      expect(await cut(s.aReversal('sale', { stan: '000001' }))).toEqual([503, 0])
      expect(await cut(s.aSale({ stan: '000001' }))).toEqual([400, 0])
    },
  )
})
