/** @module A terminal number in a request, in an answer, on the command line and in its own module. */

import { expect, it } from 'vitest'
import { shownTerminalId, terminalId } from '../../src/api/json/values.ts'
import { REFERENCE, TERMINAL_ID } from '../../src/cli/lib/values.ts'
import { isPaddedTerminal } from '../../src/domain/terminal-number.ts'

it.each(['1', 'T1', '123', 'POS4', '12345', '123456', '1234567', '12345678', 'POS00001'])(
  'reads terminal %s as the eight characters of field 41',
  (name) => expect(terminalId.parse(name)).toBe(`${name}        `.slice(0, 8)),
)
it.each(['T1 ', 'T1      ', '1234567 '])('reads terminal %j without its blanks', (name) => {
  expect(terminalId.parse(name)).toBe(terminalId.parse(name.trim()))
})
it.each(['', ' ', '        ', ' T1', 'T 1', 'T1       ', '123456789', '12345678 '])(
  'rejects terminal %j',
  (name) => expect(terminalId.safeParse(name).success).toBe(false),
)
it.each(['1234567.', 'T1\n', 'T1\t', '12345678\n', 'T-1', 'T_1', '终端', '１２', 'T1\u00a0', 'T1\u0000'])(
  'rejects the characters of terminal %j',
  (name) => expect(terminalId.safeParse(name).success).toBe(false),
)
it('gives a terminal without blanks', () => {
  for (const name of ['1', 'T1', '12345678']) expect(shownTerminalId.safeParse(name).success).toBe(true)
  for (const name of ['', 'T1      ', ' T1', '123456789'])
    expect(shownTerminalId.safeParse(name).success).toBe(false)
})

const READABLE = ['1', 'T1', '123', 'POS4', '12345', '123456', '1234567', '12345678', 'T1 ', 'T1      ']
const UNREADABLE = ['', ' ', ' T1', 'T 1', 'T1       ', '123456789', 'T1\n', 'T-1', '终端', 'T1\u00a0']

it.each([...READABLE, ...UNREADABLE])('the command line reads %j as a request does', (text) => {
  expect(TERMINAL_ID.read(text)).toBe(terminalId.safeParse(text).data)
})

it.each(READABLE)('terminal %j, batch and trace number together have 20 characters', (text) => {
  const key = `${terminalId.parse(text)}000001000002`
  expect(REFERENCE.read(`${text}000001000002`)).toBe(key)
  expect(REFERENCE.read(key)).toBe(key)
})

it.each([
  ['000001000002', 'an RRN'],
  ['a'.repeat(32), 'an id'],
])('%s stays %s', (text) => expect(REFERENCE.read(text)).toBe(text))

it.each(UNREADABLE.filter((text) => text !== ''))('no reference has terminal %j', (text) => {
  expect(REFERENCE.read(`${text}000001000002`)).toBeUndefined()
})

it.each(['T10000010000', 'T100000100000x', '00000100000', 'A'.repeat(31)])('%j is no reference', (text) => {
  expect(REFERENCE.read(text)).toBeUndefined()
})

it('no other stream of the journal has the form of a terminal', () => {
  for (const name of ['region', 'merchant:123456789012345', '', '        ', ' T1     ', 'T1'])
    expect(isPaddedTerminal(name)).toBe(false)
  for (const name of ['T1      ', '12345678', 'region  ']) expect(isPaddedTerminal(name)).toBe(true)
})
