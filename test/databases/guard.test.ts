/**
 * @module A bucket that moves while an isolate still has the old table. Each decision of the isolate in the old database loses,
 * and nothing is written there. An alert tells it, and the isolate reads the table again.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bucketOf } from '../../src/domain/bucket.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { ADMINISTRATOR, AT_HOME, MERCHANTS, type MerchantId, MOVED, Region } from './region.ts'

const BOTH = [AT_HOME, MOVED] as const
const CARD = testCard(1)

let region: Region
let terminals: ReadonlyMap<MerchantId, VirtualTerminal>
beforeEach(async () => {
  region = new Region()
  terminals = await region.openWithSales()
})
afterEach(() => region.close())

const terminalOf = (merchantId: MerchantId): VirtualTerminal => {
  const terminal = terminals.get(merchantId)
  if (terminal === undefined) throw new Error('each merchant has a terminal')
  return terminal
}

const journalOf = (merchantId: MerchantId) =>
  region.storages[MERCHANTS[merchantId].database].rows(
    'select terminal_id, seq, hash from journal order by 1, 2',
  )

/** Raises the guard of the merchant's bucket in its old database, as a move does. */
const move = (merchantId: MerchantId) =>
  region.storages[MERCHANTS[merchantId].database].rows(
    `insert into guard values (?, 1) on conflict (key) do update set version = version + 1`,
    `bucket:${bucketOf(merchantId)}`,
  )

describe.each(BOTH)('after the bucket of %s has moved, and before the isolate knows', (merchantId) => {
  const other = merchantId === AT_HOME ? MOVED : AT_HOME
  const { key, terminalId } = MERCHANTS[merchantId]

  it('its terminal gets no answer, and nothing is written', async () => {
    const before = journalOf(merchantId)
    move(merchantId)
    region.logged.length = 0
    expect(await terminalOf(merchantId).sale(500, CARD)).toMatchObject({ value: { outcome: 'unanswered' } })
    expect(journalOf(merchantId)).toEqual(before)
    const silent = region.logged.filter(({ event }) => event === 'no_answer')
    expect(silent[0]).toMatchObject({ type: 'sale', kind: 'in_progress', terminalId })
  })

  it('a sign-on gets no new keys, and the next one gets them where the bucket is open', async () => {
    const { database } = MERCHANTS[merchantId]
    const sets = () => region.storages[database].rows('select terminal_id, version from key_set')
    const before = sets()
    move(merchantId)
    await region.place(bucketOf(merchantId), `DB_${database}`, (merchantId === MOVED ? 1 : 0) + 1)
    const signedOn = await terminalOf(merchantId).signOn('004')
    expect(signedOn).toMatchObject({ responseCode: '09' })
    expect(sets()).toEqual(before)
    // The isolate has read the table again. Here the bucket is open in the same database.
    expect(await terminalOf(merchantId).signOn('004')).toMatchObject({ responseCode: '00' })
    expect(sets().length).toBe(before.length + 1)
  })

  it('its void by JSON is in progress, and nothing is written', async () => {
    const [sale] = region.storages[MERCHANTS[merchantId].database].rows('select id from sale')
    const before = journalOf(merchantId)
    move(merchantId)
    const body = { saleId: sale?.id, amount: 1234 }
    const answer = await region.json(key, 'POST', '/v1/voids', body, { 'idempotency-key': 'k' })
    expect(answer.body).toMatchObject({ reason: 'in_progress' })
    expect(journalOf(merchantId)).toEqual(before)
  })

  it('its settings and its terminals do not change', async () => {
    const before = journalOf(merchantId)
    move(merchantId)
    const path = `/v1/merchants/${merchantId}`
    const settings = await region.json(ADMINISTRATOR, 'PUT', path, { name: 'Bakery' })
    expect(settings.body).toMatchObject({ reason: 'in_progress' })
    const terminal = `${path}/terminals/${MERCHANTS[merchantId].terminalId}`
    const profile = await region.json(ADMINISTRATOR, 'PUT', terminal, { state: 'stolen' })
    expect(profile.body).toMatchObject({ reason: 'in_progress' })
    expect(journalOf(merchantId)).toEqual(before)
  })

  const alerts = () => region.logged.filter(({ event }) => event === 'alert')
  const bucket = bucketOf(merchantId)
  const version = merchantId === MOVED ? 1 : 0

  it.each([
    ['a sale of its terminal', () => terminalOf(merchantId).sale(500, CARD), terminalId],
    [
      'its settings',
      () => region.json(ADMINISTRATOR, 'PUT', `/v1/merchants/${merchantId}`, { name: 'Bakery' }),
      `merchant:${merchantId}`,
    ],
    [
      'a state of its terminal',
      () => {
        const path = `/v1/merchants/${merchantId}/terminals/${terminalId}`
        return region.json(ADMINISTRATOR, 'PUT', path, { state: 'stolen' })
      },
      terminalId,
    ],
    [
      'a bearer key of it',
      () => {
        const headers = { 'idempotency-key': 'after' }
        return region.json(ADMINISTRATOR, 'POST', '/v1/keys', { merchantId, name: 'after' }, headers)
      },
      `merchant:${merchantId}`,
    ],
  ])('an alert names the guards, and the isolate reads the table: %s', async (_, send, stream) => {
    move(merchantId)
    const [from, to] = merchantId === AT_HOME ? ['DB_0', 'DB_1'] : ['DB_1', 'DB_0']
    await region.place(bucket, to, version + 1)
    region.logged.length = 0
    const { databases } = region.services
    expect(databases.of(bucket).name).toBe(from)
    await send()
    const guards = { [`bucket:${bucket}`]: version, [`merchant:${merchantId}`]: expect.any(Number) }
    expect(alerts()).toMatchObject([{ why: 'lost_races', terminalId: stream, guards }])
    expect(databases.of(bucket).name).toBe(to)
    expect(databases.needsOf(bucket)).toEqual([[`bucket:${bucket}`, version + 1]])
    expect(region.logged.some(({ event }) => event === 'load_failed')).toBe(false)
  })

  it('keeps its table when the new one names a database without a binding', async () => {
    move(merchantId)
    await region.place(bucket, 'DB_9', 9)
    region.logged.length = 0
    const { name } = region.services.databases.of(bucket)
    await terminalOf(merchantId).sale(500, CARD)
    expect(region.services.databases.of(bucket).name).toBe(name)
    expect(region.logged.find(({ event }) => event === 'load_failed')).toMatchObject({
      error: expect.stringContaining('database without a binding'),
    })
  })

  it('no bearer key of it is made or revoked', async () => {
    const made = await region.json(
      ADMINISTRATOR,
      'POST',
      '/v1/keys',
      { merchantId, name: 'before' },
      {
        'idempotency-key': 'before',
      },
    )
    expect(made.status).toBe(201)
    const before = journalOf(merchantId)
    const rows = () =>
      region.storages[MERCHANTS[merchantId].database].rows('select id, revoked_at from api_key')
    const keys = rows()
    move(merchantId)
    const body = { merchantId, name: 'after' }
    const headers = { 'idempotency-key': 'after' }
    expect((await region.json(ADMINISTRATOR, 'POST', '/v1/keys', body, headers)).body).toMatchObject({
      reason: 'in_progress',
    })
    const path = `/v1/keys/${made.body.id}/revoke`
    expect((await region.json(ADMINISTRATOR, 'POST', path, {}, {})).body).toMatchObject({
      reason: 'in_progress',
    })
    expect(journalOf(merchantId)).toEqual(before)
    expect(rows()).toEqual(keys)
  })

  it('the other merchant notices nothing', async () => {
    move(merchantId)
    expect(await terminalOf(other).sale(500, CARD)).toMatchObject({ value: { outcome: 'approved' } })
  })
})
