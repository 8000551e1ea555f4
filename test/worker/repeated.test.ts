/**
 * @module A copy of a JSON message that has an entry, after its merchant was closed or its terminal was blocked: the first answer again.
 * A declined copy would say that nothing happened.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { rows } from './book.ts'
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

interface Sender {
  readonly mid: string
  readonly key: string
  readonly terminal: TestTerminal
}

async function open(): Promise<Sender> {
  const mid = await newMerchant()
  const terminal = await openTerminal(isolate, { mid })
  return { mid, terminal, key: String((await make({ merchantId: mid, name: 'back-office' })).body.key) }
}

const put = (path: string, state: string) => s.ask(isolate, admin, 'PUT', path, { state })
const CHANGES: readonly (readonly [string, (sender: Sender) => Promise<unknown>])[] = [
  ['its merchant was closed', ({ mid }) => put(`/v1/merchants/${mid}`, 'closed')],
  [
    'its terminal was blocked',
    ({ mid, terminal }) => put(`/v1/merchants/${mid}/terminals/${terminal.tid}`, 'blocked'),
  ],
]

type Send = () => Promise<s.JsonReply>

/** Each message, for its sender. A reversal names the sale before it. */
const MESSAGES: readonly (readonly [string, (sender: Sender) => Promise<Send>])[] = [
  [
    'a captured sale',
    async ({ mid, key, terminal }) => {
      const body = { merchantId: mid, terminalId: terminal.tid, batchNumber: '000001', stan: '000009' }
      const sale = { ...body, amount: 500, state: 'approved', rrn: '000000000500' }
      return () => s.ask(isolate, key, 'POST', '/v1/sales', sale)
    },
  ],
  [
    'a void',
    async ({ key, terminal }) => {
      const { amount } = await sell(terminal, '000001')
      const [sale] = await rows('select id from sale where terminal_id = ?', terminal.tid)
      const body = { saleId: sale?.id, amount: amount ?? 1234 }
      return () => s.ask(isolate, key, 'POST', '/v1/voids', body, { 'idempotency-key': 'one' })
    },
  ],
]

describe.each(CHANGES)('after %s', (_, change) => {
  it.each(MESSAGES)('a copy of %s gets the first answer', async (__, prepare) => {
    const sender = await open()
    const send = await prepare(sender)
    const first = await send()
    expect(first.status).toBe(201)
    await change(sender)
    const before = await rows('select count(*) as n from journal')
    const again = await send()
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.body,
      'true',
    ])
    expect(await rows('select count(*) as n from journal')).toEqual(before)
  })
})

it('a new message of a closed merchant is refused, and so is the key of another message', async () => {
  const sender = await open()
  const [, prepare] = MESSAGES[0] ?? []
  const send = await prepare?.(sender)
  await send?.()
  await put(`/v1/merchants/${sender.mid}`, 'closed')
  const body = { merchantId: sender.mid, terminalId: sender.terminal.tid, batchNumber: '000001' }
  for (const [stan, amount] of [
    ['000010', 500],
    ['000009', 501],
  ]) {
    const other = { ...body, stan, amount, state: 'approved', rrn: '000000000500' }
    const reply = await s.ask(isolate, sender.key, 'POST', '/v1/sales', other)
    expect([reply.status, reply.body.reason]).toEqual([404, 'merchant_unknown'])
  }
})
