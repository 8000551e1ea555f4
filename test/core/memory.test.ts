/** @module The linear memory: no call leaves data in it, however the call ends. */
import { describe, expect, test } from 'vitest'
import { CIPHERS } from '../../src/core/cipher.ts'
import type { BlockCipher, MacAlgorithm } from '../../src/core/instance.ts'
import { MACS } from '../../src/core/mac.ts'
import type { Loan } from '../../src/core/memory.ts'
import { leftovers, regionCopy, watchedCore } from '../support/load-core.ts'

describe('the memory is clean after', () => {
  const { core, memory } = watchedCore()
  const tables = regionCopy(memory.exports, 'TABLES')
  const filled = (length: number) => new Uint8Array(length).fill(0xff)
  const sizes = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 150, 4096, 10_240]

  function expectClean(what: string, generation = 0): void {
    expect(leftovers(memory.exports), what).toEqual([])
    expect(regionCopy(memory.exports, 'TABLES'), what).toEqual(tables)
    expect(memory.generation).toBe(generation)
  }

  test('a loan, although the sweep sees what a loan writes', () => {
    memory.borrow((loan) => {
      loan.writeInput(filled(3))
      loan.write('KEY', filled(2))
      expect(leftovers(memory.exports)).toHaveLength(5)
    })
    expectClean('loan')
  })

  test.each(Object.entries(MACS))('computeMac and verifyMac, %s', (name, { keyBytes, macBytes }) => {
    const algorithm = name as MacAlgorithm
    for (const length of keyBytes) {
      for (const size of sizes) {
        const mac = core.computeMac(algorithm, filled(length), filled(size))
        expectClean(`compute ${size}`)
        expect(core.verifyMac(algorithm, filled(length), filled(size), mac)).toBe(true)
        expectClean(`verify, right, ${size}`)
        expect(core.verifyMac(algorithm, filled(length), filled(size), filled(macBytes))).toBe(false)
        expectClean(`verify, wrong, ${size}`)
      }
    }
  })

  test.each(Object.entries(CIPHERS))(
    'encrypt, decrypt and keyCheckValue, %s',
    (name, { keyBytes, blockBytes }) => {
      const cipher = name as BlockCipher
      for (const length of keyBytes) {
        for (const blocks of [0, 1, 2, 640]) {
          core.encrypt(cipher, filled(length), filled(blocks * blockBytes))
          expectClean('encrypt')
          core.decrypt(cipher, filled(length), filled(blocks * blockBytes))
          expectClean('decrypt')
        }
        core.keyCheckValue(cipher, filled(length))
        expectClean('keyCheckValue')
      }
    },
  )

  test('wrapKey and unwrapKey', () => {
    for (const tmk of [8, 16, 24]) {
      for (const key of [8, 16, 24, 32]) {
        core.wrapKey('des', filled(tmk), filled(key))
        expectClean('wrap')
        core.unwrapKey('des', filled(tmk), filled(key))
        expectClean('unwrap')
      }
    }
    core.wrapKey('sm4', filled(16), filled(32))
    expectClean('wrap')
    core.unwrapKey('sm4', filled(16), filled(32))
    expectClean('unwrap')
  })

  test('lrc', () => {
    for (const size of sizes) {
      core.lrc(filled(size), { seed: 255 })
      expectClean(`lrc ${size}`)
    }
  })

  test('the duplicate table, except for the table itself', () => {
    const before = regionCopy(memory.exports, 'DUPLICATES')
    for (const size of sizes) {
      core.duplicates.lookup(filled(size), 5)
      core.duplicates.insert(filled(size), 5)
      expectClean(`insert ${size}`)
      core.duplicates.forget(filled(size))
      expectClean(`forget ${size}`)
    }
    expect(regionCopy(memory.exports, 'DUPLICATES')).toEqual(before)
    core.duplicates.clear()
    expectClean('clear')
  })

  test('other calls, which leave the duplicate table unchanged', () => {
    core.duplicates.insert(filled(9), 5)
    const before = [regionCopy(memory.exports, 'DUPLICATES'), regionCopy(memory.exports, 'SIPHASH_KEY')]
    core.computeMac('aes-cmac', filled(32), filled(10_240))
    core.encrypt('3des', filled(24), filled(10_240))
    core.wrapKey('des', filled(24), filled(32))
    core.lrc(filled(10_240))
    expect([regionCopy(memory.exports, 'DUPLICATES'), regionCopy(memory.exports, 'SIPHASH_KEY')]).toEqual(
      before,
    )
  })

  test('rejected calls', () => {
    expect(() => core.computeMac('cup-ecb', filled(9), filled(5))).toThrow(RangeError)
    expect(() => core.verifyMac('cup-ecb', filled(8), filled(10_241), filled(8))).toThrow(RangeError)
    expect(() => core.encrypt('aes', filled(16), filled(15))).toThrow(RangeError)
    expect(() => core.wrapKey('des', filled(16), filled(7))).toThrow(RangeError)
    expect(() => core.duplicates.insert(filled(10_241), 5)).toThrow(RangeError)
    expectClean('refusals')
  })
})

test.each(Object.entries(MACS))('%s ignores old bytes after the message', (name, spec) => {
  const { core, memory } = watchedCore()
  const key = new Uint8Array(spec.keyBytes[0] ?? 0).fill(3)
  for (let size = 0; size <= 33; size++) {
    const macOverStaleInput = memory.borrow((loan) => {
      loan.write('KEY', key)
      loan.writeInput(new Uint8Array(100).fill(0xff))
      return loan.read('MAC', loan.calls.computeMac(spec.code, key.length, size))
    })
    expect(macOverStaleInput).toEqual(
      core.computeMac(name as MacAlgorithm, key, new Uint8Array(size).fill(0xff)),
    )
  }
})

describe('a call beyond the bounds traps, is wiped, and costs the instance', () => {
  const HUGE = 0x7fff_ffff
  const calls: readonly (readonly [string, (loan: Loan) => unknown])[] = [
    ['computeMac: unknown algorithm', ({ calls: core }) => core.computeMac(10, 8, 8)],
    ['computeMac: algorithm -1', ({ calls: core }) => core.computeMac(-1, 8, 8)],
    ...[10_241, -1, HUGE, -HUGE].flatMap((size) => [
      [`computeMac: ${size} bytes`, ({ calls: core }: Loan) => core.computeMac(0, 8, size)] as const,
      [`verifyMac: ${size} bytes`, ({ calls: core }: Loan) => core.verifyMac(3, 16, size, 8)] as const,
      [`encrypt: ${size} bytes`, ({ calls: core }: Loan) => core.encrypt(3, 16, size)] as const,
      [`decrypt: ${size} bytes`, ({ calls: core }: Loan) => core.decrypt(0, 8, size)] as const,
      [`lrc: ${size} bytes`, ({ calls: core }: Loan) => core.lrc(0, size)] as const,
      [
        `lookupDuplicate: ${size} bytes`,
        ({ calls: core }: Loan) => core.lookupDuplicate(size, 1, 1),
      ] as const,
      [`insertDuplicate: ${size} bytes`, ({ calls: core }: Loan) => core.insertDuplicate(size, 1)] as const,
      [`forgetDuplicate: ${size} bytes`, ({ calls: core }: Loan) => core.forgetDuplicate(size)] as const,
    ]),
    ...Object.values(MACS).flatMap(({ code, keyBytes, macBytes }) => [
      ...[0, -8, 7, 33, 40, HUGE].map(
        (length) =>
          [`MAC ${code}: key of ${length}`, (loan: Loan) => loan.calls.computeMac(code, length, 8)] as const,
      ),
      ...[0, 3, -1, macBytes + 1].map(
        (length) =>
          [
            `MAC ${code}: tag of ${length}`,
            (loan: Loan) => loan.calls.verifyMac(code, keyBytes[0] ?? 0, 8, length),
          ] as const,
      ),
    ]),
    ...[-1, 4].map(
      (cipher) => [`cipher ${cipher}`, (loan: Loan) => loan.calls.encrypt(cipher, 16, 16)] as const,
    ),
    ...Object.values(CIPHERS).flatMap(({ code, keyBytes, blockBytes }) => [
      [`cipher ${code}: key of 0`, (loan: Loan) => loan.calls.encrypt(code, 0, 16)] as const,
      [`cipher ${code}: key of 40`, (loan: Loan) => loan.calls.keyCheckValue(code, 40)] as const,
      [
        `cipher ${code}: half a block`,
        (loan: Loan) => loan.calls.decrypt(code, keyBytes[0] ?? 0, blockBytes / 2),
      ] as const,
      [
        `cipher ${code}: working key of 48`,
        (loan: Loan) => loan.calls.wrapKey(code, keyBytes[0] ?? 0, 48),
      ] as const,
      [
        `cipher ${code}: working key of 4`,
        (loan: Loan) => loan.calls.unwrapKey(code, keyBytes[0] ?? 0, 4),
      ] as const,
    ]),
    ['lrc: seed 256', ({ calls: core }) => core.lrc(256, 1)],
  ]

  test.each(calls)('%s', (_, call) => {
    let keys = 0
    const { core, memory } = watchedCore((bytes) => bytes.fill(++keys))
    const message = Uint8Array.of(1, 2, 3)
    core.duplicates.insert(message, 5)
    const dropped = memory.exports
    const trap = () =>
      memory.borrow((loan) => {
        loan.write('KEY', new Uint8Array(32).fill(0xee))
        loan.write('WORKING_KEY', new Uint8Array(32).fill(0xee))
        loan.write('OFFERED_MAC', new Uint8Array(16).fill(0xee))
        loan.writeInput(new Uint8Array(10_240).fill(0xee))
        call(loan)
      })
    expect(trap).toThrow(WebAssembly.RuntimeError)
    expect(leftovers(dropped)).toEqual([])
    expect(memory.exports).not.toBe(dropped)
    expect(memory.generation).toBe(1)
    expect(leftovers(memory.exports)).toEqual([])
    // The new instance works. Its duplicate table is empty and has its own key.
    expect(core.duplicates.lookup(message, 5)).toBe(-1)
    expect(regionCopy(memory.exports, 'SIPHASH_KEY')).toEqual(new Uint8Array(16).fill(2))
    expect(core.computeMac('cup-ecb', new Uint8Array(8), message)).toHaveLength(8)
  })

  test('a caller’s error inside a loan costs the instance too', () => {
    const { memory } = watchedCore()
    const dropped = memory.exports
    const writeTooMuch = () =>
      memory.borrow((loan) => {
        loan.write('KEY', new Uint8Array(32).fill(0xee))
        loan.write('KEY', new Uint8Array(33))
      })
    expect(writeTooMuch).toThrow('KEY, in bytes: expected 0 to 32, got 33')
    expect(leftovers(dropped)).toEqual([])
    expect(memory.generation).toBe(1)
  })
})
