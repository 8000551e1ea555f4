/** @module The transaction of a message: account types in field 3, missing fields, and contradictions. */

import { expect, it } from 'vitest'
import { formatFault, transactionTypeOf } from '../../src/iso8583/cup.ts'

const typeOf = (mti: string, fields: Record<number, string>) =>
  transactionTypeOf({ mti, fields: new Map(Object.entries(fields).map(([n, value]) => [Number(n), value])) })

it.each([
  ['0200', { 3: '000000', 25: '00', 60: '22000001000' }, 'sale'],
  ['0200', { 3: '001000', 25: '00', 60: '22000001000' }, 'sale'],
  ['0200', { 3: '200000', 25: '00', 60: '23000001000' }, 'void'],
  ['0200', { 3: '201000', 25: '00', 60: '23000001' }, 'void'],
  ['0200', { 3: '200000', 60: '23000001000' }, 'void'],
  ['0400', { 3: '201000', 25: '00', 60: '23000001000' }, 'void_reversal'],
  ['0400', { 60: '23000001000' }, 'void_reversal'],
  ['0400', { 60: '22000001000' }, 'sale_reversal'],
  ['0400', { 3: '999999', 25: '06', 60: '22000001000' }, 'sale_reversal'],
  ['0401', { 60: '23000001000' }, 'void_reversal'],
  ['0420', { 60: '23000001000' }, 'void_reversal'],
  ['0421', { 60: '22000001000' }, 'sale_reversal'],
  ['0201', { 3: '000000', 25: '00', 60: '22000001000' }, 'sale'],
  ['0201', { 3: '200000', 25: '00', 60: '23000001000' }, 'void'],
  ['0410', { 60: '22000001000' }, undefined],
  ['0402', { 60: '22000001000' }, undefined],
  ['0200', { 3: '200001', 25: '00', 60: '23000001000' }, undefined],
  ['0200', { 3: '205000', 25: '00', 60: '23000001000' }, undefined],
  ['0200', { 3: '200000', 25: '00', 60: '22000001000' }, undefined],
  ['0200', { 3: '000000', 25: '00', 60: '23000001000' }, undefined],
  ['0200', { 3: '310000', 25: '00', 60: '01000001000' }, undefined],
  ['0200', { 3: '200000', 25: '06', 60: '21000001000' }, undefined],
  ['0200', { 3: '200000', 25: '64', 60: '23000001000' }, undefined],
  ['0220', { 3: '200000', 25: '00', 60: '25000001000' }, undefined],
  ['0400', { 3: '200000', 25: '06', 60: '21000001000' }, undefined],
  ['0800', { 60: '00000001003' }, 'sign_on'],
  ['0800', { 60: '00000001005' }, undefined],
  ['0820', { 60: '00000001301' }, 'echo'],
  ['0820', { 60: '00000001002' }, 'sign_off'],
  ['0500', { 60: '00000001201' }, 'settlement'],
  ['0320', { 60: '00000001201' }, 'upload'],
  ['0320', { 60: '00000001207' }, 'upload_end'],
  ['0200', {}, undefined],
] as const)('%s %j is %s', (mti, fields, type) => {
  expect(typeOf(mti, fields)).toBe(type)
})

const mandatory = { 3: '200000', 4: '000000001234', 11: '000003', 22: '012', 25: '00', 37: '1'.repeat(12) }
const named = { 49: '156', 60: '23000001000', 61: '000001000002' }

it.each([3, 4, 11, 22, 25, 49])('a void without field %i has its fault there', (number) => {
  const fields = new Map(Object.entries({ ...mandatory, ...named }).map(([n, value]) => [Number(n), value]))
  expect(formatFault('void', { mti: '0200', fields })).toBeUndefined()
  fields.delete(number)
  expect(formatFault('void', { mti: '0200', fields })).toBe(number)
})

const days = Array.from({ length: 366 }, (_, day) =>
  new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(5, 10),
)
const REAL_DAYS = new Set(days.map((day) => day.replace('-', '')))

it('a date is a day of a leap year, and a time is one of a day without a leap second', () => {
  const fields = new Map(Object.entries({ ...mandatory, ...named }).map(([n, value]) => [Number(n), value]))
  const faultWith = (number: number, value: string) =>
    formatFault('void', { mti: '0200', fields: new Map([...fields, [number, value]]) })
  for (let n = 0; n <= 9999; n++) {
    const text = String(n).padStart(4, '0')
    expect([text, faultWith(13, text)]).toEqual([text, REAL_DAYS.has(text) ? undefined : 13])
  }
  for (const time of ['000000', '235959', '120000', '095930']) expect(faultWith(12, time)).toBeUndefined()
  for (const time of ['240000', '236000', '235960', '999999', '250000', '006100'])
    expect([time, faultWith(12, time)]).toEqual([time, 12])
})

const detail = `00000002${'6225000000000014'.padStart(20, '0')}000000001234`

it.each([
  ['upload', `01${detail}`, undefined],
  ['upload', `08${detail.repeat(8)}`, undefined],
  ['upload', `02${detail}`, 48],
  ['upload', `09${detail.repeat(9)}`, 48],
  ['upload', '00', 48],
  ['upload', '', 48],
  ['upload_end', '0002', undefined],
  ['upload_end', '002', 48],
] as const)('field 48 of an %s: %s has its fault in field %s', (type, details, fault) => {
  const fields = new Map([
    [11, '000009'],
    [48, details],
  ])
  expect(formatFault(type, { mti: '0320', fields })).toBe(fault)
})
