/**
 * @module The profile of an acquirer: which fields its responses must repeat, and which declines count without a MAC. Each
 * response is signed by `micro-mac`.
 */

import { describe, expect, it } from 'vitest'
import { httpsAcquirer } from '../../src/acquirer/https.ts'
import type { AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { type AcquirerProfile, ECHO_FIELDS, type EchoField } from '../../src/acquirer/profile.ts'
import { MEANINGS } from '../../src/acquirer/response-codes.ts'
import { buildFrame } from '../../src/iso8583/frame.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, pack } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { microMac } from '../support/micro-mac.ts'
import {
  aSale,
  aVoid,
  bytes,
  core,
  HEADER,
  inquiryOf,
  macKeyFor,
  openHttpsHarness,
  reversalOf,
  TPDU,
} from './https-harness.ts'

const KEY = macKeyFor('cup-ecb')

/** The requests to an acquirer that has the sale. */
const REQUESTS: readonly (readonly [string, AcquirerRequest])[] = [
  ['a sale', aSale()],
  ['a void', aVoid()],
  ['a repeated void', aVoid({ isCopy: true })],
  ['a reversal of a sale', reversalOf(aSale())],
  ['a reversal of a void', reversalOf(aVoid())],
  ['an inquiry about a sale', inquiryOf(aSale())],
  ['an inquiry about a void', inquiryOf(aVoid())],
]

type Change = (fields: Map<number, string>) => void

interface Line {
  readonly profile?: Pick<AcquirerProfile, 'echo' | 'declines'>
  readonly change?: Change
  /** `wrong`: field 64 of another message. */
  readonly mac?: 'right' | 'wrong' | 'none'
}

/** The meaning of the acquirer's answer to `request` after `change`. */
async function meaningOf(request: AcquirerRequest, line: Line): Promise<AcquirerResponse> {
  const { change = () => {}, mac = 'right', profile = {} } = line
  const { acquirer, simulator } = openHttpsHarness()
  if (request.of === 'void') await acquirer.ask(aSale())
  const send = async (frame: Uint8Array) => {
    const answer = simulator.process(frame, 0)
    const read = readMessage(answer ?? new Uint8Array(0), core.lrc)
    if (!read.ok) throw new Error(read.error)
    return buildFrame('tpdu', TPDU, HEADER, signed(changed(read.value.message, change), mac), core.lrc)
  }
  const signing = { core, macProfile: 'cup-ecb', macKey: KEY } as const
  const options = { ...signing, tpdu: TPDU, header: HEADER, recovery: 'inquiry', send, ...profile } as const
  return httpsAcquirer(options).ask(request)
}

function changed(message: Message, change: Change): Message {
  const fields = new Map(message.fields)
  fields.delete(64)
  change(fields)
  return { ...message, fields }
}

function signed(message: Message, mac: Line['mac']): Uint8Array {
  if (mac === 'none') return pack(message)
  return packWithMac(message, (input) =>
    mac === 'wrong' ? bytes('3030303030303030') : microMac('cup-ecb', KEY, input),
  )
}

const without = (...numbers: number[]): Change => {
  return (fields) => {
    for (const number of numbers) fields.delete(number)
  }
}

/** Fields of another message, of the same form. */
const OTHER: Readonly<Record<EchoField, string>> = {
  3: '310000',
  4: '000000001235',
  11: '000999',
  41: '12345679',
  42: '123456789012346',
  49: '840',
  60: '24000007000',
}

const withOther = (number: EchoField): Change => {
  return (fields) => {
    fields.set(number, OTHER[number])
  }
}

const USUAL = [3, 4, 11, 41, 42, 60] as const
const MINIMA: readonly (readonly EchoField[])[] = [
  [11, 41],
  [11, 42],
]

/** Field 49 is compared only where the request has it. */
const hasField = (request: AcquirerRequest, number: EchoField): boolean =>
  number !== 49 || request.kind !== 'inquiry'

describe.each(REQUESTS)('the response to %s', (_, request) => {
  it('must repeat the usual fields, when the profile names none', async () => {
    for (const number of USUAL)
      expect(await meaningOf(request, { change: without(number) })).toEqual({
        kind: 'unknown',
        why: `field ${number} is missing`,
      })
    expect((await meaningOf(request, { change: without(49) })).kind).not.toBe('unknown')
  })

  it.each(MINIMA)('may repeat no more than fields %i and %i, when the profile says so', async (...echo) => {
    const profile = { echo }
    const expected = await meaningOf(request, {})
    const rest = ECHO_FIELDS.filter((number) => !echo.includes(number))
    expect(await meaningOf(request, { profile, change: without(...rest) })).toEqual(expected)
    for (const number of echo)
      expect(await meaningOf(request, { profile, change: without(number) })).toEqual({
        kind: 'unknown',
        why: `field ${number} is missing`,
      })
  })

  it('may repeat nothing wrong, whatever the profile', async () => {
    for (const echo of [undefined, ...MINIMA, ECHO_FIELDS])
      for (const number of ECHO_FIELDS.filter((one) => hasField(request, one))) {
        const profile = echo === undefined ? {} : { echo }
        const answer = await meaningOf(request, { profile, change: withOther(number) })
        expect([number, answer]).toEqual([number, { kind: 'unknown', why: `field ${number} differs` }])
      }
  })

  it('must repeat field 49 where the profile names it and the request has it', async () => {
    const answer = await meaningOf(request, { profile: { echo: ECHO_FIELDS }, change: without(49) })
    if (hasField(request, 49)) expect(answer).toEqual({ kind: 'unknown', why: 'field 49 is missing' })
    else expect(answer.kind).not.toBe('unknown')
  })

  it('must have the right MAC, whatever it repeats', async () => {
    for (const echo of [...MINIMA, ECHO_FIELDS]) {
      const profile = { echo }
      expect(await meaningOf(request, { profile, mac: 'wrong' })).toEqual({
        kind: 'unknown',
        why: 'the MAC is wrong',
      })
      expect(await meaningOf(request, { profile, mac: 'none' })).toEqual({ kind: 'unknown', why: 'no MAC' })
    }
  })

  it.each([
    ['later parts of the acquirer', '22000007201', '23000007201', true],
    ['no part after 60.2', '22000007', '23000007', true],
    ['another batch', '22000008000', '23000008000', false],
    ['another type', '24000007000', '25000007000', false],
    ['60.1 only', '22', '23', false],
  ])('has field 60 with %s', async (_, ofSale, ofVoid, isRight) => {
    const change: Change = (fields) => fields.set(60, request.of === 'sale' ? ofSale : ofVoid)
    const answer = await meaningOf(request, { change })
    if (isRight) expect(answer).toEqual(await meaningOf(request, {}))
    else expect(answer).toEqual({ kind: 'unknown', why: 'field 60 differs' })
  })
})

const UNSIGNED = { declines: 'unsigned' } as const

const code =
  (value: string): Change =>
  (fields) =>
    fields.set(39, value)

describe('a decline without field 64', () => {
  const codes = Object.keys(MEANINGS)

  it('is unknown for every request, unless the profile allows it', async () => {
    for (const [, request] of REQUESTS)
      for (const value of ['05', '51', '12', '25', '22'])
        for (const profile of [{}, { declines: 'signed' } as const])
          expect(await meaningOf(request, { profile, mac: 'none', change: code(value) })).toEqual({
            kind: 'unknown',
            why: 'no MAC',
          })
  })

  it.each(codes)('with %s counts for a sale as with a MAC, if that is a decline', async (value) => {
    const withMac = await meaningOf(aSale(), { change: code(value) })
    const answer = await meaningOf(aSale(), { profile: UNSIGNED, mac: 'none', change: code(value) })
    if (withMac.kind === 'declined') expect(answer).toEqual(withMac)
    else expect(answer).toEqual({ kind: 'unknown', why: 'no MAC' })
  })

  it.each(REQUESTS.slice(1))('never counts for %s', async (_, request) => {
    for (const value of codes)
      expect(await meaningOf(request, { profile: UNSIGNED, mac: 'none', change: code(value) })).toEqual({
        kind: 'unknown',
        why: 'no MAC',
      })
  })

  it('never counts with a wrong field 64', async () => {
    for (const value of codes)
      expect(await meaningOf(aSale(), { profile: UNSIGNED, mac: 'wrong', change: code(value) })).toEqual({
        kind: 'unknown',
        why: 'the MAC is wrong',
      })
  })

  it('counts only for the sale that it names', async () => {
    const declined = code('51')
    for (const number of ECHO_FIELDS)
      for (const change of [withOther(number), ...(number === 49 ? [] : [without(number)])]) {
        const both: Change = (fields) => {
          declined(fields)
          change(fields)
        }
        expect((await meaningOf(aSale(), { profile: UNSIGNED, mac: 'none', change: both })).kind).toBe(
          'unknown',
        )
      }
  })

  it('leaves signed responses as they are', async () => {
    for (const [, request] of REQUESTS)
      for (const value of ['00', '05', '12', '25', '96'])
        expect(await meaningOf(request, { profile: UNSIGNED, change: code(value) })).toEqual(
          await meaningOf(request, { change: code(value) }),
        )
  })
})
