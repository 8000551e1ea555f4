/**
 * Tests of the rig itself: an acknowledged message survives a SIGKILL, its faults occur on request, and the
 * service answers each fault correctly.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { Exchange } from '../../src/terminal/exchange.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { type Rig, startNeighbour, startRig } from './rig.ts'
import { type Seeded, seed, terminalOf } from './seed.ts'

const dir = mkdtempSync(join(tmpdir(), 'annul-rig-'))
let rig: Rig
let seeded: Seeded
let terminal: VirtualTerminal

beforeAll(async () => {
  rig = await startRig({ dir, isolates: 2 })
  seeded = await seed(rig, 1)
  terminal = terminalOf(await loadCore(), seeded.terminalIds[0] ?? '', (frame) => send(frame))
  expect((await terminal.signOn()).outcome).toBe('approved')
})
afterAll(async () => {
  await rig?.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** To the running process. */
async function send(frame: Uint8Array, isolate = 0): Promise<Uint8Array | null> {
  const response = await fetch(new URL('/v1/iso8583', rig.urls[isolate]), {
    method: 'POST',
    headers: { 'content-type': 'x-ISO-TPDU/x-auth' },
    body: Uint8Array.from(frame),
  })
  return response.status === 200 ? new Uint8Array(await response.arrayBuffer()) : null
}

async function done(outcome: ReturnType<VirtualTerminal['sale']>): Promise<Exchange> {
  const result = await outcome
  if (!result.ok) throw new Error(result.error)
  return result.value
}

const entries = async (): Promise<unknown> =>
  (await rig.control.query('select count(*) as n from journal'))[0]?.n

test('keeps an acknowledged void after a SIGKILL, and both isolates know it', async () => {
  const sale = await done(terminal.sale(1234, testCard(1)))
  const voided = await done(terminal.voidSale(sale.sent.fields.get(11) ?? ''))
  expect([sale.outcome, voided.outcome]).toEqual(['approved', 'approved'])
  const { pid } = rig
  await rig.kill()
  await expect(fetch(rig.url)).rejects.toThrow('fetch failed')
  rig = await startRig({ dir, isolates: 2 })
  expect(rig.pid).not.toBe(pid)
  for (const isolate of [0, 1]) expect(await send(voided.request, isolate)).toEqual(voided.answer)
})

test('answers many frames in one request as it answers them alone, with a Content-Length', async () => {
  const first = await done(terminal.sale(1234, testCard(1)))
  const second = await done(terminal.sale(500, testCard(1)))
  const frames = [first.request, Uint8Array.of(0, 1, 7), second.request, first.request]
  const response = await fetch(new URL('/v1/iso8583/batch', rig.urls[1]), {
    method: 'POST',
    headers: { 'content-type': 'x-ISO-TPDU/x-auth' },
    body: Uint8Array.from(frames.flatMap((frame) => [...frame])),
  })
  const answers = [first.answer, Uint8Array.of(0, 1, 0x15), second.answer, first.answer]
  const expected = Uint8Array.from(answers.flatMap((answer) => [...(answer ?? [])]))
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(expected)
  expect(response.headers.get('content-length')).toBe(String(expected.length))
  expect(response.headers.get('transfer-encoding')).toBeNull()
})

test.each([
  ['before', 2],
  ['after', 2],
  ['late', 1],
] as const)('approves a sale when D1 fails %s a commit: written once, in %i calls', async (fault, writes) => {
  const before = Number(await entries())
  await rig.control.counts()
  await rig.control.next(fault)
  expect(await done(terminal.sale(500, testCard(1)))).toMatchObject({ outcome: 'approved' })
  expect(await rig.control.counts()).toMatchObject({ writes, [fault]: 1 })
  expect(await entries()).toBe(before + 1)
})

test('sends the batch again after every error text of a lost call', async () => {
  for (let index = 0; index < 5; index++) {
    await rig.control.next(index % 2 === 0 ? 'before' : 'after')
    expect(await done(terminal.sale(700 + index, testCard(1))), `text ${index}`).toMatchObject({
      outcome: 'approved',
    })
  }
})

test('leaves a sale unanswered and unwritten when D1 is overloaded, and accepts the next try', async () => {
  const before = Number(await entries())
  await rig.control.next('overload')
  const sale = await done(terminal.sale(600, testCard(1)))
  expect([sale.outcome, await entries()]).toEqual(['unanswered', before])
  expect(await terminal.resend(sale.request)).toMatchObject({ outcome: 'approved' })
})

test('draws the faults from the seed', async () => {
  const share = { before: 0.2, after: 0.2, overload: 0.1 }
  const run = async () => {
    await rig.control.faults({ seed: 7, ...share })
    await rig.control.counts()
    for (let i = 0; i < 50; i++) await terminal.echo()
    await rig.control.faults({ before: 0, after: 0, overload: 0 })
    return rig.control.counts()
  }
  const first = await run()
  expect(first.before).toBeGreaterThan(0)
  expect(first.after).toBeGreaterThan(0)
  expect(first.overload).toBeGreaterThan(0)
  expect(await run()).toEqual(first)
})

test('runs calls of a busy database one at a time and refuses those beyond the queue', async () => {
  await rig.control.faults({ busyMs: 50, queue: 2 })
  const headers = { authorization: `Bearer ${seeded.merchantKey}` }
  const get = async (_: unknown, i: number) =>
    (await fetch(new URL(`/v1/voids/${i}`, rig.url), { headers })).status
  const since = performance.now()
  const statuses = await Promise.all(Array.from({ length: 8 }, get))
  const took = performance.now() - since
  await rig.control.faults({ busyMs: 0, queue: 0 })
  expect(statuses.toSorted()).toEqual([404, 404, 404, 503, 503, 503, 503, 503])
  expect(took).toBeGreaterThan(140)
})

test("executes a killed neighbour's call to D1, once", async () => {
  const before = Number(await entries())
  const neighbour = await startNeighbour({ dir }, rig)
  const neighbourTerminal = terminalOf(await loadCore(), seeded.terminalIds[0] ?? '', neighbour.url)
  Object.assign(neighbourTerminal.state, terminal.state, { pending: null })
  await rig.control.faults({ lateMs: 500 })
  await rig.control.next('late')
  await rig.control.counts()
  const outcome = done(neighbourTerminal.sale(800, testCard(1)))
  while ((await rig.control.counts()).late === 0) await sleep(5)
  await neighbour.kill()
  const sale = await outcome
  expect([sale.outcome, await entries()]).toEqual(['unanswered', before])
  await sleep(600)
  expect(await entries()).toBe(before + 1)
  expect(await terminal.resend(sale.request)).toMatchObject({ outcome: 'approved' })
  expect(await entries()).toBe(before + 1)
})

test('runs the scheduled handler', async () => {
  expect(['ok', 'exception']).toContain(await rig.control.scheduled(1))
})
