/** @module Fields 60 and 61, at every length in use and at lengths that cut a part. */

import { describe, expect, it } from 'vitest'
import { readField60, readField61 } from '../../src/iso8583/field60.ts'

describe('field 60', () => {
  it.each([
    ['22160529', '22', '160529', '000', ''],
    ['00000001003', '00', '000001', '003', ''],
    ['220000010006', '22', '000001', '000', '6'],
    ['2300000700050', '23', '000007', '000', '50'],
    ['22000512000600', '22', '000512', '000', '600'],
    ['22000512000600048', '22', '000512', '000', '600048'],
    ['2200051200060004800', '22', '000512', '000', '60004800'],
  ])('%s', (value, transactionType, batchNumber, networkManagementCode, rest) => {
    expect(readField60(value)).toEqual({ transactionType, batchNumber, networkManagementCode, rest })
  })

  it.each(['', '2', '2300000', '230000070', '2300000700', '23000A07'])('rejects %s as cut', (value) => {
    expect(readField60(value)).toBeUndefined()
  })
})

describe('field 61', () => {
  it.each([
    ['000007000002', { originalBatchNumber: '000007', originalStan: '000002' }],
    ['0000070000020601', { originalBatchNumber: '000007', originalStan: '000002', originalDate: '0601' }],
    ['0000070000020000', { originalBatchNumber: '000007', originalStan: '000002' }],
    ['000007000002060101', { originalBatchNumber: '000007', originalStan: '000002', originalDate: '0601' }],
    [
      '00000700000206010100012345678',
      { originalBatchNumber: '000007', originalStan: '000002', originalDate: '0601' },
    ],
  ])('%s', (value, expected) => {
    expect(readField61(value)).toEqual(expected)
  })

  it.each(['', '00000700000', '0000070000020', '000007000002060', '00000700000A'])(
    'rejects %s as cut',
    (value) => {
      expect(readField61(value)).toBeUndefined()
    },
  )
})
