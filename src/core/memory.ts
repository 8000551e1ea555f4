/**
 * @module The linear memory of the core: its regions by class, and `borrow`, the only way to use it.
 *
 * Requests share an isolate, and it changes from one to another only at an `await`. Nothing under `src/core` is
 * asynchronous, so the fixed regions need no lock. After each call this side wipes all that the call wrote. A wipe
 * inside WASM is not enough: a trap leaves the key bytes, and the instance works on.
 */

/** The ABI of this embedder. Each instantiation checks it. */
export const ABI_VERSION = 1

/**
 * The class of a region:
 *
 * - constant: tables, never written
 * - secret: keys, schedules and computed MACs, wiped after every call
 * - exchange: messages in and out, wiped after every call
 * - resident: the duplicate table, which lives as long as the instance
 */
export type RegionClass = 'constant' | 'secret' | 'exchange' | 'resident'

/** All regions in the order of their addresses. Addresses and sizes come from the module. */
export const REGIONS = [
  { name: 'TABLES', kind: 'constant' },
  { name: 'KEY', kind: 'secret' },
  { name: 'WORKING_KEY', kind: 'secret' },
  { name: 'SCHEDULE', kind: 'secret' },
  { name: 'STATE', kind: 'secret' },
  { name: 'MAC', kind: 'secret' },
  { name: 'OFFERED_MAC', kind: 'exchange' },
  { name: 'INPUT', kind: 'exchange' },
  { name: 'SIPHASH_KEY', kind: 'resident' },
  { name: 'DUPLICATES', kind: 'resident' },
] as const satisfies readonly { name: string; kind: RegionClass }[]

export type RegionName = (typeof REGIONS)[number]['name']
type RegionGlobal = `${RegionName}_ADDRESS` | `${RegionName}_BYTES`
type LimitGlobal = 'ABI_VERSION' | 'MESSAGE_BYTES' | 'DUPLICATE_ENTRIES' | 'DUPLICATE_ENTRY_BYTES'

/** The functions of `assembly/index.ts`. They take lengths and small enumerations, and return integers. */
export interface CoreFunctions {
  computeMac(algorithm: number, keyBytes: number, messageBytes: number): number
  verifyMac(algorithm: number, keyBytes: number, messageBytes: number, macBytes: number): number
  encrypt(cipher: number, keyBytes: number, dataBytes: number): number
  decrypt(cipher: number, keyBytes: number, dataBytes: number): number
  wrapKey(cipher: number, keyBytes: number, workingKeyBytes: number): number
  unwrapKey(cipher: number, keyBytes: number, workingKeyBytes: number): number
  keyCheckValue(cipher: number, keyBytes: number): number
  lrc(seed: number, bytes: number): number
  lookupDuplicate(messageBytes: number, now: number, window: number): number
  insertDuplicate(messageBytes: number, now: number): number
  forgetDuplicate(messageBytes: number): number
}

/** All exports of the module. A test compares the names with the real ones. */
export type CoreExports = CoreFunctions & { readonly memory: WebAssembly.Memory } & {
  readonly [name in RegionGlobal | LimitGlobal]: WebAssembly.Global
}

export interface Region {
  readonly name: RegionName
  readonly kind: RegionClass
  readonly address: number
  readonly bytes: number
}

/** Throws RangeError unless `low <= value <= high`. `what` is the name and unit in the error. */
export function assertWithin(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${what}: expected ${low} to ${high}, got ${value}`)
  }
}

/** Throws RangeError unless the length is one of `allowed`. */
export function assertLength(what: string, bytes: Uint8Array, allowed: readonly number[]): void {
  if (allowed.includes(bytes.length)) return
  throw new RangeError(`${what}: expected ${allowed.join(' or ')} bytes, got ${bytes.length}`)
}

/** The core during one `borrow`: write, call, read. */
export class Loan {
  readonly calls: CoreFunctions
  readonly #bytes: Uint8Array
  readonly #regions: Readonly<Record<string, Region>>
  readonly #input: Region
  readonly #paddingBytes: number
  readonly #wipeStart: number
  #inputUsed = 0

  constructor(exports: CoreExports, bytes: Uint8Array, regions: readonly Region[]) {
    this.calls = exports
    this.#bytes = bytes
    this.#regions = Object.fromEntries(regions.map((region) => [region.name, region]))
    this.#input = this.region('INPUT')
    this.#paddingBytes = this.#input.bytes - exports.MESSAGE_BYTES.value
    const wiped = regions.filter(({ kind }) => kind === 'secret' || kind === 'exchange')
    this.#wipeStart = Math.min(...wiped.map(({ address }) => address))
  }

  region(name: RegionName): Region {
    const region = this.#regions[name]
    if (region === undefined) throw new RangeError(`no region ${name}`)
    return region
  }

  /** Copies the message into the input region. Throws RangeError beyond its capacity. */
  writeInput(message: Uint8Array): void {
    assertWithin('message, in bytes', message.length, 0, this.#input.bytes - this.#paddingBytes)
    this.#inputUsed = Math.max(this.#inputUsed, message.length + this.#paddingBytes)
    this.#bytes.set(message, this.#input.address)
  }

  /** Copies the bytes to the start of a region. Throws RangeError when they do not fit. */
  write(name: Exclude<RegionName, 'INPUT' | 'TABLES'>, bytes: Uint8Array): void {
    const region = this.region(name)
    assertWithin(`${name}, in bytes`, bytes.length, 0, region.bytes)
    this.#bytes.set(bytes, region.address)
  }

  /** Copies the first `length` bytes of a region. Throws RangeError beyond the region. */
  read(name: RegionName, length: number): Uint8Array {
    const region = this.region(name)
    assertWithin(`${name}, in bytes`, length, 0, region.bytes)
    return this.#bytes.slice(region.address, region.address + length)
  }

  /** Zeroes a whole region. It is for the resident regions, which `wipe` skips. */
  clear(name: Exclude<RegionName, 'TABLES'>): void {
    const region = this.region(name)
    this.#bytes.fill(0, region.address, region.address + region.bytes)
  }

  /** Zeroes the secret and exchange regions, which are adjacent. The input region is the last of them, and zeroed as far as written. */
  wipe(): void {
    this.#bytes.fill(0, this.#wipeStart, this.#input.address + this.#inputUsed)
    this.#inputUsed = 0
  }
}

/** One instance of the core at a time, and its memory. */
export class CoreMemory {
  readonly #module: WebAssembly.Module
  #loan: Loan
  #exports: CoreExports
  #generation = 0
  /** The longest message in bytes. It is read once, because a global of WebAssembly is slow to read. */
  readonly messageBytes: number

  constructor(module: WebAssembly.Module) {
    this.#module = module
    this.#exports = instantiate(module)
    this.#loan = loanOf(this.#exports)
    this.messageBytes = this.#exports.MESSAGE_BYTES.value
  }

  /**
   * Lends the core to `use` and wipes the memory afterwards, also after an error. After an error it also builds a new
   * instance with an empty duplicate table, because the state after a trap is unknown. So check arguments before. Not
   * reentrant.
   */
  borrow<T>(use: (loan: Loan) => T): T {
    const loan = this.#loan
    try {
      return use(loan)
    } catch (error) {
      this.#exports = instantiate(this.#module)
      this.#loan = loanOf(this.#exports)
      this.#generation++
      throw error
    } finally {
      loan.wipe()
    }
  }

  /** The number of earlier instances. The resident content of an earlier instance is gone. */
  get generation(): number {
    return this.#generation
  }

  /** The current instance. Tests use it to scan the memory and to compare the ABI. */
  get exports(): CoreExports {
    return this.#exports
  }
}

/** The regions with the addresses of this module. */
export function regionsOf(exports: CoreExports): Region[] {
  return REGIONS.map(({ name, kind }) => ({
    name,
    kind,
    address: exports[`${name}_ADDRESS`].value,
    bytes: exports[`${name}_BYTES`].value,
  }))
}

function loanOf(exports: CoreExports): Loan {
  return new Loan(exports, new Uint8Array(exports.memory.buffer), regionsOf(exports))
}

function instantiate(module: WebAssembly.Module): CoreExports {
  const exports = new WebAssembly.Instance(module, {}).exports as unknown as CoreExports
  const version: unknown = exports.ABI_VERSION?.value
  if (version !== ABI_VERSION)
    throw new RangeError(`core ABI: expected ${ABI_VERSION}, got ${String(version)}`)
  return exports
}
