/**
 * @module The block ciphers, key wrapping and the DES-, AES- and SM4-based MACs against node:crypto and the
 * slow oracles.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CIPHERS } from '../../src/core/cipher.ts'
import type { BlockCipher, MacAlgorithm } from '../../src/core/instance.ts'
import { MACS } from '../../src/core/mac.ts'
import { regionsOf } from '../../src/core/memory.ts'
import { watchedCore } from '../support/load-core.ts'
import { aesDecrypt, aesEncrypt, INVERSE_SBOX, SBOX } from '../support/micro-aes.ts'
import { desDecrypt, desEncrypt, E, P, PC2, substitute } from '../support/micro-des.ts'
import { type BlockFunctions, microMac } from '../support/micro-mac.ts'
import { seeded } from '../support/micro-random.ts'
import { SBOX as SM4_SBOX, sm4Decrypt, sm4Encrypt } from '../support/micro-sm4.ts'

const { core, memory } = watchedCore()
const random = seeded(20_261_123)

/** node:crypto's name and key. Node has no single DES: K‖K‖K under 3DES is the same. */
function nodeCipher(cipher: BlockCipher, mode: 'ecb' | 'cbc', key: Uint8Array): [string, Uint8Array] {
  if (cipher === 'aes') return [`aes-${8 * key.length}-${mode}`, key]
  if (cipher === 'sm4') return [`sm4-${mode}`, key]
  const tripled = key.length === 24 ? key : Buffer.concat([key, key, key]).subarray(0, 24)
  return [mode === 'ecb' ? 'des-ede3-ecb' : 'des-ede3-cbc', tripled]
}

function nodeEncrypt(cipher: BlockCipher, key: Uint8Array, data: Uint8Array): Uint8Array {
  const node = createCipheriv(...nodeCipher(cipher, 'ecb', key), null).setAutoPadding(false)
  return new Uint8Array(Buffer.concat([node.update(data), node.final()]))
}

function nodeDecrypt(cipher: BlockCipher, key: Uint8Array, data: Uint8Array): Uint8Array {
  const node = createDecipheriv(...nodeCipher(cipher, 'ecb', key), null).setAutoPadding(false)
  return new Uint8Array(Buffer.concat([node.update(data), node.final()]))
}

/** The last block of node:crypto's CBC with IV 0. */
function nodeCbcMac(cipher: BlockCipher, key: Uint8Array, padded: Uint8Array): Uint8Array {
  const iv = new Uint8Array(CIPHERS[cipher].blockBytes)
  const node = createCipheriv(...nodeCipher(cipher, 'cbc', key), iv).setAutoPadding(false)
  return new Uint8Array(Buffer.concat([node.update(padded), node.final()]).subarray(-iv.length))
}

const NODE: BlockFunctions = {
  des: (key, block) => nodeEncrypt('des', key, block),
  desDecrypt: (key, block) => nodeDecrypt('des', key, block),
  sm4: (key, block) => nodeEncrypt('sm4', key, block),
  aes: (key, block) => nodeEncrypt('aes', key, block),
}

describe.each(Object.entries(CIPHERS))('%s', (name, { keyBytes, blockBytes }) => {
  const cipher = name as BlockCipher

  test('equals node:crypto both ways, 0 to 20 blocks', () => {
    for (const length of keyBytes) {
      for (let blocks = 0; blocks <= 20; blocks++) {
        const key = random.bytes(length)
        const data = random.bytes(blocks * blockBytes)
        const encrypted = core.encrypt(cipher, key, data)
        expect(encrypted).toEqual(nodeEncrypt(cipher, key, data))
        expect(core.decrypt(cipher, key, encrypted)).toEqual(data)
        expect(core.decrypt(cipher, key, data)).toEqual(nodeDecrypt(cipher, key, data))
      }
    }
  })

  test('equals the slow oracle both ways', () => {
    const family = cipher === '3des' ? 'des' : cipher
    const oracle = {
      des: [desEncrypt, desDecrypt] as const,
      sm4: [sm4Encrypt, sm4Decrypt] as const,
      aes: [aesEncrypt, aesDecrypt] as const,
    }[family]
    for (const length of keyBytes) {
      for (let i = 0; i < 100; i++) {
        const key = random.bytes(length)
        const block = random.bytes(blockBytes)
        expect(core.encrypt(cipher, key, block)).toEqual(oracle[0](key, block))
        expect(core.decrypt(cipher, key, block)).toEqual(oracle[1](key, block))
      }
    }
  })

  test('accepts more data than the input region holds', () => {
    const key = random.bytes(keyBytes[0] ?? 0)
    const data = new Uint8Array(3 * 10_240 + blockBytes).map((_, at) => at * 7)
    const encrypted = core.encrypt(cipher, key, data)
    expect(encrypted).toEqual(nodeEncrypt(cipher, key, data))
    expect(core.decrypt(cipher, key, encrypted)).toEqual(data)
  })

  test('rejects other key lengths, partial blocks, and check values of ciphers without one', () => {
    for (let length = 0; length <= 40; length++) {
      if (keyBytes.includes(length)) continue
      expect(() => core.encrypt(cipher, new Uint8Array(length), new Uint8Array(blockBytes))).toThrow(
        RangeError,
      )
      expect(() => core.keyCheckValue(cipher, new Uint8Array(length))).toThrow(RangeError)
    }
    const key = new Uint8Array(keyBytes[0] ?? 0)
    expect(() => core.encrypt(cipher, key, new Uint8Array(blockBytes + 1))).toThrow(/whole blocks/)
    expect(() => core.decrypt(cipher, key, new Uint8Array(blockBytes - 1))).toThrow(/whole blocks/)
    for (const bytes of [0, -1, blockBytes + 1, 1.5]) {
      expect(() => core.keyCheckValue(cipher, key, bytes)).toThrow(RangeError)
    }
  })

  test('has a check value that starts an encrypted block of zeros', () => {
    for (const length of keyBytes) {
      const key = random.bytes(length)
      const whole = nodeEncrypt(cipher, key, new Uint8Array(blockBytes))
      expect(core.keyCheckValue(cipher, key)).toEqual(whole.subarray(0, 4))
      for (let bytes = 1; bytes <= blockBytes; bytes++) {
        expect(core.keyCheckValue(cipher, key, bytes)).toEqual(whole.subarray(0, bytes))
      }
    }
  })
})

test('unwraps working keys that it wrapped in ECB under DES, 3DES and SM4', () => {
  for (const [family, cipher, tmkLength, keyLengths] of [
    ['des', 'des', 8, [8, 16, 24, 32]],
    ['des', '3des', 16, [8, 16, 24, 32]],
    ['des', '3des', 24, [8, 16, 24, 32]],
    ['sm4', 'sm4', 16, [16, 32]],
  ] as const) {
    for (const length of keyLengths) {
      const [tmk, key] = [random.bytes(tmkLength), random.bytes(length)]
      const wrapped = core.wrapKey(family, tmk, key)
      expect(wrapped).toEqual(nodeEncrypt(cipher, tmk, key))
      expect(core.unwrapKey(family, tmk, wrapped)).toEqual(key)
    }
  }
})

test('rejects other lengths for wrapping', () => {
  for (let length = 0; length <= 48; length++) {
    const bytes = new Uint8Array(length)
    if (![8, 16, 24].includes(length))
      expect(() => core.wrapKey('des', bytes, new Uint8Array(8))).toThrow(RangeError)
    if (length !== 16) expect(() => core.unwrapKey('sm4', bytes, new Uint8Array(16))).toThrow(RangeError)
    if (![8, 16, 24, 32].includes(length)) {
      expect(() => core.unwrapKey('des', new Uint8Array(16), bytes)).toThrow(RangeError)
    }
    if (![16, 32].includes(length))
      expect(() => core.wrapKey('sm4', new Uint8Array(16), bytes)).toThrow(RangeError)
  }
})

test('computes every MAC as node:crypto’s block ciphers do step by step', () => {
  for (const [name, spec] of Object.entries(MACS)) {
    const algorithm = name as MacAlgorithm
    for (const length of spec.keyBytes) {
      for (let size = 0; size <= 64; size += 1 + random.below(3)) {
        const [key, message] = [random.bytes(length), random.bytes(size)]
        expect(core.computeMac(algorithm, key, message), `${name}, ${size} bytes`).toEqual(
          microMac(algorithm, key, message, NODE),
        )
      }
    }
  }
})

test('computes the CBC-MACs as the last block of node:crypto’s CBC mode', () => {
  for (let size = 1; size <= 300; size++) {
    const message = random.bytes(size)
    const zeros = (block: number) => Buffer.concat([message, Buffer.alloc((block - (size % block)) % block)])
    const des = random.bytes(8)
    expect(core.computeMac('x9.9', des, message)).toEqual(nodeCbcMac('des', des, zeros(8)))

    const [k1, k2] = [random.bytes(8), random.bytes(8)]
    const retail = nodeEncrypt('des', k1, nodeDecrypt('des', k2, nodeCbcMac('des', k1, zeros(8))))
    expect(core.computeMac('x9.19', Buffer.concat([k1, k2]), message)).toEqual(retail)

    const sm4 = random.bytes(16)
    const bit = Buffer.concat([message, Buffer.of(0x80), Buffer.alloc(15 - (size % 16))])
    expect(core.computeMac('sm4-cbc-mac', sm4, message)).toEqual(nodeCbcMac('sm4', sm4, bit))
  }
})

describe('the tables are those of the standards', () => {
  const tables = regionsOf(memory.exports).find((region) => region.name === 'TABLES')
  if (tables === undefined) throw new Error('no tables')
  const bytes = new Uint8Array(memory.exports.memory.buffer, tables.address, tables.bytes)
  const view = new DataView(memory.exports.memory.buffer, tables.address, tables.bytes)

  test('a round of DES: S, P and E for each box', () => {
    for (let box = 0; box < 8; box++) {
      for (let six = 0; six < 64; six++) {
        const nibble = substitute(box, six)
        const permuted = P.map((source) =>
          (source - 1) >> 2 === box ? (nibble >> (3 - ((source - 1) & 3))) & 1 : 0,
        )
        const expanded = sixes(E.map((source) => permuted[source - 1] ?? 0))
        const at = 8 * (64 * box + six)
        expect(view.getUint32(at + 4, true)).toBe(wordOf(expanded.slice(0, 4)))
        expect(view.getUint32(at, true)).toBe(wordOf(expanded.slice(4)))
      }
    }
  })

  test('permuted choice 2, seven bits of C and D at a time', () => {
    for (let part = 0; part < 8; part++) {
      for (let seven = 0; seven < 128; seven++) {
        const bit = (source: number) =>
          source > 7 * part && source <= 7 * part + 7 ? (seven >> (7 * part + 7 - source)) & 1 : 0
        const chosen = sixes(PC2.map(bit))
        const word = wordOf(part < 4 ? chosen.slice(0, 4) : chosen.slice(4))
        expect(view.getUint32(4096 + 4 * (128 * part + seven), true)).toBe(word)
      }
    }
  })

  test('a round of AES and of SM4 for one byte, twice, and the S-boxes', () => {
    const double = (byte: number) => ((byte << 1) ^ (byte > 127 ? 0x11b : 0)) & 255
    const rotated = (word: number, by: number) => ((word << by) | (word >>> (32 - by))) >>> 0
    for (let byte = 0; byte < 256; byte++) {
      // The first column of the matrix of MixColumns is 2 1 1 3, the lowest row first.
      const s = SBOX[byte] ?? 0
      const aes = wordOf([double(s) ^ s, s, s, double(s)])
      const t = SM4_SBOX[byte] ?? 0
      const sm4 = [2, 10, 18, 24].reduce((sum, by) => (sum ^ rotated(t, by)) >>> 0, t)
      for (const half of [0, 4]) {
        expect(view.getUint32(8192 + 8 * byte + half, true)).toBe(aes)
        expect(view.getUint32(8192 + 2048 + 8 * byte + half, true)).toBe(sm4)
      }
    }
    expect([...bytes.subarray(8192 + 4096)]).toEqual([...SBOX, ...INVERSE_SBOX, ...SM4_SBOX])
  })
})

/** Forty-eight bits as eight numbers of six. */
const sixes = (bits: readonly number[]): number[] =>
  Array.from({ length: 8 }, (_, box) =>
    bits.slice(6 * box, 6 * box + 6).reduce((sum, bit) => 2 * sum + bit, 0),
  )

/** Four bytes, the highest first. */
const wordOf = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => 256 * sum + byte, 0)
