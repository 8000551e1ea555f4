/**
 * @module A journal that someone without the service's keys rewrote, cut or emptied, with a head that fits it. The service writes nothing
 * after such a head, so it never signs it.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { merchantStream } from '../../src/domain/decide-merchant.ts'
import { entryHash, sealedContent } from '../../src/store/entry/hash.ts'
import { dump, journalOf, rows } from './book.ts'
import { keyClient } from './key-client.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

const { newMerchant, make } = keyClient(() => ({ isolate, admin }))

/** The row with the head of a stream. */
const HEADS = {
  terminal: ['terminal', 'terminal_id'],
  merchant: ['merchant', 'merchant_id'],
  region: ['region', 'id'],
} as const

type Kind = keyof typeof HEADS

async function setHead(kind: Kind, id: string | number, seq: number, hash: string): Promise<void> {
  const [table, key] = HEADS[kind]
  await rows(`update ${table} set head_seq = ?, head_hash = ? where ${key} = ?`, seq, hash, id)
}

type Attack = (kind: Kind, id: string | number, stream: string) => Promise<void>

const cut: Attack = async (kind, id, stream) => {
  const before = (await journalOf(stream)).at(-2)
  if (before === undefined) throw new Error('two entries')
  await rows('delete from journal where terminal_id = ? and seq > ?', stream, before.seq)
  await setHead(kind, id, before.seq, before.hash)
}

/** Puts an entry with another content in place of the last one, with the hash that fits. */
const rewrite: Attack = async (kind, id, stream) => {
  const [before, last] = (await journalOf(stream)).slice(-2)
  if (before === undefined || last === undefined) throw new Error('two entries')
  const body = last.body.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10))
  expect(body).not.toBe(last.body)
  const hash = await entryHash(before.hash, sealedContent(last, body))
  await rows(
    'update journal set body = ?, hash_raw = unhex(?) where terminal_id = ? and seq = ?',
    body,
    hash,
    stream,
    last.seq,
  )
  await setHead(kind, id, last.seq, hash)
}

const empty: Attack = async (kind, id, stream) => {
  await rows('delete from journal where terminal_id = ?', stream)
  await setHead(kind, id, 0, '0'.repeat(64))
}

const ATTACKS: readonly (readonly [string, Attack])[] = [
  ['cut back by an entry', cut],
  ['rewritten and chained anew', rewrite],
  ['emptied', empty],
]

/** The heads that the log reports, and nothing was written by `act`. */
async function expectNothing(stream: string, act: () => Promise<unknown>): Promise<void> {
  const before = await dump()
  isolate.logged.length = 0
  await act()
  expect(await dump()).toEqual(before)
  expect(isolate.logged).toContainEqual({
    ...{ event: 'alert', why: 'head_not_ours', stream },
    seq: expect.any(Number),
  })
}

describe.each(ATTACKS)('a journal that was %s', (_, attack) => {
  let terminal: TestTerminal
  let key: string
  let mid: string

  beforeAll(async () => {
    mid = await newMerchant()
    terminal = await openTerminal(isolate, { mid })
    key = String((await make({ merchantId: mid, name: 'back-office' })).body.key)
  })

  it('of a terminal: its sale, its void and a void by JSON get no decision', async () => {
    const sale = await sell(terminal, '000001')
    const [sold] = await rows('select id from sale where terminal_id = ?', terminal.tid)
    await attack('terminal', terminal.tid, terminal.tid)
    await expectNothing(terminal.tid, async () => {
      const frames = [s.aVoid({ stan: '000002', ...sale }), s.aSale({ stan: '000003' })]
      for (const message of frames) expect((await s.post(isolate, terminal.frame(message))).status).toBe(503)
      const body = { saleId: sold?.id, amount: sale.amount }
      const headers = { 'idempotency-key': 'one' }
      const reply = await s.ask(isolate, key, 'POST', '/v1/voids', body, headers)
      expect(reply).toMatchObject({ status: 503, body: { doNext: 'retry' } })
    })
  })

  it('of a merchant: its settings stay, and it gets no bearer key', async () => {
    await attack('merchant', mid, merchantStream(mid))
    await expectNothing(merchantStream(mid), async () => {
      expect((await make({ merchantId: mid, name: 'second' })).status).toBe(503)
      const path = `/v1/merchants/${mid}`
      expect((await s.ask(isolate, admin, 'PUT', path, { name: 'Other' })).status).toBe(503)
    })
  })
})

it('a journal of the region that was cut: no key of an administrator is made', async () => {
  await make({ name: 'first' })
  await make({ name: 'second' })
  await cut('region', 1, 'region')
  await expectNothing('region', async () => {
    expect((await make({ name: 'third' })).status).toBe(503)
  })
})
