/** @module A MAC by node:crypto, with every intermediate value: what docs/integrate/mac-algorithms.md shows of each profile. */

import type { MacProfile } from '../../src/domain/terminal-profile.ts'
import { type Cipher, decrypt, encrypt, hexOf, xor } from './node-ciphers.ts'

export interface WorkedMac {
  /** Lines of two columns: what was done, and the value after it. */
  readonly lines: readonly (readonly [string, string])[]
  /** Field 64. */
  readonly mac: Uint8Array
}

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

/** Zeros behind the message up to a whole block; none where it is whole already. */
function blocksOf(input: Uint8Array, size: number): Uint8Array[] {
  const count = Math.max(1, Math.ceil(input.length / size))
  const padded = new Uint8Array(count * size)
  padded.set(input)
  return Array.from({ length: count }, (_, n) => padded.slice(n * size, (n + 1) * size))
}

const name = (n: number): string => String(n + 1).padStart(2)

class Work {
  readonly lines: [string, string][] = []

  add(label: string, value: Uint8Array): Uint8Array {
    this.lines.push([label, hexOf(value)])
    return value
  }

  text(label: string, value: string): string {
    this.lines.push([label, `"${value}"`])
    return value
  }
}

function fold(work: Work, input: Uint8Array, size: number): Uint8Array {
  let sum = new Uint8Array(size)
  for (const [n, block] of blocksOf(input, size).entries()) {
    work.add(`block ${name(n)}`, block)
    sum = Uint8Array.from(xor(sum, block))
    work.add('  XOR so far', sum)
  }
  return work.add('fold', sum)
}

/** Fold, hex text, encrypt the first half, XOR the second, encrypt again, hex text, the first eight characters. */
function foldTwice(
  cipher: Cipher,
  key: Uint8Array,
  input: Uint8Array,
  form: 'text' | 'bytes' = 'text',
): WorkedMac {
  const size = cipher === 'sm4' ? 16 : 8
  const work = new Work()
  const text = work.text('fold as hex text', hexOf(fold(work, input, size)))
  const first = work.add('first half, as ASCII', ascii(text.slice(0, size)))
  const once = work.add('encrypted', encrypt(cipher, key, first))
  const second = work.add('second half, as ASCII', ascii(text.slice(size)))
  const mixed = work.add('encrypted XOR second half', xor(once, second))
  const twice = work.add('encrypted again', encrypt(cipher, key, mixed))
  if (form === 'bytes') return { lines: work.lines, mac: work.add('field 64', twice.subarray(0, 8)) }
  const mac = work.text('its hex text, first 8', hexOf(twice).slice(0, 8))
  return { lines: work.lines, mac: work.add('field 64', ascii(mac)) }
}

function chain(work: Work, key: Uint8Array, input: Uint8Array): Uint8Array {
  let value = new Uint8Array(8)
  for (const [n, block] of blocksOf(input, 8).entries()) {
    work.add(`block ${name(n)}`, block)
    const mixed = work.add('  XOR chain', xor(value, block))
    value = Uint8Array.from(work.add('  encrypted', encrypt('des', key, mixed)))
  }
  return value
}

function x99(key: Uint8Array, input: Uint8Array): WorkedMac {
  const work = new Work()
  const mac = chain(work, key, input)
  return { lines: work.lines, mac: work.add('field 64', mac) }
}

function x919(profile: MacProfile, key: Uint8Array, input: Uint8Array): WorkedMac {
  const [left, right] = [key.subarray(0, 8), key.subarray(8, 16)]
  const work = new Work()
  const last = chain(work, left, input)
  const opened = work.add('decrypted, right half', decrypt('des', right, last))
  const mac = work.add('encrypted, left half', encrypt('des', left, opened))
  return { lines: work.lines, mac: work.add('field 64', carried(work, profile, mac)) }
}

/** How the eight bytes of a retail MAC lie in field 64. */
function carried(work: Work, profile: MacProfile, mac: Uint8Array): Uint8Array {
  if (profile === 'x9.19-bin4') return Uint8Array.from([...mac.subarray(0, 4), 0, 0, 0, 0])
  if (profile === 'x9.19-hex4') return ascii(work.text('its hex text, first 8', hexOf(mac).slice(0, 8)))
  return mac
}

function xor3des(key: Uint8Array, input: Uint8Array): WorkedMac {
  const work = new Work()
  const mac = encrypt('3des', key, fold(work, input, 8))
  return { lines: work.lines, mac: work.add('field 64', mac) }
}

export function workMac(profile: MacProfile, key: Uint8Array, input: Uint8Array): WorkedMac {
  switch (profile) {
    case 'cup-ecb':
      return foldTwice('des', key, input)
    case 'cup-ecb-16':
      return foldTwice('3des', key, input)
    case 'cup-sm4':
      return foldTwice('sm4', key, input)
    case 'cup-sm4-bin':
      return foldTwice('sm4', key, input, 'bytes')
    case 'x9.9':
      return x99(key, input)
    case 'x9.19':
    case 'x9.19-bin4':
    case 'x9.19-hex4':
      return x919(profile, key, input)
    case 'xor-3des':
      return xor3des(key, input)
  }
}
