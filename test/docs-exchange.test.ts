/** @module The exchange in the pages decodes to the printed text, byte by byte, and its MACs are right. */

import { createCipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { refusalOf } from '../src/domain/decline-reason.ts'
import { isCanonical } from '../src/iso8583/canonical.ts'
import { parseFrame } from '../src/iso8583/frame.ts'
import { fromHex } from '../src/iso8583/hex.ts'
import { macInput, unpack } from '../src/iso8583/message.ts'
import { xorLrc } from '../src/iso8583/serial-frame.ts'
import { microMac } from './support/micro-mac.ts'

/** The page that explains the exchange, and other pages with it. */
const EXPLAINED = 'docs/exchange.md'
const pages = ['README.md', EXPLAINED].map((path) => ({ path, page: readFileSync(path, 'utf8') }))
const printing = pages.filter(({ path, page }) => path === EXPLAINED || page.includes('```hex'))

const blocksOf = (page: string): string[] =>
  [...page.matchAll(/```hex\n([0-9A-F]+)\n```/g)].map(([, hex = '']) => hex)

const messagesOf = (page: string) =>
  blocksOf(page).map((hex) => {
    const frame = parseFrame(fromHex(hex) ?? new Uint8Array(0), xorLrc)
    if (!frame.ok) throw new Error(`not a frame: ${hex}`)
    const message = unpack(frame.value.body)
    if (!message.ok) throw new Error(`field ${message.error.field} ${message.error.why}`)
    return { ...message.value, body: frame.value.body, tpdu: frame.value.tpdu, length: hex.length / 2 - 2 }
  })

const ascii = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1')
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
const keyOf = (page: string): Uint8Array =>
  fromHex(/MAC key `([0-9A-F]+)`/.exec(page)?.[1] ?? '') ?? new Uint8Array(0)

describe.each(printing)('the exchange of $path', ({ page }) => {
  const messages = messagesOf(page)
  const [request, answer] = messages
  const sections = page.split('```hex')
  /** The text before the answer's bytes, and after them. */
  const [ofRequest = '', ofAnswer = ''] = [sections[1] ?? '', sections[2]?.split('\n## ')[0] ?? '']

  it('is two canonical messages, each with the MAC of the printed key', () => {
    expect(messages.map(({ mti }) => mti)).toEqual(['0200', '0210'])
    for (const { body, mti, fields } of messages) {
      expect(isCanonical(body, { mti, fields })).toBe(true)
      expect(hexOf(microMac('cup-ecb', keyOf(page), macInput(body)))).toBe(fields.get(64))
    }
  })

  it('has an answer to its request', () => {
    for (const number of [2, 3, 4, 11, 25, 41, 42, 49, 60])
      expect([number, answer?.fields.get(number)]).toEqual([number, request?.fields.get(number)])
    expect(answer?.fields.get(37)).not.toBe(request?.fields.get(37))
    expect(answer?.tpdu.slice(1, 3)).toEqual(request?.tpdu.slice(3, 5))
  })

  it('matches its text', () => {
    const field = (number: number): string => request?.fields.get(number) ?? `no field ${number}`
    const phrases = [
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
    for (const each of phrases) expect([each, words.includes(each)]).toEqual([each, true])

    const answered = (number: number): string => answer?.fields.get(number) ?? `no field ${number}`
    const [hours, minutes, seconds] = answered(12).match(/../g) ?? []
    const after = ofAnswer.replaceAll(/\s+/g, ' ').replaceAll('authorization', 'authorisation')
    for (const each of [
      `response code \`${answered(39)}\``,
      `RRN \`${answered(37)}\``,
      `authorisation code \`${answered(38)}\``,
      `local time ${hours}:${minutes}:${seconds} on ${answered(13)}`,
    ])
      expect([each, after.includes(each)]).toEqual([each, true])
  })

  it('names a refusal that exists in the code', () => {
    const { responseCode, zh } = refusalOf('original_already_voided')
    const phrases = ofAnswer.replaceAll(/\s+/g, ' ')
    expect(phrases.includes(`\`${responseCode}\` and, in field 63, ${zh}`)).toBe(true)
  })
})

describe('byte by byte', () => {
  const page = readFileSync(EXPLAINED, 'utf8')
  const sections = page.split(/^## /m)
  const rowsOf = (title: string): string[][] => {
    const section = sections.find((one) => one.startsWith(`${title}\n`)) ?? ''
    const lines = section
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
    return lines.map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
    )
  }

  it.each([
    [0, 'Request'],
    [1, 'Answer'],
  ] as const)('%i: the table of the %s matches the frame', (i, title) => {
    const rows = rowsOf(title)
    const message = messagesOf(page)[i]
    expect(rows.map(([, bytes = '']) => bytes.replaceAll(' ', '')).join('')).toBe(blocksOf(page)[i])
    const numbers = rows.map(([part = '']) => part).filter((part) => /^\d+$/.test(part))
    expect(numbers).toEqual([...(message?.fields.keys() ?? [])].map(String))
    expect(rows[0]?.[2]).toContain(`length ${message?.length}`)
    expect(rows.find(([part]) => part === 'bitmap')?.[2]).toBe(`fields ${numbers.join(', ')}`)
  })

  it('copies fields of the request into the answer unchanged', () => {
    const ofRequest = new Map(rowsOf('Request').map(([part = '', bytes]) => [part, bytes]))
    const copied = rowsOf('Answer').filter(([, , meaning = '']) => meaning === 'copied')
    expect(copied.length).toBeGreaterThan(7)
    for (const [part = '', bytes] of copied) expect([part, bytes]).toEqual([part, ofRequest.get(part)])
  })

  it('the steps of the MAC give its value', () => {
    const key = keyOf(page)
    const des = (block: Uint8Array): Uint8Array => {
      const cipher = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null)
      return Uint8Array.from(cipher.setAutoPadding(false).update(block))
    }
    const covered = macInput(messagesOf(page)[0]?.body ?? new Uint8Array(0))
    const fold = new Uint8Array(8)
    for (const [i, byte] of covered.entries()) fold[i % 8] = (fold[i % 8] ?? 0) ^ byte
    const text = Buffer.from(hexOf(fold), 'latin1')
    const first = des(text.subarray(0, 8))
    const mixed = first.map((byte, i) => byte ^ (text[8 + i] ?? 0))
    const last = hexOf(des(mixed))
    const steps = [
      hexOf(fold),
      hexOf(text.subarray(0, 8)),
      hexOf(first),
      hexOf(mixed),
      last,
      last.slice(0, 8),
    ]
    expect(rowsOf('MAC of the request').map(([, value]) => value)).toEqual(steps)
    expect(page).toContain(`the ${covered.length} bytes`)
  })
})
