/** @module A published master key of a terminal that is not weak. */

/** The master key of `signon-003-easy8583` (vectors/cup-keys.json): 16 bytes, odd parity, as hex. */
export const STRONG_TMK = '258FB0AB70D025CDB99DF2C4D302D646'
