/**
 * @module The network between clients and isolates: requests and answers that are lost, doubled, late and out
 * of order.
 */

import type { HttpReply, HttpRequest, Isolate } from './isolate.ts'
import { PLATFORM } from './isolate.ts'
import { type Owner, running, type Scheduler } from './scheduler.ts'

/** The plan of one copy of a request. Times in milliseconds. */
export interface CopyPlan {
  readonly isolate: Isolate
  readonly there: number
  readonly back: number
  /** `answer crossed`: another terminal's answer arrives instead. */
  readonly fate: 'done' | 'request lost' | 'answer lost' | 'answer crossed'
}

const TERMINALS = '/v1/iso8583'
const KEYS = '/v1/keys'

/** The sender of frames that no terminal sent. */
export const ATTACKER = 'attacker'

export class Network {
  readonly #scheduler: Scheduler
  /** The latest answer to a terminal. */
  #latest: HttpReply | null = null
  #waiting: (() => void)[] = []
  readonly #plan: (request: HttpRequest) => readonly CopyPlan[]

  constructor(scheduler: Scheduler, plan: (request: HttpRequest) => readonly CopyPlan[]) {
    this.#scheduler = scheduler
    this.#plan = plan
  }

  /** Resolves when the next message of a terminal or merchant leaves. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The first answer, or null after `deadline` ms, when the client closes the connection. */
  send(request: HttpRequest, deadline: number): Promise<HttpReply | null> {
    const { owner } = running.getStore() ?? {}
    if (owner === undefined) throw new Error('send: outside the simulation')
    const { method, path } = request
    if (method === 'POST' && !path.startsWith(KEYS)) for (const go of this.#waiting.splice(0)) go()
    return new Promise((resolve) => {
      const hangUps: (() => void)[] = []
      const late = this.#scheduler.after(deadline, owner, 'no answer', () => {
        resolve(null)
        this.#hangUp(hangUps)
      })
      const arrive = (reply: HttpReply) => {
        late.cancelled = true
        resolve(reply)
      }
      for (const copy of this.#plan(request)) hangUps.push(this.#carry(request, copy, owner, arrive))
    })
  }

  #carry(request: HttpRequest, copy: CopyPlan, owner: Owner, arrive: (reply: HttpReply) => void): () => void {
    const { isolate, there, back, fate } = copy
    let leave = () => {}
    if (fate === 'request lost') return leave
    this.#scheduler.after(there, PLATFORM, `→ ${isolate.name} ${request.method} ${request.path}`, () => {
      leave = isolate.handle(request, (reply) => {
        this.#scheduler.note(`${reply.status} ${Buffer.from(reply.body).toString('latin1')}`)
        const isFrame = request.path === TERMINALS
        const received = fate === 'answer crossed' && isFrame ? this.#latest : reply
        // An answer to the attacker has no MAC, and reaches no terminal through TLS.
        if (isFrame && owner.name !== ATTACKER) this.#latest = reply
        if (fate === 'answer lost' || received === null) return
        this.#scheduler.after(back, owner, `← ${received.status}`, () => arrive(received))
      })
    })
    return () => leave()
  }

  /** The other end notices it a little later. */
  #hangUp(hangUps: readonly (() => void)[]): void {
    this.#scheduler.after(50, PLATFORM, 'hangs up', () => {
      for (const hangUp of hangUps) hangUp()
    })
  }
}
