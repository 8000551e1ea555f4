/**
 * @module The core over a memory that the test can read, from `build/core.wasm` (built if it is missing).
 * Node only.
 */
import { loadCoreModule } from '../../src/cli/lib/core.ts'
import { type Core, type CoreOptions, coreOver } from '../../src/core/instance.ts'
import { type CoreExports, CoreMemory, type RegionName, regionsOf } from '../../src/core/memory.ts'

export const coreModule: WebAssembly.Module = await loadCoreModule()

export const randomKey = (bytes: Uint8Array): void => {
  crypto.getRandomValues(bytes)
}

/** A fresh core and its memory. `random` fills the key of the duplicate table. */
export function watchedCore(
  random: (bytes: Uint8Array) => void = randomKey,
  options: CoreOptions = {},
): { readonly core: Core; readonly memory: CoreMemory } {
  const memory = new CoreMemory(coreModule)
  return { core: coreOver(memory, random, options), memory }
}

/** Addresses of bytes that are not zero outside the constant and resident regions. */
export function leftovers(exports: CoreExports): number[] {
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

/** The bytes of a region as they are now. */
export function regionCopy(exports: CoreExports, name: RegionName): Uint8Array {
  const region = regionsOf(exports).find((each) => each.name === name)
  if (region === undefined) throw new Error(`no region ${name}`)
  return new Uint8Array(exports.memory.buffer.slice(region.address, region.address + region.bytes))
}
