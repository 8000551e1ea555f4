/** @module A slow DES that follows FIPS 46-3 table by table, bit by bit: an oracle for the tests, nothing else. */

/** FIPS 46-3, "Initial Permutation IP": bit numbers from 1, the most significant first. */
const IP = [58, 60, 62, 64, 57, 59, 61, 63].flatMap((first) =>
  Array.from({ length: 8 }, (_, at) => first - 8 * at),
)
const FP = IP.map((_, at) => IP.indexOf(at + 1) + 1)

/** E, the expansion: eight groups of six, each the last bit of the group before to the first of the next. */
export const E = Array.from({ length: 48 }, (_, at) => ((Math.floor(at / 6) * 4 + (at % 6) + 31) % 32) + 1)

export const P = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22,
  11, 4, 25,
]
const PC1 = [
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
  63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
]
/** Permuted choice 2: bit numbers of C ‖ D from 1. */
export const PC2 = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47,
  55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
]
const SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1]

/** S1 … S8, four rows of sixteen each, a row as sixteen hexadecimal digits. */
export const S = [
  ['e4d12fb83a6c5907', '0f74e2d1a6cb9538', '41e8d62bfc973a50', 'fc8249175b3ea06d'],
  ['f18e6b34972dc05a', '3d47f28ec01a69b5', '0e7ba4d158c6932f', 'd8a13f42b67c05e9'],
  ['a09e63f51dc7b428', 'd709346a285ecbf1', 'd6498f30b12c5ae7', '1ad069874fe3b52c'],
  ['7de3069a1285bc4f', 'd8b56f03472c1ae9', 'a690cb7df13e5284', '3f06a1d8945bc72e'],
  ['2c417ab6853fd0e9', 'eb2c47d150fa3986', '421bad78f9c5630e', 'b8c71e2d6f09a453'],
  ['c1af92680d34e75b', 'af427c9561de0b38', '9ef528c3704a1db6', '432c95fabe17608d'],
  ['4b2ef08d3c975a61', 'd0b7491ae35c2f86', '14bdc37eaf680592', '6bd814a7950fe23c'],
  ['d2846fb1a93e50c7', '1fd8a374c56b0e92', '7b419ce206adf358', '21e74a8dfc90356b'],
]

/** The bits, the most significant first. */
function bitsOf(bytes: Uint8Array): number[] {
  const bits: number[] = []
  for (const byte of bytes) for (let at = 7; at >= 0; at--) bits.push((byte >> at) & 1)
  return bits
}
/** The number of `count` bits from `from` on. */
function numberOf(bits: number[], from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) value = 2 * value + (bits[at] ?? 0)
  return value
}
const bytesOf = (bits: number[]) =>
  Uint8Array.from({ length: bits.length / 8 }, (_, at) => numberOf(bits, at * 8, 8))
function pick(bits: number[], table: number[]): number[] {
  const picked: number[] = []
  for (const at of table) picked.push(bits[at - 1] ?? 0)
  return picked
}
function xor(a: number[], b: number[]): number[] {
  const sum: number[] = []
  for (let at = 0; at < a.length; at++) sum.push((a[at] ?? 0) ^ (b[at] ?? 0))
  return sum
}

const BOXES = S.map((rows) => rows.map((row) => [...row].map((digit) => Number.parseInt(digit, 16))))

/** The value of one S-box for six bits b1 … b6: row b1b6, column b2b3b4b5. */
export function substitute(box: number, six: number): number {
  const row = ((six >> 4) & 2) | (six & 1)
  return BOXES[box]?.[row]?.[(six >> 1) & 15] ?? 0
}

function subkeys(key: Uint8Array): number[][] {
  let c = pick(bitsOf(key), PC1).slice(0, 28)
  let d = pick(bitsOf(key), PC1).slice(28)
  return SHIFTS.map((shift) => {
    c = [...c.slice(shift), ...c.slice(0, shift)]
    d = [...d.slice(shift), ...d.slice(0, shift)]
    return pick([...c, ...d], PC2)
  })
}

const scheduled = new Map<string, number[][]>()

/** The subkeys of a key. A message has many blocks under one key. */
function subkeysOf(key: Uint8Array): number[][] {
  const name = key.join()
  const known = scheduled.get(name)
  if (known !== undefined) return known
  if (scheduled.size > 100) scheduled.clear()
  const keys = subkeys(key)
  scheduled.set(name, keys)
  return keys
}

function f(right: number[], subkey: number[]): number[] {
  const mixed = xor(pick(right, E), subkey)
  const out: number[] = []
  for (let box = 0; box < 8; box++) {
    const value = substitute(box, numberOf(mixed, box * 6, 6))
    out.push((value >> 3) & 1, (value >> 2) & 1, (value >> 1) & 1, value & 1)
  }
  return pick(out, P)
}

function crypt(block: Uint8Array, keys: number[][]): Uint8Array {
  const start = pick(bitsOf(block), IP)
  let left = start.slice(0, 32)
  let right = start.slice(32)
  for (const subkey of keys) [left, right] = [right, xor(left, f(right, subkey))]
  return bytesOf(pick([...right, ...left], FP))
}

const part = (key: Uint8Array, at: number) => key.slice((at * 8) % key.length, ((at * 8) % key.length) + 8)

/** One block under DES (8-byte key) or 3DES (16 or 24 bytes). */
export function desEncrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  if (key.length === 8) return crypt(block, subkeysOf(key))
  return desEncrypt(part(key, 2), desDecrypt(part(key, 1), desEncrypt(part(key, 0), block)))
}

export function desDecrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  if (key.length === 8) return crypt(block, subkeysOf(key).toReversed())
  return desDecrypt(part(key, 0), desEncrypt(part(key, 1), desDecrypt(part(key, 2), block)))
}
