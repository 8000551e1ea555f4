/**
 * @module The ABI: the functions for the embedder, and the addresses of the regions. Arguments are lengths and small
 * enumerations, results are integers. A value out of bounds traps. `CoreExports` in `src/core/memory.ts` mirrors it.
 */
export const ABI_VERSION: i32 = 1

export { decrypt, encrypt } from './cipher'
export { forgetDuplicate, insertDuplicate, lookupDuplicate } from './duplicates'
export { keyCheckValue, unwrapKey, wrapKey } from './keys'
export {
  DUPLICATE_ENTRIES,
  DUPLICATE_ENTRY_BYTES,
  DUPLICATES_ADDRESS,
  DUPLICATES_BYTES,
  INPUT_ADDRESS,
  INPUT_BYTES,
  KEY_ADDRESS,
  KEY_BYTES,
  MAC_ADDRESS,
  MAC_BYTES,
  MESSAGE_BYTES,
  OFFERED_MAC_ADDRESS,
  OFFERED_MAC_BYTES,
  SCHEDULE_ADDRESS,
  SCHEDULE_BYTES,
  SIPHASH_KEY_ADDRESS,
  SIPHASH_KEY_BYTES,
  STATE_ADDRESS,
  STATE_BYTES,
  TABLES_ADDRESS,
  TABLES_BYTES,
  WORKING_KEY_ADDRESS,
  WORKING_KEY_BYTES,
} from './layout'
export { lrc } from './lrc'
export { computeMac, verifyMac } from './mac'
