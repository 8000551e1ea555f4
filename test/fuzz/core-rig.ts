/**
 * @module A program (`program.ts`) run on the compiled module in Node, under the same properties as in
 * `core.c`. There every access is watched. Here each call runs in two memories that differ in every byte that
 * it may not read. It must give the same result in both, and change only what it may write.
 */

import { type CoreExports, type Region, type RegionName, regionsOf } from '../../src/core/memory.ts'
import { contractOf, type Extent } from './contract.ts'
import { Counterexample } from './counterexample.ts'
import { type Call, contents, lengthsOf, readProgram } from './program.ts'
import { TableModel } from './table-model.ts'

type Regions = Readonly<Record<RegionName, Region>>

/** As in `core.c`, so that a program has the same contents there. */
const KEY_SALT = 1
const MESSAGE_SALT = 2
const POISON_SALT = 9
const POISONS = [101, 102] as const

export const keyOf = ({ seed }: Call): Uint8Array => contents(seed, KEY_SALT, 32)

export function messageOf({ seed, literal }: Call, length: number): Uint8Array {
  const message = contents(seed, MESSAGE_SALT, length)
  message.set(literal.subarray(0, length))
  return message
}

const clamp = (value: number, high: number): number => Math.max(0, Math.min(value, high))

/** An instance with poison in every byte that the call may not use. */
class Memory {
  readonly bytes: Uint8Array
  readonly exports: CoreExports
  readonly regions: Regions
  readonly #image: Uint8Array

  constructor(module: WebAssembly.Module, poison: number) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as CoreExports
    this.regions = Object.fromEntries(
      regionsOf(this.exports).map((region) => [region.name, region]),
    ) as Regions
    this.bytes = new Uint8Array(this.exports.memory.buffer)
    this.#image = contents(poison, POISON_SALT, this.bytes.length)
    this.#image.set(
      this.read({ name: 'TABLES', bytes: Number.POSITIVE_INFINITY }),
      this.regions.TABLES.address,
    )
    this.bytes.set(this.#image)
  }

  read({ name, bytes }: Extent): Uint8Array {
    const region = this.regions[name]
    return this.bytes.slice(region.address, region.address + Math.min(bytes, region.bytes))
  }

  write(name: RegionName, bytes: Uint8Array): void {
    this.bytes.set(bytes.subarray(0, this.regions[name].bytes), this.regions[name].address)
  }

  /** Poisons it again, up to the duplicate table. */
  reset(): void {
    this.bytes.set(this.#image.subarray(0, this.regions.DUPLICATES.address))
  }

  /** Undefined when it ended in `unreachable`. Any other trap is a counterexample. */
  call({ operation, args }: Call): number | undefined {
    const call: (...args: number[]) => number = this.exports[operation]
    try {
      return call(...args)
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error
      if (error.message === 'unreachable') return undefined
      throw new Counterexample(`a trap other than a refusal: ${error.message}`)
    }
  }

  /** Like `call`. A byte before the table that changed outside of `writes` is a counterexample. */
  watchedCall(call: Call, writes: readonly Extent[]): number | undefined {
    const end = this.regions.DUPLICATES.address
    const before = this.bytes.slice(0, end)
    const result = this.call(call)
    for (const extent of writes) before.set(this.read(extent), this.regions[extent.name].address)
    if (Buffer.compare(before, this.bytes.subarray(0, end)) === 0) return result
    const at = before.findIndex((byte, address) => byte !== this.bytes[address])
    throw new Counterexample(`wrote to address ${at}`)
  }

  /** Whether the table and all bytes after it are unchanged. */
  isTailWhole(): boolean {
    const start = this.regions.DUPLICATES.address
    return Buffer.compare(this.bytes.subarray(start), this.#image.subarray(start)) === 0
  }
}

export class CoreRig {
  readonly #memories: readonly [Memory, Memory]
  readonly #table: TableModel
  readonly #tableMemory: Memory
  readonly #messageLimit: number

  constructor(module: WebAssembly.Module) {
    this.#memories = [new Memory(module, POISONS[0]), new Memory(module, POISONS[1])]
    this.#tableMemory = new Memory(module, POISONS[0])
    const { exports, bytes, regions } = this.#tableMemory
    this.#messageLimit = exports.MESSAGE_BYTES.value
    this.#table = new TableModel(bytes.subarray(regions.DUPLICATES.address), exports.DUPLICATE_ENTRIES.value)
  }

  /** Throws `Counterexample` when a property does not hold. */
  run(program: Uint8Array): void {
    for (const call of readProgram(program)) {
      try {
        this.#run(call)
      } catch (error) {
        if (!(error instanceof Counterexample)) throw error
        throw new Counterexample(`${error.message}: ${call.operation}(${call.args.join(', ')})`)
      }
    }
    if (!this.#memories.every((memory) => memory.isTailWhole()))
      throw new Counterexample('wrote to the table or after it')
    this.#table.clear()
  }

  #run(call: Call): void {
    const { taken, writes, output } = contractOf(call, this.#messageLimit)
    if (call.operation.endsWith('Duplicate') && taken) {
      this.#runOnTable(call)
      return
    }
    const offered = call.operation === 'verifyMac' && writes.length > 0 ? this.#offer(call) : undefined
    const [one, other] = this.#memories.map((memory) => {
      this.#prepare(memory, call)
      if (offered !== undefined)
        memory.write('OFFERED_MAC', offered.mac.subarray(0, clamp(call.args[3] ?? 0, 16)))
      const result = memory.watchedCall(call, writes)
      if (taken !== (result !== undefined)) throw new Counterexample(taken ? 'trapped' : 'not refused')
      return { result, bytes: output === undefined ? undefined : memory.read(output) }
    })
    if (one === undefined || other === undefined || !taken) return
    if (one.result !== other.result || Buffer.compare(one.bytes ?? NONE, other.bytes ?? NONE) !== 0)
      throw new Counterexample('depends on bytes that it may not read')
    const expected = offered?.verdict ?? output?.bytes ?? lrcOf(call)
    if (one.result !== expected) throw new Counterexample(`gave ${one.result} instead of ${expected}`)
  }

  /** Key and message of the call's lengths, with poison around them. */
  #prepare(memory: Memory, call: Call): void {
    const { keyBytes, messageBytes } = lengthsOf(call)
    memory.reset()
    memory.write('KEY', keyOf(call).subarray(0, clamp(keyBytes, 32)))
    const name = call.operation.endsWith('wrapKey') ? 'WORKING_KEY' : 'INPUT'
    memory.write(name, messageOf(call, clamp(messageBytes, this.#messageLimit)))
  }

  /** The MAC offered to a verifyMac, and the right verdict. */
  #offer(call: Call): { readonly mac: Uint8Array; readonly verdict: number } {
    const [memory] = this.#memories
    const compute: Call = { ...call, operation: 'computeMac', args: call.args.slice(0, 3) }
    this.#prepare(memory, compute)
    const mac = memory.read({ name: 'MAC', bytes: memory.call(compute) ?? 0 })
    if (call.offer === 0) return { mac, verdict: 1 }
    const bit = (call.offer - 1) % (8 * mac.length)
    mac[bit >> 3] = (mac[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
    return { mac, verdict: bit < 8 * (call.args[3] ?? 0) ? 0 : 1 }
  }

  #runOnTable(call: Call): void {
    const memory = this.#tableMemory
    this.#prepare(memory, call)
    memory.write('SIPHASH_KEY', this.#table.key)
    const message = messageOf(call, call.args[0] ?? 0)
    this.#table.layOut(call, message)
    const fault = this.#table.faultOf(call, message, memory.watchedCall(call, []))
    if (fault !== undefined) throw new Counterexample(fault)
  }
}

const NONE = new Uint8Array()

function lrcOf(call: Call): number {
  const [seed = 0, bytes = 0] = call.args
  return messageOf(call, bytes).reduce((sum, byte) => sum ^ byte, seed)
}
