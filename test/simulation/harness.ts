/**
 * @module What every simulation is made of: one database, some isolates, a network, a clock, and the books of who sent what.
 * Which faults there are is for its user to say.
 */

import { createHash } from 'node:crypto'
import { type Core, createCore } from '../../src/core/instance.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { Book, type ClientAnswer, type Sent } from './book.ts'
import {
  checkAcquirer,
  checkAnswers,
  checkProjections,
  checkSecrets,
  checkSent,
  checkVoids,
  must,
  readStreams,
  Violation,
} from './checks.ts'
import type { ActorContext } from './context.ts'
import { ask, jsonRequest } from './json-client.ts'
import { ACQUIRER_KEY, AcquirerLink } from './platform/acquirer-link.ts'
import { Storage } from './platform/d1.ts'
import { installGlobals } from './platform/globals.ts'
import { type HttpReply, Isolate, PLATFORM, type Surroundings } from './platform/isolate.ts'
import { type CopyPlan, Network } from './platform/network.ts'
import { Random } from './platform/random.ts'
import { Scheduler } from './platform/scheduler.ts'
import { TestTerminal, type TestTerminalOptions } from './terminal.ts'

export const MASTER_KEY = 'ab'.repeat(32)
export const ADMINISTRATOR = 'bearer-of-the-administrator'

export interface LabOptions {
  readonly seed: number
  readonly module: WebAssembly.Module
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly acquirer: 'sandbox' | 'book' | 'https'
  /** How the acquirer is asked again, where there is one. */
  readonly recovery: 'inquiry' | 'repeat'
  readonly isolates: number
  readonly planTrip: Surroundings['planTrip']
  readonly planAcquirer: Surroundings['planAcquirer']
  readonly planCopies: (isolates: readonly Isolate[]) => readonly CopyPlan[]
  /** Told of every answer that is about to leave. */
  readonly answering?: (isolate: Isolate) => void
  /** Whether the power of the terminal that asks is about to fail. */
  readonly losesPower: () => boolean
  /** Called by a terminal that was not answered twice in a row. */
  readonly spare?: ActorContext['spare']
  readonly trace?: ((line: string) => void) | undefined
}

/** Events of one phase; one that needs more hangs. */
const MOST_STEPS = 400_000

let clients: Core | undefined

export class Harness {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly storage = new Storage()
  readonly book = new Book()
  readonly isolates: Isolate[] = []
  readonly terminals: TestTerminal[] = []
  readonly context: ActorContext
  readonly acquirer: AcquirerLink
  readonly #bearers = new Map<string, string>()
  readonly #lines: string[] = []
  readonly #secrets: string[] = []
  readonly #hasAcquirer: boolean
  #failure: unknown = null

  constructor(options: LabOptions) {
    installGlobals()
    const { module, seed, start, acquirer, recovery, trace = null } = options
    clients ??= createCore(module, (bytes) => void bytes.fill(7))
    this.#hasAcquirer = acquirer === 'https'
    this.random = new Random(seed)
    this.scheduler = new Scheduler(start, this.random.fork(), trace)
    this.acquirer = new AcquirerLink(this.scheduler, clients, this.random.fork())
    const around: Surroundings = {
      scheduler: this.scheduler,
      storage: this.storage,
      module,
      environment: {
        MASTER_KEY,
        ACQUIRER: acquirer,
        ACQUIRER_ID: '00001234',
        ACQUIRER_MAC_KEY: ACQUIRER_KEY,
        ACQUIRER_RECOVERY: recovery,
      },
      acquirer: this.acquirer,
      planTrip: options.planTrip,
      planAcquirer: options.planAcquirer,
      logged: (line) => {
        this.#lines.push(line)
        this.scheduler.note(line)
      },
      answering: (isolate, reply) => {
        this.#answering(reply)
        options.answering?.(isolate)
      },
    }
    for (let i = 1; i <= options.isolates; i++) this.isolates.push(new Isolate(`isolate ${i}`, around))
    this.context = {
      scheduler: this.scheduler,
      random: this.random.fork(),
      network: new Network(this.scheduler, () => options.planCopies(this.isolates)),
      losesPower: options.losesPower,
      spare: options.spare ?? (() => () => {}),
      act: (owner, actions) =>
        void this.scheduler.as(owner, () => actions().catch((error: unknown) => this.fail(error))),
      storage: this.storage,
      book: this.book,
      core: clients,
      sales: [],
      observed: [],
      bearers: this.#bearers,
    }
  }

  /** Runs events until what `begin` starts is done. Throws what went wrong anywhere meanwhile. */
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
    must(within && done, `${name}: does not come to an end`)
  }

  /** What went wrong first is what is told. */
  fail(error: unknown): void {
    this.#failure ??= error
  }

  /** A bearer key of a merchant, or of the administrators. */
  enterBearer(merchantId: string | null): void {
    const bearer = merchantId === null ? ADMINISTRATOR : `bearer-of-${merchantId}`
    if (merchantId !== null) this.#bearers.set(merchantId, bearer)
    const hash = createHash('sha256').update(bearer).digest('hex')
    const sql = 'insert into api_key (hash, merchant_id, name, created_at) values (?, ?, ?, ?)'
    this.storage.apply({
      statements: [{ sql, params: [hash, merchantId, 'simulation', this.scheduler.now] }],
    })
  }

  openTerminal(options: Omit<TestTerminalOptions, 'tmk'>): TestTerminal {
    const tmk = this.random.fill(new Uint8Array(16))
    this.#secrets.push(Buffer.from(tmk).toString('hex'), ...options.cards)
    const terminal = new TestTerminal(this.context, { ...options, tmk })
    this.terminals.push(terminal)
    return terminal
  }

  /** Through the door. */
  async provision({ options }: TestTerminal): Promise<void> {
    const { merchantId, terminalId, macProfile, tmk, settlementMac } = options
    const cipher = macProfile === 'cup-sm4' ? 'sm4' : '3des'
    const mask = this.random.fill(new Uint8Array(16))
    const components = [mask, tmk.map((byte, i) => byte ^ (mask[i] ?? 0))].map((component) => ({
      value: toHex(component),
      checkValue: toHex(this.context.core.keyCheckValue(cipher, component, 4)),
    }))
    const body = JSON.stringify({
      macProfile,
      settlementMac: settlementMac ? 'required' : 'optional',
      tmk: { components },
    })
    await this.provisionMerchant(merchantId)
    const status = await this.#put(`/v1/merchants/${merchantId}/terminals/${terminalId}`, body)
    must(status === 201, `provisioning ${terminalId}: ${status}`)
  }

  /** New, or as it is. */
  async provisionMerchant(merchantId: string): Promise<void> {
    const status = await this.#put(`/v1/merchants/${merchantId}`, '{}')
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

  /** Fresh isolates give answers again, from the journal: those that `chosen` picks. */
  async askAgain(chosen: () => boolean): Promise<void> {
    for (const isolate of this.isolates) isolate.crash()
    for (const sent of [...this.book.sent.values()]) {
      const first = sent.answers.find(({ rrn }) => rrn !== '')
      // What was refused without being written may be asked in its time.
      const [entry] = this.storage.rows('select 1 from journal where message_key = ?', sent.key)
      if (first === undefined || entry === undefined || !chosen()) continue
      const answers = await sent.ask()
      must(answers !== null, `${sent.key}: asked again, no answer`)
      sent.answers.push(answers)
      // What was refused since it had been reversed was refused in passing.
      const inPassing = first.code === '12' || first.code === 'message_reversed'
      if ((sent.kind === 'sale' || sent.kind === 'void') && !inPassing) await this.#inquire(sent, first)
    }
  }

  /** An inquiry by the message's own key tells the first answer, whatever became of it since. */
  async #inquire({ key, kind, merchantId, idempotencyKey }: Sent, { rrn, how }: ClientAnswer): Promise<void> {
    const [, , terminalId = '', batchNumber = '', stan = ''] = key.split('|')
    const names =
      idempotencyKey === null ? { merchantId, terminalId, batchNumber, stan, kind } : { idempotencyKey }
    const path = `/v1/inquiries?${new URLSearchParams(names)}`
    const answer = await ask(this.context, jsonRequest(this.#bearers.get(merchantId), 'GET', path))
    must(answer?.body.rrn === rrn, `${key}: an inquiry tells RRN ${answer?.body.rrn}, not ${rrn}`)
    must(how !== 'asked' || answer.body.answer !== null, `${key}: an inquiry tells no answer`)
  }

  /** Everything that must hold once all has come to rest. */
  async check(): Promise<void> {
    const streams = await readStreams(this.storage, this.book, this.#hasAcquirer)
    checkAnswers(this.book, streams)
    checkSent(this.book, streams)
    for (const stream of streams) checkProjections(this.storage, stream)
    checkVoids(this.storage)
    checkAcquirer(this.acquirer.simulator.ledger, this.storage, streams)
    const secrets = [...this.#secrets, ...this.terminals.flatMap((terminal) => terminal.secrets())]
    checkSecrets(this.storage, this.#lines, secrets)
  }

  describe(error: unknown): string {
    const { steps, now } = this.scheduler
    const what =
      error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error)
    return `at step ${steps}, ${new Date(now).toISOString()}: ${what}`
  }

  /** Nothing is approved before it is written. */
  #answering({ status, body }: HttpReply): void {
    if (status !== 201) return
    const { id, saleId } = JSON.parse(new TextDecoder().decode(body)) as { id?: string; saleId?: string }
    if (id === undefined) return
    const written = saleId === undefined ? 'sale where id = ?' : `void where state <> 'pending' and id = ?`
    const [row] = this.storage.rows(`select id from ${written}`, id)
    if (row === undefined) this.fail(new Violation(`${id} was approved before it was written`))
  }
}
