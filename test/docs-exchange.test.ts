/** @module The exchange printed in the README decodes to what its words say, and its MACs are right. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { refusalOf } from '../src/domain/decline-reason.ts'
import { parseFrame } from '../src/iso8583/frame.ts'
import { fromHex } from '../src/iso8583/hex.ts'
import { isCanonical, macInput, unpack } from '../src/iso8583/message.ts'
import { xorLrc } from '../src/iso8583/serial-frame.ts'
import { microMac } from './support/micro-mac.ts'

const README = readFileSync('README.md', 'utf8')

describe('the exchange of the README', () => {
  const key = /MAC key `([0-9A-F]+)`/.exec(README)?.[1] ?? ''
  const blocks = [...README.matchAll(/```hex\n([0-9A-F]+)\n```/g)].map(([, hex = '']) => hex)
  const messages = blocks.map((hex) => {
    const frame = parseFrame(fromHex(hex) ?? new Uint8Array(0), xorLrc)
    if (!frame.ok) throw new Error(`not a frame: ${hex}`)
    const message = unpack(frame.value.body)
    if (!message.ok) throw new Error(`field ${message.error.field} ${message.error.why}`)
    return { ...message.value, body: frame.value.body, tpdu: frame.value.tpdu, length: hex.length / 2 - 2 }
  })
  const [request, answer] = messages
  const sections = README.split('```hex')
  /** What is said before the answer's bytes, and after them. */
  const [ofRequest = '', ofAnswer = ''] = [sections[1] ?? '', sections[2]?.split('\n## ')[0] ?? '']

  it('is two messages, canonical, each with the MAC of the key given there', () => {
    expect(messages.map(({ mti }) => mti)).toEqual(['0200', '0210'])
    for (const { body, mti, fields } of messages) {
      expect(isCanonical(body, { mti, fields })).toBe(true)
      const mac = microMac('cup-ecb', fromHex(key) ?? new Uint8Array(0), macInput(body))
      expect(Buffer.from(mac).toString('hex').toUpperCase()).toBe(fields.get(64))
    }
  })

  it('belongs together', () => {
    for (const number of [2, 3, 4, 11, 25, 41, 42, 49, 60])
      expect([number, answer?.fields.get(number)]).toEqual([number, request?.fields.get(number)])
    expect(answer?.fields.get(37)).not.toBe(request?.fields.get(37))
    expect(answer?.tpdu.slice(1, 3)).toEqual(request?.tpdu.slice(3, 5))
  })

  const ascii = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1')

  it('is what the words say', () => {
    const field = (number: number): string => request?.fields.get(number) ?? `no field ${number}`
    const said = [
      `length ${request?.length}`,
      `\`${field(3)}\``,
      `STAN \`${field(11)}\``,
      `entry mode \`${field(22)}\``,
      `RRN of the sale \`${field(37)}\``,
      `currency ${field(49)}`,
      `type \`${field(60).slice(0, 2)}\``,
      `batch \`${field(60).slice(2, 8)}\``,
      `batch \`${field(61).slice(0, 6)}\`, STAN \`${field(61).slice(6, 12)}\``,
      `MAC \`${ascii(field(64))}\``,
      `amount ${Number(field(4)) / 100}`,
      `card ${field(2).slice(0, 6)}…${field(2).slice(-4)}`,
    ]
    const words = ofRequest.replaceAll(/\s+/g, ' ')
    for (const each of said) expect([each, words.includes(each)]).toEqual([each, true])

    const told = (number: number): string => answer?.fields.get(number) ?? `no field ${number}`
    const [hours, minutes, seconds] = told(12).match(/../g) ?? []
    const after = ofAnswer.replaceAll(/\s+/g, ' ')
    for (const each of [
      `response code \`${told(39)}\``,
      `RRN \`${told(37)}\``,
      `authorisation code \`${told(38)}\``,
      `local time ${hours}:${minutes}:${seconds} on ${told(13)}`,
    ])
      expect([each, after.includes(each)]).toEqual([each, true])
  })

  it('the refusal that it names is the one that the code has', () => {
    const { responseCode, zh } = refusalOf('original_already_voided')
    const said = ofAnswer.replaceAll(/\s+/g, ' ')
    expect(said.includes(`\`${responseCode}\` and, in field 63, ${zh}`)).toBe(true)
  })
})
