/**
 * @module The core as one object. The caller passes the compiled module, so that the Worker (which must import it),
 * Node tools and tests run the same bytes.
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
  /** The life of an entry in the duplicate table, in seconds. */
  readonly duplicateWindowSeconds?: number
}

/** Long enough for a terminal's retries, short enough for a table in one isolate. */
const DUPLICATE_WINDOW_SECONDS = 120

/**
 * Instantiates the core. `random` fills its argument with random bytes (`crypto.getRandomValues`). It is called at the
 * first use of the duplicate table. Throws RangeError when the module has another ABI.
 */
export function createCore(
  module: WebAssembly.Module,
  random: (bytes: Uint8Array) => void,
  options: CoreOptions = {},
): Core {
  return coreOver(new CoreMemory(module), random, options)
}

/** The same over a given memory. Tests use it to watch the memory. */
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
