/**
 * The terminal's side of the published layouts: the bitmaps of its requests, the keys and MACs of its
 * responses.
 */

import { expect, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import { passesLuhn } from '../../src/domain/card-number.ts'
import { faultOf } from '../../src/terminal/check-answer.ts'
import {
  echoRequest,
  reversalRequest,
  saleRequest,
  settlementRequest,
  signOffRequest,
  signOnRequest,
  uploadRequest,
  voidRequest,
} from '../../src/terminal/messages.ts'
import { type LogEntry, newTerminalState } from '../../src/terminal/state.ts'
import { isTestCard, testCard, WELL_KNOWN_TEST_CARDS } from '../../src/terminal/test-cards.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import flow from '../vectors/cup-flow.json' with { type: 'json' }
import { goldenMessage } from './golden.ts'

const core = await loadCore()
const state = newTerminalState('123456789012345', '12345678', 'cup-ecb')
const sale: LogEntry = {
  kind: 'sale',
  batchNumber: '000007',
  stan: '000002',
  amount: 1234,
  pan: testCard(1),
  status: 'approved',
  rrn: '101530000002',
  authorizationCode: '123456',
}
const voidEntry: LogEntry = { ...sale, kind: 'void', stan: '000003', originalStan: '000002' }

/** Fields of an attended chip card with a PIN that a contactless card without a PIN does not have. */
const CARD_ONLY = [26, 35, 52, 53]

const built = {
  '1-signon-req': signOnRequest(state, '000001', '003'),
  '3-sale-req': saleRequest(state, sale),
  '5-void-req': voidRequest(state, voidEntry, sale),
  '7-void-reversal-req': reversalRequest(state, voidEntry, sale, '98'),
  '9-echo-req': echoRequest(state),
  '11-settle-req': settlementRequest(state, '000004', '0'.repeat(62)),
  '13-signoff-req': signOffRequest(state, '000005'),
} as const

test.each(Object.keys(built) as (keyof typeof built)[])('%s has the golden fields', (name) => {
  const golden = [...goldenMessage(name).fields.keys()].filter((number) => !CARD_ONLY.includes(number))
  expect([...built[name].fields.keys()]).toEqual(golden)
  expect(built[name].mti).toBe(goldenMessage(name).mti)
})

test('the fields that do not depend on the card match the golden ones', () => {
  for (const name of ['5-void-req', '7-void-reversal-req'] as const)
    for (const number of [2, 3, 4, 11, 25, 37, 38, 39, 41, 42, 49, 61])
      expect([name, number, built[name].fields.get(number)]).toEqual([
        name,
        number,
        goldenMessage(name).fields.get(number),
      ])
})

test('an upload has the bitmap of protocol.md §3', () => {
  expect([...uploadRequest(state, '000006', [sale]).fields.keys()]).toEqual([11, 41, 42, 48, 60])
})

test.each([
  ['1-signon-req', '2-signon-resp'],
  ['3-sale-req', '4-sale-resp'],
  ['5-void-req', '6-void-resp'],
  ['5-void-req', '6b-void-resp-declined-25'],
  ['5-void-req', '6c-void-resp-A0'],
  ['7-void-reversal-req', '8-void-reversal-resp'],
  ['9-echo-req', '10-echo-resp'],
  ['11-settle-req', '12-settle-resp'],
  ['13-signoff-req', '14-signoff-resp'],
] as const)('%s accepts %s as its answer', (request, answer) => {
  expect(faultOf(goldenMessage(request), goldenMessage(answer))).toBeNull()
})

test('opens the MAC key of the published sign-on', () => {
  const tmk = Uint8Array.from(Buffer.from(flow.data.keys.tmk, 'hex'))
  const field62 = flow.data.messages['2-signon-resp'].fields['62']
  expect(openMacKey(core, 'cup-ecb', tmk, { layout: '003', field62 })).toEqual({
    ok: true,
    value: new Uint8Array(8).fill(0x33),
  })
  const changed = `${field62.slice(0, -1)}5`
  expect(openMacKey(core, 'cup-ecb', tmk, { layout: '003', field62: changed })).toEqual({
    ok: false,
    error: 'check value of the MAC key differs',
  })
})

test('opens the SM4 MAC key of the constructed sign-on', () => {
  const tmk = new Uint8Array(16).fill(0x11)
  const field62 = flow.data.sm4.field62_hex
  expect(openMacKey(core, 'cup-sm4', tmk, { layout: '006', field62 })).toEqual({
    ok: true,
    value: new Uint8Array(16).fill(0x33),
  })
})

test('the test cards pass the Luhn check and are known test numbers', () => {
  expect(testCard(1)).toBe('6225000000000014')
  for (const card of [...WELL_KNOWN_TEST_CARDS, testCard(0), testCard(999)]) {
    expect(passesLuhn(card)).toBe(true)
    expect(isTestCard(card)).toBe(true)
  }
  expect(isTestCard('6225000000000015')).toBe(false)
  expect(isTestCard('6212345678901232')).toBe(false)
})
