/** @module Data keys in a database of their own, and node:crypto beside them. */

import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { RunSql } from '../../src/cli/lib/read-pages.ts'
import { rewrapKeys } from '../../src/cli/lib/rewrap-keys.ts'
import type { DataKeyRow } from '../../src/crypto/data-keys.ts'
import { type Keyring, openKeyring, readMasterKeys } from '../../src/crypto/keyring.ts'
import { addFirstDataKeys } from '../../src/store/data-keys.ts'
import { openDb } from '../../src/store/db.ts'
import { readRegion } from '../../src/store/region.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'

export const OLD = randomBytes(32).toString('hex')
export const NEW = randomBytes(32).toString('hex')
export const OTHER = randomBytes(32).toString('hex')
export const NOW = 1_780_000_000_000
export const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)

/** The info of HKDF for the first key of each purpose. A change of one changes every fingerprint of a new database. */
export const INFO = {
  content: 'annul content fingerprint',
  journal: 'annul journal mac',
  link: 'annul link signature',
  pan: 'annul pan fingerprint',
  pin: 'annul pin pepper',
  ticket: 'annul ticket signature',
  wrapping: 'annul key wrapping',
} as const

export const hkdf = (master: string, info: string, length = 32): Buffer =>
  Buffer.from(hkdfSync('sha256', Buffer.from(master, 'hex'), Buffer.alloc(32), info, length))
export const idOf = (master: string): string => hkdf(master, 'annul master key check', 8).toString('hex')

export class KeyDatabase {
  /** Trips to D1. */
  trips = 0
  readonly #storage = new Storage()
  readonly #db = openDb(
    bindD1(this.#storage, async (_, apply) => {
      this.trips++
      return apply()
    }),
  )
  readonly store = {
    read: async () => (await readRegion(this.#db)).dataKeys,
    addFirst: (rows: readonly DataKeyRow[]) => addFirstDataKeys(this.#db, rows),
  }

  open(current: string, previous?: string, now = NOW): Promise<Keyring> {
    return openKeyring({ MASTER_KEY: current, MASTER_KEY_PREVIOUS: previous }, this.store, random, now)
  }

  /** As `annul` runs statements. */
  runSql: RunSql = async (sql) => sql.split(';\n').map((one) => this.#storage.rows(one))

  async rewrap(current: string, previous?: string, run = this.runSql) {
    return rewrapKeys(
      run,
      await readMasterKeys({ MASTER_KEY: current, MASTER_KEY_PREVIOUS: previous }),
      random,
    )
  }

  table() {
    return this.#storage.rows('select * from data_key order by purpose, id')
  }

  /** The ids of the master keys. */
  owners() {
    return new Set(this.table().map(({ master_id }) => master_id))
  }

  change(sql: string, ...params: (string | number)[]): void {
    this.#storage.apply({ statements: [{ sql, params }] })
  }

  /** The key of a row in clear, by node:crypto. */
  openedByNode(master: string, purpose: string): Buffer {
    const row = this.table().find((one) => one.purpose === purpose)
    const blob = Buffer.from(String(row?.wrapped), 'base64')
    const key = hkdf(master, 'annul data key wrapping')
    const gcm = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12))
    gcm.setAAD(Buffer.from(`${purpose}|${row?.id}|${idOf(master)}`))
    gcm.setAuthTag(blob.subarray(-16))
    return Buffer.concat([gcm.update(blob.subarray(12, -16)), gcm.final()])
  }

  close(): void {
    this.#storage.close()
  }
}
