/** @module The parser of options: the source of a value, its type, and the suggestion after a mistake. */

import { describe, expect, test } from 'vitest'
import { declare } from '../../src/cli/lib/declare.ts'
import { UsageError } from '../../src/cli/lib/failure.ts'
import { editDistance, nearest } from '../../src/cli/lib/nearest.ts'
import { parse, readLine } from '../../src/cli/lib/parse.ts'
import * as values from '../../src/cli/lib/values.ts'

const PAINT = declare({
  about: 'paint a wall',
  argument: { type: { ...values.TEXT, placeholder: 'WALL' }, many: true, about: 'the wall' },
  input: { colour: { type: values.choice('NAME', ['red', 'blue']), required: true, about: 'the colour' } },
  options: {
    coats: { type: values.wholeNumber('N', 1, 9), fallback: '2', about: 'the coats' },
    secretTone: { type: values.HEX, env: 'TONE', secret: true, about: 'the tone' },
    dryRun: { about: 'do not paint' },
  },
  json: { each: 'wall', members: { wall: 'the wall' } },
  examples: ['paint north --colour red'],
})

const read = (args: string[], env: Record<string, string> = {}) => parse(PAINT, { name: 'paint', args, env })

test('defaults, switches, and words that are one value', () => {
  expect(read(['north', '--colour', 'red', 'side'])).toEqual({
    argument: 'north side',
    input: { colour: 'red' },
    coats: 2,
    secretTone: undefined,
    dryRun: false,
    json: false,
  })
})

test('names in camelCase are kebab-case on the command line; a value may be joined by =', () => {
  const line = ['north', '--colour=blue', '--secret-tone', '0aFF', '--dry-run', '--json', '--coats=3']
  expect(read(line)).toMatchObject({
    secretTone: Uint8Array.of(10, 255),
    dryRun: true,
    json: true,
    coats: 3,
  })
})

test('an option counts before its environment variable, and the last of two before the first', () => {
  const env = { TONE: '01' }
  expect(read(['n', '--colour', 'red'], env).secretTone).toEqual(Uint8Array.of(1))
  expect(read(['n', '--colour', 'red', '--secret-tone', '02'], env).secretTone).toEqual(Uint8Array.of(2))
  expect(read(['n', '--colour', 'red', '--colour', 'blue']).input).toEqual({ colour: 'blue' })
  expect(read(['n', '--colour', 'red'], { TONE: '' }).secretTone).toBeUndefined()
})

test('--ndjson is an option only of a command with input', () => {
  const { input: _, ...withoutInput } = PAINT
  expect(() => parse(withoutInput, { name: 'paint', args: ['n', '--ndjson'], env: {} })).toThrow(
    'word 3 is not an option: see annul paint --help',
  )
})

test('--ndjson reads the input from stdin and writes JSON', () => {
  expect(read(['n', '--ndjson'])).toMatchObject({ input: undefined, json: true })
  expect(readLine(PAINT, { colour: 'red', extra: 1 })).toEqual({ colour: 'red' })
  expect(() => readLine(PAINT, { colour: 1 })).toThrow('colour is missing: expected one of red, blue')
  expect(() => readLine(PAINT, { colour: 'green' })).toThrow('colour: expected one of red, blue')
})

test('words after -- are not options', () => {
  expect(read(['--colour', 'red', '--', '--json']).argument).toBe('--json')
})

test.each([
  [['--colour', 'red'], 'WALL is missing: expected a text'],
  [['n'], '--colour is missing: expected one of red, blue'],
  [['n', '--colour'], '--colour: expected one of red, blue'],
  [['n', '--colour', '--json'], '--colour: expected one of red, blue'],
  [['n', '--colour', 'red', '--coats', '10'], '--coats: expected a whole number from 1 to 9'],
  [['n', '--colour', 'red', '--coats', '1e0'], '--coats: expected a whole number from 1 to 9'],
  [
    ['n', '--colour', 'red', '--secret-tone', 'f'],
    '--secret-tone (or TONE): expected a string of hex digits',
  ],
  [['n', '--colour', 'red', '--dry-run=yes'], '--dry-run takes no value'],
  [['n', '--color', 'red'], '--color is not an option: did you mean --colour?'],
  [['n', '--colour', 'red', '--rollers'], 'word 5 is not an option: see annul paint --help'],
])('%j: %s', (args, message) => {
  expect(() => read(args)).toThrow(UsageError)
  expect(() => read(args)).toThrow(message)
})

describe('values', () => {
  test.each<[values.ValueType<unknown>, string, unknown]>([
    [values.STAN, '7', '000007'],
    [values.STAN, '0', undefined],
    [values.STAN, '1000000', undefined],
    [values.HEX_BYTE, '7f', 127],
    [values.HEX_BYTE, '7', undefined],
    [values.HEX_BYTE, '0102', undefined],
    [values.MASTER_KEY, '11'.repeat(12), undefined],
    [values.AMOUNT, '1.50', undefined],
    [values.AMOUNT, '-1', undefined],
    [values.CLOCK, '24:00', undefined],
    [values.CLOCK, '23:59', '23:59'],
    [values.SERVER_URL, 'localhost:8787', undefined],
    [values.SERVER_URL, 'ftp://a', undefined],
    [values.MOMENT, '2026-06-01T23:00:00+08:00', Date.UTC(2026, 5, 1, 15)],
    [values.MOMENT, '2026-06-01', undefined],
    [values.MOMENT, '2026-06-41T00:00:00Z', undefined],
    [values.WINDOW, 'minutes:30', { kind: 'minutes', minutes: 30 }],
    [values.WINDOW, 'minutes:0', undefined],
    [values.WINDOW, 'same_batch', { kind: 'same_batch' }],
    [values.IP, '::1', '::1'],
    [values.IP, 'everywhere', undefined],
    [values.KEY_NAME, '店 42', '店 42'],
    [values.KEY_NAME, "a'b", undefined],
    [values.choice('NAME', ['a']), 'toString', undefined],
  ])('%#: %s', (type, text, value) => {
    expect(type.read(text)).toEqual(value)
  })
})

describe('the nearest name', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['void', 'viod', 1],
    ['sale', 'sales', 1],
    ['mac', 'kcv', 3],
    ['kitten', 'sitting', 3],
  ])('%s and %s are %i apart', (a, b, distance) => {
    expect([editDistance(a, b), editDistance(b, a)]).toEqual([distance, distance])
  })

  test('is suggested only when it is near', () => {
    expect(nearest('mca', ['kcv', 'mac'])).toBe('mac')
    expect(nearest('xyz', ['kcv', 'mac'])).toBeUndefined()
    expect(nearest('reconcyle', ['reconcile'])).toBe('reconcile')
    expect(nearest('reckonsiel', ['reconcile'])).toBeUndefined()
    expect(nearest('a', ['b'])).toBeUndefined()
  })
})
