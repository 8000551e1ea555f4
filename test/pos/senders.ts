/** @module Senders without a right to send, as `verifyMac` finds them: their key sets, their state and their MAC. */

import { loadCore } from '../../src/cli/lib/core.ts'
import type { Keyring } from '../../src/crypto/keyring.ts'
import { contextOfSet } from '../../src/domain/key-lifetime.ts'
import { macAlgorithmOf, makLengthOf } from '../../src/domain/mac-profile.ts'
import type { MacProfile } from '../../src/domain/terminal-profile.ts'
import type { Merchant, Terminal } from '../../src/domain/types.ts'
import { NEW_STREAM } from '../../src/store/head-mac.ts'
import type { Loaded, WrappedKeySet } from '../../src/store/load.ts'
import * as f from '../domain/fixtures.ts'
import { newKeyring } from '../support/memory-data-keys.ts'

export const core = await loadCore()
export const keyring: Keyring = await newKeyring(
  '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  (bytes) => void crypto.getRandomValues(bytes),
)

/** A message of 20 blocks. */
export const MAC_INPUT = Uint8Array.from({ length: 160 }, (_, i) => (i * 37) & 0xff)

/** The clear MAK of the key set with this number. */
const makOf = (profile: MacProfile, number: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: makLengthOf(profile) }, (_, i) => 0x10 + number * 17 + i)

/** The version of a key set is the time of its sign-on. */
const versionOf = (number: number): number => f.NOW + number

/** The right MAC under the key set with this number. */
export const macUnder = (profile: MacProfile, number: number): Uint8Array =>
  core.computeMac(macAlgorithmOf(profile), makOf(profile, number), MAC_INPUT)

export interface SenderOptions {
  readonly macProfile?: MacProfile
  readonly status?: Terminal['status']
  readonly merchantStatus?: Merchant['status']
  /** How many key sets the terminal has. The first one is in use. */
  readonly sets: number
}

/** The loaded state of a terminal. */
export async function senderWith({
  macProfile = 'cup-ecb',
  status = 'active',
  merchantStatus = 'active',
  sets,
}: SenderOptions): Promise<Loaded> {
  const terminal: Terminal = {
    ...f.terminal,
    macProfile,
    status,
    keyVersion: sets === 0 ? null : versionOf(1),
  }
  const { merchantId, terminalId } = terminal
  const keySets: WrappedKeySet[] = []
  for (let number = 1; number <= sets; number++) {
    const set = { version: versionOf(number), tmkVersion: 1, layout: `00${number}`, createdAt: f.NOW }
    const context = { merchantId, terminalId, usage: 'mak', ...contextOfSet(set) } as const
    const mak = await keyring.wrap(makOf(macProfile, number), context)
    keySets.push({ ...set, mak, tpk: '', tdk: null })
  }
  const merchant = { ...f.merchant, status: merchantStatus }
  return { ...f.loadedState, terminal, merchant, keySets, ...NOTHING_MORE }
}

const NOTHING_MORE = { head: NEW_STREAM, masterKey: null, credential: null } as const

/** The loaded state of a terminal number that nobody has. */
export const unknownSender = (): Loaded => ({
  ...f.loadedState,
  ...NOTHING_MORE,
  terminal: null,
  merchant: null,
  keySets: [],
})
