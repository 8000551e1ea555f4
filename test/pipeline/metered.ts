/**
 * @module The service in this process, over a D1 that counts the trips and queries of each invocation, and refuses those beyond its
 * limit.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import type { Acquirer } from '../../src/acquirer/port.ts'
import { createApp } from '../../src/app.ts'
import { createServices } from '../../src/create-services.ts'
import { inEachDatabase } from '../../src/pipeline/databases.ts'
import { recoverEach } from '../../src/pipeline/recover.ts'
import type { Services } from '../../src/pipeline/services.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { bytesOf, hexOf, keyCheckValue, xor } from '../integrate/node-ciphers.ts'
import { START } from '../integrate/service.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { coreModule } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'
import { withAcquirer } from '../worker/scripted-acquirer.ts'

export const MERCHANT = '123456789012345'
export const ADMINISTRATOR = 'annul_key-of-an-administrator'
const FIRST_COMPONENT = '0123456789ABCDEFFEDCBA9876543210'

/** In the words of Cloudflare (platform.md, D1). */
const REFUSED = 'D1_ERROR: Too many API requests by single Worker invocation.'

/** The trips and queries of an invocation. */
export interface Use {
  trips: number
  queries: number
}

export interface ListAnswer {
  readonly status: number
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  readonly use: Use
}

export class Metered {
  readonly storage = new Storage()
  readonly logged: string[] = []
  /** The queries that D1 takes from an invocation. */
  limit = Number.POSITIVE_INFINITY
  /** The milliseconds between two requests: longer than an answer stays in memory, and than a rate needs. */
  stepMs = 60_000
  /** Further headers of each request. */
  headers: Readonly<Record<string, string>> = {}
  readonly #running = new AsyncLocalStorage<Use>()
  readonly #random = seeded(11)
  #now = START
  #app: ReturnType<typeof createApp> | undefined
  services: Services | undefined

  /** `acquirer`: the one behind the service. By default it is inside. */
  async open(acquirer?: Acquirer): Promise<void> {
    const hash = createHash('sha256').update(ADMINISTRATOR).digest('hex')
    this.storage.rows(INSERT_API_KEY, ...apiKeyRow(hash, null, { name: 'test', createdAt: START }))
    const database = bindD1(this.storage, async ({ statements }, apply) => {
      // Other requests go on during a trip.
      await new Promise((resolve) => setImmediate(resolve))
      const use = this.#running.getStore() ?? { trips: 0, queries: 0 }
      if (use.queries + statements.length > this.limit) throw new Error(REFUSED)
      use.trips++
      use.queries += statements.length
      return apply()
    })
    const made = await createServices(
      { MASTER_KEY: 'ab'.repeat(32), ACQUIRER: 'sandbox', ACQUIRER_ID: '00001234', DB: database },
      {
        module: coreModule,
        now: () => this.#now,
        random: (bytes) => void bytes.set(this.#random.bytes(bytes.length)),
        sleep: () => new Promise((resolve) => setImmediate(resolve)),
        log: (event) => void this.logged.push(event),
      },
    )
    this.services = acquirer === undefined ? made : withAcquirer(made, acquirer)
    this.#app = createApp(this.services)
  }

  close(): void {
    this.storage.close()
  }

  /** The merchant and its terminals. */
  async provision(terminals: readonly string[]): Promise<void> {
    const components = [bytesOf(FIRST_COMPONENT), xor(bytesOf(EXAMPLE_TMK), bytesOf(FIRST_COMPONENT))]
    const tmk = {
      components: components.map((key) => ({
        value: hexOf(key),
        checkValue: hexOf(keyCheckValue('3des', key)),
      })),
    }
    await this.#send('PUT', `/v1/merchants/${MERCHANT}`, {})
    for (const terminalId of terminals) {
      const { response } = await this.#send('PUT', `/v1/merchants/${MERCHANT}/terminals/${terminalId}`, {
        tmk,
      })
      if (response.status !== 201) throw new Error(`provisioning: HTTP ${response.status}`)
    }
  }

  /** One captured sale as JSON. */
  sale(sale: object): Promise<Readonly<Record<string, unknown>>> {
    return this.#one('/v1/sales', sale)
  }

  /** One void as JSON, under a key. */
  void(body: object, idempotencyKey: string): Promise<Readonly<Record<string, unknown>>> {
    return this.#one('/v1/voids', body, { 'idempotency-key': idempotencyKey })
  }

  /** Voids as one list. */
  voids(voids: readonly object[]): Promise<ListAnswer> {
    return this.#list('/v1/voids', voids)
  }

  async #one(path: string, sent: object, headers: Readonly<Record<string, string>> = {}) {
    const { response } = await this.#send('POST', path, sent, headers)
    const body = (await response.json()) as Record<string, unknown>
    return { ...body, status: response.status }
  }

  /** Captured sales as one list. */
  sales(sales: readonly object[]): Promise<ListAnswer> {
    return this.#list('/v1/sales', sales)
  }

  /** The acquirer's list, applied. */
  reconcile(records: readonly object[]): Promise<ListAnswer> {
    const asOf = new Date(this.#now).toISOString()
    return this.#list(`/v1/reconciliations?asOf=${asOf}&apply=true`, records)
  }

  /** A run of the cron without time to wait, so many milliseconds later. */
  async recover(laterMs: number): Promise<void> {
    const { services } = this
    if (services === undefined) throw new Error('the service is not open')
    this.#now += laterMs
    await this.use(() => recoverEach(inEachDatabase(services), services.now()))
  }

  /** Runs in an invocation of its own. Returns what it sent to D1. */
  async use(run: () => Promise<unknown>): Promise<Use> {
    const use = { trips: 0, queries: 0 }
    await this.#running.run(use, run)
    return use
  }

  async #list(path: string, lines: readonly object[]): Promise<ListAnswer> {
    const text = lines.map((line) => JSON.stringify(line)).join('\n')
    const { response, use } = await this.#send('POST', path, text)
    const answer = (await response.text()).trim()
    return {
      status: response.status,
      lines: answer === '' ? [] : answer.split('\n').map((line) => JSON.parse(line)),
      use,
    }
  }

  /** Terminals' bytes in one request. */
  async post(path: string, body: Uint8Array<ArrayBuffer>) {
    const { response, use } = await this.#send('POST', path, body)
    const { status, headers } = response
    return { status, headers, bytes: new Uint8Array(await response.arrayBuffer()), use }
  }

  async #send(
    method: string,
    path: string,
    body: object | string | Uint8Array<ArrayBuffer>,
    own: Readonly<Record<string, string>> = {},
  ) {
    const app = this.#app
    if (app === undefined) throw new Error('the service is not open')
    this.#now += this.stepMs
    const [type, sent] =
      typeof body === 'string'
        ? ['application/x-ndjson', body]
        : body instanceof Uint8Array
          ? ['application/octet-stream', body]
          : ['application/json', JSON.stringify(body)]
    const init = {
      method,
      headers: { authorization: `Bearer ${ADMINISTRATOR}`, 'content-type': type, ...this.headers, ...own },
      body: sent,
    }
    const pending: Promise<unknown>[] = []
    const context = {
      waitUntil: (promise: Promise<unknown>) => void pending.push(promise),
      passThroughOnException() {},
      props: {},
    } as unknown as ExecutionContext
    const answered = Promise.withResolvers<Response>()
    const use = await this.use(async () => {
      answered.resolve(await app.fetch(new Request(`http://annul${path}`, init), {}, context))
      await Promise.allSettled(pending)
    })
    return { response: await answered.promise, use }
  }
}
