/** @module A slow SM4 that follows GB/T 32907-2016 step by step: an oracle for the tests, nothing else. */

/** GB/T 32907-2016 §6.2, sixteen rows of sixteen bytes. */
export const SBOX = [
  'd690e9fecce13db716b614c228fb2c05',
  '2b679a762abe04c3aa44132649860699',
  '9c4250f491ef987a33540b43edcfac62',
  'e4b31ca9c908e89580df94fa758f3fa6',
  '4707a7fcf37317ba83593c19e6854fa8',
  '686b81b27164da8bf8eb0f4b70569d35',
  '1e240e5e6358d1a225227c3b01217887',
  'd40046579fd327524c3602e7a0c4c89e',
  'eabf8ad240c738b5a3f7f2cef96115a1',
  'e0ae5da49b341a55ad933230f58cb1e3',
  '1df6e22e8266ca60c02923ab0d534e6f',
  'd5db3745defd8e2f03ff6a726d6c5b51',
  '8d1baf92bbddbc7f11d95c411f105ad8',
  '0ac13188a5cd7bbd2d74d012b8e5b4b0',
  '8969974a0c96777e65b9f109c56ec684',
  '18f07dec3adc4d2079ee5f3ed7cb3948',
].flatMap((row) => Array.from({ length: 16 }, (_, at) => Number.parseInt(row.slice(2 * at, 2 * at + 2), 16)))

const FK = [0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc]
const rotate = (word: number, by: number) => ((word << by) | (word >>> (32 - by))) >>> 0
const word = (words: number[], at: number) => words[at] ?? 0

const tau = (a: number) =>
  [24, 16, 8, 0].reduce((sum, shift) => (sum | ((SBOX[(a >>> shift) & 255] ?? 0) << shift)) >>> 0, 0)
/** T, the mixer of a round, and T′ of the key schedule. */
const mix = (b: number) => (b ^ rotate(b, 2) ^ rotate(b, 10) ^ rotate(b, 18) ^ rotate(b, 24)) >>> 0
const mixKey = (b: number) => (b ^ rotate(b, 13) ^ rotate(b, 23)) >>> 0

const wordsOf = (bytes: Uint8Array) =>
  [0, 1, 2, 3].map((at) => new DataView(bytes.buffer, bytes.byteOffset, 16).getUint32(4 * at))

function roundKeys(key: Uint8Array): number[] {
  const k = wordsOf(key).map((w, at) => (w ^ word(FK, at)) >>> 0)
  for (let i = 0; i < 32; i++) {
    const ck = [0, 1, 2, 3].reduce((sum, j) => ((sum << 8) | (((4 * i + j) * 7) & 255)) >>> 0, 0)
    k.push((word(k, i) ^ mixKey(tau(word(k, i + 1) ^ word(k, i + 2) ^ word(k, i + 3) ^ ck))) >>> 0)
  }
  return k.slice(4)
}

function crypt(block: Uint8Array, keys: number[]): Uint8Array {
  const x = wordsOf(block)
  keys.forEach((key, i) => {
    x.push((word(x, i) ^ mix(tau(word(x, i + 1) ^ word(x, i + 2) ^ word(x, i + 3) ^ key))) >>> 0)
  })
  const out = new Uint8Array(16)
  for (let i = 0; i < 4; i++) new DataView(out.buffer).setUint32(4 * i, word(x, 35 - i))
  return out
}

export const sm4Encrypt = (key: Uint8Array, block: Uint8Array): Uint8Array => crypt(block, roundKeys(key))
export const sm4Decrypt = (key: Uint8Array, block: Uint8Array): Uint8Array =>
  crypt(block, roundKeys(key).reverse())
