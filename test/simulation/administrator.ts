/**
 * @module An administrator of a world. It changes the settings of merchants, the states and master keys of terminals, and
 * bearer keys, while their messages run. It has a bearer key of its own, which another administrator may revoke.
 */

import { must } from './checks.ts'
import { type ActorContext, Power } from './context.ts'
import { type JsonAnswer, jsonRequest, sendJson } from './json-client.ts'
import { componentsOf, pathOf } from './master-key.ts'
import type { Random } from './platform/random.ts'
import type { TestTerminal } from './terminal.ts'

/** The owner of administrators' keys among the bearer keys of a world. */
export const ADMINISTRATORS = 'admin'

const MINUTE = 60_000
const SHANGHAI = 8 * 60

export interface AdministratorOptions {
  readonly name: string
  readonly merchants: readonly string[]
  readonly terminals: readonly TestTerminal[]
  readonly random: Random
  /** Mean time between two acts, in milliseconds. */
  readonly pause: number
  /** Gets each new key, which no row and no line may have. */
  readonly keep: (secret: string) => void
}

export class Administrator {
  isDone = false
  readonly #context: ActorContext
  readonly #options: AdministratorOptions
  #keyCount = 0

  constructor(context: ActorContext, options: AdministratorOptions) {
    this.#context = context
    this.#options = options
  }

  /** Does this many acts in turn. */
  start(acts: number): void {
    const { scheduler, act } = this.#context
    const { name, random, pause } = this.#options
    act(new Power(name), async () => {
      for (let i = 0; i < acts; i++) {
        await scheduler.sleep(random.delay(pause))
        if (random.chance(0.8)) await this.#duringMessage()
        await this.#act()
      }
      this.isDone = true
    })
  }

  /** A change matters most between the load of a message and its commit. */
  async #duringMessage(): Promise<void> {
    const { scheduler, network } = this.#context
    const { random, pause } = this.#options
    await Promise.race([network.next(), scheduler.sleep(pause)])
    await scheduler.sleep(random.below(25))
  }

  /** Everything as it was at first, without faults: the terminals and clients must be able to finish. */
  async restore(): Promise<void> {
    const window = { kind: 'business_day' }
    const usual = { state: 'active', cutOff: '23:00', window, lateReversals: 'allow' }
    const spare = this.#context.spareKeys.get(ADMINISTRATORS)
    for (const merchantId of this.#options.merchants)
      await this.#must(jsonRequest(spare, 'PUT', `/v1/merchants/${merchantId}`, usual))
    for (const terminal of this.#options.terminals) {
      const tmk = this.#freshMasterKey()
      const body = { state: 'active', tmk: this.#components(terminal, tmk) }
      await this.#must(jsonRequest(spare, 'PUT', pathOf(terminal), body))
      terminal.changeMasterKey(tmk)
    }
  }

  async #must(request: Parameters<typeof sendJson>[1]): Promise<void> {
    const answer = await sendJson(this.#context, request)
    must(answer?.status === 200, `${request.method} ${request.path}: ${answer?.status} at the end`)
  }

  async #act(): Promise<void> {
    const { random, merchants, terminals } = this.#options
    switch (random.weighted({ settings: 6, close: 1, key: 5, block: 1, masterKey: 1 })) {
      case 'settings':
        await this.#put(`/v1/merchants/${random.pick(merchants)}`, this.#settings())
        return
      case 'close':
        return this.#for(`/v1/merchants/${random.pick(merchants)}`, 'closed')
      case 'block':
        return this.#for(pathOf(random.pick(terminals)), random.pick(['blocked', 'stolen'] as const))
      case 'key':
        return this.#changeKey(random.chance(0.5) ? ADMINISTRATORS : random.pick(merchants))
      case 'masterKey':
        return this.#changeMasterKey(random.pick(terminals))
    }
  }

  /** Out of use for some time. */
  async #for(path: string, state: string): Promise<void> {
    await this.#put(path, { state })
    await this.#context.scheduler.sleep(this.#options.random.delay(this.#options.pause / 2))
    await this.#put(path, { state: 'active' })
  }

  /** Often a window or a cut-off that ends about now. */
  #settings(): object {
    const { random } = this.#options
    const local = Math.floor(this.#context.scheduler.now / MINUTE) + SHANGHAI + random.between(-2, 3)
    const time = [Math.floor(local / 60) % 24, local % 60]
    const cutOff = time.map((part) => String(part).padStart(2, '0')).join(':')
    const minutes = random.pick([1, 3, 30])
    return random.pick([
      { window: { kind: 'minutes', minutes } },
      { window: { kind: 'same_batch' } },
      { window: { kind: 'business_day' }, cutOff },
      { cutOff },
      { name: `name ${random.below(100)}` },
      { lateReversals: random.pick(['allow', 'refuse']) },
    ])
  }

  /** A new key comes into use when the one before it is revoked, while that one is in use. Some keys expire soon. */
  async #changeKey(owner: string): Promise<void> {
    const { random, name, keep } = this.#options
    const { bearerKeys, scheduler } = this.#context
    const expires = random.chance(0.3)
    const expiresAt = new Date(scheduler.now + random.pick([1_000, 10_000, 3 * MINUTE])).toISOString()
    const body = {
      name,
      ...(owner === ADMINISTRATORS ? {} : { merchantId: owner }),
      ...(expires ? { expiresAt } : {}),
    }
    const made = await this.#send('POST', '/v1/keys', body, `${name}-${this.#keyCount++}`)
    const { id, key } = made?.status === 201 ? made.body : {}
    if (typeof key !== 'string') return
    keep(key)
    const before = bearerKeys.get(owner)
    if (before?.id !== undefined) {
      const isOwn = owner === ADMINISTRATORS
      const acting = isOwn ? this.#actOnce() : this.#duringMessage()
      await (isOwn ? scheduler.sleep(random.below(25)) : acting)
      await this.#send('POST', `/v1/keys/${before.id}/revoke`, {})
      await acting
    }
    bearerKeys.set(owner, { key, id: String(id) })
  }

  /** An act of an administrator under the key that is about to be revoked. */
  async #actOnce(): Promise<void> {
    const { random, merchants, terminals, name } = this.#options
    const merchantId = random.pick(merchants)
    const acts = [
      () => this.#put(`/v1/merchants/${merchantId}`, this.#settings()),
      () => this.#put(pathOf(random.pick(terminals)), { settlementMac: 'optional' }),
      () => this.#send('POST', '/v1/keys', { name, merchantId }, `${name}-${this.#keyCount++}`),
    ]
    await random.pick(acts)()
  }

  async #changeMasterKey(terminal: TestTerminal): Promise<void> {
    const tmk = this.#freshMasterKey()
    // Not known whether it is changed: the terminal stays without keys until the end.
    const answer = await this.#put(pathOf(terminal), { tmk: this.#components(terminal, tmk) })
    if (answer?.status === 200) terminal.changeMasterKey(tmk)
  }

  #freshMasterKey(): Uint8Array<ArrayBuffer> {
    const tmk = this.#options.random.fill(new Uint8Array(16))
    this.#options.keep(Buffer.from(tmk).toString('hex'))
    return tmk
  }

  #components({ options: { macProfile } }: TestTerminal, tmk: Uint8Array): object {
    return componentsOf(this.#context, macProfile, tmk, this.#options.random)
  }

  #put(path: string, body: object): Promise<JsonAnswer | null> {
    return this.#send('PUT', path, body)
  }

  /** Up to four times, because an answer may be lost. The spare key where its own is refused. */
  async #send(
    method: string,
    path: string,
    body: object,
    idempotencyKey?: string,
  ): Promise<JsonAnswer | null> {
    const { bearerKeys, spareKeys, scheduler } = this.#context
    let bearer = bearerKeys.get(ADMINISTRATORS)?.key
    for (let attempt = 1; attempt <= 4; attempt++) {
      const answer = await sendJson(this.#context, jsonRequest(bearer, method, path, body, idempotencyKey))
      if (answer?.status === 401) bearer = spareKeys.get(ADMINISTRATORS)
      else if (answer !== null && answer.body.doNext !== 'retry') return answer
      await scheduler.sleep(1000)
    }
    return null
  }
}
