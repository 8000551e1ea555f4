/**
 * @module Growth in workerd. The log has the size of the database and its alert, once an hour. Refusals beyond the quota
 * have no entry, from a terminal and by JSON.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { KEYS_QUOTA, TERMINAL_QUOTA, utcDay } from '../../src/domain/refusal-quota.ts'
import { watchGrowth } from '../../src/pipeline/growth.ts'
import { databaseSize } from '../../src/store/size.ts'
import { rows } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sell, sixDigits, type TestTerminal } from './terminal.ts'
import { scansOf, watchD1 } from './watched-d1.ts'

const HOUR_MS = 3_600_000
const FULL_HOUR = Math.ceil(s.START / HOUR_MS) * HOUR_MS
const DAY = utcDay(s.START)

let isolate: s.Isolate
let terminal: TestTerminal

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
})

const entries = async (): Promise<number> => Number((await rows('select count(*) as n from journal'))[0]?.n)
const counts = () => rows('select key, day, written, refused from refusal_count order by key, day')
const setCount = (key: string, written: number, day = DAY) =>
  rows('insert or replace into refusal_count values (?, ?, ?, 0)', key, day, written)

describe('the size', () => {
  it('is that of all tables, and the entries are those of all journals', async () => {
    const { db } = isolate.services
    const before = await databaseSize(db)
    expect(before.entries).toBe(await entries())
    // D1 refuses `pragma page_count`. So its own report must follow what is written.
    await rows('create table filler (content blob)')
    await rows('insert into filler values (zeroblob(1000000))')
    const { bytes } = await databaseSize(db)
    expect(bytes - before.bytes).toBeGreaterThan(999_999)
    expect(bytes - before.bytes).toBeLessThan(1_050_000)
    await rows('drop table filler')
  })

  it('is logged in the first minute of an hour only', async () => {
    for (let minute = 0; minute < 60; minute++) {
      isolate.logged.length = 0
      await watchGrowth(isolate.services, FULL_HOUR + minute * 60_000 + 59_999)
      expect(isolate.logged.map(({ event }) => event)).toEqual(minute === 0 ? ['size'] : [])
    }
  })

  it.each([
    [69.99, 69, []],
    [70, 70, ['database_size']],
    [100, 100, ['database_size']],
    [140, 140, ['database_size']],
  ])('at %d %% of the limit', async (share, percent, alerts) => {
    const { bytes } = await databaseSize(isolate.services.db)
    const limit = (bytes * 100) / share
    isolate.logged.length = 0
    await watchGrowth({ ...isolate.services, databaseLimit: limit }, FULL_HOUR)
    expect(isolate.logged[0]).toEqual({ event: 'size', bytes, entries: await entries(), limit, percent })
    expect(isolate.logged.slice(1)).toEqual(
      alerts.map((why) => ({ event: 'alert', why, bytes, limit, percent })),
    )
  })

  it('is compared with the setting, or with 10 GB', async () => {
    expect(isolate.services.databaseLimit).toBe(10_000_000_000)
    const free = await s.openIsolate({ DATABASE_LIMIT_BYTES: '500000000' })
    expect(free.services.databaseLimit).toBe(500_000_000)
    for (const wrong of ['', '0', '10 GB', '-5000000', '0500000', '99999', '1e9', '12345678901234'])
      await expect(s.openIsolate({ DATABASE_LIMIT_BYTES: wrong })).rejects.toThrow(
        /^DATABASE_LIMIT_BYTES: expected a whole number of bytes, 6 to 13 digits$/,
      )
  })

  it('does not stop the cron when D1 fails', async () => {
    const watched = watchD1(env.DB)
    const failing = await s.openIsolate({ database: watched.database })
    watched.watch.before = () => {
      throw new Error('D1_ERROR: overloaded')
    }
    await watchGrowth(failing.services, FULL_HOUR)
    expect(failing.logged).toEqual([{ event: 'size_failed', error: 'D1_ERROR: overloaded' }])
  })
})

describe('the cron', () => {
  it('logs the size in the first minute of an hour, and deletes the counts of old days', async () => {
    const today = utcDay(FULL_HOUR)
    await rows('delete from refusal_count')
    for (const day of [today - 9, today - 3, today - 2, today]) await setCount('keys:admin', 5, day)
    // The isolate of the Worker is the module's own. Another file needs a new one, with settings of its own.
    vi.resetModules()
    const { default: worker } = await import('../../src/index.ts')
    const lines: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)))
    const context = {
      waitUntil: () => undefined,
      passThroughOnException: () => undefined,
      props: {},
    } as unknown as ExecutionContext
    const run = (scheduledTime: number) =>
      worker.scheduled({ scheduledTime, cron: '* * * * *', noRetry: () => {} }, env, context)
    await run(FULL_HOUR + 60_000)
    expect(await counts()).toHaveLength(4)
    await run(FULL_HOUR)
    log.mockRestore()
    vi.resetModules()
    const sizes = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'size')
    expect(sizes).toEqual([
      {
        event: 'size',
        region: 'local',
        bytes: expect.any(Number),
        entries: await entries(),
        limit: 1e10,
        percent: 0,
      },
    ])
    expect((await counts()).map(({ day }) => day)).toEqual([today - 2, today])
  })

  it('reads and deletes by an index', async () => {
    const watched = watchD1(env.DB)
    const { services } = await s.openIsolate({ database: watched.database })
    const opening = watched.trips.length
    await watchGrowth(services, FULL_HOUR)
    const statements = watched.trips.slice(opening).flatMap((trip) => trip.statements)
    expect(statements).toHaveLength(2)
    const scans = await Promise.all(statements.map(({ sql, params }) => scansOf(sql, params)))
    // The heads of all journals are the number of all entries. This is the one scan, once an hour.
    expect(scans).toEqual([['SCAN terminal', 'SCAN merchant', 'SCAN region'], []])
  })
})

describe('refusals beyond the quota', () => {
  const alerts = () => isolate.logged.filter(({ event }) => event === 'alert')

  it('of a terminal: the same answer, no entry, one alert, and approvals go on', async () => {
    const key = `terminal:${terminal.tid}`
    const sale = await sell(terminal, '000001')
    await rows('delete from refusal_count')
    const refused = (stan: number) =>
      terminal.send(s.aVoid({ stan: sixDigits(stan), ...sale, amount: 1 }), { to: isolate })
    const written = await refused(10)
    expect(await counts()).toEqual([{ key, day: DAY, written: 1, refused: 0 }])
    await setCount(key, TERMINAL_QUOTA)
    isolate.logged.length = 0
    const before = await entries()
    for (let stan = 11; stan < 14; stan++) {
      const { status, fields } = await refused(stan)
      expect([status, fields.get(39), fields.get(63)]).toEqual([200, '64', written.fields.get(63)])
    }
    expect(await entries()).toBe(before)
    await isolate.settle()
    expect(await counts()).toEqual([{ key, day: DAY, written: TERMINAL_QUOTA, refused: 3 }])
    expect(alerts()).toEqual([{ event: 'alert', why: 'refusals_over_quota', sender: key }])
    const approved = await terminal.send(s.aVoid({ stan: '000020', ...sale }))
    expect(approved.fields.get(39)).toBe('00')
    expect(await entries()).toBe(before + 1)
  })

  it('of a bearer key: the same problem, no entry, one alert, and approvals go on', async () => {
    const { rrn } = await sell(terminal, '000002')
    const saleId = (await rows('select id from sale where rrn = ?', rrn))[0]?.id
    const bearer = await s.bearerKey(terminal.mid)
    const key = `keys:${terminal.mid}`
    await rows('delete from refusal_count')
    const ask = (name: string, amount: number) =>
      s.ask(isolate, bearer, 'POST', '/v1/voids', { saleId, amount }, { 'idempotency-key': name })
    const written = await ask('first', 1)
    await setCount(key, KEYS_QUOTA)
    isolate.logged.length = 0
    const before = await entries()
    const refused = await ask('second', 1)
    expect([refused.status, refused.body.reason]).toEqual([written.status, 'amount_differs'])
    expect((await ask('second', 1)).headers.get('idempotent-replayed')).toBeNull()
    expect(await entries()).toBe(before)
    await isolate.settle()
    expect(await counts()).toEqual([{ key, day: DAY, written: KEYS_QUOTA, refused: 2 }])
    expect(alerts()).toEqual([{ event: 'alert', why: 'refusals_over_quota', sender: key }])
    expect((await ask('third', 1234)).status).toBe(201)
  })

  it('take two trips, find their rows by an index, and need one statement more than an answer', async () => {
    const watched = watchD1(env.DB)
    const watching = await s.openIsolate({ database: watched.database })
    const sale = await sell(terminal, '000003')
    await setCount(`terminal:${terminal.tid}`, TERMINAL_QUOTA)
    watched.trips.length = 0
    await terminal.send(s.aVoid({ stan: '000030', ...sale, amount: 1 }), { to: watching })
    await watching.settle()
    expect(watched.trips.map(({ statements }) => statements.length)).toEqual([5, 1])
    for (const { sql, params } of watched.trips.flatMap(({ statements }) => statements))
      expect(await scansOf(sql, params), sql).toEqual([])
  })
})
