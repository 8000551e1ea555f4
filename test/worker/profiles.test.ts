/**
 * @module Keys and MACs by profile: the keys of a sign-on open under the terminal's master key with
 * independent ciphers and match their check values. Each profile sells, voids and reverses with them.
 */

import { describe, expect, it } from 'vitest'
import { macAlgorithmOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import { desDecrypt, desEncrypt } from '../support/micro-des.ts'
import { sm4Decrypt, sm4Encrypt } from '../support/micro-sm4.ts'
import flow from '../vectors/cup-flow.json'
import * as s from './support.ts'
import { bytes, hexOf, macOf, openTerminal, type TestTerminal } from './terminal.ts'

/** 60.3, its key records (name, bytes of key, bytes in the record), and the profiles that can request it. */
const LAYOUTS = {
  '001': [
    ['tpk', 8, 8],
    ['mak', 8, 8],
  ],
  '003': [
    ['tpk', 16, 16],
    ['mak', 8, 16],
  ],
  '003 with a 16-byte MAK': [
    ['tpk', 16, 16],
    ['mak', 16, 16],
  ],
  '004': [
    ['tpk', 16, 16],
    ['mak', 8, 16],
    ['tdk', 16, 16],
  ],
  '006': [
    ['tpk', 16, 16],
    ['mak', 16, 16],
    ['tdk', 16, 16],
  ],
} as const

type Layout = keyof typeof LAYOUTS

const blocks = (data: Uint8Array, size: number, f: (block: Uint8Array) => Uint8Array): Uint8Array =>
  Uint8Array.from(
    Array.from({ length: data.length / size }, (_, i) => [...f(data.slice(i * size, (i + 1) * size))]).flat(),
  )

/** Opens field 62 under the master key and checks every check value. It expects and never throws. */
function openField62(field62: string, layout: Layout, tmk = s.TMK): Record<string, string> {
  const sm4 = layout === '006'
  const [size, decrypt, encrypt] = sm4
    ? ([16, sm4Decrypt, sm4Encrypt] as const)
    : ([8, desDecrypt, desEncrypt] as const)
  const data = bytes(field62)
  const keys: Record<string, string> = {}
  let at = 0
  for (const [name, keyLength, recordLength] of LAYOUTS[layout]) {
    const wrapped = data.slice(at, at + keyLength)
    const padding = data.slice(at + keyLength, at + recordLength)
    const kcv = data.slice(at + recordLength, at + recordLength + 4)
    const key = blocks(wrapped, size, (block) => decrypt(bytes(tmk), block))
    expect(hexOf(padding)).toBe('00'.repeat(recordLength - keyLength))
    expect(hexOf(encrypt(key, new Uint8Array(size)).subarray(0, 4)), `${name} check value`).toBe(hexOf(kcv))
    keys[name] = hexOf(key)
    at += recordLength + 4
  }
  expect(at).toBe(data.length)
  return keys
}

/** The master key of the published flow. The service would refuse it: its halves are equal. */
const PUBLISHED_TMK = flow.data.keys.tmk

it('the oracle opens the published field 62', () => {
  const keys = openField62(flow.data.messages['2-signon-resp'].fields[62], '003', PUBLISHED_TMK)
  expect(keys).toEqual({ tpk: flow.data.keys.tpk, mak: flow.data.keys.tak })
  expect(openField62(flow.data.sm4.field62_hex, '006', PUBLISHED_TMK)).toEqual({
    tpk: '2'.repeat(32),
    mak: '3'.repeat(32),
    tdk: '4'.repeat(32),
  })
})

/** The sign-on that each profile uses. */
const BY_PROFILE: Readonly<Record<MacProfile, readonly Layout[]>> = {
  'cup-ecb': ['001', '003', '004'],
  'cup-ecb-16': ['003 with a 16-byte MAK'],
  'x9.9': ['001', '003', '004'],
  'x9.19': ['003 with a 16-byte MAK'],
  'x9.19-bin4': ['003 with a 16-byte MAK'],
  'x9.19-hex4': ['003 with a 16-byte MAK'],
  'cup-sm4': ['006'],
  'xor-3des': ['003 with a 16-byte MAK'],
  'cup-sm4-bin': ['006'],
}

const signOn = (terminal: TestTerminal, layout: string, stan = '000001') =>
  terminal.send(s.aManagement('0800', layout.slice(0, 3), { stan }), { key: null })

describe.each(
  MAC_PROFILES.flatMap((profile) => BY_PROFILE[profile].map((layout) => [profile, layout] as const)),
)('%s signed on by %s', (macProfile, layout) => {
  it('sells, voids, reverses and settles, with a right MAC in every answer', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate, { body: { macProfile }, hasKey: false })
    const signedOn = await signOn(terminal, layout)
    expect(signedOn.fields.get(39)).toBe('00')
    const { mak = '' } = openField62(signedOn.fields.get(62) ?? '', layout)
    const key: s.Key = { algorithm: macAlgorithmOf(macProfile), mak }
    const expectApproved = async (message: Parameters<TestTerminal['send']>[0]) => {
      const reply = await terminal.send(message, { key })
      expect(reply.fields.get(39)).toBe('00')
      expect(macOf(reply, key)).toBe('right')
      return reply
    }
    const sale = await expectApproved(s.aSale({ stan: '000001' }))
    const names = { original: '000001', rrn: sale.fields.get(37) ?? '' }
    await expectApproved(s.aVoid({ stan: '000002', ...names }))
    await expectApproved(s.aReversal('void', { stan: '000002' }))
    await expectApproved(s.aVoid({ stan: '000003', ...names }))
    const settled = await terminal.send(s.aSettlement({ stan: '000004' }, s.totalsOf(1234, 1, 1234, 1)), {
      key,
    })
    expect(settled.fields.get(48)?.[30]).toBe('1')
    expect(macOf(settled, key)).toBe('right')
    const wrong = { ...key, mak: '7'.repeat(mak.length) }
    const refused = await terminal.send(s.aSale({ stan: '000009', batch: '000002' }), { key: wrong })
    expect(refused.fields.get(39)).toBe('A0')
  })
})

describe('sign-on', () => {
  it('rejects a layout that the profile cannot use', async () => {
    const isolate = await s.openIsolate()
    for (const [macProfile, layout] of [
      ['cup-ecb', '006'],
      ['x9.19', '001'],
      ['cup-sm4', '003'],
      ['cup-sm4-bin', '004'],
    ] as const) {
      const terminal = await openTerminal(isolate, { body: { macProfile }, hasKey: false })
      const reply = await signOn(terminal, layout)
      expect([reply.mti, reply.fields.get(39), reply.fields.has(62)]).toEqual(['0810', '40', false])
    }
  })

  it('returns the same keys until they are used, so that a repeat is safe', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate, { hasKey: false })
    const open = (reply: s.Reply) => openField62(reply.fields.get(62) ?? '', '003')
    const first = open(await signOn(terminal, '003'))
    for (let n = 0; n < 10; n++) expect(open(await signOn(terminal, '003', `0001${10 + n}`))).toEqual(first)
    const key = { ...terminal.key, mak: first.mak ?? '' }
    expect((await terminal.send(s.aSale({ stan: '000001' }), { key })).fields.get(39)).toBe('00')
    const second = open(await signOn(terminal, '003', '000002'))
    expect(second.mak).not.toBe(first.mak)
    expect(second.tpk).not.toBe(first.tpk)
    // The old key works until the new one is used, and never after.
    expect((await terminal.send(s.aSale({ stan: '000003' }), { key })).fields.get(39)).toBe('00')
    const newer = { ...terminal.key, mak: second.mak ?? '' }
    expect((await terminal.send(s.aSale({ stan: '000004' }), { key: newer })).fields.get(39)).toBe('00')
    expect((await terminal.send(s.aSale({ stan: '000005' }), { key })).fields.get(39)).toBe('A0')
  })

  it('makes older key sets than the current one invalid, even when their rows still exist', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate, { hasKey: false })
    const key = { ...terminal.key, mak: '5'.repeat(16) }
    await s.installKey(isolate, key.mak, terminal, 5)
    expect((await terminal.send(s.aSale({ stan: '000001' }), { key })).fields.get(39)).toBe('00')
    await s.installKey(isolate, terminal.key.mak, terminal, 4)
    expect((await terminal.send(s.aSale({ stan: '000002' }))).fields.get(39)).toBe('A0')
  })

  it('by an attacker locks no terminal out', async () => {
    const isolate = await s.openIsolate()
    const terminal = await openTerminal(isolate)
    expect((await terminal.send(s.aSale({ stan: '000001' }))).fields.get(39)).toBe('00')
    for (let n = 0; n < 30; n++) {
      isolate.clock.now += 11 * 60_000
      await signOn(terminal, ['001', '003', '004'][n % 3] ?? '', `0001${10 + n}`)
    }
    expect((await terminal.send(s.aSale({ stan: '000002' }))).fields.get(39)).toBe('00')
  })
})
