/**
 * @module The duplicate table's contract for one call, from its description: eight slots per fingerprint, and
 * no other byte touched.
 */

import { sipHash24 } from '../support/micro-siphash.ts'
import { type Call, contents, PLACES } from './program.ts'

const ENTRY_BYTES = 16
const SECONDS = 8
const OCCUPIED = 12
/** Under this key the slots of the empty message wrap at the end of the table. */
export const TABLE_KEY_SEED = 161
export const TABLE_KEY_SALT = 42
/** Like `core.c`. */
const PLACES_SALT = 4
/** SipHash in big integers is slow, so for a longer message only the changed entry is checked. */
const LONGEST_MODELLED = 64

interface Entry {
  readonly print: bigint
  readonly seconds: number
  readonly occupied: number
}

const FREE: Entry = { print: 0n, seconds: 0, occupied: 0 }

export class TableModel {
  readonly key: Uint8Array = contents(TABLE_KEY_SEED, TABLE_KEY_SALT, 16)
  readonly #bytes: Uint8Array
  readonly #expected: Uint8Array
  readonly #entries: number
  readonly #used = new Set<number>()

  /** `bytes`: the table and all bytes after it. */
  constructor(bytes: Uint8Array, entries: number) {
    this.#bytes = bytes
    this.#entries = entries
    bytes.fill(0, 0, entries * ENTRY_BYTES)
    this.#expected = bytes.slice()
  }

  /** Fills the eight slots of the message as the call says. */
  layOut(call: Call, message: Uint8Array): void {
    if (message.length > LONGEST_MODELLED) return
    const print = sipHash24(this.key, message)
    const seconds = new DataView(contents(call.seed, PLACES_SALT, 4 * PLACES).buffer)
    for (let place = 0; place < PLACES; place++) {
      const slot = this.#slotOf(print, place)
      const age = seconds.getUint32(4 * place, true)
      const kind = (call.places >> (2 * place)) & 3
      if (kind === 1) this.#put(slot, FREE)
      if (kind === 2)
        this.#put(slot, { print: print ^ (1n << BigInt(16 + place)), seconds: age, occupied: 1 })
      if (kind === 3) this.#put(slot, { print, seconds: nowOf(call) - (age % 1000), occupied: 1 })
    }
  }

  /** The fault in the result or the table after the call. */
  faultOf(call: Call, message: Uint8Array, result: number | undefined): string | undefined {
    if (result === undefined) return 'trapped'
    if (result < -1 || result >= this.#entries) return 'gave an invalid handle'
    const fault = message.length > LONGEST_MODELLED ? undefined : this.#wrongHandle(call, message, result)
    if (fault !== undefined) return fault
    if (result >= 0 && call.operation !== 'lookupDuplicate') {
      const entered = { print: this.#read(this.#bytes, result).print, seconds: nowOf(call), occupied: 1 }
      this.#write(this.#expected, result, call.operation === 'insertDuplicate' ? entered : FREE)
      this.#used.add(result)
    }
    return Buffer.compare(this.#bytes, this.#expected) === 0 ? undefined : 'wrote to another entry'
  }

  /** Empties the used slots. */
  clear(): void {
    for (const slot of this.#used) this.#put(slot, FREE)
    this.#used.clear()
  }

  #wrongHandle(call: Call, message: Uint8Array, result: number): string | undefined {
    const print = sipHash24(this.key, message)
    const slots = Array.from({ length: PLACES }, (_, place) => this.#slotOf(print, place))
    const entries = slots.map((slot) => this.#read(this.#expected, slot))
    const own = slots[entries.findIndex((entry) => entry.occupied === 1 && entry.print === print)] ?? -1
    const ageOf = (slot: number): number => (nowOf(call) - this.#read(this.#expected, slot).seconds) >>> 0
    if (call.operation === 'lookupDuplicate') {
      const isHit = own >= 0 && ageOf(own) <= (call.args[2] ?? 0) >>> 0
      return result === (isHit ? own : -1) ? undefined : 'wrong hit or miss'
    }
    if (call.operation === 'forgetDuplicate') return result === own ? undefined : 'forgot another message'
    if (!slots.includes(result)) return 'entered outside of its slots'
    if (this.#read(this.#bytes, result).print !== print) return 'entered another fingerprint'
    if (own >= 0) return result === own ? undefined : 'entered twice'
    if (entries.some(({ occupied }) => occupied === 0))
      return this.#read(this.#expected, result).occupied === 0
        ? undefined
        : 'evicted an entry from a neighbourhood with a free slot'
    return ageOf(result) === Math.max(...slots.map(ageOf))
      ? undefined
      : 'evicted an entry that is not the oldest'
  }

  #slotOf(print: bigint, place: number): number {
    return Number((print + BigInt(place)) % BigInt(this.#entries))
  }

  #read(table: Uint8Array, slot: number): Entry {
    const view = new DataView(table.buffer, table.byteOffset + slot * ENTRY_BYTES, ENTRY_BYTES)
    return {
      print: view.getBigUint64(0, true),
      seconds: view.getUint32(SECONDS, true),
      occupied: view.getUint32(OCCUPIED, true),
    }
  }

  #write(table: Uint8Array, slot: number, { print, seconds, occupied }: Entry): void {
    const view = new DataView(table.buffer, table.byteOffset + slot * ENTRY_BYTES, ENTRY_BYTES)
    view.setBigUint64(0, print, true)
    view.setUint32(SECONDS, seconds, true)
    view.setUint32(OCCUPIED, occupied, true)
  }

  #put(slot: number, entry: Entry): void {
    this.#write(this.#bytes, slot, entry)
    this.#write(this.#expected, slot, entry)
    this.#used.add(slot)
  }
}

/** The second of a call, or 0 when it has none. */
const nowOf = ({ operation, args }: Call): number =>
  operation === 'forgetDuplicate' ? 0 : (args[1] ?? 0) >>> 0
