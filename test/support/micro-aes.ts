/** @module A slow AES that follows FIPS 197 byte by byte: an oracle for the tests, nothing else. */

/** FIPS 197 §4.2: multiplication in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) product ^= a << bit
  }
  for (let bit = 14; bit >= 8; bit--) {
    if ((product >> bit) & 1) product ^= 0x11b << (bit - 8)
  }
  return product
}

/** FIPS 197 §5.1.1: the inverse in the field, then the affine map. */
export const SBOX = Array.from({ length: 256 }, (_, x) => {
  const inverse =
    x === 0 ? 0 : Array.from({ length: 256 }, (_, y) => y).findIndex((y) => multiply(x, y) === 1)
  const rotate = (by: number) => ((inverse << by) | (inverse >> (8 - by))) & 255
  return inverse ^ rotate(1) ^ rotate(2) ^ rotate(3) ^ rotate(4) ^ 0x63
})
export const INVERSE_SBOX = SBOX.map((_, value) => SBOX.indexOf(value))

const at = (bytes: ArrayLike<number>, index: number) => bytes[index] ?? 0

/** FIPS 197 §5.2. Words are arrays of four bytes. */
function expand(key: Uint8Array): number[][] {
  const nk = key.length / 4
  const words: number[][] = []
  let rcon = 1
  for (let i = 0; i < 4 * (nk + 7); i++) {
    if (i < nk) {
      words.push([...key.slice(4 * i, 4 * i + 4)])
      continue
    }
    let word = [...(words[i - 1] ?? [])]
    if (i % nk === 0) {
      word = [...word.slice(1), ...word.slice(0, 1)].map((byte) => at(SBOX, byte))
      word[0] = at(word, 0) ^ rcon
      rcon = multiply(rcon, 2)
    } else if (nk > 6 && i % nk === 4) {
      word = word.map((byte) => at(SBOX, byte))
    }
    words.push(word.map((byte, j) => byte ^ at(words[i - nk] ?? [], j)))
  }
  return words
}

/** State s[row + 4 · column], in the order of the input. */
const addRoundKey = (state: number[], words: number[][], round: number) =>
  state.map((byte, i) => byte ^ at(words[4 * round + (i >> 2)] ?? [], i & 3))
const shiftRows = (state: number[], by: number) =>
  state.map((_, i) => at(state, (i + 4 * by * (i & 3) + 64) % 16))
const mixColumns = (state: number[], factors: number[]) =>
  state.map((_, i) =>
    [0, 1, 2, 3].reduce(
      (sum, j) => sum ^ multiply(at(state, (i & 12) + j), at(factors, (j - (i & 3) + 4) % 4)),
      0,
    ),
  )

export function aesEncrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  const words = expand(key)
  const rounds = key.length / 4 + 6
  let state = addRoundKey([...block], words, 0)
  for (let round = 1; round <= rounds; round++) {
    state = shiftRows(
      state.map((byte) => at(SBOX, byte)),
      1,
    )
    if (round < rounds) state = mixColumns(state, [2, 3, 1, 1])
    state = addRoundKey(state, words, round)
  }
  return Uint8Array.from(state)
}

export function aesDecrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  const words = expand(key)
  const rounds = key.length / 4 + 6
  let state = [...block]
  for (let round = rounds; round >= 1; round--) {
    state = addRoundKey(state, words, round)
    if (round < rounds) state = mixColumns(state, [14, 11, 13, 9])
    state = shiftRows(state, -1).map((byte) => at(INVERSE_SBOX, byte))
  }
  return Uint8Array.from(addRoundKey(state, words, 0))
}
