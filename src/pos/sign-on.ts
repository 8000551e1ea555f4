/**
 * @module Sign-on (签到): new working keys under the terminal master key, the open batch, and the clock.
 *
 * A sign-on has no MAC, so anyone can send one, and it changes nothing. Its keys are pending until a MAC verifies under
 * them. Until then every sign-on with that layout gets the same keys. So a repeated sign-on neither locks a terminal
 * out nor makes anything grow. The master key keeps the keys secret, so they need not be new. A pending key set expires,
 * and then a sign-on makes a new one in its place.
 */

import type { Core, WrappingCipher } from '../core/instance.ts'
import type { Keyring, KeyUsage } from '../crypto/keyring.ts'
import { refuseUnproved } from '../domain/admit.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import { setOddParity } from '../domain/des-parity.ts'
import type { Need } from '../domain/guard.ts'
import { contextOfSet, liveKeySets } from '../domain/key-lifetime.ts'
import { isSm4Profile, makLengthOf } from '../domain/mac-profile.ts'
import type { Merchant, Terminal } from '../domain/types.ts'
import type { Db } from '../store/db.ts'
import { load, type WrappedKeySet } from '../store/load.ts'
import { addPendingKeySet } from '../store/terminals.ts'
import type { SignOnAnswers } from './sign-on-answers.ts'

export interface SignOnDeps {
  readonly db: Db
  readonly core: Core
  readonly keyring: Keyring
  readonly answers: SignOnAnswers
  readonly now: number
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => void
  /** The guard of the merchant's bucket. Empty: the region has one database. */
  readonly needs: readonly Need[]
}

export type SignOnOutcome =
  | {
      readonly kind: 'signed_on'
      readonly terminal: Terminal
      readonly merchant: Merchant
      /** Field 62: keys under the master key with their check values (protocol.md §3.1). */
      readonly keys: Uint8Array
    }
  | {
      readonly kind: 'refused'
      readonly reason: DeclineReason
      readonly terminal: Terminal | null
      readonly merchant: Merchant | null
    }

const KCV_LENGTH = 4
const MAX_ATTEMPTS = 5

/** Key lengths of a layout (60.3), in bytes. An 8-byte MAK in 003 and 004 is padded to 16. */
interface Layout {
  readonly tpk: 8 | 16
  readonly mak: 8 | 16
  readonly tdk: 0 | 16
}

/** The layout of a 60.3; undefined when the terminal's MAC profile cannot use it. */
function layoutOf(code: string, { macProfile }: Terminal): Layout | undefined {
  const mak = makLengthOf(macProfile)
  const isSm4 = isSm4Profile(macProfile)
  if (code === '001') return mak === 8 ? { tpk: 8, mak: 8, tdk: 0 } : undefined
  if (code === '003') return isSm4 ? undefined : { tpk: 16, mak, tdk: 0 }
  if (code === '004') return isSm4 ? undefined : { tpk: 16, mak, tdk: 16 }
  return isSm4 ? { tpk: 16, mak: 16, tdk: 16 } : undefined
}

const cipherOf = ({ macProfile }: Terminal): WrappingCipher => (isSm4Profile(macProfile) ? 'sm4' : 'des')

/** Signs a terminal on. `layoutCode` is field 60.3. */
export async function signOn(
  deps: SignOnDeps,
  terminalId: string,
  merchantId: string,
  layoutCode: string,
): Promise<SignOnOutcome> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const [loaded] = await load(deps.db, [{ terminalId, masterKey: true }], deps.now)
    const { terminal = null, merchant = null, keySets = [], masterKey = null } = loaded ?? {}
    const refusal = refuseUnproved(terminal, merchant, merchantId)
    if (refusal !== null || terminal === null || merchant === null || masterKey === null)
      return { kind: 'refused', reason: refusal ?? 'key_not_established', terminal, merchant }
    const layout = layoutOf(layoutCode, terminal)
    if (layout === undefined)
      return { kind: 'refused', reason: 'unsupported_transaction', terminal, merchant }

    const live = liveKeySets(keySets, terminal.keyVersion, deps.now)
    const pending = live.find((set) => set.version !== terminal.keyVersion && set.layout === layoutCode)
    const set = pending ?? (await newKeySet(deps, terminal, layoutCode, layout, keySets))
    const state = { terminalId, inUse: terminal.keyVersion, needs: deps.needs }
    if (pending === undefined && !(await addPendingKeySet(deps.db, state, set))) continue
    const keys = await deps.answers.field62(terminal, { masterKey, set }, () =>
      field62(deps, terminal, masterKey, set, layout),
    )
    return { kind: 'signed_on', terminal, merchant, keys }
  }
  return { kind: 'refused', reason: 'in_progress', terminal: null, merchant: null }
}

/** Makes and wraps a key set. */
async function newKeySet(
  deps: SignOnDeps,
  terminal: Terminal,
  layoutCode: string,
  layout: Layout,
  known: readonly WrappedKeySet[],
): Promise<WrappedKeySet> {
  const { tmkVersion, keyVersion } = terminal
  const version = Math.max(deps.now, (keyVersion ?? 0) + 1, ...known.map((one) => one.version + 1))
  const set = { version, tmkVersion, layout: layoutCode, createdAt: deps.now }
  const place = { ...keyOwnerOf(terminal), ...contextOfSet(set) }
  const make = async (usage: KeyUsage, length: number): Promise<string> => {
    const key = new Uint8Array(length)
    deps.random(key)
    if (cipherOf(terminal) === 'des') setOddParity(key)
    const wrapped = await deps.keyring.wrap(key, { ...place, usage })
    key.fill(0)
    return wrapped
  }
  return {
    ...set,
    mak: await make('mak', layout.mak),
    tpk: await make('tpk', layout.tpk),
    tdk: layout.tdk === 0 ? null : await make('tdk', layout.tdk),
  }
}

const keyOwnerOf = ({ merchantId, terminalId }: Terminal) => ({ merchantId, terminalId })

/** For each key: the key under the master key, padded with zeros to the length of the TPK, then its check value. */
async function field62(
  { core, keyring }: SignOnDeps,
  terminal: Terminal,
  masterKey: { version: number; wrapped: string },
  set: WrappedKeySet,
  layout: Layout,
): Promise<Uint8Array> {
  const cipher = cipherOf(terminal)
  const identity = keyOwnerOf(terminal)
  const tmk = await keyring.unwrap(masterKey.wrapped, {
    ...identity,
    usage: 'tmk',
    version: masterKey.version,
  })
  const records: Uint8Array[] = []
  const wrapped = [
    ['tpk', set.tpk],
    ['mak', set.mak],
    ['tdk', set.tdk],
  ] as const
  for (const [usage, blob] of wrapped) {
    if (blob === null) continue
    const key = await keyring.unwrap(blob, { ...identity, usage, ...contextOfSet(set) })
    const record = new Uint8Array(layout.tpk + KCV_LENGTH)
    record.set(core.wrapKey(cipher, tmk, key))
    const checkCipher = cipher === 'sm4' ? 'sm4' : key.length === 8 ? 'des' : '3des'
    record.set(core.keyCheckValue(checkCipher, key, KCV_LENGTH), layout.tpk)
    records.push(record)
    key.fill(0)
  }
  tmk.fill(0)
  return Uint8Array.from(records.flatMap((record) => [...record]))
}
