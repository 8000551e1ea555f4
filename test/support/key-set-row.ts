/** @module A row of `key_set` as SQL, for tests that need a known MAC key without a sign-on. */

import type { Keyring } from '../../src/crypto/keyring.ts'

export const INSERT_KEY_SET =
  'insert into key_set (terminal_id, version, tmk_version, layout, mak, tpk, created_at) values (?, ?, ?, ?, ?, ?, ?)'

export interface KeySetOptions {
  readonly merchantId: string
  readonly terminalId: string
  readonly version: number
  readonly tmkVersion: number
  readonly createdAt: number
  /** The MAC key, in hex. */
  readonly mak: string
}

const LAYOUT = '003'
const TPK = '2'.repeat(32)

/** The values of `INSERT_KEY_SET`. The keys are wrapped for their terminal. */
export async function keySetRow(
  keyring: Pick<Keyring, 'wrap'>,
  { mak, ...of }: KeySetOptions,
): Promise<(string | number)[]> {
  const wrap = (usage: 'mak' | 'tpk', hex: string) =>
    keyring.wrap(Uint8Array.fromHex(hex), { ...of, layout: LAYOUT, usage })
  const { terminalId, version, tmkVersion, createdAt } = of
  return [terminalId, version, tmkVersion, LAYOUT, await wrap('mak', mak), await wrap('tpk', TPK), createdAt]
}
