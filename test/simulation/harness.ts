/**
 * @module The parts of every simulation: one database, some isolates, a network, a clock, and the book of
 * sent messages. Its user decides the faults.
 */

import { createHash } from 'node:crypto'
import { type Core, createCore } from '../../src/core/instance.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { checkDays } from './acquirer-days.ts'
import { ADMINISTRATORS } from './administrator.ts'
import { Book, type ClientAnswer, type Sent } from './book.ts'
import { checkSecrets } from './check-secrets.ts'
import { checkTombstones } from './check-tombstones.ts'
import {
  checkAcquirer,
  checkAnswers,
  checkProjections,
  checkSent,
  checkVoids,
  must,
  readStreams,
  Violation,
} from './checks.ts'
import type { ActorContext } from './context.ts'
import { Kinds, noteEntries, noteLines } from './coverage.ts'
import type { HarnessOptions } from './harness-options.ts'
import { jsonRequest, sendJson } from './json-client.ts'
import { componentsOf } from './master-key.ts'
import { partsOf } from './model.ts'
import { AcquirerLink } from './platform/acquirer-link.ts'
import { Storage } from './platform/d1.ts'
import { installGlobals } from './platform/globals.ts'
import { type HttpReply, Isolate, type IsolateOptions, PLATFORM } from './platform/isolate.ts'
import { Network } from './platform/network.ts'
import { Random } from './platform/random.ts'
import { Scheduler } from './platform/scheduler.ts'
import { beyondQuota, checkQuota } from './quota.ts'
import { TestTerminal } from './terminal.ts'
import type { TestTerminalOptions } from './terminal-options.ts'

export const MASTER_KEY = 'ab'.repeat(32)
export const ADMINISTRATOR = 'bearer-of-the-administrator'

/** The limit of events in one phase. A phase that needs more hangs. */
const MOST_STEPS = 400_000

let clients: Core | undefined

export class Harness {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly storage = new Storage()
  readonly book = new Book()
  readonly kinds = new Kinds()
  readonly isolates: Isolate[] = []
  readonly terminals: TestTerminal[] = []
  readonly context: ActorContext
  readonly acquirer: AcquirerLink
  /** The refusals that senders have left of a day. */
  quota: { readonly left: ReadonlyMap<string, number>; readonly day: number } | null = null
  readonly #spareKeys = new Map<string, string>()
  readonly #lines: string[] = []
  readonly #secrets: string[] = []
  readonly #hasAcquirer: boolean
  readonly #lateReversals: HarnessOptions['lateReversals']
  #failure: unknown = null

  constructor(options: HarnessOptions) {
    installGlobals()
    const { module, seed, start, acquirer, recovery, zoneKey, trace = null } = options
    const { queries = { limit: 1000, isSet: false } } = options
    clients ??= createCore(module, (bytes) => void bytes.fill(7))
    this.#hasAcquirer = acquirer === 'https'
    this.#lateReversals = options.lateReversals
    this.random = new Random(seed)
    this.scheduler = new Scheduler(start, this.random.fork(), trace)
    const { declines = 'signed', absentEchoes = [], forges = () => false } = options
    this.acquirer = new AcquirerLink(this.scheduler, this.random.fork(), {
      core: clients,
      kinds: this.kinds,
      believes: declines,
      forges,
      absentEchoes,
      zoneKey,
    })
    const isolateOptions: IsolateOptions = {
      scheduler: this.scheduler,
      storage: this.storage,
      module,
      environment: {
        MASTER_KEY,
        ACQUIRER: acquirer,
        ACQUIRER_ID: '00001234',
        ...this.acquirer.settings,
        ACQUIRER_RECOVERY: recovery,
        ...(options.deadline === undefined ? {} : { ACQUIRER_DEADLINE: options.deadline }),
        ...(queries.isSet ? { DATABASE_LIMIT_QUERIES: String(Math.max(50, queries.limit)) } : {}),
      },
      mostQueries: queries.limit,
      onRefusal: options.onRefusal ?? (() => {}),
      acquirer: this.acquirer,
      planTrip: options.planTrip,
      planAcquirer: options.planAcquirer,
      logged: (line) => {
        this.#lines.push(line)
        this.scheduler.note(line)
      },
      onAnswer: (isolate, reply) => {
        this.#checkApproval(reply)
        options.onAnswer?.(isolate)
      },
    }
    for (let i = 1; i <= options.isolates; i++)
      this.isolates.push(new Isolate(`isolate ${i}`, isolateOptions))
    this.context = {
      scheduler: this.scheduler,
      random: this.random.fork(),
      network: new Network(this.scheduler, () => options.planCopies(this.isolates)),
      losesPower: options.losesPower,
      pauseFaults: options.pauseFaults ?? (() => () => {}),
      act: (owner, actions) =>
        void this.scheduler.as(owner, () => actions().catch((error: unknown) => this.fail(error))),
      storage: this.storage,
      book: this.book,
      kinds: this.kinds,
      core: clients,
      sales: [],
      observed: [],
      bearerKeys: new Map(),
      spareKeys: this.#spareKeys,
      isChanging: options.isChanging ?? false,
    }
  }

  /** Runs events until the work of `begin` is done. Throws the first error from anywhere in that time. */
  async phase(name: string, begin: () => Promise<void>): Promise<void> {
    let done = false
    this.scheduler.note(name)
    void this.scheduler.as(PLATFORM, () =>
      begin().then(
        () => {
          done = true
        },
        (error: unknown) => this.fail(error),
      ),
    )
    const within = await this.scheduler.run(() => done || this.#failure !== null, MOST_STEPS)
    if (this.#failure !== null) throw this.#failure
    must(within && done, `${name}: does not end`)
  }

  /** Keeps the first error. */
  fail(error: unknown): void {
    this.#failure ??= error
  }

  /** Adds a bearer key of a merchant, or of the administrators. */
  addBearerKey(merchantId: string | null): void {
    const bearer = merchantId === null ? ADMINISTRATOR : `bearer-of-${merchantId}`
    const owner = merchantId ?? ADMINISTRATORS
    this.#spareKeys.set(owner, bearer)
    this.context.bearerKeys.set(owner, { key: bearer })
    const hash = createHash('sha256').update(bearer).digest('hex')
    const params = apiKeyRow(hash, merchantId, { createdAt: this.scheduler.now })
    this.storage.apply({ statements: [{ sql: INSERT_API_KEY, params }] })
  }

  /** No row and no line may have it. */
  keepSecret(secret: string): void {
    this.#secrets.push(secret)
  }

  openTerminal(options: Omit<TestTerminalOptions, 'tmk'>): TestTerminal {
    const tmk = this.random.fill(new Uint8Array(16))
    this.#secrets.push(Buffer.from(tmk).toString('hex'), ...options.cards)
    const terminal = new TestTerminal(this.context, { ...options, tmk })
    this.terminals.push(terminal)
    return terminal
  }

  /** Through the JSON API. */
  async provision({ options }: TestTerminal): Promise<void> {
    const { merchantId, terminalId, macProfile, tmk, settlementMac, sendsLeast, forms = {} } = options
    const body = JSON.stringify({
      macProfile,
      settlementMac: settlementMac ? 'required' : 'optional',
      ...(sendsLeast ? { ...forms, voidForms: 'lenient' } : forms),
      tmk: componentsOf(this.context, macProfile, tmk, this.random),
    })
    await this.provisionMerchant(merchantId)
    const status = await this.#put(`/v1/merchants/${merchantId}/terminals/${terminalId}`, body)
    must(status === 201, `provisioning ${terminalId}: ${status}`)
  }

  /** New, or as it is. */
  async provisionMerchant(merchantId: string): Promise<void> {
    const status = await this.#put(
      `/v1/merchants/${merchantId}`,
      this.#lateReversals === 'refuse' ? '{"lateReversals":"refuse"}' : '{}',
    )
    must(status === 201 || status === 200, `provisioning ${merchantId}: ${status}`)
  }

  async #put(path: string, body: string): Promise<number | undefined> {
    const headers = {
      authorization: `Bearer ${ADMINISTRATOR}`,
      'content-type': 'application/json',
      'content-length': String(body.length),
    }
    return (await this.context.network.send({ method: 'PUT', path, headers, body }, 10_000))?.status
  }

  /** Fresh isolates answer again, from the journal: those that `chosen` picks. */
  async resendAll(chosen: () => boolean): Promise<void> {
    for (const isolate of this.isolates) isolate.crash()
    for (const sent of [...this.book.sent.values()]) {
      const first = sent.answers.find(({ rrn }) => rrn !== '')
      // A message that was refused without an entry may be accepted later.
      const [entry] = this.storage.rows('select 1 from journal where message_key = ?', sent.key)
      if (first === undefined || entry === undefined || !chosen()) continue
      const answers = await sent.resend()
      must(answers !== null, `${sent.key}: sent again, no answer`)
      sent.answers.push(answers)
      // A refusal because of a reversal is transient.
      const isTransient = first.code === '12' || first.code === 'message_reversed'
      if ((sent.kind === 'sale' || sent.kind === 'void') && !isTransient) await this.#inquire(sent, first)
    }
  }

  /** An inquiry by the message's own key returns the first answer, whatever happened since. */
  async #inquire({ key, kind, merchantId, idempotencyKey }: Sent, { rrn, how }: ClientAnswer): Promise<void> {
    const { terminalId, batch: batchNumber, stan } = partsOf(key)
    const names =
      idempotencyKey === null ? { merchantId, terminalId, batchNumber, stan, kind } : { idempotencyKey }
    const path = `/v1/inquiries?${new URLSearchParams(names)}`
    const answer = await sendJson(this.context, jsonRequest(this.#spareKeys.get(merchantId), 'GET', path))
    must(answer?.body.rrn === rrn, `${key}: an inquiry returns RRN ${answer?.body.rrn}, not ${rrn}`)
    must(how !== 'requested' || answer.body.answer !== null, `${key}: an inquiry returns no answer`)
  }

  /** Every rule at the end of a world. */
  async check(): Promise<void> {
    const streams = await readStreams(this.storage, this.book, this.#hasAcquirer)
    checkAnswers(this.book, streams, beyondQuota(this.storage))
    checkSent(this.book, streams)
    for (const stream of streams) checkProjections(this.storage, stream)
    checkVoids(this.storage)
    checkTombstones(this.storage)
    const { left, day } = this.quota ?? { left: new Map<string, number>(), day: 0 }
    const all = streams.flatMap(({ entries }) => entries)
    checkQuota(this.storage, all, left, day)
    checkAcquirer(this.acquirer.simulator.ledger, this.storage, streams)
    this.acquirer.declines.check(this.acquirer.simulator.ledger, this.storage)
    noteEntries(this.kinds, all)
    noteLines(this.kinds, this.#lines)
    if (this.#hasAcquirer) checkDays(this.acquirer.simulator.ledger, this.storage)
    const keepers = [this.acquirer, ...this.terminals]
    const secrets = [...this.#secrets, ...keepers.flatMap((keeper) => keeper.secrets())]
    checkSecrets(this.storage, this.#lines, secrets)
  }

  describe(error: unknown): string {
    const { steps, now } = this.scheduler
    const what =
      error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error)
    return `at step ${steps}, ${new Date(now).toISOString()}: ${what}`
  }

  /** Nothing is approved before it is written. */
  #checkApproval({ status, body }: HttpReply): void {
    if (status !== 201) return
    const answer = JSON.parse(new TextDecoder().decode(body)) as Readonly<Record<string, string | undefined>>
    const { id, saleId, key } = answer
    if (id === undefined) return
    const written =
      key !== undefined
        ? 'api_key where id = ?'
        : saleId === undefined
          ? 'sale where id = ?'
          : `void where state <> 'pending' and id = ?`
    const [row] = this.storage.rows(`select id from ${written}`, id)
    if (row === undefined) this.fail(new Violation(`${id} was approved before it was written`))
  }
}
