/** @module SipHash-2-4 in big integers, after the paper of Aumasson and Bernstein (2012): an oracle for the tests. */

const MASK = (1n << 64n) - 1n
const rotate = (word: bigint, by: bigint) => ((word << by) | (word >> (64n - by))) & MASK
const littleEndian = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

export function sipHash24(key: Uint8Array, message: Uint8Array): bigint {
  const k0 = littleEndian(key.slice(0, 8))
  const k1 = littleEndian(key.slice(8, 16))
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const round = () => {
    v0 = (v0 + v1) & MASK
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = (v2 + v3) & MASK
    v3 = rotate(v3, 16n) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = rotate(v3, 21n) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  const padded = new Uint8Array(8 * (Math.floor(message.length / 8) + 1))
  padded.set(message)
  padded[padded.length - 1] = message.length & 255
  for (let at = 0; at < padded.length; at += 8) {
    const word = littleEndian(padded.slice(at, at + 8))
    v3 ^= word
    round()
    round()
    v0 ^= word
  }
  v2 ^= 0xffn
  for (let i = 0; i < 4; i++) round()
  return v0 ^ v1 ^ v2 ^ v3
}
