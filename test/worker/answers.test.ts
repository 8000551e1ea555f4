/**
 * @module Retransmissions answered from memory: their cost, their lifetime and what ends them. A wrong
 * duplicate table changes no answer.
 */

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { Core } from '../../src/core/instance.ts'
import { createAnswers, type TerminalReply } from '../../src/pos/reply-cache.ts'
import * as s from './support.ts'
import { hexOf, openTerminal, sell } from './terminal.ts'
import { watchD1 } from './watched-d1.ts'

/** Longer than an answer is kept, in milliseconds. */
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

describe('a kept answer', () => {
  it('is returned from memory for some seconds, then from the journal, with the same bytes', async () => {
    const { watched, isolate, terminal, message, first } = await voided()
    for (let n = 0; n < 50; n++) expect(hexOf((await terminal.send(message)).bytes)).toBe(hexOf(first.bytes))
    expect(watched.trips).toHaveLength(0)
    isolate.clock.now += WINDOW
    expect(hexOf((await terminal.send(message)).bytes)).toBe(hexOf(first.bytes))
    expect(watched.trips).toHaveLength(1)
  })

  it('is not returned for other bytes, however similar', async () => {
    const { watched, terminal, message, first } = await voided()
    const frame = terminal.frame(message)
    frame[frame.length - 1] = (frame.at(-1) ?? 0) ^ 1
    const reply = await s.read(await s.post(terminal.isolate, frame))
    expect(reply.fields.get(39)).toBe('A0')
    expect(watched.trips).toHaveLength(1)
    expect(hexOf((await terminal.send(message)).bytes)).toBe(hexOf(first.bytes))
  })

  it('is never kept for an unproved message', async () => {
    const { watched, terminal, message } = await voided()
    const key = { ...terminal.key, mak: '7'.repeat(16) }
    for (let n = 1; n <= 3; n++) {
      expect((await terminal.send(message, { key })).fields.get(39)).toBe('A0')
      expect(watched.trips).toHaveLength(n)
    }
  })

  it('ends with a reversal in this isolate at once, and in another isolate soon', async () => {
    const { isolate, terminal, message } = await voided()
    const other = await s.openIsolate()
    await terminal.send(s.aReversal('void', { stan: '000002' }), { to: other })
    isolate.clock.now += WINDOW
    expect((await terminal.send(message)).fields.get(39)).toBe('12')

    const fresh = await voided()
    await fresh.terminal.send(s.aReversal('void', { stan: '000002' }))
    expect((await fresh.terminal.send(fresh.message)).fields.get(39)).toBe('12')
  })

  it('ends with the reversal, whatever bytes carried the message', async () => {
    const { isolate, terminal, message } = await voided()
    const again = Uint8Array.from([...terminal.frame(message), 13, 10, 13, 10])
    expect((await s.read(await s.post(isolate, again))).fields.get(39)).toBe('00')
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    expect((await terminal.send(message)).fields.get(39)).toBe('12')
    expect((await s.read(await s.post(isolate, again))).fields.get(39)).toBe('12')
  })

  it('ends soon after the terminal is reported stolen', async () => {
    const { isolate, terminal, message } = await voided()
    await s.provision(await s.openIsolate(), { state: 'stolen', tmk: undefined }, terminal)
    isolate.clock.now += WINDOW
    expect((await terminal.send(message)).fields.get(39)).toBe('58')
  })
})

/** The cache of an isolate, for requests that need no sweep. */
const answersOf = (core: Core, now: () => number) => {
  const answers = createAnswers({ core, now, sleep: async () => undefined })
  const ignore = () => undefined
  return {
    once: (bytes: Uint8Array, digest: string, exchange: () => Promise<TerminalReply>) =>
      answers.once(bytes, digest, exchange, ignore),
  }
}

describe('a wrong duplicate table', () => {
  /** Finds every message, always under the same handle. */
  const alwaysKnown = { duplicates: { lookup: () => 7, insert: () => 7, forget: () => 7 } } as unknown as Core
  /** Never finds a message. */
  const neverKnown = {
    duplicates: { lookup: () => -1, insert: () => 0, forget: () => -1 },
  } as unknown as Core

  it.each([
    ['liar', alwaysKnown],
    ['dullard', neverKnown],
  ])('costs exchanges but changes no answer: %s', async (_name, core) => {
    const answers = answersOf(core, () => s.START)
    const ask = (message: number) =>
      answers.once(Uint8Array.of(message), `digest ${message}`, async (): Promise<TerminalReply> => {
        const body = Uint8Array.of(message)
        return { status: 200, body, messageKey: `key ${message}` }
      })
    for (const message of [1, 2, 1, 1, 3, 2, 2, 1]) expect([...(await ask(message)).body]).toEqual([message])
  })

  it('does not make a copy wait forever for a first request that was cut off', async () => {
    const isolate = await s.openIsolate()
    const { now } = isolate.services
    const answers = answersOf(isolate.services.core, now)
    const bytes = Uint8Array.of(1)
    void answers.once(bytes, 'digest', () => new Promise<TerminalReply>(() => {}))
    isolate.clock.now += 12_000
    const reply: TerminalReply = { status: 200, body: Uint8Array.of(2) }
    expect(await answers.once(bytes, 'digest', async () => reply)).toEqual(reply)
  })

  it('does not keep a failed reply as an answer', async () => {
    const answers = answersOf(neverKnown, () => s.START)
    const fails = () => answers.once(Uint8Array.of(1), 'one', () => Promise.reject(new Error('lost')))
    const together = await Promise.allSettled([fails(), fails()])
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const reply = { status: 200, body: Uint8Array.of(9) } as const
    expect((await answers.once(Uint8Array.of(1), 'one', async () => reply)).body).toEqual(reply.body)
  })
})
