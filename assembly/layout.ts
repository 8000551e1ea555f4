/**
 * @module All regions of the linear memory, in the order of their addresses, with their classes. Between two regions
 * lie 64 bytes that nobody writes. A test scans them, so it finds an overrun before it reaches a neighbour.
 *
 * - constant: tables of the ciphers, never written (`des-tables.ts`, `tables.ts`)
 * - secret: keys, schedules, chaining values and computed MACs; the embedder wipes it after every call
 * - exchange: input and output of the embedder, which wipes it after every call
 * - resident: the duplicate table and its key; it lives as long as the instance
 */
import * as desTables from './des-tables'
import * as tables from './tables'

/** The longest message in bytes: a whole `STX LEN … ETX LRC` frame with the largest LEN (9,999) fits. */
export const MESSAGE_BYTES: i32 = 10240
/** Room for padding behind the message: one block, or the block that method 2 adds. */
export const PADDING_BYTES: i32 = 16
export const INPUT_BYTES: i32 = MESSAGE_BYTES + PADDING_BYTES
export const OFFERED_MAC_BYTES: i32 = 16
export const KEY_BYTES: i32 = 32
export const WORKING_KEY_BYTES: i32 = 32
/** Three DES keys of sixteen rounds with 8 bytes. AES-256 needs 240 bytes, SM4 128. */
export const SCHEDULE_BYTES: i32 = 384
/** The chaining value and one more block of 16 bytes (CMAC subkey, CUP SM4 text), with room left. */
export const STATE_BYTES: i32 = 48
export const MAC_BYTES: i32 = 16
export const SIPHASH_KEY_BYTES: i32 = 16
/** Entries of the duplicate table, a power of two. */
export const DUPLICATE_ENTRIES: i32 = 65536
/** Bytes of one entry: fingerprint (8), seconds (4), occupied (4). */
export const DUPLICATE_ENTRY_BYTES: i32 = 16
export const DUPLICATES_BYTES: i32 = DUPLICATE_ENTRIES * DUPLICATE_ENTRY_BYTES

const GUARD: i32 = 64

// constant
export const TABLES_ADDRESS: usize = desTables.DES_ROUND
export const TABLES_BYTES: i32 = <i32>(tables.SM4_SBOX + 256 - desTables.DES_ROUND)
const guardAfterTables: usize = memory.data(GUARD, 16)
// secret
export const KEY_ADDRESS: usize = memory.data(KEY_BYTES, 16)
const guardAfterKey: usize = memory.data(GUARD, 16)
export const WORKING_KEY_ADDRESS: usize = memory.data(WORKING_KEY_BYTES, 16)
const guardAfterWorkingKey: usize = memory.data(GUARD, 16)
export const SCHEDULE_ADDRESS: usize = memory.data(SCHEDULE_BYTES, 16)
const guardAfterSchedule: usize = memory.data(GUARD, 16)
export const STATE_ADDRESS: usize = memory.data(STATE_BYTES, 16)
const guardAfterState: usize = memory.data(GUARD, 16)
export const MAC_ADDRESS: usize = memory.data(MAC_BYTES, 16)
const guardAfterMac: usize = memory.data(GUARD, 16)
// exchange; the input comes last, so that one fill wipes from the first key to the end of a message
export const OFFERED_MAC_ADDRESS: usize = memory.data(OFFERED_MAC_BYTES, 16)
const guardAfterOfferedMac: usize = memory.data(GUARD, 16)
export const INPUT_ADDRESS: usize = memory.data(INPUT_BYTES, 16)
const guardAfterInput: usize = memory.data(GUARD, 16)
// resident
export const SIPHASH_KEY_ADDRESS: usize = memory.data(SIPHASH_KEY_BYTES, 16)
const guardAfterSiphashKey: usize = memory.data(GUARD, 16)
export const DUPLICATES_ADDRESS: usize = memory.data(DUPLICATES_BYTES, 16)
const guardAfterDuplicates: usize = memory.data(GUARD, 16)
