/** @module The MAC algorithms of protocol.md §4, one-shot. */
import { assertLength, assertWithin, type CoreMemory } from './memory.ts'

export type MacAlgorithm =
  | 'cup-ecb'
  | 'cup-sm4'
  | 'x9.9'
  | 'x9.19'
  | 'x9.19-bin4'
  | 'x9.19-hex4'
  | 'xor-3des'
  | 'aes-cmac'
  | 'sm4-cbc-mac'
  | 'sm4-cbc-mac-pad3'
  | 'cup-sm4-bin'

/** `code` as in `assembly/mac.ts`; lengths in bytes. */
interface MacSpec {
  readonly code: number
  readonly keyBytes: readonly number[]
  readonly macBytes: number
}

/**
 * Key and MAC lengths of each algorithm. The first seven and the last one return the 8 bytes of field 64. `cup-ecb`, `cup-sm4` and
 * `x9.19-hex4` return eight upper-case hex characters, `x9.19-bin4` 4 bytes and 4 zeros, the others 8 bytes.
 */
export const MACS: Readonly<Record<MacAlgorithm, MacSpec>> = {
  'cup-ecb': { code: 0, keyBytes: [8, 16], macBytes: 8 },
  'cup-sm4': { code: 1, keyBytes: [16], macBytes: 8 },
  'x9.9': { code: 2, keyBytes: [8], macBytes: 8 },
  'x9.19': { code: 3, keyBytes: [8, 16], macBytes: 8 },
  'x9.19-bin4': { code: 4, keyBytes: [8, 16], macBytes: 8 },
  'x9.19-hex4': { code: 5, keyBytes: [8, 16], macBytes: 8 },
  'xor-3des': { code: 6, keyBytes: [16, 24], macBytes: 8 },
  'aes-cmac': { code: 7, keyBytes: [16, 24, 32], macBytes: 16 },
  'sm4-cbc-mac': { code: 8, keyBytes: [16], macBytes: 16 },
  'sm4-cbc-mac-pad3': { code: 9, keyBytes: [16], macBytes: 16 },
  'cup-sm4-bin': { code: 10, keyBytes: [16], macBytes: 8 },
}

/** The shortest MAC that may be agreed, in bytes. The core refuses a shorter one. */
const SHORTEST_MAC_BYTES = 4

export interface MacFunctions {
  /**
   * The whole MAC of the message. Throws RangeError on a wrong key length, or on a message longer than the input
   * region.
   */
  computeMac(algorithm: MacAlgorithm, key: Uint8Array, message: Uint8Array): Uint8Array
  /**
   * Compares in constant time inside the core, so the right MAC never leaves it. `macBytes` is the length agreed with
   * the sender, from 4 to the whole MAC (the default). It is never the length of the received MAC. A `mac` of another
   * length is false. Throws RangeError like `computeMac`.
   */
  verifyMac(
    algorithm: MacAlgorithm,
    key: Uint8Array,
    message: Uint8Array,
    mac: Uint8Array,
    macBytes?: number,
  ): boolean
}

/** The MAC functions over a core. */
export function macFunctions(memory: CoreMemory): MacFunctions {
  function check(algorithm: MacAlgorithm, key: Uint8Array, message: Uint8Array): MacSpec {
    const spec = MACS[algorithm]
    assertLength(`${algorithm} key`, key, spec.keyBytes)
    assertWithin('message, in bytes', message.length, 0, memory.messageBytes)
    return spec
  }
  return {
    computeMac(algorithm, key, message) {
      const spec = check(algorithm, key, message)
      return memory.borrow((loan) => {
        loan.write('KEY', key)
        loan.writeInput(message)
        return loan.read('MAC', loan.calls.computeMac(spec.code, key.length, message.length))
      })
    },
    verifyMac(algorithm, key, message, mac, macBytes) {
      const spec = check(algorithm, key, message)
      const agreed = macBytes ?? spec.macBytes
      assertWithin(`${algorithm} MAC, in bytes`, agreed, SHORTEST_MAC_BYTES, spec.macBytes)
      if (mac.length !== agreed) return false
      return memory.borrow((loan) => {
        loan.write('KEY', key)
        loan.writeInput(message)
        loan.write('OFFERED_MAC', mac)
        return loan.calls.verifyMac(spec.code, key.length, message.length, agreed) === 1
      })
    },
  }
}
