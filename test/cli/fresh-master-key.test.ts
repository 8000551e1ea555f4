/** @module The master key of a development terminal: random, of odd parity, and one that the service accepts. */

import { expect, test } from 'vitest'
import { freshMasterKey } from '../../src/cli/dev/fresh-master-key.ts'
import { isWeakMasterKey } from '../../src/domain/weak-key.ts'

test('a fresh master key is 16 bytes of odd parity, never weak, and never the same', () => {
  const keys = Array.from({ length: 1000 }, freshMasterKey)
  expect(new Set(keys).size).toBe(1000)
  const bits = Array.from({ length: 128 }, () => 0)
  for (const key of keys) {
    expect(key).toMatch(/^[0-9A-F]{32}$/)
    const bytes = Uint8Array.from(Buffer.from(key, 'hex'))
    for (const [i, byte] of bytes.entries()) {
      const text = byte.toString(2).padStart(8, '0')
      expect(text.replaceAll('0', '').length % 2).toBe(1)
      for (const [at, bit] of [...text].entries()) bits[8 * i + at] = (bits[8 * i + at] ?? 0) + Number(bit)
    }
    expect(isWeakMasterKey('cup-ecb', bytes, { allowSingleLength: false, parity: 'odd' })).toBe(false)
  }
  // Each bit is set in about half of the keys: 500 ± 7 standard deviations.
  for (const ones of bits) expect(Math.abs(ones - 500)).toBeLessThan(111)
})
