/** @module The algorithm and the key length of each MAC profile (protocol.md §4). */

import type { MacProfile } from './terminal-profile.ts'

/** The algorithm's name in the core. The two CUP ECB profiles differ only in their key length. */
export const macAlgorithmOf = (profile: MacProfile): Exclude<MacProfile, 'cup-ecb-16'> =>
  profile === 'cup-ecb-16' ? 'cup-ecb' : profile

/** Bytes of the MAC key of a profile. */
export const makLengthOf = (profile: MacProfile): 8 | 16 =>
  profile === 'cup-ecb' || profile === 'x9.9' ? 8 : 16

/**
 * Whether the MAC folds the message by XOR. Swapped blocks then have the same MAC, so Annul accepts only canonical
 * bytes.
 */
export const isMalleable = (profile: MacProfile): boolean =>
  ['cup-ecb', 'cup-ecb-16', 'cup-sm4', 'xor-3des', 'cup-sm4-bin'].includes(profile)

/** Whether the keys of a profile are SM4 keys, the master key included. Those of all others are DES keys. */
export const isSm4Profile = (profile: MacProfile): boolean =>
  profile === 'cup-sm4' || profile === 'cup-sm4-bin'
