/**
 * @module A program for the core: bytes for a short sequence of calls of its ABI, so that a fuzzer may mutate
 * them. `core.c` reads the same format, so that either side can run the other's counterexamples.
 *
 * A program is up to four calls. A call starts with its operation (modulo their number), its arguments
 * (`readNumber`) and a seed for the contents of its regions. A count of literal bytes (modulo 32) and these
 * bytes follow, and replace the start of the message. A verifyMac has one byte more, which selects its MAC. A
 * call of the duplicate table has two, the content of its eight slots. After the end of the bytes all is
 * zero.
 */

/** Every function that the module exports, with the number of its arguments, in the order of their codes. */
export const OPERATIONS = {
  computeMac: 3,
  verifyMac: 4,
  encrypt: 3,
  decrypt: 3,
  wrapKey: 3,
  unwrapKey: 3,
  keyCheckValue: 2,
  lrc: 2,
  lookupDuplicate: 3,
  insertDuplicate: 2,
  forgetDuplicate: 1,
} as const

export type Operation = keyof typeof OPERATIONS
const NAMES = Object.keys(OPERATIONS) as Operation[]

export const MAX_CALLS = 4
export const MAX_LITERAL = 31
/** Slots of the duplicate table for one fingerprint. */
export const PLACES = 8

export interface Call {
  readonly operation: Operation
  /** 32-bit, signed, as in the ABI. */
  readonly args: readonly number[]
  /** The seed of the contents, 0 … 255: 0 is all zeros, 255 all ones. */
  readonly seed: number
  readonly literal: Uint8Array
  /** verifyMac, 0 … 255: 0 offers the right MAC, n the same MAC with bit (n − 1) modulo its bits changed. */
  readonly offer: number
  /**
   * Duplicate table, 16 bits, two per slot: 0 unchanged, 1 free, 2 another message's, 3 this message's,
   * expired.
   */
  readonly places: number
}

/** Bounds and their neighbours, and values that overflow. */
export const NUMBERS: readonly number[] = [
  -1, -2, -8, -16, -32, -10_240, -0x8000_0000, -0x7fff_ffff, 0x7fff_ffff, 0x4000_0000, 0x0100_0000, 65_535,
  65_536, 10_224, 10_231, 10_232, 10_233, 10_239, 10_240, 10_241, 10_248, 10_255, 10_256, 10_257, 10_272, 255,
  256, 257, 400, 384, 1023, 1024, 4096, 4097, 9999, 1_700_000_000, 1_700_000_060, 1_700_000_120,
  1_700_000_121, 120, 121, 0x1_1000, 0x10_ffff,
]

export const FIRST_LISTED = 0xc0
export const FIRST_MESSAGE_LENGTH = 0xf0
export const FIRST_RAW = 0xf8
/** A number of two bytes is taken modulo this: the input region and the bytes after it. */
export const LENGTH_RANGE = 10_300

class Reader {
  readonly #bytes: Uint8Array
  #at = 0
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }
  get done(): boolean {
    return this.#at >= this.#bytes.length
  }
  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }
  /**
   * A small number in one byte, one of `NUMBERS`, a message length in two more, or any 32 bits in four more.
   */
  number(): number {
    const first = this.byte()
    if (first < FIRST_LISTED) return first
    if (first < FIRST_MESSAGE_LENGTH) return NUMBERS[first - FIRST_LISTED] ?? 0
    const low = this.byte() | (this.byte() << 8)
    if (first < FIRST_RAW) return low % LENGTH_RANGE
    return low | (this.byte() << 16) | (this.byte() << 24)
  }
}

const isDuplicates = (operation: Operation): boolean => operation.endsWith('Duplicate')

export function readProgram(bytes: Uint8Array): Call[] {
  const reader = new Reader(bytes)
  const calls: Call[] = []
  while (!reader.done && calls.length < MAX_CALLS) {
    const operation = NAMES[reader.byte() % NAMES.length] ?? 'lrc'
    const args = Array.from({ length: OPERATIONS[operation] }, () => reader.number())
    const seed = reader.byte()
    const literal = Uint8Array.from({ length: reader.byte() % (MAX_LITERAL + 1) }, () => reader.byte())
    const offer = operation === 'verifyMac' ? reader.byte() : 0
    const places = isDuplicates(operation) ? reader.byte() | (reader.byte() << 8) : 0
    calls.push({ operation, args, seed, literal, offer, places })
  }
  return calls
}

function writeNumber(value: number): number[] {
  if (value >= 0 && value < FIRST_LISTED) return [value]
  const listed = NUMBERS.indexOf(value)
  if (listed >= 0) return [FIRST_LISTED + listed]
  if (value >= 0 && value < LENGTH_RANGE) return [FIRST_MESSAGE_LENGTH, value & 255, value >> 8]
  return [FIRST_RAW, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]
}

/** The bytes that `readProgram` reads as these calls. */
export function writeProgram(calls: readonly Call[]): Uint8Array {
  return Uint8Array.from(
    calls.flatMap(({ operation, args, seed, literal, offer, places }) => [
      NAMES.indexOf(operation),
      ...args.flatMap(writeNumber),
      seed,
      literal.length,
      ...literal,
      ...(operation === 'verifyMac' ? [offer] : []),
      ...(isDuplicates(operation) ? [places & 255, places >> 8] : []),
    ]),
  )
}

/** The calls with their arguments, for a reader. */
export const showProgram = (bytes: Uint8Array): string =>
  readProgram(bytes)
    .map(({ operation, args }) => `${operation}(${args.join(', ')})`)
    .join(' ')

const STREAM_STEP = 0x9e37_79b1

/** `length` bytes from a seed. `salt` separates the regions of one call. Like `fill` in `core.c`. */
export function contents(seed: number, salt: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  if (seed === 0) return bytes
  if (seed === 255) return bytes.fill(255)
  let state = (Math.imul(seed + 256 * salt, STREAM_STEP) | 1) >>> 0
  for (let at = 0; at < length; at++) {
    if (at % 4 === 0) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
    }
    bytes[at] = state >>> (8 * (at % 4))
  }
  return bytes
}

/** The lengths among the arguments, or 0 when the operation has none. */
export function lengthsOf({ operation, args }: Call): {
  readonly keyBytes: number
  readonly messageBytes: number
} {
  const [first = 0, second = 0, third = 0] = args
  if (isDuplicates(operation)) return { keyBytes: 0, messageBytes: first }
  if (operation === 'lrc') return { keyBytes: 0, messageBytes: second }
  return { keyBytes: second, messageBytes: operation === 'keyCheckValue' ? 0 : third }
}
