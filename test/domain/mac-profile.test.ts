/** @module The algorithm and key of each MAC profile, and which profiles let blocks be swapped. */

import { expect, it } from 'vitest'
import { isMalleable, macAlgorithmOf, makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'

it('gives every profile an algorithm and a key length, and folds by XOR or chains', () => {
  expect(
    MAC_PROFILES.map((profile) => [
      profile,
      macAlgorithmOf(profile),
      makLengthOf(profile),
      isMalleable(profile) ? 'folds' : 'chains',
    ]),
  ).toEqual([
    ['cup-ecb', 'cup-ecb', 8, 'folds'],
    ['cup-ecb-16', 'cup-ecb', 16, 'folds'],
    ['x9.9', 'x9.9', 8, 'chains'],
    ['x9.19', 'x9.19', 16, 'chains'],
    ['x9.19-bin4', 'x9.19-bin4', 16, 'chains'],
    ['x9.19-hex4', 'x9.19-hex4', 16, 'chains'],
    ['cup-sm4', 'cup-sm4', 16, 'folds'],
    ['xor-3des', 'xor-3des', 16, 'folds'],
    ['cup-sm4-bin', 'cup-sm4-bin', 16, 'folds'],
  ])
})
