/**
 * @module The start of an isolate: a wrong master key, no table, a D1 that fails. Then a rotation of the master key while
 * messages go on.
 */

import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { readMasterKey } from '../../src/crypto/data-keys.ts'
import worker from '../../src/index.ts'
import { dump, rows } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sell } from './terminal.ts'

const OTHER = 'cd'.repeat(32)
const SETTINGS = { ...env, REGION: 'here', ACQUIRER: 'sandbox', MASTER_KEY: s.MASTER_KEY }

/** A request to a Worker that does not open, and the lines of its log. All files share this Worker, so none may open it. */
async function ask(settings: object) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const kept: Promise<unknown>[] = []
  const context = { waitUntil: (promise: Promise<unknown>) => void kept.push(promise) }
  const request = new Request('https://annul.test/') as Parameters<typeof worker.fetch>[0]
  const response = await worker.fetch(request, settings as Env, context as unknown as ExecutionContext)
  await Promise.allSettled(kept)
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
  log.mockRestore()
  return { status: response.status, text: await response.text(), lines }
}

const failing = (error: string) =>
  ({
    batch: () => Promise.reject(new Error(error)),
    prepare: () => ({
      bind: () => ({
        raw: () => Promise.reject(new Error(error)),
        run: () => Promise.reject(new Error(error)),
      }),
    }),
  }) as unknown as D1Database

const fault = (line: object) => ({
  status: 503,
  text: '',
  lines: [{ region: 'here', requestId: expect.any(String), ...line }],
})

describe('an isolate', () => {
  it('of a database without the table names the migrations', async () => {
    const why =
      'DB: has no table data_key: apply the migrations. A database of an earlier version must be made again'
    const error = 'D1_ERROR: no such table: data_key: SQLITE_ERROR'
    expect(await ask({ ...SETTINGS, DB: failing(error) })).toEqual(fault({ event: 'misconfigured', why }))
  })

  it.each(['D1_ERROR: Network connection lost.', 'D1_ERROR: D1 DB is overloaded.'])(
    'that meets %s logs it, and blames no setting',
    async (error) => {
      expect(await ask({ ...SETTINGS, DB: failing(error) })).toEqual(fault({ event: 'load_failed', error }))
    },
  )

  it('with another master key than the database answers 503 to everything, and writes nothing', async () => {
    await s.openIsolate()
    const tables = ['data_key', 'journal', 'terminal', 'merchant'] as const
    const before = await dump(tables)
    expect(before.data_key).toHaveLength(7)
    for (const [settings, why] of [
      [{ MASTER_KEY: OTHER }, 'MASTER_KEY: is not the key of this database'],
      [
        { MASTER_KEY: OTHER, MASTER_KEY_PREVIOUS: 'ef'.repeat(32) },
        'MASTER_KEY, MASTER_KEY_PREVIOUS: neither is the key of this database',
      ],
    ] as const) {
      expect(await ask({ ...SETTINGS, ...settings })).toEqual(fault({ event: 'misconfigured', why }))
      const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
      const event = worker.scheduled(
        {} as ScheduledController,
        { ...SETTINGS, ...settings } as Env,
        {
          waitUntil: () => undefined,
        } as unknown as ExecutionContext,
      )
      await expect(event).resolves.toBeUndefined()
      log.mockRestore()
    }
    expect(await dump(tables)).toEqual(before)
  })
})

/** Wraps the first `most` data keys under the other master key. */
async function rewrap(from: string, to: string, most: number) {
  const [old, next] = [await readMasterKey(from), await readMasterKey(to)]
  const found = await rows(
    'select * from data_key where master_id = ? order by purpose limit ?',
    old.id,
    most,
  )
  for (const row of found) {
    const [purpose, id] = [String(row.purpose), Number(row.id)]
    const place = { purpose, id, masterId: old.id, wrapped: String(row.wrapped), createdAt: 0 }
    const wrapped = await next.wrap(await old.unwrap(place), purpose, id, (bytes) =>
      crypto.getRandomValues(bytes),
    )
    await rows('update data_key set master_id = ?, wrapped = ? where purpose = ?', next.id, wrapped, purpose)
  }
}

it('sales and voids go on during a rotation of the master key, and their copies get the same answers', async () => {
  const before = await s.openIsolate()
  const terminal = await openTerminal(before)
  const sale = await sell(terminal, '000001')
  const message = s.aVoid({ stan: '000002', ...sale })
  const first = await terminal.send(message)
  expect(first.fields.get(39)).toBe('00')

  const both = { MASTER_KEY: OTHER, MASTER_KEY_PREVIOUS: s.MASTER_KEY }
  const steps = [
    { most: 0, settings: both },
    { most: 3, settings: both },
    { most: 7, settings: both },
    { most: 0, settings: { MASTER_KEY: OTHER } },
  ]
  const [oldId, newId] = [(await readMasterKey(s.MASTER_KEY)).id, (await readMasterKey(OTHER)).id]
  let stan = 10
  for (const { most, settings } of steps) {
    await rewrap(s.MASTER_KEY, OTHER, most)
    const isolate = await s.openIsolate(settings)
    const isRotating = 'MASTER_KEY_PREVIOUS' in settings
    expect(isolate.logged.filter(({ event }) => event === 'master_key_rotation')).toEqual(
      isRotating ? [{ event: 'master_key_rotation', masterId: newId, previousMasterId: oldId }] : [],
    )
    // The isolate of before has its keys in memory, and goes on too.
    for (const to of [before, isolate]) {
      expect((await terminal.send(message, { to })).bytes).toEqual(first.bytes)
      const reply = await terminal.send(s.aSale({ stan: String(++stan).padStart(6, '0') }), { to })
      expect(reply.fields.get(39)).toBe('00')
    }
  }
  expect(await rows('select count(distinct card_fingerprint) as n from sale')).toEqual([{ n: 1 }])
  await expect(s.openIsolate()).rejects.toThrow('MASTER_KEY: is not the key of this database')
})
