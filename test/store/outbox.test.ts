/**
 * @module The outbox: which message is leased when, the delay before the next try, and that each is leased
 * once.
 */

import { beforeEach, describe, expect, it } from 'vitest'
import { TRY_MS } from '../../src/domain/acquirer-state.ts'
import { type Leased, leaseDue, leaseOne, nextDue, release } from '../../src/store/outbox.ts'
import { LOST, TestService } from '../support/test-service.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'

const SECOND = 1000
const NOW = 1_000_000 * SECOND

let service: TestService
beforeEach(() => {
  service = new TestService(scriptedAcquirer().port)
})

/** A message that is due from `nextAt` on. */
function insertDue(key: string, nextAt: number | null, attempts = 0, caseReason: string | null = null): void {
  service.rows(
    `insert into acquirer_message (message_key, kind, merchant_id, terminal_id, batch_number, acquirer_stan, amount, currency_code,
      rrn, state_raw, claimed_at, moved_at, decide_by, case_reason, case_opened_at, attempts, next_at)
     values (?, 'void', 'm', 't', '000001', ?, 1, '156', 'r', 'pending', 0, 0, ?, ?, ?, ?, ?)`,
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
  service.rows('select attempts, next_at from acquirer_message where message_key = ?', key)[0]

const keysOf = (leased: readonly Leased[]) => leased.map(({ message }) => message.messageKey).sort()

describe('due messages', () => {
  it('are leased once, up to a limit, the longest due first', async () => {
    insertDue('c', NOW)
    insertDue('a', NOW - 2)
    insertDue('b', NOW - 1)
    insertDue('later', NOW + 1)
    insertDue('agreed', null)
    const { db } = service.options
    expect(keysOf(await leaseDue(db, NOW, 2))).toEqual(['a', 'b'])
    expect(keysOf(await leaseDue(db, NOW, 2))).toEqual(['c'])
    expect(await leaseDue(db, NOW, 2)).toEqual([])
  })

  it('are returned without the outbox’s own columns', async () => {
    insertDue('a', NOW)
    const [leased] = await leaseDue(service.options.db, NOW, 1)
    const message = leased?.message
    expect(leased?.attempts).toBe(1)
    expect(message).toMatchObject({ messageKey: 'a', kind: 'void', state: 'pending', caseReason: null })
    expect(message).not.toHaveProperty('nextAt')
    expect(message).not.toHaveProperty('attempts')
  })

  it('stay leased for the length of one try, so that a lost lease ends', async () => {
    insertDue('a', NOW, 5)
    await leaseDue(service.options.db, NOW, 1)
    expect(row('a')).toEqual({ attempts: 6, next_at: NOW + TRY_MS })
  })
})

describe('one message', () => {
  it('is leased only when it is due', async () => {
    insertDue('a', NOW)
    insertDue('b', NOW + 1)
    insertDue('c', null)
    const { db } = service.options
    expect((await leaseOne(db, 'a', NOW))?.message.messageKey).toBe('a')
    expect(row('a')).toEqual({ attempts: 1, next_at: NOW + TRY_MS })
    for (const key of ['a', 'b', 'c', 'none']) expect(await leaseOne(db, key, NOW)).toBeNull()
  })

  const releaseLease = (messageKey: string, attempts: number) =>
    release(service.options.db, { message: { messageKey }, attempts }, NOW)

  it.each([
    [0, 1],
    [1, 2],
    [2, 4],
    [5, 32],
    [6, 60],
    [100, 60],
  ])('after %i tries is due again in %i s', async (attempts, seconds) => {
    insertDue('a', NOW + TRY_MS, attempts)
    await releaseLease('a', attempts)
    expect(row('a')).toEqual({ attempts, next_at: NOW + seconds * SECOND })
  })

  it.each([1, 7, 100])('after %i tries with an open case is due again in an hour', async (attempts) => {
    insertDue('a', NOW + TRY_MS, attempts, 'no_answer')
    await releaseLease('a', attempts)
    expect(row('a')).toEqual({ attempts, next_at: NOW + 3600 * SECOND })
  })

  it('is not released when it moved on, was leased again or is no longer due', async () => {
    insertDue('b', NOW, 1)
    insertDue('c', null)
    await releaseLease('b', 0)
    await releaseLease('c', 0)
    expect([row('b'), row('c')]).toEqual([
      { attempts: 1, next_at: NOW },
      { attempts: 0, next_at: null },
    ])
  })

  it('is released although the connection is lost', async () => {
    insertDue('a', NOW + TRY_MS, 1)
    service.fault = (number) => (number < 3 ? { error: LOST, applied: true } : null)
    await releaseLease('a', 1)
    service.fault = () => null
    expect([row('a'), service.trips]).toEqual([{ attempts: 1, next_at: NOW + 2 * SECOND }, 3])
  })
})

it('returns the time of the next due message', async () => {
  expect(await nextDue(service.options.db)).toBeNull()
  insertDue('a', null)
  expect(await nextDue(service.options.db)).toBeNull()
  insertDue('b', NOW + 2)
  insertDue('c', NOW + 1)
  expect(await nextDue(service.options.db)).toBe(NOW + 1)
})
