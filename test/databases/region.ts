/**
 * @module A region with several databases: the real service in this process, each database SQLite in memory. It notes the
 * databases that each request reaches.
 */

import { createHash } from 'node:crypto'
import { createApp } from '../../src/app.ts'
import type { Core } from '../../src/core/instance.ts'
import { createServices, type Environment } from '../../src/create-services.ts'
import { bucketOf } from '../../src/domain/bucket.ts'
import type { Services } from '../../src/pipeline/services.ts'
import { bucketContent } from '../../src/store/bucket-mac.ts'
import { newTerminalState } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { bytesOf, hexOf, keyCheckValue, xor } from '../integrate/node-ciphers.ts'
import { START } from '../integrate/service.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { coreModule, watchedCore } from '../support/load-core.ts'
import { newKeyring } from '../support/memory-data-keys.ts'
import { seeded } from '../support/micro-random.ts'

/** In database 0: its bucket, 535 or `217`, has no row. */
export const AT_HOME = '123456789012345'
/** In database 1: the table has its bucket, 164 or `0a4`. */
export const MOVED = '000000000000001'

export const MERCHANTS = {
  [AT_HOME]: {
    database: 0,
    key: `annul_217_${'key-of-the-merchant-at-home'.padEnd(43, '-')}`,
    terminalId: '12345678',
  },
  [MOVED]: {
    database: 1,
    key: `annul_0a4_${'key-of-the-moved-merchant'.padEnd(43, '-')}`,
    terminalId: '87654321',
  },
} as const
export type MerchantId = keyof typeof MERCHANTS

/** Bearer keys without a bucket. */
export const PLAIN_KEYS = {
  [AT_HOME]: 'annul_plain-key-of-the-merchant-at-home',
  [MOVED]: 'annul_plain-key-of-the-moved-merchant',
} as const

export const ADMINISTRATOR = 'annul_key-of-an-administrator'

/** The version of the moved bucket: one move. */
export const VERSION = 1

const MASTER_KEY = 'ab'.repeat(32)

const FIRST_COMPONENT = '0123456789ABCDEFFEDCBA9876543210'

/** The time between two requests: longer than an answer stays in memory. */
const STEP_MS = 5000

export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

export class Region {
  readonly storages = [new Storage(), new Storage()] as const
  readonly clock = { now: START }
  readonly logged: Readonly<Record<string, unknown>>[] = []
  /** The databases that do not answer. */
  readonly down = new Set<number>()
  /** The numbers of the databases of each trip, since the last `takeTrips`. */
  #trips: number[] = []
  readonly #core: Core = watchedCore().core
  readonly #random = seeded(7)
  #app: ReturnType<typeof createApp> | undefined
  #services: Services | undefined

  constructor() {
    const [, other] = this.storages
    // The move has raised the guard.
    other.rows(`insert into guard values ('bucket:${bucketOf(MOVED)}', ${VERSION})`)
    for (const id of [AT_HOME, MOVED] as const) {
      const { database, key } = MERCHANTS[id]
      this.#insertKey(database, key, id)
      this.#insertKey(database, PLAIN_KEYS[id], id)
    }
    // Each database has the keys of the administrators.
    for (const database of [0, 1] as const) this.#insertKey(database, ADMINISTRATOR, null)
  }

  #insertKey(database: 0 | 1, key: string, merchantId: string | null): void {
    const hash = createHash('sha256').update(key).digest('hex')
    this.storages[database].rows(
      INSERT_API_KEY,
      ...apiKeyRow(hash, merchantId, { name: 'test', createdAt: START }),
    )
  }

  /** A new isolate takes the place of the one before. */
  open(settings: Partial<Environment> = {}): Promise<void> {
    return this.#open(settings, { DB_1: this.#bind(1) })
  }

  /** The same, without the binding of database 1. */
  openHome(): Promise<void> {
    return this.#open({}, {})
  }

  /** Opens the isolate, and a terminal of each merchant, which signs on and sells once. Returns the terminals. */
  async openWithSales(): Promise<Map<MerchantId, VirtualTerminal>> {
    await this.open()
    const terminals = new Map<MerchantId, VirtualTerminal>()
    for (const merchantId of [AT_HOME, MOVED] as const) {
      await this.provision(merchantId)
      const terminal = this.terminal(merchantId)
      await terminal.signOn()
      await terminal.sale(1234, testCard(1))
      terminals.set(merchantId, terminal)
    }
    return terminals
  }

  #isPlaced = false

  /** Writes a row of the table of buckets, as a move does. The first data keys follow from the master key. */
  async place(bucket: number, database: string, version: number): Promise<void> {
    const keyring = await newKeyring(MASTER_KEY, (bytes) => void bytes.fill(1))
    const mac = (await keyring.journalMac(bucketContent({ bucket, database, version }))).toHex()
    this.storages[0].rows(
      'insert or replace into bucket values (?, ?, ?, ?, ?)',
      bucket,
      database,
      version,
      mac,
      keyring.journalKeyId,
    )
  }

  async #open(settings: Partial<Environment>, others: object): Promise<void> {
    if (!this.#isPlaced) await this.place(bucketOf(MOVED), 'DB_1', VERSION)
    this.#isPlaced = true
    const environment = {
      MASTER_KEY,
      ACQUIRER: 'sandbox',
      ACQUIRER_ID: '00001234',
      ...settings,
      ...others,
      DB: this.#bind(0),
    }
    const services = await createServices(environment, {
      module: coreModule,
      now: () => this.clock.now,
      random: (bytes) => void bytes.set(this.#random.bytes(bytes.length)),
      // No time passes, but other work goes on.
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
      log: (event, detail) => void this.logged.push({ event, ...detail }),
    })
    this.#services = services
    this.#app = createApp(services)
  }

  #bind(number: 0 | 1): D1Database {
    return bindD1(this.storages[number], async (_, apply) => {
      this.#trips.push(number)
      if (this.down.has(number)) throw new Error('D1_ERROR: overloaded')
      return apply()
    })
  }

  get services(): Services {
    if (this.#services === undefined) throw new Error('the region is not open')
    return this.#services
  }

  /** The databases of the trips since the last call, in order, each once. */
  takeTrips(): number[] {
    const trips = this.#trips
    this.#trips = []
    return [...new Set(trips)].sort()
  }

  /** The number of trips since the last call. */
  countTrips(): number {
    const { length } = this.#trips
    this.#trips = []
    return length
  }

  async fetch(path: string, init: RequestInit): Promise<Response> {
    if (this.#app === undefined) throw new Error('the region is not open')
    this.clock.now += STEP_MS
    const pending: Promise<unknown>[] = []
    const context = {
      waitUntil: (promise: Promise<unknown>) => void pending.push(promise),
      passThroughOnException() {},
      props: {},
    } as unknown as ExecutionContext
    const response = await this.#app.fetch(new Request(`http://annul${path}`, init), {}, context)
    await Promise.allSettled(pending)
    return response
  }

  /** A request to the JSON API. A text is sent as NDJSON. */
  async json(
    key: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<JsonAnswer> {
    const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json'
    const response = await this.fetch(path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isNdjson = response.headers.get('content-type')?.includes('ndjson')
    const lines = () => ({
      lines: text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    })
    return { status: response.status, headers: response.headers, body: isNdjson ? lines() : JSON.parse(text) }
  }

  /** Provisions a merchant and its terminal. */
  async provision(merchantId: MerchantId): Promise<void> {
    const components = [bytesOf(FIRST_COMPONENT), xor(bytesOf(EXAMPLE_TMK), bytesOf(FIRST_COMPONENT))]
    const tmk = {
      components: components.map((key) => ({
        value: hexOf(key),
        checkValue: hexOf(keyCheckValue('3des', key)),
      })),
    }
    const { terminalId } = MERCHANTS[merchantId]
    await this.json(ADMINISTRATOR, 'PUT', `/v1/merchants/${merchantId}`, {})
    const path = `/v1/merchants/${merchantId}/terminals/${terminalId}`
    const { status } = await this.json(ADMINISTRATOR, 'PUT', path, { tmk })
    if (status !== 201) throw new Error(`provisioning: HTTP ${status}`)
  }

  terminal(merchantId: MerchantId): VirtualTerminal {
    return new VirtualTerminal({
      core: this.#core,
      send: async (frame) => {
        const headers = { 'content-type': 'x-ISO-TPDU/x-auth' }
        const body = Uint8Array.from(frame)
        const response = await this.fetch('/v1/iso8583', { method: 'POST', headers, body })
        const answer = new Uint8Array(await response.arrayBuffer())
        return response.status === 200 ? answer : null
      },
      now: () => this.clock.now,
      tmk: bytesOf(EXAMPLE_TMK),
      state: newTerminalState(merchantId, MERCHANTS[merchantId].terminalId, 'cup-ecb'),
      settlementMac: true,
    })
  }

  /** The count of rows of each table that belongs to a merchant, by database. */
  rowsOf(merchantId: MerchantId): number[] {
    const { terminalId } = MERCHANTS[merchantId]
    return this.storages.map((storage) => {
      const [found] = storage.rows<{ n: number }>(
        `select (select count(*) from journal where terminal_id in (?1, 'merchant:' || ?2))
           + (select count(*) from merchant where merchant_id = ?2) + (select count(*) from terminal where merchant_id = ?2)
           + (select count(*) from sale where merchant_id = ?2) + (select count(*) from acquirer_record where merchant_id = ?2)
           + (select count(*) from key_set where terminal_id = ?1) as n`,
        terminalId,
        merchantId,
      )
      return found?.n ?? 0
    })
  }

  close(): void {
    for (const storage of this.storages) storage.close()
  }
}
