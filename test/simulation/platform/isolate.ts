/**
 * @module An isolate: the real application over the simulated platform. It can die at any moment, and another
 * takes its place with empty memory. Each request has its own context, which ends when it is answered (or its
 * client closed the connection) and nothing is left under `waitUntil`. Unfinished work in it never continues,
 * as in workerd.
 */

import type { Hono } from 'hono'
import { createApp } from '../../../src/app.ts'
import { createServices, type Environment } from '../../../src/create-services.ts'
import { openOnce } from '../../../src/pipeline/open-once.ts'
import { recover } from '../../../src/pipeline/recover.ts'
import type { Services } from '../../../src/pipeline/services.ts'
import { settleDays } from '../../../src/pipeline/settle-days.ts'
import { watchLine } from '../../../src/pipeline/watch-line.ts'
import type { AcquirerLink, AcquirerPlan } from './acquirer-link.ts'
import { bindD1, type Storage, type Trip } from './d1.ts'
import { RequestContext } from './request-context.ts'
import { type Owner, running, type Scheduler } from './scheduler.ts'

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer> | string | null
}

export interface HttpReply {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/** The plan of one trip to D1. Times in milliseconds. */
export interface D1Plan {
  readonly there: number
  readonly back: number
  /** `late`: the caller gets a lost connection, but the trip is made this much later. */
  readonly fate:
    | 'done'
    | { readonly error: string; readonly applied: 'no' | 'yes' | { readonly late: number } }
  /** The isolate dies before the trip leaves, or right after it. */
  readonly crash?: 'before' | 'after'
}

export interface IsolateOptions {
  readonly scheduler: Scheduler
  readonly storage: Storage
  readonly module: WebAssembly.Module
  readonly environment: Omit<Environment, 'DB' | 'ACQUIRER_SERVICE'>
  readonly acquirer: AcquirerLink
  planTrip(isolate: Isolate, trip: Trip): D1Plan
  planAcquirer(isolate: Isolate): AcquirerPlan
  /** The queries that D1 takes from one invocation. */
  readonly mostQueries: number
  /** D1 has refused a trip because of that limit. */
  onRefusal(): void
  /** A line of the log. */
  logged(line: string): void
  /** An answer is about to leave. */
  onAnswer(isolate: Isolate, reply: HttpReply): void
}

/** The database and the network belong to no isolate, and do not die. */
export const PLATFORM: Owner = { name: 'platform', isAlive: () => true, skew: () => 0 }

/** In the words of Cloudflare (platform.md, D1). */
const REFUSED = 'D1_ERROR: Too many API requests by single Worker invocation.'

/** The length of a recovery run (index.ts). */
const RECOVERY_MS = 50_000

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Program {
  readonly services: Services
  readonly app: Hono
}

/** One life of an isolate, from its first request to its crash. */
interface Life {
  isAlive: boolean
  readonly open: ReturnType<typeof openOnce<Program>>
  readonly database: D1Database
}

export class Isolate {
  readonly name: string
  skew = 0
  lives = 0
  /** Whether the cron sends echoes, and settles the days of the acquirer. */
  hasDays = false
  readonly #options: IsolateOptions
  #life: Life

  constructor(name: string, options: IsolateOptions) {
    this.name = name
    this.#options = options
    this.#life = this.#begin()
  }

  #begin(): Life {
    this.lives++
    const database = bindD1(this.#options.storage, this.#trip)
    return { isAlive: true, database, open: openOnce(sleep) }
  }

  /** Dies at once. The next request meets a new one. */
  crash(): void {
    this.#options.scheduler.note(`${this.name} dies`)
    this.#life.isAlive = false
    this.#life = this.#begin()
  }

  /**
   * Handles a request. `deliver` gets its answer, unless the isolate dies. Returns a function that closes the
   * client's connection.
   */
  handle(request: HttpRequest, deliver: (reply: HttpReply) => void): () => void {
    const { scheduler } = this.#options
    const life = this.#life
    const requestContext = new RequestContext(this.name, life, () => this.skew)
    void scheduler.as(requestContext, async () => {
      const reply = await this.#answer(life, requestContext, request)
      if (!requestContext.isAlive()) return
      this.#options.onAnswer(this, reply)
      if (!requestContext.isAlive()) return
      requestContext.leave(scheduler)
      deliver(reply)
    })
    return () => requestContext.leave(scheduler)
  }

  /** Runs what Cloudflare's cron starts each minute. */
  cron(): void {
    const { scheduler } = this.#options
    const life = this.#life
    const requestContext = new RequestContext(this.name, life, () => this.skew)
    void scheduler.as(requestContext, async () => {
      // A failed run is repeated a minute later.
      await life
        .open(
          () => this.#open(life.database),
          (promise) => requestContext.waitUntil(promise),
        )
        .then(async ({ services }) => {
          await services.acquirer.renewKeys?.()
          if (this.hasDays) await Promise.all([watchLine([services]), settleDays([services])])
          await recover(services, services.now() + RECOVERY_MS)
        })
        .catch(() => scheduler.note('cron failed'))
      requestContext.leave(scheduler)
    })
  }

  async #answer(life: Life, requestContext: RequestContext, request: HttpRequest): Promise<HttpReply> {
    const opened = await life
      .open(
        () => this.#open(life.database),
        (promise) => requestContext.waitUntil(promise),
      )
      .catch(() => null)
    if (opened === null) return { status: 503, headers: new Headers(), body: new Uint8Array(0) }
    const { app } = opened
    const { method, headers, body, path } = request
    const context = {
      waitUntil: (promise: Promise<unknown>) => requestContext.waitUntil(promise),
      passThroughOnException() {},
      props: {},
    }
    const response = await app.fetch(
      new Request(`http://annul${path}`, { method, headers, body }),
      {},
      context as unknown as ExecutionContext,
    )
    const bytes = new Uint8Array(await response.arrayBuffer())
    return { status: response.status, headers: response.headers, body: bytes }
  }

  /** Like `index.ts`. */
  async #open(database: D1Database): Promise<Program> {
    const { environment, module } = this.#options
    const isBound = environment.ACQUIRER_URL === undefined
    const services = await createServices(
      {
        ...environment,
        DB: database,
        ...(isBound ? { ACQUIRER_SERVICE: { fetch: this.#askAcquirer } } : {}),
      },
      {
        module,
        fetch: this.#askAcquirer,
        now: () => Date.now(),
        random: (bytes) => crypto.getRandomValues(bytes),
        sleep,
        log: (event, detail) => this.#options.logged(JSON.stringify({ event, ...detail })),
      },
    )
    return { services, app: createApp(services) }
  }

  #askAcquirer = (_url: string, init: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { scheduler, acquirer, planAcquirer } = this.#options
      const { owner } = running.getStore() ?? {}
      if (owner === undefined || !owner.isAlive()) return
      const plan = planAcquirer(this)
      if (plan.crash === 'before') return this.crash()
      scheduler.note('sends to the acquirer')
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      acquirer.carry(init.body as Uint8Array, plan, owner, (answer) =>
        resolve(
          new Response(answer === null ? null : Uint8Array.from(answer), {
            status: answer === null ? 504 : 200,
          }),
        ),
      )
      if (plan.crash === 'after') this.crash()
    })

  /** Counts the queries of an invocation. Nothing of a refused trip is sent. */
  #isRefused(owner: Owner, { statements }: Trip): boolean {
    const { mostQueries, onRefusal } = this.#options
    if (!(owner instanceof RequestContext)) return false
    if (owner.queries + statements.length > mostQueries) {
      onRefusal()
      return true
    }
    owner.queries += statements.length
    return false
  }

  #trip = <T>(trip: Trip, apply: () => T): Promise<T> => {
    const { scheduler, planTrip } = this.#options
    const { owner } = running.getStore() ?? {}
    // The trips of a dead isolate reach nothing.
    if (owner === undefined || !owner.isAlive()) return new Promise(() => {})
    const plan = planTrip(this, trip)
    if (plan.crash === 'before') {
      this.crash()
      return new Promise(() => {})
    }
    const { there, back, fate } = plan
    if (this.#isRefused(owner, trip))
      return new Promise((_, reject) => {
        scheduler.after(back, owner, 'd1 refuses', () => reject(new Error(REFUSED)))
      })
    const answer = new Promise<T>((resolve, reject) => {
      const reply = (settle: () => void) => void scheduler.after(back, owner, 'd1 reply', settle)
      const done = () => {
        try {
          const result = apply()
          return () => resolve(result)
        } catch (error) {
          return () => reject(error)
        }
      }
      const arrive = () => {
        for (const { params } of trip.statements) scheduler.note(params.join('|'))
        if (fate === 'done') return reply(done())
        const { error, applied } = fate
        if (applied === 'yes') done()
        else if (applied !== 'no') scheduler.after(applied.late, PLATFORM, 'd1 late', done)
        reply(() => reject(new Error(error)))
      }
      scheduler.after(there, PLATFORM, fate === 'done' ? 'd1' : `d1 ${fate.error}`, arrive)
    })
    if (plan.crash === 'after') this.crash()
    return answer
  }
}
