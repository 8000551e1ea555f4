/** @module The core over a memory that the test can watch, from `build/core.wasm` (built if need be). Node only. */
import { loadCoreModule } from '../../src/cli/core.ts'
import { type Core, type CoreOptions, coreOver } from '../../src/core/instance.ts'
import { CoreMemory } from '../../src/core/memory.ts'

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
