/** @module The MACs that the bench measures, each with its key length. */

import type { MacAlgorithm } from '../../src/core/instance.ts'

export interface MacRow {
  readonly algorithm: MacAlgorithm
  /** The block cipher under the MAC. */
  readonly cipher: 'des' | 'sm4' | 'aes'
  readonly keyBytes: number
}

export const MAC_ROWS: readonly MacRow[] = [
  { algorithm: 'cup-ecb', cipher: 'des', keyBytes: 8 },
  { algorithm: 'cup-ecb', cipher: 'des', keyBytes: 16 },
  { algorithm: 'x9.9', cipher: 'des', keyBytes: 8 },
  { algorithm: 'x9.19', cipher: 'des', keyBytes: 16 },
  { algorithm: 'xor-3des', cipher: 'des', keyBytes: 16 },
  { algorithm: 'cup-sm4', cipher: 'sm4', keyBytes: 16 },
  { algorithm: 'sm4-cbc-mac', cipher: 'sm4', keyBytes: 16 },
  { algorithm: 'aes-cmac', cipher: 'aes', keyBytes: 16 },
]
