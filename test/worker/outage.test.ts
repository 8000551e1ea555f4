/**
 * @module The pipeline when D1 fails. Commits are repeated after an error that hid their success, and sets
 * may have a bad message. The pipeline is silent when the outcome is unknown, and logs no message content.
 */

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { entryHash, sealedContent } from '../../src/store/entry/hash.ts'
import { effectOf, faultOf, journalOf, rows } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'
import { LOST, type WatchedD1, watchD1, writesJournal } from './watched-d1.ts'

async function openWatched(): Promise<{ isolate: s.Isolate; watched: WatchedD1; terminal: TestTerminal }> {
  const watched = watchD1(env.DB)
  const isolate = await s.openIsolate({ database: watched.database })
  return { isolate, watched, terminal: await openTerminal(isolate) }
}

describe('a commit without a reply', () => {
  /** Fails the first `times` commits, before or after they are done. */
  function loseCommits(watched: WatchedD1, when: 'before' | 'after', times: number, text = LOST) {
    let failed = 0
    watched.watch[when] = (trip) => {
      if (writesJournal(trip) && failed++ < times) throw new Error(text)
    }
    return () => failed
  }

  it.each(['before', 'after'] as const)('is repeated and applied once: lost %s it was done', async (when) => {
    for (const times of [1, 2]) {
      const { terminal, watched } = await openWatched()
      const failed = loseCommits(watched, when, times)
      const sale = await sell(terminal, '000001')
      expect(failed()).toBe(times + 1)
      loseCommits(watched, when, times)
      expect((await terminal.send(s.aVoid({ stan: '000002', ...sale }))).fields.get(39)).toBe('00')
      const { sales, batches } = await effectOf(terminal.tid)
      expect(sales).toMatchObject([{ live_voids: 1 }])
      expect(batches).toMatchObject([
        { debit_amount: 1234, debit_count: 1, credit_amount: 1234, credit_count: 1 },
      ])
      expect(await faultOf(terminal.tid)).toBeNull()
    }
  })

  it('is repeated and recognised although another writer continued', async () => {
    const { terminal, watched } = await openWatched()
    const other = await s.openIsolate()
    watched.watch.after = async (trip) => {
      if (!writesJournal(trip)) return
      watched.watch = {}
      await terminal.send(s.aSale({ stan: '000050', amount: 10 }), { to: other })
      throw new Error(LOST)
    }
    await sell(terminal, '000001')
    expect((await effectOf(terminal.tid)).batches).toMatchObject([{ debit_amount: 1244, debit_count: 2 }])
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  it.each(['before', 'after'] as const)(
    'three times, %s: no answer leaves, and nothing is booked twice',
    async (when) => {
      const { terminal, watched, isolate } = await openWatched()
      const sale = await sell(terminal, '000001')
      const message = s.aVoid({ stan: '000002', ...sale })
      loseCommits(watched, when, 1000)
      const reply = await terminal.send(message)
      expect([reply.status, reply.bytes.length]).toEqual([503, 0])
      expect(isolate.logged.some(({ event, kind }) => event === 'no_answer' && kind === 'unknown')).toBe(true)
      expect(await journalOf(terminal.tid)).toHaveLength(when === 'after' ? 3 : 2)
      watched.watch = {}
      expect((await terminal.send(message)).fields.get(39)).toBe('00')
      expect(await journalOf(terminal.tid)).toHaveLength(3)
      expect((await effectOf(terminal.tid)).sales).toMatchObject([{ live_voids: 1 }])
    },
  )

  it('with another error is not repeated, and gets no answer', async () => {
    const { terminal, watched } = await openWatched()
    const failed = loseCommits(
      watched,
      'before',
      1000,
      'D1_ERROR: D1 DB is overloaded. Requests queued for too long.',
    )
    expect((await terminal.send(s.aSale({ stan: '000001' }))).status).toBe(503)
    expect(failed()).toBe(1)
    expect(await journalOf(terminal.tid)).toHaveLength(1)
  })

  it('at the JSON API returns unknown, and a retry finds it', async () => {
    const { terminal, watched, isolate } = await openWatched()
    const [row] = await rows('select id from sale where rrn = ?', (await sell(terminal, '000001')).rrn)
    const key = await s.bearerKey(terminal.mid)
    const post = () =>
      s.ask(
        isolate,
        key,
        'POST',
        '/v1/voids',
        { saleId: row?.id, amount: 1234 },
        { 'idempotency-key': 'lost' },
      )
    loseCommits(watched, 'after', 1000)
    expect(await post()).toMatchObject({ status: 503, body: { certainty: 'UNKNOWN', doNext: 'retry' } })
    watched.watch = {}
    const again = await post()
    expect(again.status).toBe(201)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('at a sign-on returns no keys, and the next sign-on works', async () => {
    const { isolate, watched } = await openWatched()
    const terminal = await openTerminal(isolate, { hasKey: false })
    watched.watch.before = ({ statements }) => {
      if (statements.some(({ sql }) => /^insert into "key_set"/i.test(sql))) throw new Error(LOST)
    }
    const signOn = s.aManagement('0800', '003', { stan: '000001' })
    expect((await terminal.send(signOn, { key: null })).status).toBe(503)
    watched.watch = {}
    expect((await terminal.send(signOn, { key: null })).fields.get(39)).toBe('00')
  })
})

it('a commit follows only the loaded entry: another history under the same number is not continued', async () => {
  const { terminal, isolate, watched } = await openWatched()
  await sell(terminal, '000001')
  const other = 'f'.repeat(64)
  const [signed] = await rows('select * from terminal where terminal_id = ?', terminal.tid)
  if (signed === undefined) throw new Error('no terminal')
  const before = {
    ...{ seq: Number(signed.head_seq), hash: String(signed.head_hash) },
    ...{ mac: String(signed.head_mac), keyId: Number(signed.head_mac_key) },
  }
  const { mac } = await isolate.services.macHead(terminal.tid, { seq: before.seq, hash: other }, before)
  watched.watch.before = async (trip) => {
    if (!writesJournal(trip)) return
    watched.watch = {}
    // As after a restore: another sale took the place of the last one.
    await rows(
      'update journal set hash_raw = unhex(?) where terminal_id = ? and seq = 2',
      other,
      terminal.tid,
    )
    await rows(
      'update terminal set head_hash = ?, head_mac = ? where terminal_id = ?',
      other,
      mac,
      terminal.tid,
    )
  }
  await sell(terminal, '000002')
  expect((await journalOf(terminal.tid)).map(({ hash }) => hash).at(-2)).toBe(other)
  // The new entry follows from the other one.
  const [entry] = (await journalOf(terminal.tid)).slice(-1)
  if (entry === undefined) throw new Error('no entry')
  expect(entry.hash).toBe(await entryHash(other, sealedContent(entry, entry.body)))
})

describe('a load that fails', () => {
  it('gets no answer and changes nothing', async () => {
    const { terminal, watched } = await openWatched()
    watched.watch.before = () => {
      throw new Error(LOST)
    }
    const reply = await terminal.send(s.aSale({ stan: '000001' }))
    expect([reply.status, reply.bytes.length]).toEqual([503, 0])
    watched.watch = {}
    expect(await journalOf(terminal.tid)).toHaveLength(1)
    await sell(terminal, '000001')
  })
})

describe('a set', () => {
  it('with one bad message does not fail the others', async () => {
    const { terminal: poisoned, isolate, watched } = await openWatched()
    const terminals = await Promise.all(Array.from({ length: 6 }, () => openTerminal(isolate)))
    // Another isolate sells, so this one loads the books.
    const sold = await poisoned.send(s.aSale({ stan: '000001' }), { to: await s.openIsolate() })
    const sale = { original: '000001', rrn: sold.fields.get(37) ?? '' }
    // The books of one terminal are broken: a void would exceed the sales, which a CHECK forbids.
    await rows('update batch set debit_amount = 0 where terminal_id = ?', poisoned.tid)
    let largest = 0
    watched.watch.before = (trip) => {
      const insert = trip.statements.find(({ sql }) => /^insert into "incoming"/i.test(sql))
      if (insert !== undefined) largest = Math.max(largest, JSON.parse(String(insert.params[0])).length)
    }
    const [first, ...rest] = terminals as [TestTerminal, ...TestTerminal[]]
    const replies = await Promise.all([
      first.send(s.aSale({ stan: '000001' })),
      poisoned.send(s.aVoid({ stan: '000002', ...sale })),
      ...rest.map((one) => one.send(s.aSale({ stan: '000001' }))),
    ])
    expect(largest).toBe(6)
    const [one, bad, ...others] = replies.map(({ status, fields }) => fields.get(39) ?? String(status))
    expect([one, ...others]).toEqual(terminals.map(() => '00'))
    expect(bad).not.toBe('00')
    expect((await effectOf(poisoned.tid)).sales).toMatchObject([{ live_voids: 0 }])
    for (const terminal of terminals) expect(await faultOf(terminal.tid)).toBeNull()
  })

  it('that loses all replies is repeated message by message', async () => {
    const { isolate, watched } = await openWatched()
    const terminals = await Promise.all(Array.from({ length: 5 }, () => openTerminal(isolate)))
    let commits = 0
    watched.watch.after = (trip) => {
      if (writesJournal(trip) && ++commits <= 4) throw new Error(LOST)
    }
    const replies = await Promise.all(terminals.map((terminal) => terminal.send(s.aSale({ stan: '000001' }))))
    for (const [i, { status, fields }] of replies.entries()) {
      const tid = terminals[i]?.tid ?? ''
      // An approval or no answer, never both, and never two entries in the books.
      expect(['00', undefined]).toContain(fields.get(39))
      expect(status).toBe(fields.has(39) ? 200 : 503)
      expect((await effectOf(tid)).batches).toMatchObject([{ debit_amount: 1234, debit_count: 1 }])
    }
  })
})

it('logs the error of a failing statement and nothing of its content', async () => {
  const { terminal, isolate, watched } = await openWatched()
  watched.watch.before = (trip) => {
    if (writesJournal(trip)) throw new Error(LOST)
  }
  await terminal.send(s.aSale({ stan: '000001' }))
  watched.watch.before = () => {
    throw new Error(LOST)
  }
  await terminal.send(s.aSale({ stan: '000002' }))
  const lines = isolate.logged.filter(({ event }) => /failed/.test(event)).map((line) => JSON.stringify(line))
  expect(lines).toHaveLength(2)
  for (const line of lines) {
    expect(line).toContain('Network connection lost')
    expect(line).not.toMatch(/params|messageKey|fingerprint/i)
  }
})
