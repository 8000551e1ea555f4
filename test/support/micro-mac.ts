/** @module The MACs of protocol.md §4 over any block cipher, one step per line: an oracle for the tests, nothing else. */
import { aesEncrypt } from './micro-aes.ts'
import { desDecrypt, desEncrypt } from './micro-des.ts'
import { sm4Encrypt } from './micro-sm4.ts'

export type MicroMac =
  | 'cup-ecb'
  | 'cup-sm4'
  | 'cup-sm4-bin'
  | 'x9.9'
  | 'x9.19'
  | 'x9.19-bin4'
  | 'x9.19-hex4'
  | 'xor-3des'
  | 'aes-cmac'
  | 'sm4-cbc-mac'
  | 'sm4-cbc-mac-pad3'

export type BlockFunction = (key: Uint8Array, block: Uint8Array) => Uint8Array

/** `des` takes keys of 8, 16 and 24 bytes. */
export interface BlockFunctions {
  readonly des: BlockFunction
  readonly desDecrypt: BlockFunction
  readonly sm4: BlockFunction
  readonly aes: BlockFunction
}

export const MICRO: BlockFunctions = { des: desEncrypt, desDecrypt, sm4: sm4Encrypt, aes: aesEncrypt }

const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, at) => byte ^ (b[at] ?? 0))
const join = (...parts: ArrayLike<number>[]) => Uint8Array.from(parts.flatMap((part) => Array.from(part)))
const hexText = (bytes: Uint8Array) =>
  Uint8Array.from(
    [...bytes].flatMap((b) => [b >> 4, b & 15]).map((digit) => '0123456789ABCDEF'.charCodeAt(digit)),
  )

/** ISO/IEC 9797-1 method 1: as few zeros as needed, to a positive number of blocks. */
const padZeros = (message: Uint8Array, size: number) =>
  join(message, new Uint8Array(message.length === 0 ? size : (size - (message.length % size)) % size))
const blocks = (padded: Uint8Array, size: number) =>
  Array.from({ length: padded.length / size }, (_, at) => padded.slice(at * size, (at + 1) * size))
const fold = (message: Uint8Array, size: number) => blocks(padZeros(message, size), size).reduce(xor)
const cbc = (f: BlockFunction, key: Uint8Array, padded: Uint8Array, size: number) =>
  blocks(padded, size).reduce<Uint8Array>((chain, block) => f(key, xor(chain, block)), new Uint8Array(size))

function cupBlock(f: BlockFunction, key: Uint8Array, message: Uint8Array, size: number): Uint8Array {
  const text = hexText(fold(message, size))
  const once = f(key, text.slice(0, size))
  return f(key, xor(once, text.slice(size)))
}
const cup = (f: BlockFunction, key: Uint8Array, message: Uint8Array, size: number): Uint8Array =>
  hexText(cupBlock(f, key, message, size)).slice(0, 8)

function x919(f: BlockFunctions, key: Uint8Array, message: Uint8Array): Uint8Array {
  const [k1, k2] = [key.slice(0, 8), key.slice(key.length - 8)]
  return f.des(k1, f.desDecrypt(k2, cbc(f.des, k1, padZeros(message, 8), 8)))
}

/** SP 800-38B §6.1: shift left by one bit, and XOR 0x87 if a bit fell out. */
function double(block: Uint8Array): Uint8Array {
  const carry = (block[0] ?? 0) >> 7
  return block.map((byte, at) => (byte << 1) ^ ((block[at + 1] ?? 0) >> 7) ^ (at === 15 ? 0x87 * carry : 0))
}

function cmac(f: BlockFunction, key: Uint8Array, message: Uint8Array): Uint8Array {
  const k1 = double(f(key, new Uint8Array(16)))
  const whole = message.length > 0 && message.length % 16 === 0
  const padded = whole ? message : padZeros(join(message, [0x80]), 16)
  const last = xor(padded.slice(-16), whole ? k1 : double(k1))
  return cbc(f, key, join(padded.slice(0, -16), last), 16)
}

function lengthBlock(message: Uint8Array): Uint8Array {
  const block = new Uint8Array(16)
  new DataView(block.buffer).setUint32(12, 8 * message.length)
  return block
}

/** The MAC as `computeMac` gives it. */
export function microMac(algorithm: MicroMac, key: Uint8Array, message: Uint8Array, f = MICRO): Uint8Array {
  switch (algorithm) {
    case 'cup-ecb':
      return cup(f.des, key, message, 8)
    case 'cup-sm4':
      return cup(f.sm4, key, message, 16)
    case 'cup-sm4-bin':
      return cupBlock(f.sm4, key, message, 16).slice(0, 8)
    case 'x9.9':
      return cbc(f.des, key, padZeros(message, 8), 8)
    case 'x9.19':
      return x919(f, key, message)
    case 'x9.19-bin4':
      return join(x919(f, key, message).slice(0, 4), new Uint8Array(4))
    case 'x9.19-hex4':
      return hexText(x919(f, key, message).slice(0, 4))
    case 'xor-3des':
      return f.des(key, fold(message, 8))
    case 'aes-cmac':
      return cmac(f.aes, key, message)
    case 'sm4-cbc-mac':
      return cbc(f.sm4, key, padZeros(join(message, [0x80]), 16), 16)
    case 'sm4-cbc-mac-pad3':
      return cbc(f.sm4, key, join(lengthBlock(message), padZeros(message, 16)), 16)
  }
}
