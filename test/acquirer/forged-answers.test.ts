import { describe, expect, it } from 'vitest'
import { httpsAcquirer } from '../../src/acquirer/https.ts'
import type { AcquirerResponse } from '../../src/acquirer/port.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import { buildFrame } from '../../src/iso8583/frame.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, pack, unpack } from '../../src/iso8583/message.ts'
import { microMac } from '../support/micro-mac.ts'
import {
  adapterReturning,
  algorithmOf,
  aSale,
  aVoid,
  bytes,
  conversation,
  core,
  HEADER,
  macKeyFor,
  openHttpsHarness,
  TPDU,
} from './https-harness.ts'

describe('forged and damaged answers', () => {
  it.each(MAC_PROFILES)('with any flipped bit under %s: unknown, or the same answer', async (macProfile) => {
    for (const { name, request, answer, frame } of await conversation(macProfile)) {
      let same = 0
      for (let bit = 0; bit < 8 * frame.length; bit++) {
        const flipped = frame.with(bit >> 3, (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
        const received = await adapterReturning(flipped, macProfile).ask(request)
        if (received.kind !== 'unknown') {
          expect([name, bit, received]).toEqual([name, bit, answer])
          same++
        }
      }
      // The addresses of the TPDU (but not its first byte) and the header: 4 + 6 bytes.
      expect([name, same]).toEqual([name, 80])
    }
  })

  it('with a missing part: unknown', async () => {
    for (const { request, frame } of await conversation())
      for (let length = 0; length < frame.length; length++)
        expect((await adapterReturning(frame.slice(0, length)).ask(request)).kind).toBe('unknown')
  })

  it('to another request: unknown', async () => {
    const all = await conversation()
    for (const one of all)
      for (const other of all) {
        const { kind, of, acquirerStan } = other.request
        const isSame =
          one.request.kind === kind && one.request.of === of && one.request.acquirerStan === acquirerStan
        if (!isSame) expect((await adapterReturning(one.frame).ask(other.request)).kind).toBe('unknown')
      }
  })

  /** The answer to the void. */
  async function voidAnswer(macProfile: MacProfile = 'cup-ecb'): Promise<Message> {
    const { frame } = (await conversation(macProfile)).find(({ name }) => name === 'void') ?? {}
    const message = unpack(frame?.subarray(13) ?? new Uint8Array(0))
    if (!message.ok) throw new Error('no message')
    return message.value
  }

  /** An answer to the void, changed and signed again with the key. */
  async function answerToResigned(
    change: (answer: Message) => Message,
    macProfile: MacProfile = 'cup-ecb',
  ): Promise<AcquirerResponse> {
    const message = await voidAnswer(macProfile)
    const key = macKeyFor(macProfile)
    const body = packWithMac(change(message), (input) => microMac(algorithmOf(macProfile), key, input))
    return adapterReturning(buildFrame('tpdu', TPDU, HEADER, body, core.lrc), macProfile).ask(aVoid())
  }
  const withField = (number: number, value: string | null) => (answer: Message) => {
    const fields = new Map(answer.fields)
    if (value === null) fields.delete(number)
    else fields.set(number, value)
    return { ...answer, fields }
  }

  it('only signed again: accepted', async () => {
    expect((await answerToResigned((answer) => answer)).kind).toBe('approved')
    expect(await answerToResigned(withField(39, '51'))).toEqual({
      kind: 'declined',
      reason: 'insufficient_funds',
    })
  })

  it.each([
    ['another processing code', 3, '000000'],
    ['another amount', 4, '000000001235'],
    ['no amount', 4, null],
    ['another STAN', 11, '000103'],
    ['another terminal', 41, '12345679'],
    ['another merchant', 42, '123456789012346'],
    ['no merchant', 42, null],
    ['another currency', 49, '840'],
    ['another batch', 60, '23000008000'],
    ['another type', 60, '22000007000'],
    ['no field 60', 60, null],
    ['no response code', 39, null],
    ['an unknown response code', 39, 'ZZ'],
    ['a response code that names a property', 39, '__'],
  ] as const)('%s, with a right MAC: unknown', async (_, number, value) => {
    for (const code of ['00', '51']) {
      const answer = await answerToResigned((message) =>
        withField(number, value)(withField(39, code)(message)),
      )
      expect(answer.kind).toBe('unknown')
    }
  })

  it.each(['0200', '0410', '0610', '0230'])('MTI %s, with a right MAC: unknown', async (mti) => {
    expect((await answerToResigned((answer) => ({ ...answer, mti }))).kind).toBe('unknown')
  })

  it.each(['00', '05', '51', 'A0'])('%s without a MAC: unknown', async (code) => {
    const message = await voidAnswer()
    const fields = new Map(message.fields).set(39, code)
    fields.delete(64)
    const unsigned = buildFrame('tpdu', TPDU, HEADER, pack({ ...message, fields }), core.lrc)
    expect(await adapterReturning(unsigned).ask(aVoid())).toEqual({ kind: 'unknown', why: 'no MAC' })
  })

  it('without a MAC, after a request with a wrong MAC: unknown', async () => {
    const { simulator } = openHttpsHarness()
    const acquirer = httpsAcquirer({
      core,
      macProfile: 'cup-ecb',
      macKey: bytes('FEDCBA9876543210'),
      tpdu: TPDU,
      header: HEADER,
      recovery: 'inquiry',
      send: async (frame) => simulator.receive(frame, 0).answer,
    })
    expect(await acquirer.ask(aSale())).toEqual({ kind: 'unknown', why: 'no MAC' })
    expect([...simulator.ledger.items()]).toEqual([])
  })

  it('with another encoding of the same fields and the same MAC: unknown', async () => {
    const { frame } = (await conversation()).find(({ name }) => name === 'void') ?? {}
    const body = frame?.slice(13) ?? new Uint8Array(0)
    // The last nibble of field 60 is a pad. A byte of field 37 at the same place of its block cancels its
    // change in the MAC.
    const pad = toHex(body).indexOf('0011230000070000') / 2 + 7
    const given = toHex(body).indexOf('373030') / 2 + ((8 + pad - toHex(body).indexOf('373030') / 2) % 8)
    for (const at of [pad, given]) body[at] = (body[at] ?? 0) ^ 1
    const key = macKeyFor('cup-ecb')
    expect(toHex(microMac('cup-ecb', key, body.subarray(0, -8)))).toBe(toHex(body.subarray(-8)))
    const forged = buildFrame('tpdu', TPDU, HEADER, body, core.lrc)
    expect(await adapterReturning(forged).ask(aVoid())).toEqual({ kind: 'unknown', why: 'not canonical' })
  })

  it('in a serial frame: unknown', async () => {
    const { frame } = (await conversation())[2] ?? {}
    const serial = buildFrame('serial', TPDU, HEADER, frame?.subarray(13) ?? new Uint8Array(0), core.lrc)
    expect(await adapterReturning(serial).ask(aVoid())).toEqual({ kind: 'unknown', why: 'a serial frame' })
  })

  it('with bytes after the frame, also a second copy: the same answer', async () => {
    for (const { request, answer, frame } of await conversation())
      expect(await adapterReturning(Uint8Array.of(...frame, ...frame)).ask(request)).toEqual(answer)
  })
})
