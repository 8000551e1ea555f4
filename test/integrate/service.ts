/**
 * @module The real service in this process, over SQLite, with a clock that the test sets and seeded random
 * bytes: the same bytes every time.
 */

import { createHash } from 'node:crypto'
import { createApp } from '../../src/app.ts'
import { createServices, type Environment } from '../../src/create-services.ts'
import type { Keyring } from '../../src/crypto/keyring.ts'
import type { Services } from '../../src/pipeline/services.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { coreModule } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'

/** 2026-06-01T02:18:00Z: 10:18 in Shanghai, before the cut-off. */
export const START = Date.UTC(2026, 5, 1, 2, 18)

const ADMINISTRATOR = 'annul_example-key-of-an-administrator'
/** A merchant's bearer key: no administrator's. */
export const MERCHANT_KEY = 'annul_example-key-of-a-merchant'
const KEYS: readonly (readonly [key: string, merchantId: string | null])[] = [
  [ADMINISTRATOR, null],
  [MERCHANT_KEY, '123456789012345'],
]

export interface JsonReply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Service {
  readonly clock: { now: number }
  readonly keyring: Keyring
  readonly services: Services
  readonly storage: Storage
  /** Posts a frame as a terminal does. Null when the service returned no frame. */
  post(frame: Uint8Array): Promise<{ readonly status: number; readonly answer: Uint8Array | null }>
  /** Any request. */
  fetch(path: string, init: RequestInit): Promise<Response>
  /** A request to the JSON API with an administrator's key, unless the headers have another. */
  json(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<JsonReply>
  close(): void
}

/** `settings`: other settings than those of the sandbox. */
export async function openService(settings: Partial<Environment> = {}): Promise<Service> {
  const storage = new Storage()
  const clock = { now: START }
  const random = seeded(1)
  for (const [key, merchantId] of KEYS)
    storage.rows(
      `${INSERT_API_KEY} returning hash`,
      ...apiKeyRow(createHash('sha256').update(key).digest('hex'), merchantId, {
        name: 'example',
        createdAt: START,
      }),
    )
  const database = bindD1(storage, async (_, apply) => apply())
  const services = await createServices(
    {
      MASTER_KEY: 'ab'.repeat(32),
      ACQUIRER: 'sandbox',
      ACQUIRER_ID: '00001234',
      ...settings,
      DB: database,
    },
    {
      module: coreModule,
      now: () => clock.now,
      random: (bytes) => void bytes.set(random.bytes(bytes.length)),
      sleep: async () => {},
      log: () => {},
    },
  )
  const app = createApp(services)
  const pending: Promise<unknown>[] = []
  const context = {
    waitUntil: (promise: Promise<unknown>) => void pending.push(promise),
    passThroughOnException() {},
    props: {},
  } as unknown as ExecutionContext

  const fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await app.fetch(new Request(`http://annul${path}`, init), {}, context)
    await Promise.allSettled(pending.splice(0))
    return response
  }

  return {
    clock,
    storage,
    keyring: services.keyring,
    services,
    fetch,
    async post(frame) {
      const headers = { 'content-type': 'x-ISO-TPDU/x-auth' }
      const body = Uint8Array.from(frame)
      const response = await fetch('/v1/iso8583', { method: 'POST', headers, body })
      const answer = new Uint8Array(await response.arrayBuffer())
      return { status: response.status, answer: answer.length === 0 ? null : answer }
    },
    async json(method, path, body, headers = {}) {
      const response = await fetch(path, {
        method,
        headers: {
          'x-request-id': 'a-request-of-a-test',
          authorization: `Bearer ${ADMINISTRATOR}`,
          'content-type': 'application/json',
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
    },
    close: () => storage.close(),
  }
}
