/** The packager files for jPOS, moov-io/iso8583 and pyiso8583 match spec.ts in every field. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ELEMENTS } from '../../src/iso8583/spec.ts'
import { FOLDER } from './generated.ts'
import { readGo, readJpos, readPython, rowOf } from './packagers.ts'

const read = (name: string): string => readFileSync(join(FOLDER, 'packagers', name), 'utf8')

const ours = ELEMENTS.map(rowOf)

test('jpos.xml', () => {
  const [mti, bitmap, ...rows] = readJpos(read('jpos.xml'))
  expect(rows).toEqual(ours)
  expect(mti).toMatchObject({ number: 0, coding: 'bcd', length: 'fixed', max: 4 })
  expect(bitmap).toMatchObject({ number: 1, coding: 'binary', length: 'fixed', max: 8 })
  expect(read('jpos.xml')).toContain('<isopackager maxValidField="64" bitmapField="1" emitBitmap="true">')
})

test('moov.go', () => {
  const text = read('moov.go')
  expect(readGo(text)).toEqual(ours)
  expect(text).toMatch(/^\t\t0: {2}field\.NewString\(&field\.Spec\{Length: 4, .*Enc: encoding\.BCD, /m)
  expect(text).toMatch(
    /^\t\t1: {2}field\.NewBitmap\(&field\.Spec\{Length: 8, .*Enc: encoding\.Binary, .*DisableAutoExpand: true\}/m,
  )
})

test('pyiso8583_spec.py', () => {
  const text = read('pyiso8583_spec.py')
  // The library does not pad texts, so its rows cannot state it.
  expect(readPython(text)).toEqual(ours.map((row) => ({ ...row, fills: null })))
  expect(text).toContain('"h": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 0,')
  expect(text).toContain('"t": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 2,')
  expect(text).toContain('"p": {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 8,')
})

test('compares every row of the files', () => {
  expect(read('jpos.xml').match(/<isofield /g)?.length).toBe(ours.length + 2)
  expect(read('moov.go').match(/field\.New/g)?.length).toBe(ours.length + 2)
  expect(read('pyiso8583_spec.py').match(/"data_enc"/g)?.length).toBe(ours.length + 4)
})
