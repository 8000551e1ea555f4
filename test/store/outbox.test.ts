/** @module The outbox: who takes what when, how long the next try is put off, and that one is taken once. */

import { beforeEach, describe, expect, it } from 'vitest'
import { TRY_MS } from '../../src/domain/acquirer-state.ts'
import { type Leased, leaseDue, leaseOne, nextDue, release } from '../../src/store/outbox.ts'
import { House, LOST } from '../support/house.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'

const SECOND = 1000
const NOW = 1_000_000 * SECOND

let house: House
beforeEach(() => {
  house = new House(scriptedAcquirer().port)
})

/** A message that is owed something from `nextAt` on. */
function owe(key: string, nextAt: number | null, attempts = 0, caseReason: string | null = null): void {
  house.rows(
    `insert into acquirer_message (message_key, kind, merchant_id, terminal_id, batch_number, acquirer_stan, amount, currency_code,
      rrn, state, claimed_at, decide_by, case_reason, case_opened_at, attempts, next_at)
     values (?, 'void', 'm', 't', '000001', ?, 1, '156', 'r', 'pending', 0, ?, ?, ?, ?, ?)`,
    key,
    key,
    2 * NOW,
    caseReason,
    caseReason === null ? null : 0,
    attempts,
    nextAt,
  )
}

const row = (key: string) =>
  house.rows('select attempts, next_at from acquirer_message where message_key = ?', key)[0]

const keysOf = (leased: readonly Leased[]) => leased.map(({ message }) => message.messageKey).sort()

describe('what is due', () => {
  it('is taken up to a limit, the longest due first, and once', async () => {
    owe('c', NOW)
    owe('a', NOW - 2)
    owe('b', NOW - 1)
    owe('later', NOW + 1)
    owe('agreed', null)
    const { db } = house.options
    expect(keysOf(await leaseDue(db, NOW, 2))).toEqual(['a', 'b'])
    expect(keysOf(await leaseDue(db, NOW, 2))).toEqual(['c'])
    expect(await leaseDue(db, NOW, 2)).toEqual([])
  })

  it('comes without the outbox’s own columns', async () => {
    owe('a', NOW)
    const [leased] = await leaseDue(house.options.db, NOW, 1)
    const message = leased?.message
    expect(leased?.attempts).toBe(1)
    expect(message).toMatchObject({ messageKey: 'a', kind: 'void', state: 'pending', caseReason: null })
    expect(message).not.toHaveProperty('nextAt')
    expect(message).not.toHaveProperty('attempts')
  })

  it('is put off for as long as a try may last, so that who takes it and dies keeps it no longer', async () => {
    owe('a', NOW, 5)
    await leaseDue(house.options.db, NOW, 1)
    expect(row('a')).toEqual({ attempts: 6, next_at: NOW + TRY_MS })
  })
})

describe('one message', () => {
  it('is taken where it is due, and not before, nor where nothing is owed', async () => {
    owe('a', NOW)
    owe('b', NOW + 1)
    owe('c', null)
    const { db } = house.options
    expect((await leaseOne(db, 'a', NOW))?.message.messageKey).toBe('a')
    expect(row('a')).toEqual({ attempts: 1, next_at: NOW + TRY_MS })
    for (const key of ['a', 'b', 'c', 'none']) expect(await leaseOne(db, key, NOW)).toBeNull()
  })

  const back = (messageKey: string, attempts: number) =>
    release(house.options.db, { message: { messageKey }, attempts }, NOW)

  it.each([
    [0, 1],
    [1, 2],
    [2, 4],
    [5, 32],
    [6, 60],
    [100, 60],
  ])('after %i tries is due again after %i s', async (attempts, seconds) => {
    owe('a', NOW + TRY_MS, attempts)
    await back('a', attempts)
    expect(row('a')).toEqual({ attempts, next_at: NOW + seconds * SECOND })
  })

  it.each([1, 7, 100])('after %i tries with a case open is due again after an hour', async (attempts) => {
    owe('a', NOW + TRY_MS, attempts, 'no_answer')
    await back('a', attempts)
    expect(row('a')).toEqual({ attempts, next_at: NOW + 3600 * SECOND })
  })

  it('is not put back where it has moved on, was taken again, or is owed no more', async () => {
    owe('b', NOW, 1)
    owe('c', null)
    await back('b', 0)
    await back('c', 0)
    expect([row('b'), row('c')]).toEqual([
      { attempts: 1, next_at: NOW },
      { attempts: 0, next_at: null },
    ])
  })

  it('is put back though the connection is lost meanwhile', async () => {
    owe('a', NOW + TRY_MS, 1)
    house.fault = (number) => (number < 3 ? { error: LOST, applied: true } : null)
    await back('a', 1)
    house.fault = () => null
    expect([row('a'), house.trips]).toEqual([{ attempts: 1, next_at: NOW + 2 * SECOND }, 3])
  })
})

it('the next one due is known', async () => {
  expect(await nextDue(house.options.db)).toBeNull()
  owe('a', null)
  expect(await nextDue(house.options.db)).toBeNull()
  owe('b', NOW + 2)
  owe('c', NOW + 1)
  expect(await nextDue(house.options.db)).toBe(NOW + 1)
})
