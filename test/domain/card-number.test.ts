/** @module A card number in a text is found in any numerals, separators and groups. Other numbers are left alone. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdsCardNumber, luhnDigit, passesLuhn } from '../../src/domain/card-number.ts'
import { testCard, WELL_KNOWN_TEST_CARDS } from '../../src/terminal/test-cards.ts'

/** 19 digits. */
const LONG_CARD = `622500000000000000${luhnDigit('622500000000000000')}`
const CARDS = [...WELL_KNOWN_TEST_CARDS, testCard(1), testCard(2), LONG_CARD]

/** The ten digits of each kind of numerals, as one code point each. */
const after = (zero: number) => Array.from({ length: 10 }, (_, i) => String.fromCodePoint(zero + i))
const withZero = (zero: string, one: number) => [
  zero,
  ...Array.from({ length: 9 }, (_, i) => String.fromCodePoint(one + i)),
]
const NUMERALS: Readonly<Record<string, readonly string[]>> = {
  ASCII: after(0x30),
  'full-width': after(0xff10),
  circled: withZero('⓪', 0x2460),
  'negative circled': withZero('⓿', 0x2776),
  'circled sans-serif': withZero('🄋', 0x2780),
  'negative circled sans-serif': withZero('🄌', 0x278a),
  'double circled': withZero('⓪', 0x24f5),
  'with a full stop': withZero('🄀', 0x2488),
  'in parentheses': withZero('0', 0x2474),
  superscript: [...'⁰¹²³⁴⁵⁶⁷⁸⁹'],
  subscript: after(0x2080),
  bold: after(0x1d7ce),
  'double-struck': after(0x1d7d8),
  monospace: after(0x1d7f6),
  Chinese: [...'〇一二三四五六七八九'],
  'Chinese with another zero': [...'零一二三四五六七八九'],
  'Chinese financial': [...'零壹贰叁肆伍陆柒捌玖'],
  'Chinese financial, traditional': [...'零壹貳參肆伍陸柒捌玖'],
  'Chinese, spoken': [...'洞幺两三四五六七八九'],
  rods: ['〇', ...after(0x3020).slice(1)],
  Arabic: after(0x660),
  Persian: after(0x6f0),
  Devanagari: after(0x966),
  Thai: after(0xe50),
}

const SEPARATORS = [
  '',
  ' ',
  '-',
  ' - ',
  '.',
  '/',
  '_',
  '，',
  '、',
  '·',
  '　',
  '—',
  '——',
  ' | ',
  ':',
  '：',
  '*',
  '....',
  ' … ',
  '€',
]

describe('a card number is found', () => {
  it.each(Object.entries(NUMERALS))('in numerals: %s', (_, digits) => {
    for (const card of CARDS)
      for (const separator of ['', ' ', '-', '·']) {
        const written = [...card].map((digit) => digits[Number(digit)]).join(separator)
        expect([written, holdsCardNumber(`卡号${written}，请退款`)]).toEqual([written, true])
      }
  })

  it('with any separators, in groups of any size, between any words', () => {
    const numerals = fc.constantFrom(...Object.values(NUMERALS))
    fc.assert(
      fc.property(
        fc.constantFrom(...CARDS),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(...SEPARATORS), numerals), {
          minLength: 19,
          maxLength: 19,
        }),
        fc.constantFrom('', 'card ', '卡号：', '备注（', 'No. ', '退款 100 元，'),
        fc.constantFrom('', ' ok', '）', '。', ' 请退款', ' 12/28', ' CVV'),
        (card, groups, before, behind) => {
          let rest = card
          let written = ''
          for (const [length, separator, digits] of groups) {
            if (rest === '') break
            if (written !== '') written += separator
            written += [...rest.slice(0, length)].map((digit) => digits[Number(digit)]).join('')
            rest = rest.slice(length)
          }
          expect([written, holdsCardNumber(before + written + behind)]).toEqual([written, true])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('beside other numbers, and inside a longer one', () => {
    for (const card of CARDS)
      for (const text of [
        `2026-12-01 ${card}`,
        `${card} 10:30`,
        `12 ${card} 34`,
        `00000000${card}`,
        `${card}00000000`,
      ])
        expect([text, holdsCardNumber(text)]).toEqual([text, true])
  })
})

describe('no card number is in', () => {
  it.each([
    '客户王女士 13800138000，2026-12-01 10:30 来电',
    '电话 021-12345678 转 8001',
    '订单号 20261201103000123',
    '批次 000001 流水 000123 金额 1234.56 元',
    'RRN 123456789012, terminal 12345678',
    '95516',
    '2026年12月1日 09:15:30 至 2026年12月2日 23:59:59',
    'Ⅷ ½ 三十二号柜台',
    '',
    '三三两两',
  ])('%s', (text) => {
    expect(holdsCardNumber(text)).toBe(false)
  })

  it('a number with another check digit', () => {
    for (const card of CARDS) {
      const wrong = card.slice(0, -1) + ((Number(card.at(-1)) + 1) % 10)
      expect([wrong, holdsCardNumber(wrong)]).toEqual([wrong, false])
    }
  })

  it('a number with fewer than 13 digits', () => {
    for (let length = 2; length < 13; length++) {
      const digits = '6225000000014'.slice(0, length - 1)
      expect(holdsCardNumber(digits + luhnDigit(digits))).toBe(false)
    }
  })
})

it('the check digit is that of ISO/IEC 7812-1', () => {
  // A published example, and each published card.
  expect(luhnDigit('7992739871')).toBe('3')
  expect([...WELL_KNOWN_TEST_CARDS].every(passesLuhn)).toBe(true)
})
