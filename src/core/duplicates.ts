/**
 * @module The table of recent messages: per isolate, of fixed capacity, lost at any time. A hint, never the authority: a hit
 * is confirmed against the request that was kept with the answer, and only verified messages are entered.
 */
import { assertWithin, type CoreMemory } from './memory.ts'

const LATEST_SECOND = 0xffff_ffff

export interface Duplicates {
  /** Number of entries; a handle is less than this. */
  readonly capacity: number
  /** The handle of an entry made at most the window ago, or -1. `nowSeconds` is an integer count, of Unix seconds as a rule. */
  lookup(bytes: Uint8Array, nowSeconds: number): number
  /**
   * Enters or renews, and returns the handle under which the embedder keeps what belongs to the entry. A handle that another
   * message had held is that one's no longer: the oldest of a full neighbourhood gives way.
   */
  insert(bytes: Uint8Array, nowSeconds: number): number
  /** Removes the entry. Returns the handle it had, or -1. */
  forget(bytes: Uint8Array): number
  /** Empties the table and gives it a new key. */
  clear(): void
}

/**
 * `random` fills the 16-byte SipHash key when the table is first used, not before: workerd gives no random bytes while a
 * Worker starts. `windowSeconds`: how long an entry counts.
 */
export function duplicatesOf(
  memory: CoreMemory,
  random: (bytes: Uint8Array) => void,
  windowSeconds: number,
): Duplicates {
  assertWithin('duplicate window, in seconds', windowSeconds, 0, LATEST_SECOND)
  let keyedGeneration = -1

  function check(bytes: Uint8Array, nowSeconds: number): void {
    assertWithin('message, in bytes', bytes.length, 0, memory.messageBytes)
    assertWithin('now, in seconds', nowSeconds, 0, LATEST_SECOND)
    if (keyedGeneration !== memory.generation) rekey()
  }

  function rekey(): void {
    const key = new Uint8Array(16)
    random(key)
    memory.borrow((loan) => {
      loan.clear('DUPLICATES')
      loan.write('SIPHASH_KEY', key)
    })
    key.fill(0)
    keyedGeneration = memory.generation
  }

  return {
    capacity: memory.exports.DUPLICATE_ENTRIES.value,
    lookup(bytes, nowSeconds) {
      check(bytes, nowSeconds)
      return memory.borrow((loan) => {
        loan.writeInput(bytes)
        return loan.calls.lookupDuplicate(bytes.length, nowSeconds, windowSeconds)
      })
    },
    insert(bytes, nowSeconds) {
      check(bytes, nowSeconds)
      return memory.borrow((loan) => {
        loan.writeInput(bytes)
        return loan.calls.insertDuplicate(bytes.length, nowSeconds)
      })
    },
    forget(bytes) {
      check(bytes, 0)
      return memory.borrow((loan) => {
        loan.writeInput(bytes)
        return loan.calls.forgetDuplicate(bytes.length)
      })
    },
    clear: rekey,
  }
}
