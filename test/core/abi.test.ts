/** @module The compiled module: its exports, its size, and the regions of its memory. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { corePath } from '../../src/cli/build.ts'
import { CoreMemory, REGIONS, regionsOf } from '../../src/core/memory.ts'
import { coreModule, leftovers, regionCopy } from '../support/load-core.ts'

const GUARD_BYTES = 64
const PAGE_BYTES = 65_536

describe('the module', () => {
  test('imports nothing and exports this', () => {
    const names = WebAssembly.Module.exports(coreModule).map(({ name, kind }) => `${kind} ${name}`)
    expect(WebAssembly.Module.imports(coreModule)).toEqual([])
    expect(names.sort()).toMatchSnapshot()
  })

  test('exports what the embedder declares, and nothing else', () => {
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

  test('is rejected when its ABI version differs', () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    const other: WebAssembly.Module = Reflect.construct(WebAssembly.Module, [empty])
    expect(() => new CoreMemory(other)).toThrow('core ABI: expected 1, got undefined')
  })
})

/** The section ids of a WASM binary, in order. Section 8 is the start function. */
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

  test('of one class are adjacent, so that one fill wipes the secret ones', () => {
    const kinds = regions.map(({ kind }) => kind)
    expect(kinds).toEqual([...kinds].sort((a, b) => kinds.indexOf(a) - kinds.indexOf(b)))
  })

  test('have the declared sizes', () => {
    expect(exports.MESSAGE_BYTES.value).toBeGreaterThanOrEqual(4096)
    expect(exports.DUPLICATE_ENTRIES.value).toBeGreaterThanOrEqual(65_536)
    expect(exports.DUPLICATE_ENTRY_BYTES.value).toBeLessThanOrEqual(24)
    expect(exports.DUPLICATES_BYTES.value).toBe(
      exports.DUPLICATE_ENTRIES.value * exports.DUPLICATE_ENTRY_BYTES.value,
    )
  })

  test('hold only the tables at the start', () => {
    expect(leftovers(exports)).toEqual([])
    expect(regionCopy(exports, 'DUPLICATES').every((byte) => byte === 0)).toBe(true)
  })
})
