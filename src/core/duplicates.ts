/**
 * @module The table of recent messages, one per isolate. Its capacity is fixed, and its content may be lost at any
 * time. It is a hint: a hit is compared with the stored request, and only verified messages are entered.
 */
import { assertWithin, type CoreMemory } from './memory.ts'

const LATEST_SECOND = 0xffff_ffff

export interface Duplicates {
  /** Number of entries. A handle is less than this. */
  readonly capacity: number
  /**
   * The handle of an entry that is not older than the window, or -1. `nowSeconds` is an integer, usually Unix seconds.
   * Throws RangeError on a longer message than the core takes.
   */
  lookup(bytes: Uint8Array, nowSeconds: number): number
  /**
   * Enters or renews a message, and returns its handle. The embedder keeps its own data under the handle. When all
   * places are full, the oldest entry is replaced, and its handle then belongs to the new one.
   */
  insert(bytes: Uint8Array, nowSeconds: number): number
  /** Removes the entry. Returns its handle, or -1. */
  forget(bytes: Uint8Array): number
  /** Empties the table and gives it a new key. */
  clear(): void
}

/**
 * The table over a core. `random` fills the 16-byte SipHash key at the first use, because workerd has no random bytes
 * while a Worker starts. `windowSeconds`: the life of an entry. Throws RangeError when it is no 32-bit count.
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
    // A new instance has an empty table, because linear memory begins with zeros.
    if (keyedGeneration !== memory.generation) rekey()
  }

  function rekey(): void {
    const key = new Uint8Array(16)
    random(key)
    memory.borrow((loan) => loan.write('SIPHASH_KEY', key))
    key.fill(0)
    keyedGeneration = memory.generation
  }

  function clear(): void {
    memory.borrow((loan) => loan.clear('DUPLICATES'))
    rekey()
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
    clear,
  }
}
