/**
 * @module Rows of keys that someone puts back who can write the database, but has no key. The service accepts none of them,
 * and the audit finds each.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { replicaOf } from '../../src/cli/lib/audit-tables.ts'
import { auditTables } from '../../src/cli/lib/compare-tables.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import { splitMasterKey } from '../../src/cli/provision.ts'
import type { Core } from '../../src/core/instance.ts'
import { openDb } from '../../src/store/db.ts'
import type { JournalRow } from '../../src/store/journal.ts'
import { HEADS, type HeadRow } from '../../src/store/rebuild.ts'
import { addPendingKeySet } from '../../src/store/terminals.ts'
import { newTerminalState, type WrappedKeys } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { bytesOf } from '../integrate/node-ciphers.ts'
import { MERCHANT } from '../integrate/recorder.ts'
import { openService, type Service } from '../integrate/service.ts'
import { bindD1, type Row } from '../simulation/platform/d1.ts'

const A = '12345678'
const B = '12345679'
const OLD_TMK = '9DDF0EB323F420F4151FB6920731023E'
const NEW_TMK = '258FB0AB70D025CDB99DF2C4D302D646'
const NEXT_TMK = '0131D9619DC1376E07A1133E4A0B2686'
const HOUR = 3_600_000

let core: Core
let service: Service

/** A sign-on: the keys that the terminal got, and the row that the service wrote. */
interface SignOn {
  readonly tmk: string
  readonly keys: WrappedKeys
  readonly row: Row
}

interface Master {
  readonly row: Row
  readonly version: number
}

/** Terminal A under its old master key: two key sets that were used one after the other, and a pending one. */
let replaced: SignOn, used: SignOn, pending: SignOn
/** Terminal A under its new master key: a replaced key set, and the one in use. */
let replacedNew: SignOn, current: SignOn
let ofOther: SignOn
let oldMaster: Master, newMaster: Master, otherMaster: Master
let oldTerminal: Row

let trace = 0
const terminalWith = (tmk: string, keys: WrappedKeys | null = null, terminalId = A): VirtualTerminal => {
  trace += 10
  const state = { ...newTerminalState(MERCHANT, terminalId, 'cup-ecb'), keys, nextStan: trace }
  return new VirtualTerminal({
    core,
    state,
    tmk: bytesOf(tmk),
    now: () => service.clock.now,
    settlementMac: true,
    tpdu: bytesOf('6000030000'),
    header: bytesOf('603100311312'),
    send: async (frame) => {
      service.clock.now += 5000
      return (await service.post(frame)).answer
    },
  })
}

const rowOf = (table: string, terminalId = A): Row => {
  const rows = service.storage.rows(
    `select * from ${table} where terminal_id = ? order by 2 desc`,
    terminalId,
  )
  const [row] = rows
  if (row === undefined) throw new Error(`${table}: no row`)
  return { ...row }
}
const masterOf = (terminalId = A): Master => {
  const row = rowOf('master_key', terminalId)
  return { row, version: Number(row.version) }
}

const put = (table: string, row: Row): void => {
  const names = Object.keys(row)
  const marks = names.map(() => '?').join(', ')
  const values = Object.values(row)
  service.storage.rows(`insert or replace into ${table} (${names.join(', ')}) values (${marks})`, ...values)
}

async function provision(tmk: string, terminalId = A): Promise<void> {
  const body = { tmk: splitMasterKey(core, 'cup-ecb', bytesOf(tmk)) }
  const { status } = await service.json('PUT', `/v1/merchants/${MERCHANT}/terminals/${terminalId}`, body)
  if (status > 201) throw new Error(`provisioning: ${status}`)
}

/** The code of a sign-on: field 39, or `none` without an answer. */
const signOnCode = async (tmk: string): Promise<string> => {
  const { responseCode = 'none', outcome } = await terminalWith(tmk).signOn()
  return outcome === 'invalid' ? 'invalid' : responseCode
}

async function signOn(tmk: string, terminalId = A): Promise<SignOn> {
  const terminal = terminalWith(tmk, null, terminalId)
  const { outcome } = await terminal.signOn()
  const { keys } = terminal.state
  if (outcome !== 'approved' || keys === null) throw new Error(`sign-on: ${outcome}`)
  return { tmk, keys, row: rowOf('key_set', terminalId) }
}

/** The code of a sale under the keys of a sign-on. */
async function sell({ tmk, keys }: SignOn, terminalId = A): Promise<string> {
  const sold = await terminalWith(tmk, keys, terminalId).sale(1000, testCard(1))
  return sold.ok ? (sold.value.responseCode ?? 'none') : sold.error
}

const entries = () => service.storage.rows('select count(*) as n from journal')

/** The faults of the tables, as `annul journal verify` finds them. */
async function faults(): Promise<Record<string, string>> {
  const heads = service.storage.rows<HeadRow>(HEADS).map((head) => ({ ...head }))
  const journal = service.storage.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
  )
  const replica = await replicaOf(journal, heads)
  try {
    const { tables } = await auditTables(
      async (text) => text.split(';\n').map((one) => service.storage.rows(one)),
      replica,
      heads,
      (wrapped, context) =>
        service.keyring.unwrap(wrapped, context).then(
          () => true,
          () => false,
        ),
    )
    // Tests insert bearer keys without entries.
    const found = tables.filter(({ table, fault }) => fault !== null && table !== 'api_key')
    return Object.fromEntries(found.map(({ table, fault }) => [table, fault?.why ?? '']))
  } finally {
    replica.close()
  }
}

beforeAll(async () => {
  core = await loadCore()
  service = await openService()
  await service.json('PUT', `/v1/merchants/${MERCHANT}`, {})
  await provision(OLD_TMK)
  replaced = await signOn(OLD_TMK)
  expect(await sell(replaced)).toBe('00')
  used = await signOn(OLD_TMK)
  expect(await sell(used)).toBe('00')
  // The clock of another isolate is ahead. So this set is newer than the master key that ends it.
  service.clock.now += HOUR
  pending = await signOn(OLD_TMK)
  service.clock.now -= HOUR
  oldMaster = masterOf()
  oldTerminal = rowOf('terminal')
  await provision(NEW_TMK)
  newMaster = masterOf()
  replacedNew = await signOn(NEW_TMK)
  expect(await sell(replacedNew)).toBe('00')
  current = await signOn(NEW_TMK)
  expect(await sell(current)).toBe('00')
  await provision(NEXT_TMK, B)
  ofOther = await signOn(NEXT_TMK, B)
  expect(await sell(ofOther, B)).toBe('00')
  otherMaster = masterOf(B)
  service.storage.backUp()
}, 30_000)

beforeEach(() => service.storage.restore())
afterAll(() => service.close())

const ENDED = { key_set: 'the journal ended this key set' }
const NOT_NAMED = { master_key: 'the journal names another master key' }
const NO_MASTER = { master_key: 'the master key does not open in this place' }
const NO_SET = { key_set: 'mak does not open in this place' }

/** What the service says to a sale under old and present keys, and to a sign-on with each master key. */
async function answers(sets: readonly SignOn[]) {
  const before = entries()
  const sales: string[] = []
  for (const set of sets) sales.push(await sell(set))
  const written = JSON.stringify(entries()) !== JSON.stringify(before)
  return { sales, written }
}

it('without any of them the audit is sound, and all old keys are dead', async () => {
  expect(await faults()).toEqual({})
  expect(await answers([replaced, used, pending, replacedNew])).toEqual({
    sales: ['A0', 'A0', 'A0', 'A0'],
    written: false,
  })
  expect(Number(pending.row.version)).toBeGreaterThan(newMaster.version)
  expect(await sell(current)).toBe('00')
})

describe('a key set that is put back', () => {
  const kinds: readonly (readonly [string, () => SignOn])[] = [
    ['was replaced under the old master key', () => replaced],
    ['was in use when the master key changed', () => used],
    ['was pending when the master key changed, and is newer', () => pending],
    ['was replaced under the present master key', () => replacedNew],
  ]
  it.each(kinds)('and %s is dead and found', async (_, kind) => {
    const set = kind()
    put('key_set', set.row)
    expect(await answers([set])).toEqual({ sales: ['A0'], written: false })
    expect(await faults()).toEqual(ENDED)
    // The terminal goes on, also with new keys.
    const next = await signOn(NEW_TMK)
    expect([await sell(set), await sell(current), await sell(next)]).toEqual(['A0', '00', '00'])
  })

  it.each(kinds)('in the place of the set in use, and %s, is dead and found', async (_, kind) => {
    const set = kind()
    service.storage.rows(`delete from key_set where terminal_id = ?`, A)
    put('key_set', set.row)
    expect(await answers([set, current])).toEqual({ sales: ['77', '77'], written: false })
    expect(Object.keys(await faults())).toEqual(['key_set'])
  })

  it.each(kinds)('under a newer version, and %s, opens nowhere and is found', async (_, kind) => {
    const set = kind()
    for (const tmkVersion of [oldMaster.version, newMaster.version]) {
      service.storage.restore()
      put('key_set', { ...set.row, version: Number(pending.row.version) + 1, tmk_version: tmkVersion })
      // A set that names the present master key is tried, and does not open: then the service does not answer.
      const code = tmkVersion === newMaster.version ? 'none' : 'A0'
      expect(await answers([set])).toEqual({ sales: [code], written: false })
      expect(await faults()).toEqual(NO_SET)
    }
  })

  it('and belongs to another terminal is dead and found', async () => {
    for (const tmk_version of [otherMaster.version, newMaster.version]) {
      service.storage.restore()
      const version = Number(pending.row.version) + 1
      put('key_set', { ...ofOther.row, terminal_id: A, version, tmk_version })
      const code = tmk_version === newMaster.version ? 'none' : 'A0'
      expect(await answers([ofOther])).toEqual({ sales: [code], written: false })
      expect(await faults()).toEqual(NO_SET)
    }
  })
})

describe('a master key that is put back', () => {
  it('and is older gives no keys to a sign-on, and is found', async () => {
    put('master_key', oldMaster.row)
    expect([await signOnCode(OLD_TMK), await signOnCode(NEW_TMK)]).toEqual(['77', '77'])
    expect(await faults()).toEqual(NOT_NAMED)
    expect(service.storage.rows('select 1 from key_set where terminal_id = ?', A)).toHaveLength(1)
  })

  it.each([
    ['the version that the journal names', () => newMaster.version, 'none'],
    ['a newer version', () => newMaster.version + 1, '77'],
  ])('under %s gives no keys, and is found', async (_, version, code) => {
    for (const row of [oldMaster.row, { ...otherMaster.row, terminal_id: A }]) {
      service.storage.restore()
      put('master_key', { ...row, version: version() })
      expect(await signOnCode(OLD_TMK)).toBe(code)
      expect(await faults()).toEqual(NO_MASTER)
    }
  })

  it('with its key sets brings no key back, and both are found', async () => {
    put('master_key', oldMaster.row)
    const old = [replaced, used, pending]
    for (const { row } of old) put('key_set', row)
    expect(await answers(old)).toEqual({ sales: ['A0', 'A0', 'A0'], written: false })
    expect([await signOnCode(OLD_TMK), await signOnCode(NEW_TMK)]).toEqual(['77', '77'])
    expect(await faults()).toEqual({ ...NOT_NAMED, ...ENDED })
    // A new master key ends them all, and makes the tables sound.
    await provision(NEXT_TMK)
    expect(masterOf().version).toBeGreaterThan(newMaster.version)
    expect(await faults()).toEqual({})
    expect(await answers(old)).toEqual({ sales: ['77', '77', '77'], written: false })
    expect(await sell(await signOn(NEXT_TMK))).toBe('00')
  })

  it('with the columns of the terminal that name it is found', async () => {
    put('master_key', oldMaster.row)
    for (const { row } of [used, pending]) put('key_set', row)
    const { key_version, tmk_version } = oldTerminal
    for (const inUse of [key_version ?? null, null]) {
      const names = 'key_version = ?, tmk_version = ?'
      service.storage.rows(
        `update terminal set ${names} where terminal_id = ?`,
        inUse,
        Number(tmk_version),
        A,
      )
      expect((await faults()).terminal).toMatch(/^the journal gives another value for (key|tmk)_version$/)
    }
  })
})

it('a sign-on adds no key set that is dead already', async () => {
  const db = openDb(bindD1(service.storage, async (_, apply) => apply()))
  const set = { layout: '001', mak: '', tpk: '', tdk: null, createdAt: service.clock.now }
  const inUse = Number(current.row.version)
  const kinds = [
    // Another set came into use since the load.
    [inUse - 1, newMaster.version, inUse - 2],
    [inUse - 1, newMaster.version, null],
    [inUse, newMaster.version, null],
    // The master key changed since the load.
    [inUse + 1, oldMaster.version, inUse],
  ] as const
  for (const [version, tmkVersion, known] of kinds)
    expect(await addPendingKeySet(db, { terminalId: A, inUse: known }, { ...set, version, tmkVersion })).toBe(
      false,
    )
  const alive = { ...set, version: inUse + 1, tmkVersion: newMaster.version }
  expect(await addPendingKeySet(db, { terminalId: A, inUse }, alive)).toBe(true)
})

it('the versions of master keys grow whatever the clock says, and the row does not count', async () => {
  service.clock.now -= 10 * HOUR
  put('master_key', oldMaster.row)
  await provision(NEXT_TMK)
  expect(masterOf().version).toBe(newMaster.version + 1)
  service.storage.rows('delete from master_key where terminal_id = ?', A)
  await provision(OLD_TMK)
  expect(masterOf().version).toBe(newMaster.version + 2)
  const again = await signOn(OLD_TMK)
  expect([await sell(again), await sell(pending), await faults()]).toEqual(['00', 'A0', {}])
  service.clock.now += 10 * HOUR
})
