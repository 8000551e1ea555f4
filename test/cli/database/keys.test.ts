/** @module `annul keys` on a real local database: the list, a rewrap, and wrong keys. No output has a key. */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { applyMigrations, query, sqlText } from '../../../src/cli/lib/database.ts'
import { readMasterKey } from '../../../src/crypto/data-keys.ts'
import { openKeyring } from '../../../src/crypto/keyring.ts'
import { memoryDataKeys } from '../../support/memory-data-keys.ts'
import { callCli, documentedJson } from '../call-cli.ts'

// Processes on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const folder = mkdtempSync(join(tmpdir(), 'annul-keys-'))
const database = { remote: false, persistTo: folder }
const [OLD, NEW, OTHER] = [1, 2, 3].map(() => randomBytes(32).toString('hex')) as [string, string, string]
const NOW = Date.UTC(2026, 5, 1)
const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)

beforeAll(() => applyMigrations(database))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const annul = async (operation: string, current?: string, previous?: string, to: string[] = []) => {
  const settings = { MASTER_KEY: current, MASTER_KEY_PREVIOUS: previous ?? '' }
  const env = current === undefined ? {} : (settings as Record<string, string>)
  const called = await callCli(['keys', operation, '--json', '--persist-to', folder, ...to], { env })
  for (const key of [OLD, NEW, OTHER]) expect(JSON.stringify(called).toLowerCase()).not.toContain(key)
  return called
}
test('the keys of a service are listed, rewrapped once, and open under the new master key', async () => {
  const made = memoryDataKeys()
  const before = await openKeyring({ MASTER_KEY: OLD }, made, random, NOW)
  const values = made.rows.map(
    ({ purpose, id, masterId, wrapped, createdAt }) =>
      `(${sqlText(purpose)}, ${id}, ${sqlText(masterId)}, ${sqlText(wrapped)}, ${createdAt})`,
  )
  await query(database, `insert into data_key values ${values.join()}`)
  const { code, out } = await annul('status')
  expect(code).toBe(0)
  const listed = documentedJson('keys status', out)
  const masterId = (await readMasterKey(OLD)).id
  expect(listed).toEqual(
    ['content', 'journal', 'link', 'pan', 'pin', 'ticket', 'wrapping'].map((purpose) => ({
      ...{ purpose, id: 1, masterId, createdAt: '2026-06-01T00:00:00.000Z' },
    })),
  )

  const [newId, otherId] = await Promise.all([NEW, OTHER].map(async (key) => (await readMasterKey(key)).id))
  const under = (id = ''): string[] => ['--to', id]
  const refused = await annul('rewrap', OTHER, undefined, under(otherId))
  const why = 'keys rewrap: MASTER_KEY: is not the key of this database'
  expect([refused.code, refused.errors]).toEqual([1, why])
  expect((await annul('rewrap', 'short', undefined, under(newId))).code).toBe(2)
  expect((await annul('rewrap', NEW, OLD)).code).toBe(2)
  // A mistyped new key.
  const mistyped = await annul('rewrap', OTHER, OLD, under(newId))
  const named = `keys rewrap: nothing was written: MASTER_KEY has the id ${otherId}, and --to another`
  expect([mistyped.code, mistyped.errors]).toEqual([1, named])
  const rewrapped = documentedJson('keys rewrap', (await annul('rewrap', NEW, OLD, under(newId))).out)
  expect(rewrapped).toEqual([{ masterId: newId, rewrapped: 7, unchanged: 0 }])

  const [found = []] = await query(database, 'select * from data_key')
  const stored = memoryDataKeys()
  stored.rows = found.map((row) => ({
    ...{ purpose: String(row.purpose), id: Number(row.id), masterId: String(row.master_id) },
    ...{ wrapped: String(row.wrapped), createdAt: Number(row.created_at) },
  }))
  const after = await openKeyring({ MASTER_KEY: NEW }, stored, random, NOW)
  for (const purpose of ['pan', 'content'] as const)
    expect(await after.fingerprint(purpose, '6225')).toBe(await before.fingerprint(purpose, '6225'))
})
