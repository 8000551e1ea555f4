/** @module The terminal of `annul describe --why`: its profile and keys as the local database has them. Each key opens, and says what its use would be. */

import { expect, it } from 'vitest'
import { Replica } from '../../src/cli/lib/replica.ts'
import { readTerminal } from '../../src/cli/why/terminal.ts'
import { openKeyring } from '../../src/crypto/keyring.ts'
import { contextOfSet, WORKING_KEYS_MS } from '../../src/domain/key-lifetime.ts'
import { memoryDataKeys } from '../support/memory-data-keys.ts'

const NOW = Date.UTC(2026, 5, 1)
const [TID, MID] = ['12345678', '123456789012345']
const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)

it('reads the profile and every key set, and names the state of each', async () => {
  const keyring = await openKeyring({ MASTER_KEY: '0f'.repeat(32) }, memoryDataKeys(), random, NOW)
  const replica = new Replica()
  const row = {
    ...{ terminal_id: TID, merchant_id: MID, status: 'active', mac_profile: 'x9.19', text_encoding: 'gbk' },
    ...{ settlement_mac: 'optional', batch_number: '000001', key_version: 2, tmk_version: 1 },
    ...{ head_seq: 1, head_hash: '', head_mac: '', head_mac_key: 1, padding: 'F', entry_mode: 'right' },
    ...{ header_length: 8, header_tlv: 1 },
  }
  const columns = Object.keys(row)
  const places = columns.map(() => '?').join()
  replica.rows(`insert into terminal (${columns.join()}) values (${places})`, ...Object.values(row))
  const key = (fill: number) => new Uint8Array(16).fill(fill)
  for (const [version, createdAt] of [
    [1, NOW - WORKING_KEYS_MS],
    [2, NOW - 1],
    [3, NOW - 1],
  ] as const) {
    const set = { version, tmkVersion: 1, layout: '003', createdAt }
    const context = { merchantId: MID, terminalId: TID, ...contextOfSet(set) }
    const mak = await keyring.wrap(key(version), { ...context, usage: 'mak' })
    const tpk = await keyring.wrap(key(16 + version), { ...context, usage: 'tpk' })
    replica.rows(
      'insert into key_set values (?, ?, 1, ?, ?, ?, null, ?)',
      TID,
      version,
      '003',
      mak,
      tpk,
      createdAt,
    )
  }
  const runSql = async (sql: string) => sql.split(';').map((one) => replica.rows(one))
  const found = await readTerminal(runSql, async () => keyring, TID, NOW)
  expect(found.merchantId).toBe(MID)
  expect(found.profile).toMatchObject({
    ...{ macProfile: 'x9.19', padding: 'F', entryMode: 'right', headerLength: 8, headerTlv: true },
    ...{ cardCheck: 'none', voidForms: 'strict', settlementMac: 'optional' },
  })
  expect(found.keys.map(({ name, mistake, bytes }) => [name, mistake, bytes[0]])).toEqual([
    ['MAC key of sign-on 3, pending', null, 3],
    ['MAC key of sign-on 3, pending', 'the key is the PIN key of sign-on 3', 19],
    ['MAC key of sign-on 2, in use', null, 2],
    ['MAC key of sign-on 2, in use', 'the key is the PIN key of sign-on 2', 18],
    ['MAC key of sign-on 1, expired', 'the key is that of sign-on 1, which is not valid any more', 1],
    ['MAC key of sign-on 1, expired', 'the key is the PIN key of sign-on 1', 17],
  ])
  await expect(readTerminal(runSql, async () => keyring, '00000000', NOW)).rejects.toThrow('no such terminal')
  replica.close()
})
