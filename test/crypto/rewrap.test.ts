/**
 * @module A rotation of the master key: a rewrap that is killed after any row, exchanged keys, a wrong key, two runs at once. Then
 * the settings of the command.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { masterKeysFor } from '../../src/cli/lib/master-keys.ts'
import type { RunSql } from '../../src/cli/lib/read-pages.ts'
import { readDataKeyRows } from '../../src/cli/lib/rewrap-keys.ts'
import type { KeyContext, Keyring } from '../../src/crypto/keyring.ts'
import { hkdf, INFO, idOf, KeyDatabase, NEW, NOW, OLD, OTHER } from './key-database.ts'

let database: KeyDatabase
beforeEach(() => {
  database = new KeyDatabase()
})
afterEach(() => database.close())

const CONTEXT: KeyContext = {
  merchantId: '123456789012345',
  terminalId: '12345678',
  usage: 'tmk',
  version: 3,
}
const DATA = Uint8Array.from({ length: 40 }, (_, i) => i)

describe('a rewrap', () => {
  /** The results of a keyring for the same input. A rotation changes none of them. */
  const worksOf = async (keyring: Keyring, wrapped: string) => ({
    pan: await keyring.fingerprint('pan', '6225000000000014'),
    content: await keyring.fingerprint('content', 'a request'),
    mac: Buffer.from(await keyring.journalMac(DATA)).toString('hex'),
    tmk: Buffer.from(await keyring.unwrap(wrapped, CONTEXT)).toString('hex'),
  })

  it('killed after any number of rows continues, and nothing that the keys make changes on the way', async () => {
    for (let most = 0; most <= 7; most++) {
      database.close()
      database = new KeyDatabase()
      const first = await database.open(OLD)
      const wrapped = await first.wrap(
        Uint8Array.from({ length: 16 }, (_, i) => i),
        CONTEXT,
      )
      const works = await worksOf(first, wrapped)
      const killed: RunSql = async (sql) => {
        if (!sql.startsWith('update')) return database.runSql(sql)
        const done = sql.split(';\n').slice(0, most)
        const returned = most === 0 ? [] : await database.runSql(done.join(';\n'))
        if (most < 7) throw new Error('killed')
        return returned
      }
      if (most < 7) await expect(database.rewrap(NEW, OLD, killed)).rejects.toThrow('killed')
      else expect(await database.rewrap(NEW, OLD, killed)).toEqual({ rewrapped: 7, unchanged: 0 })
      const under = database.table().filter(({ master_id }) => master_id === idOf(NEW)).length
      expect(under).toBe(most)

      // Half-way: the service has both keys, in either order. One alone is not enough.
      expect(await worksOf(await database.open(NEW, OLD), wrapped)).toEqual(works)
      expect(await worksOf(await database.open(OLD, NEW), wrapped)).toEqual(works)
      if (most > 0) await expect(database.open(OLD)).rejects.toThrow(RangeError)
      if (most < 7) await expect(database.open(NEW)).rejects.toThrow(RangeError)

      expect(await database.rewrap(NEW, OLD)).toEqual({ rewrapped: 7 - most, unchanged: most })
      expect(database.owners()).toEqual(new Set([idOf(NEW)]))
      expect(await worksOf(await database.open(NEW), wrapped)).toEqual(works)
      await expect(database.open(OLD)).rejects.toThrow(RangeError)
    }
  })

  it('wraps the same keys under the new master key (node:crypto), and keeps id and time', async () => {
    await database.open(OLD)
    await database.rewrap(NEW, OLD)
    for (const [purpose, info] of Object.entries(INFO))
      expect(database.openedByNode(NEW, purpose), purpose).toEqual(hkdf(OLD, info))
    for (const row of database.table()) expect(row).toMatchObject({ id: 1, created_at: NOW })
  })

  it('with both keys exchanged goes back, and a second run changes nothing', async () => {
    await database.open(OLD)
    await database.rewrap(NEW, OLD)
    const after = database.table()
    expect(await database.rewrap(NEW)).toEqual({ rewrapped: 0, unchanged: 7 })
    expect(await database.rewrap(NEW, OLD)).toEqual({ rewrapped: 0, unchanged: 7 })
    expect(database.table()).toEqual(after)
    expect(await database.rewrap(OLD, NEW)).toEqual({ rewrapped: 7, unchanged: 0 })
    await database.open(OLD)
  })

  it('with one bad row changes no row', async () => {
    await database.open(OLD)
    const sql = `update data_key set wrapped = 'AAAA' || substr(wrapped, 5) where purpose = 'wrapping'`
    database.change(sql)
    const before = database.table()
    await expect(database.rewrap(NEW, OLD)).rejects.toThrow(
      'data_key: the key wrapping 1 does not open: its row was changed',
    )
    expect(database.table()).toEqual(before)
  })

  it('beside another one counts only its own rows', async () => {
    await database.open(OLD)
    let isFirst = true
    const slow: RunSql = async (sql) => {
      if (sql.startsWith('update') && isFirst) {
        isFirst = false
        await database.rewrap(NEW, OLD)
      }
      return database.runSql(sql)
    }
    expect(await database.rewrap(NEW, OLD, slow)).toEqual({ rewrapped: 0, unchanged: 7 })
    expect(database.owners()).toEqual(new Set([idOf(NEW)]))
    await database.open(NEW)
  })

  it('of a database that was never opened says so', async () => {
    await expect(database.rewrap(NEW, OLD)).rejects.toThrow(
      'the database has no data keys yet: start the service first',
    )
  })

  it('reads rows as the service writes them', async () => {
    await database.open(OLD)
    expect(await readDataKeyRows(database.runSql)).toEqual(await database.store.read())
  })
})

describe('the master keys of a command', () => {
  const LOCAL = { remote: false }
  const folder = mkdtempSync(join(tmpdir(), 'annul-keys-'))
  const file = join(folder, '.dev.vars')
  afterEach(() => rmSync(file, { force: true }))

  it('come from the environment, and for the local database from the file where it lacks one', async () => {
    writeFileSync(file, `# comment\nMASTER_KEY=${OLD}\n\nMASTER_KEY_PREVIOUS = "${OTHER}"\n`)
    const ids = async (env: Record<string, string>, database = LOCAL) => {
      const { current, previous } = await masterKeysFor(database, env, file)
      return [current.id, previous?.id]
    }
    expect(await ids({})).toEqual([idOf(OLD), idOf(OTHER)])
    expect(await ids({ MASTER_KEY: NEW })).toEqual([idOf(NEW), idOf(OTHER)])
    expect(await ids({ MASTER_KEY: NEW, MASTER_KEY_PREVIOUS: OLD })).toEqual([idOf(NEW), idOf(OLD)])
    expect(await ids({ MASTER_KEY: NEW }, { remote: true })).toEqual([idOf(NEW), undefined])
    await expect(ids({}, { remote: true })).rejects.toThrow('MASTER_KEY: expected 64 hex digits')
    rmSync(file)
    await expect(ids({})).rejects.toThrow('MASTER_KEY: expected 64 hex digits')
  })
})
