import { describe, expect, it } from 'vitest'
import { MEANINGS, meaningOf } from '../../src/acquirer/response-codes.ts'
import { REFUSALS } from '../../src/domain/decline-reason.ts'
import { RESPONSE_CODES } from '../../src/iso8583/names.ts'
import { isApproved, isReversed } from '../../src/terminal/check-answer.ts'

/** Field 39 as the terminal specifications list it (protocol.md §6), with ranges written out. */
const LISTED = (
  '00 01 02 03 04 07 05 06 09 10 11 12 13 14 15 31 19 20 21 22 23 25 30 33 54 34 35 36 37 38 39 42 44 52 53 56 40 ' +
  '41 43 51 55 57 58 59 60 63 66 61 65 62 67 64 68 75 77 79 90 91 92 93 94 95 96 97 98 99 A0 A1 A2 A4 A5 A6 A3 A7'
).split(' ')

const entries = Object.entries(MEANINGS)

describe('response codes of an acquirer', () => {
  it('are all in the table, and no others', () => {
    expect(entries.map(([code]) => code).toSorted()).toEqual(LISTED.toSorted())
    for (const code of Object.keys(RESPONSE_CODES)) expect(MEANINGS).toHaveProperty(code)
  })

  it.each(['', '0', 'ZZ', 'C9', '__', 'constructor', 'toString'])('%j is not a code: unknown', (code) => {
    for (const as of ['requested', 'reversed', 'inquired'] as const)
      expect(meaningOf(code, as)).toBe('unknown')
  })

  it('approve only when a terminal too would accept the whole amount', () => {
    for (const [code, { requested, inquired }] of entries) {
      expect([code, requested === 'approved']).toEqual([code, isApproved(code) && code !== '10'])
      expect([code, inquired === 'approved']).toEqual([code, requested === 'approved'])
    }
  })

  it('end a reversal only when the acquirer did it, and lead to an inquiry when only a terminal would stop', () => {
    for (const [code, { reversed }] of entries) {
      expect([code, reversed === 'undone']).toEqual([code, code === '00'])
      expect([code, reversed === 'undone' || reversed === 'not_found']).toEqual([code, isReversed(code)])
    }
  })

  it('to a copy alone give no result for the first message', () => {
    for (const code of ['03', '12', '25', '58', '91', '97'])
      expect([code, meaningOf(code, 'repeated')]).toEqual([code, 'unknown'])
    expect(meaningOf('00', 'repeated')).toBe('approved')
    expect(meaningOf('51', 'repeated')).toBe('insufficient_funds')
  })

  it('give no result when the acquirer failed, was late, is not ready, or saw the message before', () => {
    for (const code of ['06', '09', '10', '22', '68', '77', '90', '94', '96', '98', '99', 'A0', 'A7'])
      expect([code, meaningOf(code, 'requested')]).toEqual([code, 'unknown'])
  })

  it('that may concern the inquiry itself give no result for its message', () => {
    for (const code of ['03', '30', '40', '58', '77', '91', '92', '94', '96', '97', '98', 'A0'])
      expect([code, meaningOf(code, 'inquired')]).toEqual([code, 'unknown'])
  })

  it('decline only with known reasons', () => {
    for (const [, { requested, reversed, inquired }] of entries)
      for (const meaning of [requested, reversed, inquired])
        if (!['approved', 'unknown', 'undone', 'not_found'].includes(meaning))
          expect(REFUSALS).toHaveProperty(meaning)
  })
})
