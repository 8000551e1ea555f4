/**
 * @module The linear memory of the core: its regions by class, and `borrow`, the only way in.
 *
 * An isolate is shared between requests and changes from one to another only at an `await`. Nothing under `src/core` is
 * asynchronous, so the fixed regions need no lock. Whatever a call wrote is wiped when it ends, from this side: a trap leaves
 * the key bytes where they were, and the instance would go on working, so a wipe inside WASM would not do.
 */

/** The ABI this embedder was written for. Checked at every instantiation. */
export const ABI_VERSION = 1

/**
 * constant: tables, never written · exchange: messages in and out, wiped after every call · secret: keys, schedules, computed
 * MACs, wiped after every call · resident: the duplicate table, lives as long as the instance.
 */
export type RegionClass = 'constant' | 'exchange' | 'secret' | 'resident'

/** Every region in address order. Addresses and sizes come from the module. */
export const REGIONS = [
  { name: 'TABLES', kind: 'constant' },
  { name: 'INPUT', kind: 'exchange' },
  { name: 'OFFERED_MAC', kind: 'exchange' },
  { name: 'KEY', kind: 'secret' },
  { name: 'WORKING_KEY', kind: 'secret' },
  { name: 'SCHEDULE', kind: 'secret' },
  { name: 'STATE', kind: 'secret' },
  { name: 'MAC', kind: 'secret' },
  { name: 'SIPHASH_KEY', kind: 'resident' },
  { name: 'DUPLICATES', kind: 'resident' },
] as const satisfies readonly { name: string; kind: RegionClass }[]

export type RegionName = (typeof REGIONS)[number]['name']
type RegionGlobal = `${RegionName}_ADDRESS` | `${RegionName}_BYTES`
type LimitGlobal = 'ABI_VERSION' | 'MESSAGE_BYTES' | 'DUPLICATE_ENTRIES' | 'DUPLICATE_ENTRY_BYTES'

/** The functions of `assembly/index.ts`: lengths and small enumerations in, integers out. */
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

/** All that the module exports; a test compares the names with the real ones. */
export type CoreExports = CoreFunctions & { readonly memory: WebAssembly.Memory } & {
  readonly [name in RegionGlobal | LimitGlobal]: WebAssembly.Global
}

export interface Region {
  readonly name: RegionName
  readonly kind: RegionClass
  readonly address: number
  readonly bytes: number
}

/** Throws RangeError unless `low <= value <= high`. `what` names the thing and its unit. */
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

/** The core for the duration of one `borrow`: write, call, read. */
export class Loan {
  readonly calls: CoreFunctions
  readonly #bytes: Uint8Array
  readonly #regions: ReadonlyMap<RegionName, Region>
  readonly #input: Region
  readonly #paddingBytes: number
  readonly #exchange: Region
  readonly #secretStart: number
  readonly #secretEnd: number
  #inputUsed = 0

  constructor(exports: CoreExports, bytes: Uint8Array, regions: readonly Region[]) {
    this.calls = exports
    this.#bytes = bytes
    this.#regions = new Map(regions.map((region) => [region.name, region]))
    this.#input = this.region('INPUT')
    this.#exchange = this.region('OFFERED_MAC')
    this.#paddingBytes = this.#input.bytes - exports.MESSAGE_BYTES.value
    const secrets = regions.filter((region) => region.kind === 'secret')
    this.#secretStart = Math.min(...secrets.map((region) => region.address))
    this.#secretEnd = Math.max(...secrets.map((region) => region.address + region.bytes))
  }

  region(name: RegionName): Region {
    const region = this.#regions.get(name)
    if (region === undefined) throw new RangeError(`no region ${name}`)
    return region
  }

  /** Copies the message into the input region. Throws RangeError beyond its capacity. */
  writeInput(message: Uint8Array): void {
    assertWithin('message, in bytes', message.length, 0, this.#input.bytes - this.#paddingBytes)
    this.#inputUsed = Math.max(this.#inputUsed, message.length + this.#paddingBytes)
    this.#bytes.set(message, this.#input.address)
  }

  /** Copies the bytes to the start of a region. Throws RangeError if they do not fit. */
  write(name: Exclude<RegionName, 'INPUT' | 'TABLES'>, bytes: Uint8Array): void {
    const region = this.region(name)
    assertWithin(`${name}, in bytes`, bytes.length, 0, region.bytes)
    this.#bytes.set(bytes, region.address)
  }

  /** A copy of the first `length` bytes of a region. */
  read(name: RegionName, length: number): Uint8Array {
    const region = this.region(name)
    assertWithin(`${name}, in bytes`, length, 0, region.bytes)
    return this.#bytes.slice(region.address, region.address + length)
  }

  /** Zeroes a whole region: for the resident ones, that `wipe` leaves alone. */
  clear(name: Exclude<RegionName, 'TABLES'>): void {
    const region = this.region(name)
    this.#bytes.fill(0, region.address, region.address + region.bytes)
  }

  /** Zeroes what was written of the exchange regions, and all of the secret ones, which lie together. */
  wipe(): void {
    this.#bytes.fill(0, this.#input.address, this.#input.address + this.#inputUsed)
    this.#bytes.fill(0, this.#exchange.address, this.#exchange.address + this.#exchange.bytes)
    this.#bytes.fill(0, this.#secretStart, this.#secretEnd)
    this.#inputUsed = 0
  }
}

export class CoreMemory {
  readonly #module: WebAssembly.Module
  #loan: Loan
  #exports: CoreExports
  #generation = 0

  constructor(module: WebAssembly.Module) {
    this.#module = module
    this.#exports = instantiate(module)
    this.#loan = loanOf(this.#exports)
  }

  /**
   * Lends the core to `use` and wipes behind it, also when it throws. If it throws, the instance is dropped and built anew,
   * the duplicate table empty: after a trap nothing is known of its state. So check arguments before. Not reentrant.
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

  /** Counts the instances there were before this one. What was resident in an earlier one is gone. */
  get generation(): number {
    return this.#generation
  }

  /** Longest message in bytes. */
  get messageBytes(): number {
    return this.#exports.MESSAGE_BYTES.value
  }

  /** The present instance, for tests: the sweep of the linear memory and the snapshot of the ABI. */
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
