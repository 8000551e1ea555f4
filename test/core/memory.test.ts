/** @module The linear memory: what is exported, where the regions lie, and that nothing is left behind in them. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { corePath } from '../../src/cli/build.ts'
import { CIPHERS } from '../../src/core/cipher.ts'
import type { BlockCipher, MacAlgorithm } from '../../src/core/instance.ts'
import { MACS } from '../../src/core/mac.ts'
import { type CoreExports, CoreMemory, type Loan, REGIONS, regionsOf } from '../../src/core/memory.ts'
import { coreModule, watchedCore } from '../support/load-core.ts'

const GUARD_BYTES = 64
const PAGE_BYTES = 65_536

/** Addresses of bytes that are not zero outside the constant and resident regions. */
function leftovers(exports: CoreExports): number[] {
  const bytes = new Uint8Array(exports.memory.buffer)
  const kept = regionsOf(exports).filter(({ kind }) => kind === 'constant' || kind === 'resident')
  const found: number[] = []
  let from = 0
  for (const { address, bytes: size } of [...kept, { address: bytes.length, bytes: 0 }]) {
    for (let at = from; at < address; at++) if (bytes[at] !== 0) found.push(at)
    from = address + size
  }
  return found
}

const regionCopy = (exports: CoreExports, name: string) => {
  const region = regionsOf(exports).find((each) => each.name === name)
  if (region === undefined) throw new Error(`no region ${name}`)
  return new Uint8Array(exports.memory.buffer.slice(region.address, region.address + region.bytes))
}

describe('the module', () => {
  test('imports nothing and exports this', () => {
    const names = WebAssembly.Module.exports(coreModule).map(({ name, kind }) => `${kind} ${name}`)
    expect(WebAssembly.Module.imports(coreModule)).toEqual([])
    expect(names.sort()).toMatchSnapshot()
  })

  test('has what the host declares, and nothing else', () => {
    const regions = REGIONS.flatMap(({ name }) => [`${name}_ADDRESS`, `${name}_BYTES`])
    const limits = ['ABI_VERSION', 'MESSAGE_BYTES', 'DUPLICATE_ENTRIES', 'DUPLICATE_ENTRY_BYTES', 'memory']
    const functions = [
      ...['computeMac', 'verifyMac', 'encrypt', 'decrypt', 'wrapKey', 'unwrapKey', 'keyCheckValue', 'lrc'],
      ...['lookupDuplicate', 'insertDuplicate', 'forgetDuplicate'],
    ]
    const names = WebAssembly.Module.exports(coreModule).map(({ name }) => name)
    expect(names.sort()).toEqual([...regions, ...limits, ...functions].sort())
  })

  test('is at most 48 KiB and has no start function', async () => {
    const bytes = await readFile(corePath)
    expect(bytes.length).toBeLessThanOrEqual(48 * 1024)
    expect(sectionIds(bytes)).not.toContain(8)
  })

  test('has a memory that cannot grow', () => {
    const { exports } = new CoreMemory(coreModule)
    const before = exports.memory.buffer.byteLength
    expect(() => exports.memory.grow(1)).toThrow(RangeError)
    expect(exports.memory.buffer.byteLength).toBe(before)
    const last = regionsOf(exports).at(-1)
    expect(before - ((last?.address ?? 0) + (last?.bytes ?? 0))).toBeLessThan(PAGE_BYTES)
  })

  test('of another ABI is refused', () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    const other: WebAssembly.Module = Reflect.construct(WebAssembly.Module, [empty])
    expect(() => new CoreMemory(other)).toThrow('core ABI: expected 1, got undefined')
  })
})

/** The ids of the sections of a WASM binary, in order. Section 8 is the start function. */
function sectionIds(bytes: Uint8Array): number[] {
  const ids: number[] = []
  let at = 8
  while (at < bytes.length) {
    ids.push(bytes[at++] ?? 0)
    let size = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[at++] ?? 0
      size |= (byte & 0x7f) << shift
      more = byte > 0x7f
    }
    at += size
  }
  return ids
}

describe('the regions', () => {
  const { exports } = new CoreMemory(coreModule)
  const regions = regionsOf(exports)

  test('lie in the declared order with a guard behind each', () => {
    const ends = [...regions.slice(1).map(({ address }) => address), exports.memory.buffer.byteLength]
    regions.forEach(({ name, address, bytes }, at) => {
      expect(ends[at] ?? 0, name).toBeGreaterThanOrEqual(address + bytes + GUARD_BYTES)
    })
  })

  test('of one class lie together, so that the secret ones are wiped in one stroke', () => {
    const kinds = regions.map(({ kind }) => kind)
    expect(kinds).toEqual([...kinds].sort((a, b) => kinds.indexOf(a) - kinds.indexOf(b)))
  })

  test('are as large as promised', () => {
    expect(exports.MESSAGE_BYTES.value).toBeGreaterThanOrEqual(4096)
    expect(exports.DUPLICATE_ENTRIES.value).toBeGreaterThanOrEqual(65_536)
    expect(exports.DUPLICATE_ENTRY_BYTES.value).toBeLessThanOrEqual(24)
    expect(exports.DUPLICATES_BYTES.value).toBe(
      exports.DUPLICATE_ENTRIES.value * exports.DUPLICATE_ENTRY_BYTES.value,
    )
  })

  test('hold nothing but the tables at the start', () => {
    expect(leftovers(exports)).toEqual([])
    expect(regionCopy(exports, 'DUPLICATES').every((byte) => byte === 0)).toBe(true)
  })
})

describe('after a call nothing is left', () => {
  const { core, memory } = watchedCore()
  const tables = regionCopy(memory.exports, 'TABLES')
  const filled = (length: number) => new Uint8Array(length).fill(0xff)
  const sizes = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 150, 4096, 10_240]

  function expectClean(what: string, generation = 0): void {
    expect(leftovers(memory.exports), what).toEqual([])
    expect(regionCopy(memory.exports, 'TABLES'), what).toEqual(tables)
    expect(memory.generation).toBe(generation)
  }

  test('the sweep sees what a loan writes', () => {
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

  test('the duplicate table, but for the table itself', () => {
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

  test('other calls do not touch the duplicate table', () => {
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

  test('refusals', () => {
    expect(() => core.computeMac('cup-ecb', filled(9), filled(5))).toThrow(RangeError)
    expect(() => core.verifyMac('cup-ecb', filled(8), filled(10_241), filled(8))).toThrow(RangeError)
    expect(() => core.encrypt('aes', filled(16), filled(15))).toThrow(RangeError)
    expect(() => core.wrapKey('des', filled(16), filled(7))).toThrow(RangeError)
    expect(() => core.duplicates.insert(filled(10_241), 5)).toThrow(RangeError)
    expectClean('refusals')
  })
})

test.each(Object.entries(MACS))('%s does not depend on what lies behind the message', (name, spec) => {
  const { core, memory } = watchedCore()
  const key = new Uint8Array(spec.keyBytes[0] ?? 0).fill(3)
  for (let size = 0; size <= 33; size++) {
    const dirty = memory.borrow((loan) => {
      loan.write('KEY', key)
      loan.writeInput(new Uint8Array(100).fill(0xff))
      return loan.read('MAC', loan.calls.computeMac(spec.code, key.length, size))
    })
    expect(dirty).toEqual(core.computeMac(name as MacAlgorithm, key, new Uint8Array(size).fill(0xff)))
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
    // The new instance works; its duplicate table is empty and has a key of its own.
    expect(core.duplicates.lookup(message, 5)).toBe(-1)
    expect(regionCopy(memory.exports, 'SIPHASH_KEY')).toEqual(new Uint8Array(16).fill(2))
    expect(core.computeMac('cup-ecb', new Uint8Array(8), message)).toHaveLength(8)
  })

  test('an error of the caller inside a loan costs the instance too', () => {
    const { memory } = watchedCore()
    const dropped = memory.exports
    const careless = () =>
      memory.borrow((loan) => {
        loan.write('KEY', new Uint8Array(32).fill(0xee))
        loan.write('KEY', new Uint8Array(33))
      })
    expect(careless).toThrow('KEY, in bytes: expected 0 to 32, got 33')
    expect(leftovers(dropped)).toEqual([])
    expect(memory.generation).toBe(1)
  })
})
