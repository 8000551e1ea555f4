/** @module A message without a proof: it costs the same and is refused alike, whoever sends it. The reason comes after the proof. */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { MOST_KEY_SETS, verifyMac } from '../../src/pos/verify-mac.ts'
import type { Loaded } from '../../src/store/load.ts'
import { MID, NOW, TID } from '../domain/fixtures.ts'
import { core, keyring, MAC_INPUT, macUnder, senderWith, unknownSender } from './senders.ts'

const WRONG = new Uint8Array(8).fill(0xee)

/** Verifies a MAC and counts the work. All keys must be wiped but the one that is returned. */
async function verify(loaded: Loaded, mac: Uint8Array | undefined, merchantId = MID) {
  const keys: Uint8Array[] = []
  const unwrap = vi.spyOn(keyring, 'unwrap').mockImplementation(async (wrapped, context) => {
    const key = await original(wrapped, context)
    keys.push(key)
    return key
  })
  const macs = vi.spyOn(core, 'verifyMac')
  const identity = { terminalId: TID, merchantId, batchNumber: '000001', stan: '000001' }
  const message = { identity, macInput: MAC_INPUT, mac: mac && Uint8Array.from(mac) }
  const proof = await verifyMac({ core, keyring, now: NOW }, message, loaded)
  const kept = proof.signer?.macKey
  expect(keys.filter((key) => key !== kept && key.some((byte) => byte !== 0))).toEqual([])
  return {
    reason: proof.kind === 'proved' ? null : proof.reason,
    isSigned: proof.signer != null,
    work: [unwrap.mock.calls.length, macs.mock.calls.length],
  }
}

const original = keyring.unwrap
afterEach(() => void vi.restoreAllMocks())

const MOST = [MOST_KEY_SETS, MOST_KEY_SETS]
const STATUSES = ['active', 'blocked', 'stolen', 'retired'] as const

describe('without a right MAC', () => {
  it('every sender costs the same', async () => {
    expect((await verify(unknownSender(), WRONG)).work).toEqual(MOST)
    for (const sets of [0, 1, 2, 3, MOST_KEY_SETS])
      for (const status of STATUSES) {
        vi.restoreAllMocks()
        expect((await verify(await senderWith({ sets, status }), WRONG)).work).toEqual(MOST)
      }
  })

  it('a message without field 64 costs as many keys', async () => {
    for (const loaded of [unknownSender(), await senderWith({ sets: 1 }), await senderWith({ sets: 4 })]) {
      vi.restoreAllMocks()
      expect((await verify(loaded, undefined)).work[0]).toBe(MOST_KEY_SETS)
    }
  })

  it.each([
    ['a stolen terminal', { sets: 1, status: 'stolen' }],
    ['a blocked terminal', { sets: 1, status: 'blocked' }],
    ['a retired terminal', { sets: 1, status: 'retired' }],
    ['a terminal of a closed merchant', { sets: 1, merchantStatus: 'closed' }],
    ['a blocked terminal without keys', { sets: 0, status: 'blocked' }],
  ] as const)('%s is unknown', async (_, options) => {
    expect(await verify(await senderWith(options), WRONG)).toMatchObject({
      reason: 'terminal_unknown',
      isSigned: false,
    })
  })

  it('the terminal of another merchant is unknown', async () => {
    const loaded = await senderWith({ sets: 1 })
    expect((await verify(loaded, WRONG, '999999999999999')).reason).toBe('terminal_unknown')
  })

  it('an active terminal learns that it must sign on', async () => {
    expect((await verify(await senderWith({ sets: 1 }), WRONG)).reason).toBe('mac_mismatch')
    expect((await verify(await senderWith({ sets: 0 }), WRONG)).reason).toBe('key_not_established')
  })
})

describe('with a right MAC', () => {
  it.each([
    ['a stolen terminal', { status: 'stolen' }, MID, 'terminal_not_allowed'],
    ['a blocked terminal', { status: 'blocked' }, MID, 'terminal_not_allowed'],
    ['a closed merchant', { merchantStatus: 'closed' }, MID, 'merchant_unknown'],
    ['another merchant', {}, '999999999999999', 'merchant_unknown'],
  ] as const)('%s gets its reason, with a MAC', async (_, options, merchantId, reason) => {
    const loaded = await senderWith({ sets: 2, ...options })
    for (const set of [1, 2])
      expect(await verify(loaded, macUnder('cup-ecb', set), merchantId)).toMatchObject({
        reason,
        isSigned: true,
      })
  })

  it.each(MAC_PROFILES)('each of four key sets proves, %s', async (macProfile) => {
    const loaded = await senderWith({ sets: 4, macProfile })
    for (const set of [1, 2, 3, 4]) {
      vi.restoreAllMocks()
      expect(await verify(loaded, macUnder(macProfile, set))).toEqual({
        reason: null,
        isSigned: true,
        work: [set, set],
      })
    }
  })
})
