/** @module The MACs of protocol.md §4 over a library of block ciphers, written as a user of it would. */

import type { Bytes, Keyed, Library } from './library.ts'
import type { MacRow } from './mac-rows.ts'

const HEX = Uint8Array.from('0123456789ABCDEF', (digit) => digit.charCodeAt(0))

function padded(message: Bytes, size: number): Bytes {
  if (message.length > 0 && message.length % size === 0) return message
  const whole = new Uint8Array(Math.max(size, Math.ceil(message.length / size) * size))
  whole.set(message)
  return whole
}

function paddedBit(message: Bytes): Bytes {
  const whole = new Uint8Array((Math.floor(message.length / 16) + 1) * 16)
  whole.set(message)
  whole[message.length] = 0x80
  return whole
}

function fold(message: Bytes, size: number): Bytes {
  const sum = new Uint8Array(size)
  for (let at = 0; at < message.length; at++) sum[at % size] = (sum[at % size] ?? 0) ^ (message[at] ?? 0)
  return sum
}

function hexText(bytes: Bytes): Bytes {
  const text = new Uint8Array(2 * bytes.length)
  for (let at = 0; at < bytes.length; at++) {
    text[2 * at] = HEX[(bytes[at] ?? 0) >> 4] ?? 0
    text[2 * at + 1] = HEX[(bytes[at] ?? 0) & 15] ?? 0
  }
  return text
}

function cup({ encrypt }: Keyed, message: Bytes, size: number): Bytes {
  const text = hexText(fold(message, size))
  const block = encrypt(text.subarray(0, size)).slice()
  for (let at = 0; at < size; at++) block[at] = (block[at] ?? 0) ^ (text[size + at] ?? 0)
  return hexText(encrypt(block).subarray(0, 4))
}

function double(block: Bytes): Bytes {
  const carry = (block[0] ?? 0) >> 7
  return block.map((byte, at) => (byte << 1) ^ ((block[at + 1] ?? 0) >> 7) ^ (at === 15 ? 0x87 * carry : 0))
}

function cmacOf({ encrypt, lastOfCbc }: Keyed): (message: Bytes) => Bytes {
  const k1 = double(encrypt(new Uint8Array(16)).slice())
  const k2 = double(k1)
  return (message) => {
    const isWhole = message.length > 0 && message.length % 16 === 0
    const whole = isWhole ? message.slice() : paddedBit(message)
    const mask = isWhole ? k1 : k2
    for (let at = 0; at < 16; at++)
      whole[whole.length - 16 + at] = (whole[whole.length - 16 + at] ?? 0) ^ (mask[at] ?? 0)
    return lastOfCbc(whole)
  }
}

function retail(first: Keyed, second: Keyed, message: Bytes): Bytes {
  const chain = second.decrypt?.(first.lastOfCbc(padded(message, 8)))
  if (chain === undefined) throw new Error('X9.19 needs a cipher that decrypts')
  return first.encrypt(chain)
}

/** The MAC under a key that is set up once; undefined when the library has no such cipher. */
export function libraryMac(
  library: Library,
  { algorithm, cipher }: MacRow,
  key: Bytes,
): ((message: Bytes) => Bytes) | undefined {
  if (algorithm === 'aes-cmac' && library.cmac !== undefined) return library.cmac(key)
  const make = library[cipher]
  if (make === undefined) return undefined
  if (algorithm === 'x9.19') {
    const [first, second] = [make(key.subarray(0, 8)), make(key.subarray(8))]
    return (message) => retail(first, second, message)
  }
  const keyed = make(key)
  switch (algorithm) {
    case 'cup-ecb':
      return (message) => cup(keyed, message, 8)
    case 'cup-sm4':
      return (message) => cup(keyed, message, 16)
    case 'x9.9':
      return (message) => keyed.lastOfCbc(padded(message, 8))
    case 'xor-3des':
      return (message) => keyed.encrypt(fold(message, 8))
    case 'sm4-cbc-mac':
      return (message) => keyed.lastOfCbc(paddedBit(message))
    case 'aes-cmac':
      return cmacOf(keyed)
    default:
      return undefined
  }
}
