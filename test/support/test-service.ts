/**
 * @module The service without its APIs: the pipeline over SQLite, with a clock, counted generated values, and
 * scripted D1 faults.
 */

import type { Acquirer } from '../../src/acquirer/port.ts'
import { decideMerchant } from '../../src/domain/decide-merchant.ts'
import { GENESIS } from '../../src/domain/decide-provision.ts'
import type { Merchant } from '../../src/domain/types.ts'
import { createPipeline } from '../../src/pipeline/process.ts'
import type { Caller, Outcome, Pipeline, PipelineMessage, PipelineOptions } from '../../src/pipeline/types.ts'
import { openDb } from '../../src/store/db.ts'
import { type JournalRow, seal, verifyChain, WITHOUT_TERMINAL } from '../../src/store/journal.ts'
import { commitMerchant } from '../../src/store/merchants.ts'
import { NOW } from '../domain/fixtures.ts'
import { bindD1, type Row, Storage, type Trip } from '../simulation/platform/d1.ts'

/** The fate of a trip to D1. `applied`: the change is made although the caller gets an error. */
export type TripFault = { readonly error: string; readonly applied: boolean }

export const LOST = 'D1_ERROR: Network connection lost.'

/** No attacker is in these tests. */
const macHead = async () => ({ keyId: 1, mac: 'test' })

const digits = (n: number, length: number): string => String(n).padStart(length, '0')

export interface Line {
  readonly event: string
  readonly detail: Readonly<Record<string, unknown>>
}

const CALLER: Caller = { waitUntil: () => {}, beforeAcquirer: () => {} }

/** A message, and the settings of its merchant, which come first. */
export type TestMessage = PipelineMessage & { readonly merchant?: Merchant | null }

export class TestService {
  now = NOW
  readonly options: PipelineOptions
  readonly pipeline: Pipeline
  readonly logged: Line[] = []
  /** Every sleep, in order, in milliseconds. */
  readonly sleeps: number[] = []
  /** Called before each trip, with its number from 1. */
  fault: (number: number, trip: Trip) => TripFault | null = () => null
  /** Keeps a trip waiting, by its number. */
  hold: (number: number) => Promise<void> | undefined = () => undefined
  trips = 0
  readonly #storage: Storage
  #generatedCount = 0

  /** Over a database of its own, or over that of another service. */
  constructor(acquirer: Acquirer, shared?: TestService) {
    this.#storage = shared === undefined ? new Storage() : shared.#storage
    const database = bindD1(this.#storage, (trip, apply) => this.#travel(trip, apply))
    this.options = {
      db: openDb(database),
      acquirer,
      generated: () => this.#generated(shared === undefined ? 0 : 500_000),
      now: () => this.now,
      sleep: async (ms) => {
        this.sleeps.push(ms)
        this.now += ms
      },
      macHead,
      log: (event, detail) => void this.logged.push({ event, detail }),
    }
    this.pipeline = createPipeline(this.options)
  }

  async send(message: TestMessage): Promise<Outcome> {
    if (message.merchant != null) await this.putMerchant(message.merchant)
    return (await this.pipeline.runAlone(message)).outcome
  }

  /** All at once, so that they share sets. */
  async sendTogether(messages: readonly PipelineMessage[]): Promise<Outcome[]> {
    const settled = await Promise.all(messages.map((message) => this.pipeline.submit(message, CALLER)))
    return settled.map(({ outcome }) => outcome)
  }

  /** Makes a merchant what it is from now on, over trips that nothing happens to. */
  async putMerchant(merchant: Merchant): Promise<void> {
    const { merchantId, ...change } = merchant
    const [before] = this.rows<{ seq: number; hash: string }>(
      'select head_seq as seq, head_hash as hash from merchant where merchant_id = ?',
      merchantId,
    )
    const head = { ...(before ?? GENESIS) }
    const draft = decideMerchant({ merchantId, change }, null, head, this.now)
    if (!draft.ok) throw new Error(draft.error)
    const db = openDb(bindD1(this.#storage, (_, apply) => Promise.resolve(apply())))
    await commitMerchant(
      db,
      await seal(draft.value, head, null, WITHOUT_TERMINAL),
      merchant,
      [],
      await macHead(),
    )
  }

  rows<T = Row>(sql: string, ...params: (string | number | null)[]): T[] {
    return this.#storage.rows<T>(sql, ...params)
  }

  /** The fault in the journal, or null. */
  async faultOfJournal(): Promise<unknown> {
    const rows = this.rows<JournalRow>(
      `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body
       from journal where terminal_id not like 'merchant:%' order by seq`,
    )
    const [head] = this.rows<{ seq: number; hash: string }>(
      'select head_seq as seq, head_hash as hash from terminal',
    )
    return head === undefined ? 'no terminal' : verifyChain(rows, { ...head })
  }

  close(): void {
    this.#storage.close()
  }

  async #travel<T>(trip: Trip, apply: () => T): Promise<T> {
    const number = ++this.trips
    await this.hold(number)
    const fault = this.fault(number, trip)
    if (fault === null) return apply()
    if (fault.applied) apply()
    throw new Error(fault.error)
  }

  #generated(from: number) {
    const n = from + ++this.#generatedCount
    return {
      now: this.now,
      rrn: digits(n, 12),
      authorizationCode: digits(n, 6),
      id: digits(n, 32),
      // Not a captured sale’s number.
      acquirerStan: digits(500_000 + n, 6),
    }
  }
}
