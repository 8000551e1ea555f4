/**
 * @module Retransmissions answered from memory: what they cost, how long they are, what ends them, and that a table full of
 * lies changes no answer.
 */

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { Core } from '../../src/core/instance.ts'
import { createAnswers, type TerminalReply } from '../../src/pos/reply-cache.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell } from './terminal.ts'
import { watchD1 } from './watched-d1.ts'

/** Longer than any answer is kept, in milliseconds. */
const WINDOW = 6000

async function voided() {
  const watched = watchD1(env.DB)
  const isolate = await s.openIsolate({ database: watched.database })
  const terminal = await openTerminal(isolate)
  const sale = await sell(terminal, '000001')
  const message = s.aVoid({ stan: '000002', ...sale })
  const first = await terminal.send(message)
  expect(first.fields.get(39)).toBe('00')
  watched.trips.length = 0
  return { watched, isolate, terminal, message, first }
}

describe('an answer', () => {
  it('is given again without the database for a moment, then from the journal: the same bytes', async () => {
    const { watched, isolate, terminal, message, first } = await voided()
    for (let n = 0; n < 50; n++) expect(hexOf((await terminal.send(message)).bytes)).toBe(hexOf(first.bytes))
    expect(watched.trips).toHaveLength(0)
    isolate.clock.now += WINDOW
    expect(hexOf((await terminal.send(message)).bytes)).toBe(hexOf(first.bytes))
    expect(watched.trips).toHaveLength(1)
  })

  it('is not given to other bytes, however alike', async () => {
    const { watched, terminal, message, first } = await voided()
    const frame = terminal.frame(message)
    frame[frame.length - 1] = (frame.at(-1) ?? 0) ^ 1
    const reply = await s.read(await s.post(terminal.isolate, frame))
    expect(reply.fields.get(39)).toBe('A0')
    expect(watched.trips).toHaveLength(1)
    expect(hexOf((await terminal.send(message)).bytes)).toBe(hexOf(first.bytes))
  })

  it('to a message that was not proved is never kept', async () => {
    const { watched, terminal, message } = await voided()
    const key = { ...terminal.key, mak: '7'.repeat(16) }
    for (let n = 1; n <= 3; n++) {
      expect((await terminal.send(message, { key })).fields.get(39)).toBe('A0')
      expect(watched.trips).toHaveLength(n)
    }
  })

  it('ends with the reversal that this isolate sees, and soon with one that it does not', async () => {
    const { isolate, terminal, message } = await voided()
    const other = await s.openIsolate()
    await terminal.send(s.aReversal('void', { stan: '000002' }), { to: other })
    isolate.clock.now += WINDOW
    expect((await terminal.send(message)).fields.get(39)).toBe('12')

    const here = await voided()
    await here.terminal.send(s.aReversal('void', { stan: '000002' }))
    expect((await here.terminal.send(here.message)).fields.get(39)).toBe('12')
  })

  it('ends with the reversal in whatever bytes the message had come', async () => {
    const { isolate, terminal, message } = await voided()
    const again = Uint8Array.from([...terminal.frame(message), 13, 10, 13, 10])
    expect((await s.read(await s.post(isolate, again))).fields.get(39)).toBe('00')
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    expect((await terminal.send(message)).fields.get(39)).toBe('12')
    expect((await s.read(await s.post(isolate, again))).fields.get(39)).toBe('12')
  })

  it('ends soon after the terminal was stolen', async () => {
    const { isolate, terminal, message } = await voided()
    await s.provision(await s.openIsolate(), { status: 'stolen', tmk: undefined }, terminal)
    isolate.clock.now += WINDOW
    expect((await terminal.send(message)).fields.get(39)).toBe('58')
  })
})

describe('a table full of lies', () => {
  /** Says that it has seen everything, always under the same handle. */
  const liar = { duplicates: { lookup: () => 7, insert: () => 7, forget: () => 7 } } as unknown as Core
  /** Never remembers anything. */
  const dullard = { duplicates: { lookup: () => -1, insert: () => 0, forget: () => -1 } } as unknown as Core

  it.each([
    ['liar', liar],
    ['dullard', dullard],
  ])('costs exchanges and changes no answer: %s', async (_name, core) => {
    const answers = createAnswers(core, () => s.START)
    const ask = (message: number) =>
      answers.once(Uint8Array.of(message), `digest ${message}`, async (): Promise<TerminalReply> => {
        const body = Uint8Array.of(message)
        return { status: 200, body, messageKey: `key ${message}` }
      })
    for (const message of [1, 2, 1, 1, 3, 2, 2, 1]) expect([...(await ask(message)).body]).toEqual([message])
  })

  it('a copy does not wait for ever for a first that was cut off', async () => {
    const isolate = await s.openIsolate()
    const { now } = isolate.services
    const answers = createAnswers(isolate.services.core, now)
    const bytes = Uint8Array.of(1)
    void answers.once(bytes, 'digest', () => new Promise<TerminalReply>(() => {}))
    isolate.clock.now += 12_000
    const reply: TerminalReply = { status: 200, body: Uint8Array.of(2) }
    expect(await answers.once(bytes, 'digest', async () => reply)).toEqual(reply)
  })

  it('a reply that fails is no one’s answer afterwards', async () => {
    const answers = createAnswers(dullard, () => s.START)
    const fails = () => answers.once(Uint8Array.of(1), 'one', () => Promise.reject(new Error('lost')))
    const together = await Promise.allSettled([fails(), fails()])
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const reply = { status: 200, body: Uint8Array.of(9) } as const
    expect((await answers.once(Uint8Array.of(1), 'one', async () => reply)).body).toEqual(reply.body)
  })
})
