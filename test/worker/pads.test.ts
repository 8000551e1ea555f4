/**
 * @module Terminals that pad with F, or align field 22 at the right. Their messages are accepted, and answers are packed their way.
 * The log names what is not canonical. In development the answer names it too.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { microMac } from '../support/micro-mac.ts'
import { journalOf } from './book.ts'
import * as s from './support.ts'
import { bytes, hexOf, macOf, openTerminal, type TestTerminal, textsOf } from './terminal.ts'

/** A card number of 19 digits. */
const PAN = '6225000000000000006'

const FORMS = (['0', 'F'] as const).flatMap((padding) =>
  (['left', 'right'] as const).map((entryMode) => ({ padding, entryMode })),
)

const withPan = ({ mti, fields }: ReturnType<typeof s.aSale>) => ({
  mti,
  fields: new Map([...fields, [2, PAN], [23, '001']] as [number, string][]),
})

/** All forms under one profile, and the most unusual forms under the others. */
const CELLS = MAC_PROFILES.flatMap((macProfile) =>
  FORMS.filter(
    (forms) => macProfile === 'cup-ecb' || (forms.padding === 'F' && forms.entryMode === 'right'),
  ).map((forms) => ({ macProfile, ...forms })),
)

let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
})

it.each(CELLS)(
  '$macProfile, pad $padding, field 22 $entryMode: sells, voids and reverses, with answers padded so',
  async (body) => {
    const terminal = await openTerminal(isolate, { body })
    const approved = async (message: ReturnType<typeof s.aSale>) => {
      const reply = await terminal.send(message)
      expect([reply.fields.get(39), macOf(reply, terminal.key)]).toEqual(['00', 'right'])
      expect(hexOf(reply.body)).toContain(`19${PAN}${body.padding}`)
      return reply
    }
    const sale = await approved(withPan(s.aSale({ stan: '000001' })))
    const names = { original: '000001', rrn: sale.fields.get(37) ?? '' }
    await approved(withPan(s.aVoid({ stan: '000002', ...names })))
    await approved(withPan(s.aReversal('void', { stan: '000002' })))
    const bodies = (await journalOf(terminal.tid)).map(({ body }) => body)
    // Field 22 of the journal is the one that the terminal meant.
    const sent = s.aSale({ stan: '000001' }).fields.get(22)
    expect(bodies.some((one) => one.includes(`,${Number(sent)},`))).toBe(true)
  },
)

/** Signs the frame anew after a change of its bytes. */
function changed(terminal: TestTerminal, from: string, to: string): Uint8Array {
  const frame = hexOf(terminal.frame(withPan(s.aSale({ stan: '000001' }))))
  expect(frame.split(from)).toHaveLength(2)
  const forged = bytes(frame.replace(from, to))
  forged.set(microMac('cup-ecb', bytes(s.MAK), forged.subarray(13, -8)), forged.length - 8)
  return forged
}

const STRAYS = [
  ['a card number padded with F', `19${PAN}0`, `19${PAN}F`, { field: 2, why: 'pad is not 0' }],
  ['field 22 at the right', '281205100001', '281200510001', { field: 22, why: 'not aligned left' }],
  ['a card number with its pad in front', `19${PAN}0`, `190${PAN}`, { field: 2, why: 'pad is not 0' }],
] as const

describe.each([
  ['in development', 'yes'],
  ['elsewhere', undefined],
] as const)('%s', (_, development) => {
  it.each(STRAYS)('%s: 30, and the log names the field and the fault', async (_, from, to, fault) => {
    const isolate = await s.openIsolate(development === undefined ? {} : { DEVELOPMENT: development })
    const terminal = await openTerminal(isolate)
    const reply = await s.read(await s.post(isolate, changed(terminal, from, to)))
    expect([reply.fields.get(39), macOf(reply, terminal.key)]).toEqual(['30', 'right'])
    expect(isolate.logged.filter(({ event }) => event === 'format_error')).toMatchObject([
      { terminalId: terminal.tid, type: 'sale', ...fault },
    ])
    const words = development === undefined ? '报文格式错' : `${fault.field} ${fault.why}`
    expect([textsOf(reply, 'gbk'), reply.fields.get(63)?.length]).toEqual([[words, ''], 2 * 63])
  })
})
