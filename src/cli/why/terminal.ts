/** @module The profile and the keys of a terminal in the local development database. No other database is read. */

import { existsSync } from 'node:fs'
import type { Keyring } from '../../crypto/keyring.ts'
import { contextOfSet, liveKeySets } from '../../domain/key-lifetime.ts'
import type { TerminalProfile } from '../../domain/terminal-profile.ts'
import { credentialsPathOf } from '../dev/server.ts'
import { type Database, query, type Row, sqlText } from '../lib/database.ts'
import { Failure } from '../lib/failure.ts'
import type { CommandIo } from '../lib/io.ts'
import { keyringFor } from '../lib/open-keyring.ts'
import type { RunSql } from '../lib/read-pages.ts'
import type { TriedKey } from './mac-mistakes.ts'

export interface FoundTerminal {
  readonly merchantId: string
  readonly profile: TerminalProfile
  readonly keys: readonly TriedKey[]
}

/** Throws Failure when the database is not one that `annul start` made, and when it has no such terminal. */
export async function findTerminal(
  database: Database,
  terminalId: string,
  env: CommandIo['env'],
): Promise<FoundTerminal> {
  if (database.remote || !existsSync(credentialsPathOf(database)))
    throw new Failure('--why is for a development database: there is none here, run npm start first')
  const runSql: RunSql = (sql) => query(database, sql)
  return readTerminal(runSql, () => keyringFor(database, env), terminalId, Date.now())
}

/** Reads the terminal over any connection. `now` is in milliseconds. */
export async function readTerminal(
  runSql: RunSql,
  keyring: () => Promise<Keyring>,
  terminalId: string,
  now: number,
): Promise<FoundTerminal> {
  const [[row] = [], sets = []] = await runSql(
    `select * from terminal where terminal_id = ${sqlText(terminalId)};
     select * from key_set where terminal_id = ${sqlText(terminalId)} order by version desc`,
  )
  if (row === undefined) throw new Failure('--tid: the database has no such terminal')
  const merchantId = String(row.merchant_id)
  const keys = sets.length === 0 ? [] : await keysOf(await keyring(), row, sets, now)
  return { merchantId, profile: profileOf(row), keys }
}

/** The database has values of these types only. */
const profileOf = (row: Row): TerminalProfile =>
  ({
    status: row.status,
    macProfile: row.mac_profile,
    textEncoding: row.text_encoding,
    settlementMac: row.settlement_mac,
    texts: row.texts,
    padding: row.padding,
    entryMode: row.entry_mode,
    cardCheck: row.card_check,
    headerLength: Number(row.header_length),
    headerTlv: Number(row.header_tlv) === 1,
    voidForms: row.void_forms,
  }) as TerminalProfile

async function keysOf(keyring: Keyring, row: Row, sets: readonly Row[], now: number): Promise<TriedKey[]> {
  const [merchantId, terminalId] = [String(row.merchant_id), String(row.terminal_id)]
  const inUse = row.key_version === null ? null : Number(row.key_version)
  const read = sets.map((set) => ({
    version: Number(set.version),
    tmkVersion: Number(set.tmk_version),
    layout: String(set.layout),
    createdAt: Number(set.created_at),
    wrapped: { mak: String(set.mak), tpk: String(set.tpk) },
  }))
  const live = liveKeySets(read, inUse, now)
  const keys: TriedKey[] = []
  for (const set of read) {
    const isLive = live.includes(set)
    const state = set.version === inUse ? 'in use' : 'pending'
    const name = `MAC key of sign-on ${set.version}`
    const context = { merchantId, terminalId, ...contextOfSet(set) }
    for (const usage of ['mak', 'tpk'] as const) {
      const bytes = await keyring.unwrap(set.wrapped[usage], { ...context, usage })
      const ofKey = isLive ? `${name}, ${state}` : `${name}, expired`
      const ofMac = isLive ? null : `the key is that of sign-on ${set.version}, which is not valid any more`
      keys.push({
        name: ofKey,
        mistake: usage === 'mak' ? ofMac : `the key is the PIN key of sign-on ${set.version}`,
        bytes,
      })
    }
  }
  return keys
}
