/** @module Weak master keys of terminals: refused by name, nothing is written, and the key in use stays. */

import { beforeAll, expect, it } from 'vitest'
import { desEncrypt } from '../support/micro-des.ts'
import { sm4Encrypt } from '../support/micro-sm4.ts'
import { dump, journalOf } from './book.ts'
import * as s from './support.ts'
import { bytes, hexOf, openTerminal } from './terminal.ts'

let isolate: s.Isolate
let admin: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  await s.provisionMerchant(isolate, s.MID)
  admin = await s.bearerKey(null)
})

const FIRST = '0123456789ABCDEFFEDCBA9876543210'
const STRONG = s.TMK.slice(0, 16)

/** The member `tmk` for a master key: two components with their check values. */
function tmkOf(key: string, isSm4 = false) {
  const kcv = (part: string) => {
    const zeros = new Uint8Array(isSm4 ? 16 : 8)
    return hexOf((isSm4 ? sm4Encrypt : desEncrypt)(bytes(part), zeros).subarray(0, 4))
  }
  const first = FIRST.slice(0, key.length)
  const second = hexOf(bytes(first).map((byte, i) => byte ^ (bytes(key)[i] ?? 0)))
  return {
    components: [first, second].map((value) => ({ value, checkValue: kcv(value) })),
    checkValue: kcv(key),
  }
}

const put = (tid: string, body: object) =>
  s.ask(isolate, admin, 'PUT', `/v1/merchants/${s.MID}/terminals/${tid}`, body)

const REFUSED: readonly (readonly [string, object])[] = [
  ['of zeros', { tmk: tmkOf('0'.repeat(32)) }],
  ['with a weak half', { tmk: tmkOf(`${STRONG}FEFEFEFEFEFEFEFE`) }],
  ['with a semi-weak half', { tmk: tmkOf(`01E001E001F101F1${STRONG}`) }],
  ['with a semi-weak half under other parity', { tmk: tmkOf(`00E101E001F101F0${STRONG}`) }],
  ['of equal halves', { tmk: tmkOf('1'.repeat(32)) }],
  ['of halves that differ in parity bits only', { tmk: tmkOf(`${'10'.repeat(8)}${'11'.repeat(8)}`) }],
  ['of 8 bytes', { tmk: tmkOf(STRONG) }],
  ['of 8 bytes that are not allowed', { tmk: { ...tmkOf(STRONG), allowSingleLength: false } }],
  ['of 8 weak bytes', { tmk: { ...tmkOf('1F1F1F1F0E0E0E0E'), allowSingleLength: true } }],
  ['of wrong parity', { tmk: { ...tmkOf(FIRST.replace('01', '00')), parity: 'odd' } }],
  ['for SM4 of one repeated byte', { macProfile: 'cup-sm4', tmk: tmkOf('5A'.repeat(16), true) }],
  ['for SM4 of zeros', { macProfile: 'cup-sm4', tmk: tmkOf('0'.repeat(32), true) }],
]

it.each(REFUSED)('a master key %s is master_key_weak, and nothing is written', async (_, body) => {
  const before = await dump()
  const reply = await put('W0000001', body)
  expect([reply.status, reply.body.reason]).toEqual([422, 'master_key_weak'])
  expect(await journalOf('W0000001')).toEqual([])
  expect(await dump()).toEqual(before)
})

const ACCEPTED: readonly (readonly [string, object])[] = [
  ['of 16 bytes', { tmk: tmkOf(s.TMK) }],
  ['of 8 bytes that are allowed', { tmk: { ...tmkOf(STRONG), allowSingleLength: true } }],
  ['of odd parity', { tmk: { ...tmkOf('0131D9619DC1376E07A1133E4A0B2686'), parity: 'odd' } }],
  ['of any parity', { tmk: { ...tmkOf(s.TMK), parity: 'any' } }],
  ['for SM4 of equal halves', { macProfile: 'cup-sm4', tmk: tmkOf(STRONG + STRONG, true) }],
  ['for SM4, which has no parity', { macProfile: 'cup-sm4', tmk: { ...tmkOf(s.TMK, true), parity: 'odd' } }],
]

it.each(ACCEPTED)('a master key %s is accepted', async (name, body) => {
  const tid = `A${String(ACCEPTED.findIndex(([one]) => one === name)).padStart(7, '0')}`
  expect((await put(tid, body)).status).toBe(201)
})

it('a terminal keeps its keys when a weak one is refused', async () => {
  const terminal = await openTerminal(isolate)
  expect((await put(terminal.tid, { tmk: tmkOf('1'.repeat(32)) })).status).toBe(422)
  expect((await terminal.send(s.aSale({ stan: '000001' }))).fields.get(39)).toBe('00')
})
