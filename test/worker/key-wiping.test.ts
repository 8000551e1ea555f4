/** @module The POS door wipes each MAC key that it unwraps: after an answer, a refusal and an error. */

import { expect, it } from 'vitest'
import type { Keyring } from '../../src/crypto/keyring.ts'
import { MOST_KEY_SETS } from '../../src/pos/verify-mac.ts'
import { scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal } from './terminal.ts'

/** Records the keys that the keyring returns in clear, and fails the fingerprint of a card on request. */
function record(keyring: Keyring) {
  const keys: Uint8Array[] = []
  const rules = { failsFingerprint: false }
  const { unwrap, fingerprint } = keyring
  keyring.unwrap = async (wrapped, context) => {
    const key = await unwrap(wrapped, context)
    if (context.usage === 'mak') keys.push(key)
    return key
  }
  keyring.fingerprint = async (purpose, data) => {
    if (rules.failsFingerprint && purpose === 'pan') throw new Error('no fingerprint')
    return fingerprint(purpose, data)
  }
  return { keys, rules }
}

async function open(settings: Parameters<typeof s.openIsolate>[0] = {}) {
  const isolate = await s.openIsolate(settings)
  const terminal = await openTerminal(isolate)
  const recorded = record(isolate.services.keyring)
  return { isolate, terminal, ...recorded }
}

const isWiped = (key: Uint8Array): boolean => key.every((byte) => byte === 0)
const sale = (more: Readonly<Record<number, string | undefined>> = {}) => s.aSale({ stan: '000001', more })

it('wipes the key after an approved sale', async () => {
  const { terminal, keys } = await open()
  expect((await terminal.send(sale())).fields.get(39)).toBe('00')
  expect(keys.map(isWiped)).toEqual([true])
})

it('wipes each key after a wrong MAC under two key sets, those that belong to nobody too', async () => {
  const { isolate, terminal, keys } = await open()
  await s.installKey(isolate, '4'.repeat(16), { mid: terminal.mid, tid: terminal.tid }, 2)
  const wrong = { algorithm: 'cup-ecb', mak: '5'.repeat(16) } as const
  expect((await terminal.send(sale(), { key: wrong })).fields.get(39)).toBe('A0')
  expect(keys.map(isWiped)).toEqual(Array(MOST_KEY_SETS).fill(true))
})

it('wipes the key after a message without a mandatory field', async () => {
  const { terminal, keys } = await open()
  expect((await terminal.send(sale({ 49: undefined }))).fields.get(39)).toBe('30')
  expect(keys.map(isWiped)).toEqual([true])
})

it('wipes the key after an error behind the MAC check', async () => {
  const { terminal, keys, rules } = await open()
  rules.failsFingerprint = true
  expect((await terminal.send(sale())).status).toBe(503)
  expect(keys.map(isWiped)).toEqual([true])
})

it('wipes the key after an acquirer that throws', async () => {
  const acquirer = scriptedAcquirer()
  acquirer.script.sale = () => Promise.reject(new Error('broken'))
  const { terminal, keys } = await open({ acquirer: acquirer.port })
  await terminal.send(sale()).catch(() => undefined)
  expect(keys.map(isWiped)).toEqual([true])
})

it('wipes the key after an acquirer that does not respond', async () => {
  const acquirer = scriptedAcquirer()
  acquirer.script = {
    sale: { kind: 'unknown', why: 'no answer' },
    inquiry: { kind: 'unknown', why: 'no answer' },
  }
  const { terminal, keys } = await open({ acquirer: acquirer.port, sleep: () => new Promise<void>(() => {}) })
  expect((await terminal.send(sale())).status).toBe(503)
  expect(keys.map(isWiped)).toEqual([true])
})

it('sees a key in clear while the acquirer has the request', async () => {
  const acquirer = scriptedAcquirer()
  const { terminal, keys } = await open({ acquirer: acquirer.port })
  const during: boolean[] = []
  acquirer.script.sale = async () => {
    during.push(...keys.map(isWiped))
    return { kind: 'approved', rrn: 'ACQR00000001', authorizationCode: '424242' }
  }
  await terminal.send(sale())
  expect(during).toEqual([false])
  expect(keys.map(isWiped)).toEqual([true])
})
