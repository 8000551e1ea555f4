/**
 * @module An isolate: the real application over the simulated platform. It can die at any moment; another takes its place with
 * empty memory. Each request has a context of its own, which ends when it is answered (or its client hung up) and nothing is
 * left under `waitUntil`; what was under way in it then never comes back, as in workerd.
 */

import type { Hono } from 'hono'
import { createApp } from '../../../src/app.ts'
import { createServices, type Environment } from '../../../src/create-services.ts'
import { recover } from '../../../src/pipeline/recover.ts'
import type { Services } from '../../../src/pipeline/services.ts'
import type { AcquirerLink, AcquirerPlan } from './acquirer-link.ts'
import { bindD1, type Storage, type Trip } from './d1.ts'
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

/** What becomes of one trip to D1. Times in milliseconds. */
export interface D1Plan {
  readonly there: number
  readonly back: number
  /** `late`: the caller is told that the connection was lost, and the trip is made all the same, this much later. */
  readonly fate:
    | 'done'
    | { readonly error: string; readonly applied: 'no' | 'yes' | { readonly late: number } }
  /** The isolate dies before the trip leaves, or as soon as it has left. */
  readonly crash?: 'before' | 'after'
}

export interface Surroundings {
  readonly scheduler: Scheduler
  readonly storage: Storage
  readonly module: WebAssembly.Module
  readonly environment: Omit<Environment, 'DB' | 'ACQUIRER_SERVICE'>
  readonly acquirer: AcquirerLink
  planTrip(isolate: Isolate, trip: Trip): D1Plan
  planAcquirer(isolate: Isolate): AcquirerPlan
  /** A line of the log. */
  logged(line: string): void
  /** An answer is about to leave. */
  answering(isolate: Isolate, reply: HttpReply): void
}

/** The database and the network are no one's isolate, and do not die. */
export const PLATFORM: Owner = { name: 'platform', isAlive: () => true, skew: () => 0 }

/** How long `waitUntil` keeps a request's context after its answer or its client's end. */
const WAIT_UNTIL_MS = 30_000

/** How long a run of the recovery goes on (index.ts). */
const RECOVERY_MS = 50_000

interface Program {
  readonly services: Services
  readonly app: Hono
}

/** One life of an isolate, from its first request to its crash. */
interface Life {
  isAlive: boolean
  program: Promise<Program> | undefined
  readonly database: D1Database
}

/** One request's context. */
class Visit implements Owner {
  readonly name: string
  readonly skew: () => number
  readonly #life: Life
  #isOver = false
  #isLeft = false
  #waiting = 0

  constructor(name: string, life: Life, skew: () => number) {
    this.name = name
    this.skew = skew
    this.#life = life
  }

  isAlive(): boolean {
    return this.#life.isAlive && !this.#isOver
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#waiting++
    const done = () => {
      this.#waiting--
      this.#look()
    }
    promise.then(done, done)
  }

  /** Answered, or its client hung up. */
  leave(scheduler: Scheduler): void {
    if (this.#isLeft) return
    this.#isLeft = true
    scheduler.after(WAIT_UNTIL_MS, this, 'waitUntil ends', () => {
      this.#isOver = true
    })
    this.#look()
  }

  #look(): void {
    if (this.#isLeft && this.#waiting === 0) this.#isOver = true
  }
}

export class Isolate {
  readonly name: string
  skew = 0
  lives = 0
  readonly #around: Surroundings
  #life: Life

  constructor(name: string, around: Surroundings) {
    this.name = name
    this.#around = around
    this.#life = this.#begin()
  }

  #begin(): Life {
    this.lives++
    const database = bindD1(this.#around.storage, this.#trip)
    return { isAlive: true, program: undefined, database }
  }

  /** Dies here and now; the next request meets a new one. */
  crash(): void {
    this.#around.scheduler.note(`${this.name} dies`)
    this.#life.isAlive = false
    this.#life = this.#begin()
  }

  /** Takes a request; `deliver` gets its answer, unless it dies. Returns how its client hangs up. */
  take(request: HttpRequest, deliver: (reply: HttpReply) => void): () => void {
    const { scheduler } = this.#around
    const life = this.#life
    const visit = new Visit(this.name, life, () => this.skew)
    void scheduler.as(visit, async () => {
      const reply = await this.#answer(life, visit, request)
      if (!visit.isAlive()) return
      this.#around.answering(this, reply)
      if (!visit.isAlive()) return
      visit.leave(scheduler)
      deliver(reply)
    })
    return () => visit.leave(scheduler)
  }

  /** What the clock of Cloudflare sets off each minute. */
  cron(): void {
    const { scheduler } = this.#around
    const life = this.#life
    const visit = new Visit(this.name, life, () => this.skew)
    void scheduler.as(visit, async () => {
      life.program ??= this.#open(life.database)
      const { services } = await life.program
      // One that fails is tried again a minute later.
      await recover(services, services.now() + RECOVERY_MS).catch(() => scheduler.note('cron failed'))
      visit.leave(scheduler)
    })
  }

  async #answer(life: Life, visit: Visit, request: HttpRequest): Promise<HttpReply> {
    life.program ??= this.#open(life.database)
    const { app } = await life.program
    const { method, headers, body, path } = request
    const context = {
      waitUntil: (promise: Promise<unknown>) => visit.waitUntil(promise),
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

  /** As `index.ts` does. */
  async #open(database: D1Database): Promise<Program> {
    const { environment, module } = this.#around
    const services = await createServices(
      { ...environment, DB: database, ACQUIRER_SERVICE: { fetch: this.#askAcquirer } },
      {
        module,
        now: () => Date.now(),
        random: (bytes) => crypto.getRandomValues(bytes),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        log: (event, detail) => this.#around.logged(JSON.stringify({ event, ...detail })),
      },
    )
    return { services, app: createApp(services) }
  }

  #askAcquirer = (_url: string, init: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { scheduler, acquirer, planAcquirer } = this.#around
      const { owner } = running.getStore() ?? {}
      if (owner === undefined || !owner.isAlive()) return
      const plan = planAcquirer(this)
      if (plan.crash === 'before') return this.crash()
      scheduler.note('asks the acquirer')
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

  #trip = <T>(trip: Trip, apply: () => T): Promise<T> => {
    const { scheduler, planTrip } = this.#around
    const { owner } = running.getStore() ?? {}
    // What a dead one asks reaches no one.
    if (owner === undefined || !owner.isAlive()) return new Promise(() => {})
    const plan = planTrip(this, trip)
    if (plan.crash === 'before') {
      this.crash()
      return new Promise(() => {})
    }
    const { there, back, fate } = plan
    const answer = new Promise<T>((resolve, reject) => {
      const reply = (settle: () => void) => void scheduler.after(back, owner, 'd1 answers', settle)
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
