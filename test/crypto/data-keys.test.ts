/**
 * @module Data keys against node:crypto: the first keys, the wrapping, either master key, a wrong one, changed rows, and the MAC
 * of the journal.
 */

import { createHmac, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readMasterKey } from '../../src/crypto/data-keys.ts'
import { hkdf, INFO, idOf, KeyDatabase, NEW, NOW, OLD, OTHER, random } from './key-database.ts'

let database: KeyDatabase
beforeEach(() => {
  database = new KeyDatabase()
})
afterEach(() => database.close())

describe('a new database', () => {
  it('gets one key for each purpose: an HKDF output, wrapped under the master key (node:crypto)', async () => {
    await database.open(OLD)
    expect(database.table().map(({ purpose }) => purpose)).toEqual(Object.keys(INFO))
    for (const [purpose, info] of Object.entries(INFO))
      expect(database.openedByNode(OLD, purpose), purpose).toEqual(hkdf(OLD, info))
    for (const row of database.table())
      expect(row).toMatchObject({ id: 1, master_id: idOf(OLD), created_at: NOW })
    const text = JSON.stringify(database.table()).toLowerCase()
    for (const info of Object.values(INFO)) expect(text).not.toContain(hkdf(OLD, info).toString('hex'))
  })

  it('that several isolates open at once has the keys of one of them, and all agree', async () => {
    const keyrings = await Promise.all([database.open(OLD), database.open(OLD), database.open(OLD)])
    const fingerprints = await Promise.all(keyrings.map((keyring) => keyring.fingerprint('pan', '6225')))
    expect(new Set(fingerprints).size).toBe(1)
    expect(database.table()).toHaveLength(7)
  })

  it('is read once, and written once', async () => {
    await database.open(OLD)
    expect(database.trips).toBe(3)
    await database.open(OLD, undefined, NOW + 1)
    expect(database.trips).toBe(4)
    expect(new Set(database.table().map((row) => row.created_at))).toEqual(new Set([NOW]))
  })
})

describe('a master key', () => {
  it('of neither id is refused, and nothing is written', async () => {
    await database.open(OLD)
    const before = database.table()
    const alone = 'MASTER_KEY: is not the key of this database'
    const both = 'MASTER_KEY, MASTER_KEY_PREVIOUS: neither is the key of this database'
    for (const [current, previous, why] of [
      [OTHER, undefined, alone],
      [OTHER, '', alone],
      [OTHER, NEW, both],
    ] as const) {
      await expect(database.open(current, previous)).rejects.toThrow(new RangeError(why))
      await expect(database.rewrap(current, previous)).rejects.toThrow(why)
    }
    expect(database.table()).toEqual(before)
  })

  it.each(['', 'a5'.repeat(31), `${'a5'.repeat(31)}zz`])(
    'of another form is refused by the name of its setting, without its value',
    async (bad) => {
      const words = 'expected 64 hex digits (256 bits)'
      await expect(database.open(bad)).rejects.toThrow(new RangeError(`MASTER_KEY: ${words}`))
      if (bad !== '')
        await expect(database.open(OLD, bad)).rejects.toThrow(new RangeError(`MASTER_KEY_PREVIOUS: ${words}`))
      expect(database.table()).toEqual([])
    },
  )

  it('has an id of 8 bytes by HKDF, and no other output starts like it', async () => {
    expect((await readMasterKey(OLD)).id).toBe(idOf(OLD))
    expect((await readMasterKey(OLD.toUpperCase())).id).toBe(idOf(OLD))
    for (const info of [...Object.values(INFO), 'annul data key wrapping'])
      expect(hkdf(OLD, info).toString('hex').startsWith(idOf(OLD))).toBe(false)
  })
})

describe('rows', () => {
  const changes: readonly (readonly [string, string, string])[] = [
    [
      'changed by one bit',
      `update data_key set wrapped = 'AAAA' || substr(wrapped, 5) where purpose = 'pan'`,
      'data_key: the key pan 1 does not open: its row was changed',
    ],
    [
      'of another purpose',
      `update data_key set wrapped = (select wrapped from data_key where purpose = 'content') where purpose = 'pan'`,
      'data_key: the key pan 1 does not open: its row was changed',
    ],
    [
      'with another number',
      `update data_key set id = 2 where purpose = 'pin'`,
      'data_key: the key pin 2 does not open: its row was changed',
    ],
    [
      'under the id of another master key',
      `update data_key set master_id = '0011223344556677' where purpose = 'link'`,
      'MASTER_KEY, MASTER_KEY_PREVIOUS: neither is the key of this database',
    ],
    [
      'that are not base64',
      `update data_key set wrapped = '!' where purpose = 'link'`,
      'data_key: the key link 1 does not open: its row was changed',
    ],
    [
      'that are missing',
      `delete from data_key where purpose = 'ticket'`,
      'data_key: has no key ticket: restore its row from a backup',
    ],
  ]
  it.each(changes)('%s do not open', async (_, sql, why) => {
    await database.open(OLD)
    database.change(sql)
    await expect(database.open(OLD, NEW)).rejects.toThrow(new RangeError(why))
  })

  it('are never made anew for a journal that has entries', async () => {
    database.change(
      `insert into journal (terminal_id, seq, hash_raw, message_key, body) values ('12345678', 1, x'00', 'k', '[]')`,
    )
    await expect(database.open(OLD)).rejects.toThrow(
      new RangeError(
        'data_key: is empty, and the journal is not: restore its rows, or make a database of an earlier version again',
      ),
    )
    expect(database.table()).toEqual([])
  })

  it('without a table have words that say what to do', async () => {
    database.change('drop table data_key')
    await expect(database.open(OLD)).rejects.toThrow(
      new RangeError(
        'DB: has no table data_key: apply the migrations. A database of an earlier version must be made again',
      ),
    )
  })

  it('of a purpose that a later version has do no harm', async () => {
    await database.open(OLD)
    const sql = `insert into data_key select 'later', id, master_id, wrapped, created_at from data_key where purpose = 'pan'`
    database.change(sql)
    expect((await database.open(OLD)).journalKeyId).toBe(1)
  })
})

const DATA = Uint8Array.from({ length: 40 }, (_, i) => i)

describe('the MAC of the journal', () => {
  it('is HMAC-SHA-256 under the key of its id (node:crypto), and fits no other', async () => {
    const keyring = await database.open(OLD)
    const mac = await keyring.journalMac(DATA)
    const expected = createHmac('sha256', hkdf(OLD, INFO.journal)).update(DATA).digest()
    expect(Buffer.from(mac)).toEqual(expected)
    expect(keyring.journalKeyId).toBe(1)
    expect(await keyring.verifyJournalMac(DATA, mac, 1)).toBe(true)
    expect(await keyring.verifyJournalMac(DATA.slice(1), mac, 1)).toBe(false)
    expect(await keyring.verifyJournalMac(DATA, mac.slice(1), 1)).toBe(false)
    expect(await keyring.verifyJournalMac(DATA, mac, 2)).toBe(false)
    for (let bit = 0; bit < 256; bit++) {
      const changed = mac.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await keyring.verifyJournalMac(DATA, changed, 1), `bit ${bit}`).toBe(false)
    }
  })

  it('of an older key is verified by its id, and the newest key makes new ones', async () => {
    const old = await (await database.open(OLD)).journalMac(DATA)
    const master = await readMasterKey(OLD)
    const second = Uint8Array.from(randomBytes(32))
    const wrapped = await master.wrap(second, 'journal', 2, random)
    const sql = 'insert into data_key values (?, ?, ?, ?, ?)'
    database.change(sql, 'journal', 2, master.id, wrapped, NOW)
    const keyring = await database.open(OLD)
    const mac = await keyring.journalMac(DATA)
    expect(keyring.journalKeyId).toBe(2)
    expect(Buffer.from(mac)).toEqual(createHmac('sha256', second).update(DATA).digest())
    expect(await keyring.verifyJournalMac(DATA, old, 1)).toBe(true)
    expect(await keyring.verifyJournalMac(DATA, old, 2)).toBe(false)
    expect(await keyring.verifyJournalMac(DATA, mac, 2)).toBe(true)
  })
})
