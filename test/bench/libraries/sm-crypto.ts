/** @module sm-crypto-v2: SM4 in JavaScript. It expands the key at each call. */

import { sm4 } from 'sm-crypto-v2'
import type { Library } from '../library.ts'

const ZEROS = new Uint8Array(16)

export const smCrypto: Library = {
  name: 'sm-crypto-v2',
  sm4: (key) => ({
    encrypt: (block) => sm4.encrypt(block, key, { mode: 'ecb', padding: 'none', output: 'array' }),
    lastOfCbc: (padded) =>
      sm4.encrypt(padded, key, { mode: 'cbc', iv: ZEROS, padding: 'none', output: 'array' }).subarray(-16),
  }),
}
