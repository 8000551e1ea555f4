/**
 * @module BER-TLV in messages. Any tree that is built is walked back, any bytes are survived, and published chip data is named. A broken
 * tag hides nothing else of the message. No card data and no secret is shown.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTlv, type TlvElement } from '../../src/iso8583/ber-tlv.ts'
import { describeJson, describe as describeText } from '../../src/iso8583/describe.ts'
import { SECRET_TAGS } from '../../src/iso8583/emv-tags.ts'
import { pack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { showTlv } from '../../src/iso8583/show-tlv.ts'
import { anyPan } from '../support/iso8583-arbitrary.ts'
import { bytesOf, hexOf } from '../support/iso8583-golden.ts'

/** A tree to build: hex of a tag, and its value or its elements. */
interface Tree {
  readonly tag: string
  readonly content: string | readonly Tree[]
}

const byteHex = (byte: number): string => byte.toString(16).padStart(2, '0').toUpperCase()

/** A tag of one byte, or of up to five. The first byte is neither 00 nor FF. */
const anyTag = (isConstructed: boolean): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(0x00, 0x40, 0x80, 0xc0),
      fc.integer({ min: 1, max: 0x1f }),
      fc.array(fc.integer({ min: 0x80, max: 0xff }), { maxLength: 3 }),
      fc.integer({ min: 0, max: 0x7f }),
    )
    .map(([kind, number, more, last]) => {
      const first = kind | (isConstructed ? 0x20 : 0) | number
      return byteHex(first) + (number === 0x1f ? [...more, last].map(byteHex).join('') : '')
    })
    .filter((tag) => !tag.startsWith('FF'))

const anyTree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; leaf: Tree; branch: Tree }>((tie) => ({
  leaf: fc.record({
    tag: anyTag(false),
    content: fc.uint8Array({ maxLength: 200 }).map((bytes) => hexOf(bytes)),
  }),
  branch: fc.record({ tag: anyTag(true), content: fc.array(tie('tree'), { maxLength: 4 }) }),
  tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('branch')),
})).tree

/** The forms of a length: short, 81 to 84, and of a constructed tag without a length. */
type Form = 0 | 1 | 2 | 3 | 4 | 'open'

function lengthOf(bytes: number, form: Exclude<Form, 'open'>): string {
  const least = bytes < 0x80 ? 0 : bytes < 0x100 ? 1 : 2
  const count = Math.max(form, least)
  return count === 0
    ? byteHex(bytes)
    : byteHex(0x80 + count) +
        bytes
          .toString(16)
          .toUpperCase()
          .padStart(2 * count, '0')
}

const PADS = ['', '', '00', 'FF', 'FF00FF']

/** The hex of a tree. `choose` picks the form of each length, and the padding before each element. */
function build({ tag, content }: Tree, choose: (among: number) => number, isInOpen = false): string {
  const form = ([0, 1, 2, 3, 4, 'open'] as const)[choose(6)] ?? 0
  const isOpen = form === 'open' && typeof content !== 'string'
  const value =
    typeof content === 'string' ? content : content.map((one) => build(one, choose, isOpen)).join('')
  const pad = isInOpen ? '' : (PADS[choose(PADS.length)] ?? '')
  // FF before 81 could begin one of the tags FF8101 to FF8106.
  const before = pad.endsWith('FF') && tag.startsWith('81') ? '' : pad
  if (isOpen) return `${before}${tag}80${value}0000`
  return `${before}${tag}${lengthOf(value.length / 2, form === 'open' ? 0 : form)}${value}`
}

const treeOf = ({ tag, value, elements }: TlvElement): Tree => ({
  tag,
  content: elements === undefined ? hexOf(value) : elements.map(treeOf),
})

const isBroken = ({ why, elements = [] }: TlvElement): boolean => why !== undefined || elements.some(isBroken)

describe('the reader', () => {
  it('walks back any tree, with every form of tag and length, and padding between', () => {
    fc.assert(
      fc.property(
        fc.array(anyTree, { maxLength: 5 }),
        fc.array(fc.nat({ max: 59 }), { minLength: 8, maxLength: 40 }),
        (trees, choices) => {
          let at = 0
          const choose = (among: number): number => (choices[at++ % choices.length] ?? 0) % among
          const read = readTlv(bytesOf(trees.map((tree) => build(tree, choose)).join('')))
          expect(read.map(treeOf)).toEqual(trees)
          expect(read.some(isBroken)).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('survives any bytes, and accounts for each of them at most once', () => {
    const used = ({ tag, value, elements, unread = 0 }: TlvElement): number =>
      tag.length / 2 +
      (elements === undefined ? value.length : elements.reduce((sum, one) => sum + used(one), 0)) +
      unread
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const read = readTlv(bytes)
        expect(read.reduce((sum, one) => sum + used(one), 0)).toBeLessThanOrEqual(bytes.length)
        expect(showTlv(hexOf(bytes)).text).toBeTypeOf('string')
      }),
      { numRuns: 1000 },
    )
  })

  it('survives tags inside each other to any depth', () => {
    for (const one of ['E180', '7F2180', 'E1847FFFFFFF']) {
      const bytes = bytesOf(one.repeat(20_000))
      expect(readTlv(bytes).some(isBroken)).toBe(true)
    }
  })

  it.each([
    ['9F', 'the tag has no end', 0, '9F'],
    ['9F8182', 'the tag has no end', 0, '9F8182'],
    ['9F26', 'no length', 0, '9F26'],
    ['9F3602031E9F26', 'no length', 5, '9F26'],
    ['9C01009F2681', 'a length of 1 bytes, 0 there', 3, '9F26'],
    ['9F2682 01', 'a length of 2 bytes, 1 there', 0, '9F26'],
    ['9F2685 0000000001 00', 'a length of 5 bytes, at most 4 are read', 0, '9F26'],
    ['9F2608 010203', '8 bytes needed, 3 there', 0, '9F26'],
    ['9F2684 FFFFFFFF 010203', '4294967295 bytes needed, 3 there', 0, '9F26'],
    ['9F2680 010203', 'a primitive tag has no length without end', 0, '9F26'],
    ['7080 9C0100', 'no end 0000', 0, '70'],
    ['7080 9C0100 00', 'no end 0000', 0, '70'],
  ])('%s: %s', (hex, why, at, tag) => {
    const broken = readTlv(bytesOf(hex.replaceAll(' ', ''))).find((one) => one.why !== undefined)
    expect(broken).toMatchObject({ why, at, tag })
  })

  it('goes on behind a broken tag inside a constructed one', () => {
    const [template, next] = readTlv(bytesOf('7004 9F260801 9C0100'.replaceAll(' ', '')))
    expect(template?.elements?.[0]).toMatchObject({ tag: '9F26', at: 2, why: '8 bytes needed, 1 there' })
    expect(next).toMatchObject({ tag: '9C', at: 6 })
  })

  it('takes FF for padding, except before the templates FF8101 to FF8106', () => {
    expect(readTlv(bytesOf('FF9F36020001')).map(({ tag }) => tag)).toEqual(['9F36'])
    expect(readTlv(bytesOf('FF8106039C0100')).map(treeOf)).toEqual([
      { tag: 'FF8106', content: [{ tag: '9C', content: '00' }] },
    ])
  })
})

const shown55 = (hex: string, mti = '0200') =>
  describeJson(pack({ mti, fields: new Map([[55, hex]]) }), xorLrc).fields[0]

describe('what is shown', () => {
  it('names the chip data of a purchase (EMV 4.3 Book 3, annex A)', () => {
    const hex =
      '9F2608C2C12B098F3DA6E39F2701809F101307010103A02802010A010000000000A7D1C0E79F3704D7B5F0A19F360201DF950500800000009A032606019C01009F02060000000012345F2A02015682027C009F1A0201569F03060000000000009F3303E0F9C89F34034203009F3501229F1E0831323334353637388408A0000003330101019F090200209F410400000003'
    const value = shown55(hex)?.value
    for (const part of [
      '9F26 application cryptogram: C2C12B098F3DA6E3',
      '9F27 cryptogram information data: 80',
      '95 terminal verification results: 0080000000',
      '9F02 amount, authorized: 000000001234',
      '5F2A transaction currency code: 0156',
      '82 application interchange profile: 7C00',
      '9F34 CVM results: 420300',
      '84 dedicated file name: A000000333010101',
      '9F41 transaction sequence counter: 00000003',
    ])
      expect(value).toContain(part)
  })

  it('walks into a file control information template', () => {
    const hex = '6F1A840E315041592E5359532E4444463031A5088801025F2D027A68'
    expect(shown55(hex)).toMatchObject({
      value:
        '6F file control information template { 84 dedicated file name: 315041592E5359532E4444463031, A5 proprietary template { 88 short file identifier: 02, 5F2D language preference: zh } }',
      tags: [
        {
          tag: '6F',
          at: 0,
          tags: [
            { tag: '84', at: 2 },
            { tag: 'A5', at: 18, tags: [{ tag: '88', at: 20 }, { at: 23 }] },
          ],
        },
      ],
    })
  })

  it('shows an unknown tag in hex and goes on', () => {
    expect(shown55('DF7A020102DFDF7B0103 9F36020001'.replaceAll(' ', ''))).toMatchObject({
      value: 'DF7A: 0102, DFDF7B: 03, 9F36 application transaction counter: 0001',
    })
  })

  it('shows the rest of the message behind a broken tag', () => {
    const body = pack({
      mti: '0200',
      fields: new Map([
        [55, '9C01009F10200102'],
        [60, '22000001'],
        [64, '0'.repeat(16)],
      ]),
    })
    const { fields, error } = describeJson(body, xorLrc)
    expect(error).toBeUndefined()
    expect(fields.map(({ number }) => number)).toEqual([55, 60, 64])
    expect(fields[0]?.value).toBe(
      '9C transaction type: 00, 9F10 issuer application data: 0102 (byte 3: 32 bytes needed, 2 there)',
    )
    expect(describeText(body, xorLrc)).toContain('22 000001')
  })

  it('reads terminal data, and parameters of chip applications, as TLV', () => {
    const parameters = '9F0608A000000333010101DF0101009F1B0400000000'
    const named =
      '9F06 application identifier of the terminal: A000000333010101, DF01: 00, 9F1B terminal floor limit: 00000000'
    const shown = (number: number, hex: string, mti = '0830') =>
      describeJson(pack({ mti, fields: new Map([[number, hex]]) }), xorLrc).fields[0]?.value
    expect(shown(62, parameters)).toBe(named)
    expect(shown(62, `31${parameters}`)).toBe(`1, ${named}`)
    expect(shown(57, '9F1C0830303030303034329F3501225F2A020156')).toBe(
      '9F1C terminal identification: 00000042, 9F35 terminal type: 22, 5F2A transaction currency code: 0156',
    )
    // Not from end to end, or not a parameter: it may be keys.
    expect(shown(62, parameters.slice(0, -2))).toBe('(21 bytes)')
    expect(shown(62, '9F3602031E9F36020001')).toBe('(10 bytes)')
  })
})

describe('what is hidden', () => {
  it('shows no value of a tag with card data or a secret', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SECRET_TAGS),
        fc.uint8Array({ minLength: 4, maxLength: 40 }),
        (tag, bytes) => {
          const value = hexOf(bytes)
          const { text } = showTlv(`${tag}${byteHex(bytes.length)}${value}`)
          expect(text.slice(text.indexOf(': '))).not.toMatch(/[0-9A-F]{7}/)
          expect(text).not.toContain(value)
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each([
    ['5A085413330089020011', '541333******0011'],
    ['5A0A6225000000000000006F', '622500*********0006'],
    ['57115413330089020011D25062011234567890', '*'.repeat(34)],
    ['9F6B135413330089020011D25062010000000000000F', '*'.repeat(38)],
    ['5F20074A4F484E20442E', '*'.repeat(14)],
    ['5F2403281231', '*'.repeat(6)],
    ['99080123456789ABCDEF', '*'.repeat(16)],
  ])('%s', (hex, value) => {
    expect(showTlv(hex).tags[0]).toMatchObject({ value, masked: true })
  })

  it('shows no card number in any tag, packed or as text, whole or broken', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('9F10', '9F26', 'DF7A', '42', '70', '9F1E', '50', '5F2D', 'DF7AFF01'),
        anyPan,
        fc.constantFrom('packed', 'text', 'dashes', 'track'),
        fc.boolean(),
        (tag, pan, form, isBrokenTag) => {
          const text = form === 'dashes' ? pan.replace(/(....)(?=.)/g, '$1-') : pan
          const digits = pan.length % 2 === 0 ? pan : `${pan}F`
          const track = `${pan}D28122010000`
          const value =
            form === 'packed'
              ? digits
              : form === 'track'
                ? track.padEnd(track.length + (track.length % 2), 'F')
                : hexOf(Buffer.from(text, 'latin1'))
          const length = value.length / 2 + (isBrokenTag ? 7 : 0)
          const shown = showTlv(`${tag}${byteHex(length)}${value}`)
          const output = JSON.stringify(shown)
          for (const secret of [pan, text, hexOf(Buffer.from(text, 'latin1')), 'D2812'])
            expect(output).not.toContain(secret)
        },
      ),
      { numRuns: 500 },
    )
  })
})
