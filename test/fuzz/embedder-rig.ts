/**
 * @module A program (`program.ts`) run through the embedder. It calls every function of the core with
 * arguments of these lengths, allowed or not, and every call of the ABI inside a loan. A function returns a
 * result or a RangeError without content, and never traps. After each call the memory is clean.
 */

import { CIPHERS } from '../../src/core/cipher.ts'
import { type Core, coreOver } from '../../src/core/instance.ts'
import { MACS } from '../../src/core/mac.ts'
import { CoreMemory } from '../../src/core/memory.ts'
import { leftovers } from '../support/load-core.ts'
import { contractOf } from './contract.ts'
import { keyOf, messageOf } from './core-rig.ts'
import { Counterexample } from './counterexample.ts'
import { type Call, contents, lengthsOf, readProgram } from './program.ts'

/** Longer than the core accepts, and no longer than a test can afford. */
const LONGEST_MESSAGE = 20_000
const LONGEST_KEY = 64
/** A trap costs an instance, so one refused call in this many runs in a loan. */
const TRAPS_ONE_IN = 32
const REFUSAL = /^[\w.\- ,]+: expected [\w ]+, got -?\d+( bytes)?$/

const named = <T extends string>(
  specs: Readonly<Record<T, { readonly code: number }>>,
  code: number,
): T | undefined => (Object.keys(specs) as T[]).find((name) => specs[name].code === code)

const clamp = (value: number, high: number): number => Math.max(0, Math.min(value, high))

export class EmbedderRig {
  readonly #memory: CoreMemory
  readonly #core: Core
  #generation = 0

  constructor(module: WebAssembly.Module) {
    this.#memory = new CoreMemory(module)
    this.#core = coreOver(this.#memory, (bytes) => bytes.set(contents(7, 0, bytes.length)))
  }

  /** Throws `Counterexample` when a property does not hold. */
  run(program: Uint8Array): void {
    for (const call of readProgram(program)) {
      const fault = this.#asAcquirer(call) ?? this.#inLoan(call)
      if (fault !== undefined)
        throw new Counterexample(`${fault}: ${call.operation}(${call.args.join(', ')})`)
    }
  }

  #asAcquirer(call: Call): string | undefined {
    try {
      this.#call(call)
    } catch (error) {
      if (!(error instanceof RangeError)) return `threw ${String(error)}`
      if (!REFUSAL.test(error.message)) return `refused with the text "${error.message}"`
    }
    if (this.#memory.generation !== this.#generation) return 'trapped although the embedder had accepted it'
    return leftovers(this.#memory.exports).length === 0 ? undefined : 'left something in the memory'
  }

  #call(call: Call): unknown {
    const [first = 0, second = 0, third = 0, fourth = 0] = call.args
    const { keyBytes, messageBytes } = lengthsOf(call)
    const key = contents(call.seed, 1, clamp(keyBytes, LONGEST_KEY))
    const message = messageOf(call, clamp(messageBytes, LONGEST_MESSAGE))
    const core = this.#core
    const algorithm = named(MACS, first)
    const cipher = named(CIPHERS, first)
    switch (call.operation) {
      case 'computeMac':
        return algorithm && core.computeMac(algorithm, key, message)
      case 'verifyMac':
        return (
          algorithm &&
          core.verifyMac(algorithm, key, message, contents(call.offer, 3, clamp(fourth, 32)), fourth)
        )
      case 'encrypt':
      case 'decrypt':
        return cipher && core[call.operation](cipher, key, message)
      case 'wrapKey':
      case 'unwrapKey':
        return core[call.operation](cipher === 'sm4' ? 'sm4' : 'des', key, message)
      case 'keyCheckValue':
        return cipher && core.keyCheckValue(cipher, key, call.literal.length)
      case 'lrc':
        return core.lrc(message, {
          seed: first,
          includeStx: second % 2 === 0,
          includeLength: call.seed % 2 === 0,
        })
      case 'lookupDuplicate':
        return core.duplicates.lookup(message, second + (third >>> 1))
      case 'insertDuplicate':
        return core.duplicates.insert(message, second)
      case 'forgetDuplicate':
        return core.duplicates.forget(message)
    }
  }

  /** The bare call, its regions written by a careless embedder. */
  #inLoan(call: Call): string | undefined {
    const memory = this.#memory
    const { taken } = contractOf(call, memory.messageBytes)
    if (!taken && call.seed % TRAPS_ONE_IN !== 0) return undefined
    const { messageBytes } = lengthsOf(call)
    const used = memory.exports
    try {
      memory.borrow((loan) => {
        loan.write('KEY', keyOf(call))
        loan.write('WORKING_KEY', contents(call.seed, 3, 32))
        loan.write('OFFERED_MAC', contents(call.offer, 3, 16))
        loan.writeInput(messageOf(call, taken ? messageBytes : memory.messageBytes))
        const function_: (...args: number[]) => number = loan.calls[call.operation]
        return function_(...call.args)
      })
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error
    }
    const isFresh = memory.generation === this.#generation + 1 && memory.exports !== used
    if (taken === isFresh) return taken ? 'cost the instance' : 'did not cost the instance'
    this.#generation = memory.generation
    return leftovers(used).length + leftovers(memory.exports).length === 0
      ? undefined
      : 'left something in the memory'
  }
}
