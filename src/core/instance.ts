/**
 * @module The core as the rest of the service sees it. The module is passed in, compiled, so that the Worker (which must
 * import it), Node tools and tests run the same bytes.
 */
import { type CipherFunctions, cipherFunctions } from './cipher.ts'
import { type Duplicates, duplicatesOf } from './duplicates.ts'
import { type KeyFunctions, keyFunctions } from './keys.ts'
import { type LrcFunction, lrcFunction } from './lrc.ts'
import { type MacFunctions, macFunctions } from './mac.ts'
import { CoreMemory } from './memory.ts'

export type { BlockCipher } from './cipher.ts'
export type { Duplicates } from './duplicates.ts'
export type { WrappingCipher } from './keys.ts'
export type { LrcOptions } from './lrc.ts'
export type { MacAlgorithm } from './mac.ts'
export { ABI_VERSION } from './memory.ts'

export interface Core extends MacFunctions, CipherFunctions, KeyFunctions {
  readonly lrc: LrcFunction
  readonly duplicates: Duplicates
}

export interface CoreOptions {
  /** How long an entry of the duplicate table counts, in seconds. */
  readonly duplicateWindowSeconds?: number
}

/** Time enough for a terminal's retries, short enough for a table per isolate. */
const DUPLICATE_WINDOW_SECONDS = 120

/**
 * Instantiates the core. `random` fills its argument with random bytes (`crypto.getRandomValues`); it is called when the
 * duplicate table is first used. Throws RangeError if the module has another ABI.
 */
export function createCore(
  module: WebAssembly.Module,
  random: (bytes: Uint8Array) => void,
  options: CoreOptions = {},
): Core {
  return coreOver(new CoreMemory(module), random, options)
}

/** The same over a memory of the caller's: the tests watch it. */
export function coreOver(
  memory: CoreMemory,
  random: (bytes: Uint8Array) => void,
  options: CoreOptions = {},
): Core {
  return {
    ...macFunctions(memory),
    ...cipherFunctions(memory),
    ...keyFunctions(memory),
    lrc: lrcFunction(memory),
    duplicates: duplicatesOf(memory, random, options.duplicateWindowSeconds ?? DUPLICATE_WINDOW_SECONDS),
  }
}
