/**
 * @module Rows of keys that someone puts back who can write the database, but has no key. The service accepts none of them,
 * and the audit finds each.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDb } from '../../src/store/db.ts'
import { addPendingKeySet } from '../../src/store/terminals.ts'
import { bindD1, type Row } from '../simulation/platform/d1.ts'
import { A, B, type KeyHouse, type Master, openKeyHouse, type SignOn } from './key-house.ts'

const OLD_TMK = '9DDF0EB323F420F4151FB6920731023E'
const NEW_TMK = '258FB0AB70D025CDB99DF2C4D302D646'
const NEXT_TMK = '0131D9619DC1376E07A1133E4A0B2686'
const HOUR = 3_600_000

let house: KeyHouse
/** Terminal A under its old master key: two key sets that were used one after the other, and a pending one. */
let replaced: SignOn, used: SignOn, pending: SignOn
/** Terminal A under its new master key: a replaced key set, and the one in use. */
let replacedNew: SignOn, current: SignOn
let ofOther: SignOn
let oldMaster: Master, newMaster: Master, otherMaster: Master
let oldTerminal: Row

beforeAll(async () => {
  house = await openKeyHouse()
  await house.provision(OLD_TMK)
  replaced = await house.signOn(OLD_TMK)
  expect(await house.sell(replaced)).toBe('00')
  used = await house.signOn(OLD_TMK)
  expect(await house.sell(used)).toBe('00')
  // The clock of another isolate is ahead. So this set is newer than the master key that ends it.
  house.service.clock.now += HOUR
  pending = await house.signOn(OLD_TMK)
  house.service.clock.now -= HOUR
  oldMaster = house.master()
  oldTerminal = house.row('terminal')
  await house.provision(NEW_TMK)
  newMaster = house.master()
  replacedNew = await house.signOn(NEW_TMK)
  expect(await house.sell(replacedNew)).toBe('00')
  current = await house.signOn(NEW_TMK)
  expect(await house.sell(current)).toBe('00')
  await house.provision(NEXT_TMK, B)
  ofOther = await house.signOn(NEXT_TMK, B)
  expect(await house.sell(ofOther, B)).toBe('00')
  otherMaster = house.master(B)
  house.service.storage.backUp()
}, 30_000)

beforeEach(() => house.service.storage.restore())
afterAll(() => house.service.close())

const ENDED = { key_set: 'the journal ended this key set' }
const NOT_NAMED = { master_key: 'the journal names another master key' }
const NO_MASTER = { master_key: 'the master key does not open in this place' }
const NO_SET = { key_set: 'mak does not open in this place' }

it('without any of them the audit is sound, and all old keys are dead', async () => {
  expect(await house.faults()).toEqual({})
  expect(await house.answers([replaced, used, pending, replacedNew])).toEqual({
    sales: ['A0', 'A0', 'A0', 'A0'],
    written: false,
  })
  expect(Number(pending.row.version)).toBeGreaterThan(newMaster.version)
  expect(await house.sell(current)).toBe('00')
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
    house.put('key_set', set.row)
    expect(await house.answers([set])).toEqual({ sales: ['A0'], written: false })
    expect(await house.faults()).toEqual(ENDED)
    // The terminal goes on, also with new keys.
    const next = await house.signOn(NEW_TMK)
    expect([await house.sell(set), await house.sell(current), await house.sell(next)]).toEqual([
      'A0',
      '00',
      '00',
    ])
  })

  it.each(kinds)('in the place of the set in use, and %s, is dead and found', async (_, kind) => {
    const set = kind()
    house.service.storage.rows(`delete from key_set where terminal_id = ?`, A)
    house.put('key_set', set.row)
    expect(await house.answers([set, current])).toEqual({ sales: ['77', '77'], written: false })
    expect(Object.keys(await house.faults())).toEqual(['key_set'])
  })

  it.each(kinds)('under a newer version, and %s, opens nowhere and is found', async (_, kind) => {
    const set = kind()
    for (const tmkVersion of [oldMaster.version, newMaster.version]) {
      house.service.storage.restore()
      house.put('key_set', { ...set.row, version: Number(pending.row.version) + 1, tmk_version: tmkVersion })
      // A set that names the present master key is tried, and does not open: then the service does not answer.
      const code = tmkVersion === newMaster.version ? 'none' : 'A0'
      expect(await house.answers([set])).toEqual({ sales: [code], written: false })
      expect(await house.faults()).toEqual(NO_SET)
    }
  })

  it('and belongs to another terminal is dead and found', async () => {
    for (const tmk_version of [otherMaster.version, newMaster.version]) {
      house.service.storage.restore()
      const version = Number(pending.row.version) + 1
      house.put('key_set', { ...ofOther.row, terminal_id: A, version, tmk_version })
      const code = tmk_version === newMaster.version ? 'none' : 'A0'
      expect(await house.answers([ofOther])).toEqual({ sales: [code], written: false })
      expect(await house.faults()).toEqual(NO_SET)
    }
  })
})

describe('a master key that is put back', () => {
  it('and is older gives no keys to a sign-on, and is found', async () => {
    house.put('master_key', oldMaster.row)
    expect([await house.signOnCode(OLD_TMK), await house.signOnCode(NEW_TMK)]).toEqual(['77', '77'])
    expect(await house.faults()).toEqual(NOT_NAMED)
    expect(house.service.storage.rows('select 1 from key_set where terminal_id = ?', A)).toHaveLength(1)
  })

  it.each([
    ['the version that the journal names', () => newMaster.version, 'none'],
    ['a newer version', () => newMaster.version + 1, '77'],
  ])('under %s gives no keys, and is found', async (_, version, code) => {
    for (const row of [oldMaster.row, { ...otherMaster.row, terminal_id: A }]) {
      house.service.storage.restore()
      house.put('master_key', { ...row, version: version() })
      expect(await house.signOnCode(OLD_TMK)).toBe(code)
      expect(await house.faults()).toEqual(NO_MASTER)
    }
  })

  it('with its key sets brings no key back, and both are found', async () => {
    house.put('master_key', oldMaster.row)
    const old = [replaced, used, pending]
    for (const { row } of old) house.put('key_set', row)
    expect(await house.answers(old)).toEqual({ sales: ['A0', 'A0', 'A0'], written: false })
    expect([await house.signOnCode(OLD_TMK), await house.signOnCode(NEW_TMK)]).toEqual(['77', '77'])
    expect(await house.faults()).toEqual({ ...NOT_NAMED, ...ENDED })
    // A new master key ends them all, and makes the tables sound.
    await house.provision(NEXT_TMK)
    expect(house.master().version).toBeGreaterThan(newMaster.version)
    expect(await house.faults()).toEqual({})
    expect(await house.answers(old)).toEqual({ sales: ['77', '77', '77'], written: false })
    expect(await house.sell(await house.signOn(NEXT_TMK))).toBe('00')
  })

  it('with the columns of the terminal that name it is found', async () => {
    house.put('master_key', oldMaster.row)
    for (const { row } of [used, pending]) house.put('key_set', row)
    const { key_version, tmk_version } = oldTerminal
    for (const inUse of [key_version ?? null, null]) {
      const names = 'key_version = ?, tmk_version = ?'
      house.service.storage.rows(
        `update terminal set ${names} where terminal_id = ?`,
        inUse,
        Number(tmk_version),
        A,
      )
      expect((await house.faults()).terminal).toMatch(
        /^the journal gives another value for (key|tmk)_version$/,
      )
    }
  })
})

it('a sign-on adds no key set that is dead already', async () => {
  const db = openDb(bindD1(house.service.storage, async (_, apply) => apply()))
  const set = { layout: '001', mak: '', tpk: '', tdk: null, createdAt: house.service.clock.now }
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
  house.service.clock.now -= 10 * HOUR
  house.put('master_key', oldMaster.row)
  await house.provision(NEXT_TMK)
  expect(house.master().version).toBe(newMaster.version + 1)
  house.service.storage.rows('delete from master_key where terminal_id = ?', A)
  await house.provision(OLD_TMK)
  expect(house.master().version).toBe(newMaster.version + 2)
  const again = await house.signOn(OLD_TMK)
  expect([await house.sell(again), await house.sell(pending), await house.faults()]).toEqual(['00', 'A0', {}])
  house.service.clock.now += 10 * HOUR
})
