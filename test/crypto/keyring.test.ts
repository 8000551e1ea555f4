/** @module Keys at rest and fingerprints, against node:crypto: the context of a key, and a changed blob. */

import { createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyContext, Keyring } from '../../src/crypto/keyring.ts'
import { contextOfSet } from '../../src/domain/key-lifetime.ts'
import { newKeyring } from '../support/memory-data-keys.ts'

const MASTER_KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)
const keyring = await newKeyring(MASTER_KEY, random)

const context: KeyContext = {
  merchantId: '123456789012345',
  terminalId: '12345678',
  usage: 'mak',
  version: 7,
}
const clear = () => Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i)

/** The key of one purpose under the master key, by node:crypto. */
const derived = (purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', Buffer.from(MASTER_KEY, 'hex'), Buffer.alloc(32), `annul ${purpose}`, 32))

describe('wrap and unwrap', () => {
  it.each([1, 8, 16, 24, 32])('return %d bytes unchanged', async (length) => {
    const key = Uint8Array.from(randomBytes(length))
    const copy = key.slice()
    const wrapped = await keyring.wrap(key, context)
    expect(await keyring.unwrap(wrapped, context)).toEqual(copy)
    expect(key).toEqual(copy)
  })

  it('use AES-256-GCM under HKDF-SHA-256, with the context as associated data (node:crypto)', async () => {
    const blob = Buffer.from(await keyring.wrap(clear(), context), 'base64')
    expect(blob.length).toBe(12 + 16 + 16)
    const gcm = createDecipheriv('aes-256-gcm', derived('key wrapping'), blob.subarray(0, 12))
    gcm.setAAD(Buffer.from('123456789012345|12345678|mak|7'))
    gcm.setAuthTag(blob.subarray(-16))
    expect(Buffer.concat([gcm.update(blob.subarray(12, -16)), gcm.final()])).toEqual(Buffer.from(clear()))
  })

  it('take a fresh IV each time, from the given randomness', async () => {
    let calls = 0
    const counting = await newKeyring(MASTER_KEY, (bytes) => void bytes.fill(++calls))
    const before = calls
    const ivs = [await counting.wrap(clear(), context), await counting.wrap(clear(), context)].map(
      (wrapped) => Buffer.from(wrapped, 'base64')[0],
    )
    expect(ivs).toEqual([before + 1, before + 2])
  })
})

describe('a blob', () => {
  const otherContexts: [string, Partial<KeyContext>][] = [
    ['of another merchant', { merchantId: '123456789012346' }],
    ['of another terminal', { terminalId: '12345679' }],
    ['of another usage', { usage: 'tpk' }],
    ['of another version', { version: 8 }],
    ['of another version that looks alike', { version: 77 }],
    ['of another layout', { layout: '001' }],
    ['without a layout', { layout: undefined }],
    ['of another time', { createdAt: 1_780_280_280_001 }],
    ['without a time', { createdAt: undefined }],
  ]
  it.each(otherContexts)('does not open in the context %s', async (_, change) => {
    const ofSet = { ...context, layout: '003', createdAt: 1_780_280_280_000 }
    const wrapped = await keyring.wrap(clear(), ofSet)
    await expect(keyring.unwrap(wrapped, { ...ofSet, ...change })).rejects.toThrow()
    expect(await keyring.unwrap(wrapped, ofSet)).toEqual(clear())
  })

  it('does not open under another master key', async () => {
    const other = await newKeyring('f'.repeat(64), random)
    await expect(other.unwrap(await keyring.wrap(clear(), context), context)).rejects.toThrow()
  })

  it('does not open with any changed bit', async () => {
    const blob = Buffer.from(await keyring.wrap(clear(), context), 'base64')
    for (let bit = 0; bit < 8 * blob.length; bit++) {
      const changed = Buffer.from(blob)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await expect(keyring.unwrap(changed.toString('base64'), context), `bit ${bit}`).rejects.toThrow()
    }
  })

  it('does not open cut at any byte, or with one byte more', async () => {
    const blob = Buffer.from(await keyring.wrap(clear(), context), 'base64')
    for (let length = 0; length < blob.length; length++)
      await expect(keyring.unwrap(blob.toString('base64', 0, length), context), `${length}`).rejects.toThrow()
    await expect(
      keyring.unwrap(Buffer.concat([blob, Buffer.alloc(1)]).toString('base64'), context),
    ).rejects.toThrow()
  })

  it('throws an error without any part of the key', async () => {
    const wrapped = await keyring.wrap(clear(), context)
    const error = await keyring.unwrap(wrapped, { ...context, version: 8 }).catch((e: unknown) => String(e))
    expect(error).not.toMatch(/a0a1|A0A1|00010203/)
    expect(error).not.toContain(wrapped)
  })
})

describe('the dummy key', () => {
  it('is eight bytes, the same for the life of a keyring, in a copy that may be wiped', async () => {
    const unwrapped = ({ dummyMak, unwrap }: Keyring) => {
      const { set, ...owner } = dummyMak
      return unwrap(set.mak, { ...owner, usage: 'mak', ...contextOfSet(set) })
    }
    const first = await unwrapped(keyring)
    expect(first.length).toBe(8)
    const copy = first.slice()
    first.fill(0)
    expect(await unwrapped(keyring)).toEqual(copy)
    const other = await newKeyring(MASTER_KEY, random)
    expect(await unwrapped(other)).not.toEqual(copy)
  })
})

describe('fingerprints', () => {
  it('use HMAC-SHA-256 under a key of their purpose (node:crypto)', async () => {
    const purposes = fc.constantFrom('pan', 'content') as fc.Arbitrary<'pan' | 'content'>
    await fc.assert(
      fc.asyncProperty(purposes, fc.string({ unit: 'binary' }), async (purpose, text) => {
        const expected = createHmac('sha256', derived(`${purpose} fingerprint`))
          .update(text)
          .digest('hex')
          .slice(0, 32)
        expect(await keyring.fingerprint(purpose, text)).toBe(expected)
        const bytes = Uint8Array.from(Buffer.from(text))
        expect(await keyring.fingerprint(purpose, bytes)).toBe(expected)
      }),
    )
  })

  it('differ by purpose and by master key, and are the same each time', async () => {
    const pan = '6225000000000014'
    const other = await newKeyring('f'.repeat(64), random)
    const again = await newKeyring(MASTER_KEY.toUpperCase(), random)
    const mine = await keyring.fingerprint('pan', pan)
    expect(mine).toMatch(/^[0-9a-f]{32}$/)
    expect(await keyring.fingerprint('content', pan)).not.toBe(mine)
    expect(await other.fingerprint('pan', pan)).not.toBe(mine)
    expect(await again.fingerprint('pan', pan)).toBe(mine)
  })
})

describe('MASTER_KEY', () => {
  const bad: [string, string | undefined][] = [
    ['missing', undefined],
    ['empty', ''],
    ['too short', 'a5'.repeat(31)],
    ['half a byte short', 'a5'.repeat(32).slice(1)],
    ['too long', 'a5'.repeat(33)],
    ['not hex', `${'a5'.repeat(31)}zz`],
    ['with a prefix', `0x${'a5'.repeat(31)}`],
    ['with a newline', `${'a5'.repeat(32)}\n`],
    ['with spaces', ` ${'a5'.repeat(32)} `],
  ]
  it.each(bad)('rejects %s without the value in the error', async (_, key) => {
    const error = await newKeyring(key, random).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(RangeError)
    expect(String(error)).toBe('RangeError: MASTER_KEY: expected 64 hex digits (256 bits)')
  })
})
