/** @module What a MAC profile means: its algorithm, and the length of its key (protocol.md §4). */

import type { MacProfile } from './types.ts'

/** The algorithm by its name in the core; the two CUP ECB profiles differ in their key only. */
export const macAlgorithmOf = (profile: MacProfile): Exclude<MacProfile, 'cup-ecb-16'> =>
  profile === 'cup-ecb-16' ? 'cup-ecb' : profile

/** Bytes of the MAC key that a profile uses. */
export const makLengthOf = (profile: MacProfile): 8 | 16 =>
  profile === 'cup-ecb' || profile === 'x9.9' ? 8 : 16

/** Profiles whose MAC folds the message by XOR, so that blocks can be swapped: only canonical bytes are heard. */
export const isMalleable = (profile: MacProfile): boolean =>
  ['cup-ecb', 'cup-ecb-16', 'cup-sm4', 'xor-3des'].includes(profile)
