/**
 * @module Overload over real sockets, the short form: the service may be slow but must not break. `npm run
 * test:overload` is the long one.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SEED } from '../../src/cli/dev/server.ts'
import { insertApiKey, newApiKey } from '../rig/api-key.ts'
import { type Rig, startRig } from '../rig/rig.ts'
import { acceptedOf, closedLoop, goodputOf, inRealTime, openLoop } from './load.ts'
import { acceptance } from './measure.ts'
import { openTerminals, type Terminals } from './terminals.ts'
import { openWire, requestOf } from './wire.ts'

const dir = mkdtempSync(join(tmpdir(), 'annul-overload-'))
let rig: Rig
let terminals: Terminals

beforeAll(async () => {
  rig = await startRig({ dir })
  terminals = await openTerminals(rig, 150)
})
afterAll(async () => {
  await rig?.stop()
  rmSync(dir, { recursive: true, force: true })
})

test('has no time-outs at five times the peak, sends Retry-After with refusals, and accepts voids before look-ups', async () => {
  await rig.control.faults({ latencyMs: 25 })
  const wire = await openWire(rig.url, 256)
  const service = inRealTime(wire, terminals)
  const peak = await closedLoop(service, 64, 1.5)
  const overload = await openLoop(service, 5 * goodputOf(peak), 2)
  const after = await closedLoop(service, 8, 0.5)
  wire.close()
  await rig.control.faults({ latencyMs: 0 })
  const counted = { timeOuts: overload.timeOuts, wrong: overload.wrong }
  expect(counted).toEqual({ timeOuts: 0, wrong: 0 })
  const [voids, sales, reports] = (['void', 'sale', 'report'] as const).map((kind) =>
    acceptance([overload], kind),
  )
  expect(voids).toBeGreaterThan(0.8)
  expect(sales).toBeGreaterThan(reports ?? 1)
  expect(overload.kinds.report.refused).toBeGreaterThan(0)
  // A busy machine cannot reach 90 %. A collapse would go to nothing.
  expect(goodputOf(overload)).toBeGreaterThan(0.4 * goodputOf(peak))
  expect(acceptedOf(after)).toBeGreaterThan(0)
})

/** Sends bytes and closes the connection, or waits until the server does. Returns the status line. */
function raw(bytes: Uint8Array, { hangsUp = false, waitMs = 8000 } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: rig.url.hostname, port: Number(rig.url.port) })
    let received = ''
    const end = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(received.split('\r\n')[0] ?? '')
    }
    const timer = setTimeout(end, waitMs)
    socket.on('data', (data) => {
      received += data.toString('latin1')
      if (received.includes('\r\n\r\n')) end()
    })
    socket.on('close', end)
    socket.on('error', end)
    socket.write(bytes, () => {
      if (hangsUp) setTimeout(end, 1)
    })
  })
}

const text = (lines: readonly string[], body = '') =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')

/** A sale under a wrong MAC, as a client without the key sends it. */
function unprovedSale(): Buffer {
  const job = terminals.next('sale') ?? expect.fail('no free terminal')
  job.done({ status: 503, retryAfter: 1, body: Buffer.alloc(0) })
  const bytes = Buffer.from(job.request)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return bytes
}

/** Expects that as many sales at once as the limit admits are approved. */
async function expectSales(): Promise<void> {
  const wire = await openWire(rig.url, 64)
  const statuses = Array.from({ length: 64 }, async () => {
    const job = terminals.next('sale')
    if (job === undefined) throw new Error('no free terminal')
    const answer = await wire.send(job.request)
    return job.done(answer) && answer.status
  })
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]))
  wire.close()
}

/** Expects that a list of 200 captured sales is read, under a key that the isolate does not know. */
async function expectList(): Promise<void> {
  const key = newApiKey()
  await rig.control.query(insertApiKey(key, SEED.merchantId, 'captures'))
  const lines = Array.from({ length: 200 }, (_, n) =>
    JSON.stringify({
      merchantId: SEED.merchantId,
      terminalId: 'NOSUCH99',
      batchNumber: '000001',
      stan: String(n + 1).padStart(6, '0'),
      amount: 100,
      state: 'approved',
    }),
  )
  const response = await fetch(new URL('/v1/sales', rig.url), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/x-ndjson',
      'cf-connecting-ip': '198.51.100.9',
    },
    body: `${lines.join('\n')}\n`,
  })
  const answers = (await response.text()).trim().split('\n')
  expect([response.status, answers.length]).toEqual([200, 200])
}

describe('on the wire', () => {
  const head = ['POST /v1/iso8583 HTTP/1.1', 'Host: annul']

  test.each([
    ['two lengths', text([...head, 'Content-Length: 4', 'Content-Length: 5'], '00000')],
    ['an invalid length', text([...head, 'Content-Length: -1'], '')],
    ['an endless header', text([...head, `X: ${'x'.repeat(200_000)}`])],
    ['no HTTP', Buffer.from('\x00\x6c\x60\x00\x03\x00\x00\r\n\r\n', 'latin1')],
    ['a length and chunks', text([...head, 'Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ])('refuses %s, or closes without an answer', async (_, bytes) => {
    expect(await raw(bytes, { waitMs: 3000 })).toMatch(/^$|^HTTP\/1\.1 (4\d\d|501) /)
    await expectSales()
  })

  test('answers 408 to a body that does not arrive within five seconds, and serves others meanwhile', async () => {
    const since = performance.now()
    const slow = Array.from({ length: 300 }, () =>
      raw(text([...head, 'Content-Length: 100'], 'half'), { waitMs: 60_000 }),
    )
    await expectSales()
    for (const status of await Promise.all(slow)) expect(status).toBe('HTTP/1.1 408 Request Timeout')
    expect(performance.now() - since).toBeGreaterThan(4900)
  })

  test('serves terminals and lists while one address has 512 slow sockets under a made-up key, again and again', async () => {
    const slow = (path: string, type: string, announced: number) =>
      text(
        [
          `POST ${path} HTTP/1.1`,
          'Host: annul',
          'CF-Connecting-IP: 203.0.113.7',
          'Authorization: Bearer made-up-key-0123456789',
          `Content-Type: ${type}`,
          'Idempotency-Key: a',
          `Content-Length: ${announced}`,
        ],
        '{',
      )
    const sockets = [
      ...Array.from({ length: 512 }, () => slow('/v1/voids', 'application/json', 16_000)),
      ...Array.from({ length: 8 }, () => slow('/v1/sales', 'application/x-ndjson', 256_000)),
    ]
    for (let wave = 0; wave < 2; wave++) {
      const statuses = sockets.map((bytes) => raw(bytes, { waitMs: 60_000 }))
      await new Promise((resolve) => setTimeout(resolve, 300))
      await expectSales()
      await expectList()
      const answered = new Set(await Promise.all(statuses))
      for (const status of answered) expect(status).toMatch(/^HTTP\/1\.1 (401|429|503) /)
    }
  })

  test('frees the slot when a client closes the connection, in the middle of a body or after it', async () => {
    await rig.control.faults({ latencyMs: 50 })
    const halves = Array.from({ length: 300 }, () =>
      raw(text([...head, 'Content-Length: 100'], 'half'), { hangsUp: true }),
    )
    // More than the limit. Admitted requests run to their end.
    const wholes = Array.from({ length: 120 }, () => raw(unprovedSale(), { hangsUp: true }))
    const lookUp = requestOf('GET', '/v1/sales/000000000000', { Authorization: `Bearer ${'x'.repeat(20)}` })
    const lookUps = Array.from({ length: 120 }, () => raw(lookUp, { hangsUp: true }))
    await Promise.all([...halves, ...wholes, ...lookUps])
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await rig.control.faults({ latencyMs: 0 })
    await expectSales()
  })
})
