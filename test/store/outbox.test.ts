/** @module The outbox: who takes what when, how long the next try is put off, and that one is taken once. */

import { beforeEach, describe, expect, it } from 'vitest'
import { nextDue, putBack, takeDue, takeOne } from '../../src/store/outbox.ts'
import { House, LOST } from '../support/house.ts'
import { scriptedHost } from '../worker/scripted-host.ts'

const SECOND = 1000
const NOW = 1_000_000 * SECOND

let house: House
beforeEach(() => {
  house = new House(scriptedHost().acquirer)
})

/** A message that is owed something from `nextAt` on. */
function owe(key: string, nextAt: number | null, attempts = 0, caseReason: string | null = null): void {
  house.rows(
    `insert into host_message (message_key, kind, merchant_id, terminal_id, batch_number, host_stan, amount, currency_code,
      rrn, state, claimed_at, decide_by, case_reason, attempts, next_at)
     values (?, 'void', 'm', 't', '000001', ?, 1, '156', 'r', 'pending', 0, 0, ?, ?, ?)`,
    key,
    key,
    caseReason,
    attempts,
    nextAt,
  )
}

const row = (key: string) =>
  house.rows('select attempts, next_at from host_message where message_key = ?', key)[0]

const keysOf = (taken: readonly { messageKey: string }[]) => taken.map(({ messageKey }) => messageKey).sort()

describe('what is due', () => {
  it('is taken up to a limit, the longest due first, and once', async () => {
    owe('c', NOW)
    owe('a', NOW - 2)
    owe('b', NOW - 1)
    owe('later', NOW + 1)
    owe('agreed', null)
    const { db } = house.road
    expect(keysOf(await takeDue(db, NOW, 2))).toEqual(['a', 'b'])
    expect(keysOf(await takeDue(db, NOW, 2))).toEqual(['c'])
    expect(await takeDue(db, NOW, 2)).toEqual([])
  })

  it('comes without the outbox’s own columns', async () => {
    owe('a', NOW)
    const [message] = await takeDue(house.road.db, NOW, 1)
    expect(message).toMatchObject({ messageKey: 'a', kind: 'void', state: 'pending', caseReason: null })
    expect(message).not.toHaveProperty('nextAt')
    expect(message).not.toHaveProperty('attempts')
  })

  it.each([
    [0, 1],
    [1, 2],
    [2, 4],
    [5, 32],
    [6, 60],
    [7, 60],
    [100, 60],
  ])('after %i tries is put off by %i s', async (attempts, seconds) => {
    owe('a', NOW, attempts)
    await takeDue(house.road.db, NOW, 1)
    expect(row('a')).toEqual({ attempts: attempts + 1, next_at: NOW + seconds * SECOND })
  })

  it.each([
    [0, 1],
    [7, 128],
    [11, 2048],
    [12, 3600],
    [100, 3600],
  ])('with a case open after %i tries by %i s', async (attempts, seconds) => {
    owe('a', NOW, attempts, 'host_silent')
    await takeDue(house.road.db, NOW, 1)
    expect(row('a')).toEqual({ attempts: attempts + 1, next_at: NOW + seconds * SECOND })
  })
})

describe('one message', () => {
  it('is taken where it is due, and not before, nor where nothing is owed', async () => {
    owe('a', NOW)
    owe('b', NOW + 1)
    owe('c', null)
    const { db } = house.road
    expect((await takeOne(db, 'a', NOW))?.messageKey).toBe('a')
    expect(row('a')).toEqual({ attempts: 1, next_at: NOW + SECOND })
    for (const key of ['a', 'b', 'c', 'none']) expect(await takeOne(db, key, NOW)).toBeNull()
  })

  it('is put back after its first try alone, and while something is owed', async () => {
    owe('a', NOW + 12 * SECOND)
    owe('b', NOW, 1)
    owe('c', null)
    const { db } = house.road
    for (const key of ['a', 'b', 'c']) await putBack(db, key, NOW, 5)
    expect([row('a'), row('b'), row('c')]).toEqual([
      { attempts: 1, next_at: NOW + 5 },
      { attempts: 1, next_at: NOW },
      { attempts: 0, next_at: null },
    ])
  })

  it('is put back though the connection is lost meanwhile', async () => {
    owe('a', NOW + 12 * SECOND)
    house.fault = (number) => (number < 3 ? { error: LOST, applied: true } : null)
    await putBack(house.road.db, 'a', NOW, 5)
    house.fault = () => null
    expect([row('a'), house.trips]).toEqual([{ attempts: 1, next_at: NOW + 5 }, 3])
  })
})

it('the next one due is known', async () => {
  expect(await nextDue(house.road.db)).toBeNull()
  owe('a', null)
  expect(await nextDue(house.road.db)).toBeNull()
  owe('b', NOW + 2)
  owe('c', NOW + 1)
  expect(await nextDue(house.road.db)).toBe(NOW + 1)
})
