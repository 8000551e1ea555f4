/** @module A random master key for the seeded terminal of a development database. */

import { randomBytes } from 'node:crypto'
import { setOddParity } from '../../domain/des-parity.ts'
import { isWeakMasterKey } from '../../domain/weak-key.ts'
import { toHex } from '../../iso8583/hex.ts'

/** 16 bytes of odd parity, not weak; 32 hex digits. */
export function freshMasterKey(): string {
  for (;;) {
    const key = Uint8Array.from(randomBytes(16))
    setOddParity(key)
    if (!isWeakMasterKey('cup-ecb', key, { allowSingleLength: false, parity: 'odd' })) return toHex(key)
  }
}
