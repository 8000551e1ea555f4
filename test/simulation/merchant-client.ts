/** @module A back office of a world: voids sales of its merchant, often those that someone else is voiding too, and undoes some. */

import { apiKey, type Sent } from './book.ts'
import { must } from './checks.ts'
import { type ActorContext, type KnownSale, Power } from './context.ts'
import { ask, clientAnswerOf, jsonRequest, untilFinal } from './json-client.ts'
import type { HttpRequest } from './platform/isolate.ts'

export interface MerchantClientOptions {
  readonly name: string
  readonly merchantId: string
  readonly masterKey: string
  readonly pause: number
}

/** A void that is asked for under a key of the shop's own. */
export interface Wanted {
  readonly idempotencyKey: string
  readonly saleId: string
  readonly amount: number
  readonly terminalId: string
}

export class MerchantClient {
  isDone = false
  readonly owner: Power
  readonly #context: ActorContext
  readonly #options: MerchantClientOptions
  #made = 0

  constructor(context: ActorContext, options: MerchantClientOptions) {
    this.#context = context
    this.#options = options
    this.owner = new Power(options.name)
  }

  /** Asks for this many voids, one after the other. */
  start(voids: number): void {
    this.isDone = false
    const { scheduler, random, act } = this.#context
    act(this.owner, async () => {
      for (let i = 0; i < voids; i++) {
        await scheduler.sleep(random.delay(this.#options.pause))
        const sale = this.#pick()
        if (sale !== undefined) await this.#dealWith(sale)
      }
      this.isDone = true
    })
  }

  /** Mostly one of the latest. */
  #pick(): KnownSale | undefined {
    const { random, sales } = this.#context
    const known = sales.filter((sale) => sale.merchantId === this.#options.merchantId)
    if (known.length === 0) return undefined
    return random.chance(0.7) ? known.at(-1 - random.below(Math.min(4, known.length))) : random.pick(known)
  }

  async #dealWith(sale: KnownSale): Promise<void> {
    const { random } = this.#context
    const wanted = this.want(sale)
    // Before it was ever seen: it is barred.
    if (random.chance(0.05)) await this.reverse(wanted)
    await this.void(wanted)
    if (random.chance(0.15)) await this.reverse(wanted)
    if (random.chance(0.1)) await this.#reuse(wanted)
  }

  /** A void of this sale, under a fresh key. */
  want({ rrn, terminalId, amount }: KnownSale): Wanted {
    const find = 'select id from sale where rrn = ? and terminal_id = ?'
    const [row] = this.#context.storage.rows<{ id: string }>(find, rrn, terminalId)
    must(row !== undefined, `sale ${rrn} was told and is not there`)
    const idempotencyKey = `${this.#options.name}-${this.#made++}`
    return { idempotencyKey, saleId: row.id, amount, terminalId }
  }

  /** Resolves when it is final, or a case. */
  async void(wanted: Wanted): Promise<void> {
    const { idempotencyKey, saleId, amount } = wanted
    const body = { saleId, amount, reason: 'customer_changed_mind' }
    const request = this.#post('/v1/voids', body, idempotencyKey)
    await this.#finish(this.#enter('void', wanted, idempotencyKey), request)
  }

  /** The void's reversal, under a key of its own. */
  async reverse(wanted: Wanted): Promise<void> {
    const { idempotencyKey, saleId, amount } = wanted
    const own = `${this.#options.name}-${this.#made++}`
    const request = this.#post('/v1/reversals', { saleId, amount, idempotencyKey }, own)
    const { merchantId, masterKey } = this.#options
    const sent = this.#enter('void_reversal', wanted, own)
    this.#context.book.targets.set(sent.key, apiKey(masterKey, merchantId, 'void', idempotencyKey))
    await this.#finish(sent, request)
  }

  /** The key once more, for something else: refused, whatever else is so. */
  async #reuse({ idempotencyKey, saleId, amount }: Wanted): Promise<void> {
    const answer = await ask(
      this.#context,
      this.#post('/v1/voids', { saleId, amount: amount + 1 }, idempotencyKey),
    )
    if (answer?.body.certainty !== 'FINAL') return
    must(answer.status >= 400, `${idempotencyKey} was used for something else: ${answer.status}`)
    const reason = String(answer.body.reason)
    const isKnown = ['key_reused_with_different_content', 'message_reversed'].includes(reason)
    must(isKnown, `${idempotencyKey} was used for something else, and told ${reason}`)
  }

  #post(path: string, body: object, idempotencyKey: string): HttpRequest {
    return jsonRequest(
      this.#context.bearers.get(this.#options.merchantId),
      'POST',
      path,
      body,
      idempotencyKey,
    )
  }

  #enter(kind: 'void' | 'void_reversal', { terminalId }: Wanted, idempotencyKey: string): Omit<Sent, 'ask'> {
    const { masterKey, merchantId } = this.#options
    const key = apiKey(masterKey, merchantId, kind, idempotencyKey)
    return {
      key,
      kind,
      terminalId,
      sentAt: this.#context.scheduler.now,
      answers: [],
      merchantId,
      idempotencyKey,
    }
  }

  async #finish(message: Omit<Sent, 'ask'>, request: HttpRequest): Promise<void> {
    const { book, scheduler } = this.#context
    const sent = book.enter({
      ...message,
      ask: async () => {
        const answer = await ask(this.#context, request)
        return answer?.body.certainty === 'FINAL' ? clientAnswerOf(answer, scheduler.now) : null
      },
    })
    const answer = await untilFinal(this.#context, request)
    if (answer === null) book.cases++
    else if (message.kind === 'void' || 'receivedAt' in answer.body || answer.status >= 400)
      sent.answers.push(clientAnswerOf(answer, scheduler.now))
  }
}
