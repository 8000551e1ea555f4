/** @module The service in virtual time: the admission on an idle machine, the same in every run. */

import { SEED } from '../../src/cli/dev/server.ts'
import { loadCore, loadCoreModule } from '../../src/cli/lib/core.ts'
import { splitMasterKey } from '../../src/cli/provision.ts'
import { ISO_CONTENT_TYPE, type Send } from '../../src/iso8583/frame.ts'
import { fromHex } from '../../src/iso8583/hex.ts'
import { Harness } from '../simulation/harness.ts'
import type { HttpRequest } from '../simulation/platform/isolate.ts'
import { STRONG_TMK } from '../support/test-keys.ts'
import type { Service } from './load.ts'
import { signOnTerminals } from './terminals.ts'
import type { Answer } from './wire.ts'

/** How long a client waits, in milliseconds. */
const DEADLINE_MS = 10_000

export interface VirtualPlan {
  readonly seed: number
  /** Milliseconds of a trip to the database, both ways. */
  readonly d1Ms: number
  /** Milliseconds of it for which the trip blocks the database. */
  readonly d1BusyMs: number
  readonly terminals: number
}

export interface VirtualService extends Service {
  /** Sends a request and closes the connection before the answer. */
  sendAndClose(request: Buffer): Promise<void>
}

/** Runs `load` on one isolate over one database. Computing takes no time. */
export async function inVirtualTime<T>(
  { seed, d1Ms, d1BusyMs, terminals: count }: VirtualPlan,
  load: (service: VirtualService) => Promise<T>,
): Promise<T> {
  const module = await loadCoreModule()
  const core = await loadCore()
  let freeAt = 0
  const harness = new Harness({
    seed,
    module,
    start: Date.UTC(2026, 5, 1, 2),
    acquirer: 'sandbox',
    recovery: 'inquiry',
    isolates: 1,
    planTrip: () => {
      const arrivesAt = harness.scheduler.now + (d1Ms - d1BusyMs) / 2
      freeAt = Math.max(arrivesAt, freeAt) + d1BusyMs
      return { there: freeAt - harness.scheduler.now, back: (d1Ms - d1BusyMs) / 2, fate: 'done' }
    },
    planAcquirer: () => {
      throw new Error('the sandbox has no acquirer')
    },
    planCopies: ([isolate]) => (isolate === undefined ? [] : [{ isolate, there: 0, back: 0, fate: 'done' }]),
    losesPower: () => false,
  })
  const { network, storage } = harness.context
  const sendHttp = (request: HttpRequest) => network.send(request, DEADLINE_MS)
  const results: T[] = []
  await harness.phase('bearer keys', async () => {
    harness.addBearerKey(null)
    harness.addBearerKey(SEED.merchantId)
  })
  const ids = Array.from({ length: count }, (_, i) => `R${String(i + 1).padStart(7, '0')}`)
  await harness.phase('provisioning', async () => {
    const tmk = splitMasterKey(core, 'cup-ecb', fromHex(STRONG_TMK) ?? new Uint8Array(0))
    const body = JSON.stringify({ tmk, macProfile: 'cup-ecb' })
    const headers = {
      authorization: 'Bearer bearer-of-the-administrator',
      'content-type': 'application/json',
    }
    await harness.provisionMerchant(SEED.merchantId)
    for (const id of ids) {
      const path = `/v1/merchants/${SEED.merchantId}/terminals/${id}`
      const reply = await sendHttp({ method: 'PUT', path, headers, body })
      if (reply?.status !== 201) throw new Error(`provisioning ${id}: ${reply?.status}`)
    }
  })
  let service: VirtualService | undefined
  await harness.phase('sign-on', async () => {
    const headers = { 'content-type': ISO_CONTENT_TYPE }
    const send: Send = async (frame) =>
      (await sendHttp({ method: 'POST', path: '/v1/iso8583', headers, body: Uint8Array.from(frame) }))
        ?.body ?? null
    const terminals = await signOnTerminals(core, ids, send, async (sql) => {
      storage.apply({ statements: [{ sql, params: [] }] })
    })
    const wire = { send: async (bytes: Buffer) => answerOf(await sendHttp(requestIn(bytes))) }
    const { scheduler } = harness
    service = {
      wire,
      terminals,
      now: () => scheduler.now,
      sleep: (ms) => scheduler.sleep(ms),
      sendAndClose: async (bytes) => void (await network.send(requestIn(bytes), 1)),
    }
  })
  await harness.phase('load', async () => {
    if (service !== undefined) results.push(await load(service))
  })
  storage.close()
  const [result] = results
  if (result === undefined) throw new Error('the load did not end')
  return result
}

/** The request in these bytes. */
function requestIn(bytes: Buffer): HttpRequest {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers = Object.fromEntries(
    lines.map((line) => line.split(': ')).map(([name = '', value = '']) => [name, value]),
  )
  const body = Uint8Array.from(bytes.subarray(end + 4))
  return { method, path, headers, body: body.length === 0 ? null : body }
}

function answerOf(reply: Awaited<ReturnType<Harness['context']['network']['send']>>): Answer {
  if (reply === null) return { status: 0, retryAfter: null, body: Buffer.alloc(0) }
  const retryAfter = reply.headers.get('retry-after')
  return {
    status: reply.status,
    retryAfter: retryAfter === null ? null : Number(retryAfter),
    body: Buffer.from(reply.body),
  }
}
