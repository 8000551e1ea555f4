/**
 * @module A back office of a world: voids sales of its merchant, often ones that someone else voids too, and
 * reverses some voids.
 */

import { apiKey, type Sent } from './book.ts'
import { must } from './checks.ts'
import { type ActorContext, type KnownSale, Power } from './context.ts'
import { clientAnswerOf, jsonRequest, sendJson, untilFinal, withBearer } from './json-client.ts'
import { keepAnswer } from './kept-answer.ts'
import type { HttpRequest } from './platform/isolate.ts'

export interface MerchantClientOptions {
  readonly name: string
  readonly merchantId: string
  readonly masterKey: string
  readonly pause: number
}

/** A void under a key of this client. */
export interface PlannedVoid {
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
  #keyCount = 0

  constructor(context: ActorContext, options: MerchantClientOptions) {
    this.#context = context
    this.#options = options
    this.owner = new Power(options.name)
  }

  /** Requests this many voids in turn. */
  start(voids: number): void {
    this.isDone = false
    const { scheduler, random, act } = this.#context
    act(this.owner, async () => {
      for (let i = 0; i < voids; i++) {
        await scheduler.sleep(random.delay(this.#options.pause))
        const sale = this.pick()
        if (sale !== undefined) await this.#handle(sale)
      }
      this.isDone = true
    })
  }

  /** Usually one of the latest. */
  pick(): KnownSale | undefined {
    const { random, sales } = this.#context
    const known = sales.filter((sale) => sale.merchantId === this.#options.merchantId)
    if (known.length === 0) return undefined
    return random.chance(0.7) ? known.at(-1 - random.below(Math.min(4, known.length))) : random.pick(known)
  }

  async #handle(sale: KnownSale): Promise<void> {
    const { random } = this.#context
    const planned = this.planVoid(sale)
    if (this.#context.isChanging && random.chance(0.15)) return this.#cross(planned, sale)
    // Before the void exists, so that it is tombstoned.
    if (random.chance(0.05)) await this.reverse(planned)
    await this.void(planned)
    if (random.chance(0.15)) await this.reverse(planned)
    if (random.chance(0.1)) await this.#reuse(planned)
  }

  /** A void of this sale, under a fresh key. */
  planVoid({ rrn, terminalId, amount }: KnownSale): PlannedVoid {
    const find = 'select id from sale where rrn = ? and terminal_id = ?'
    const [row] = this.#context.storage.rows<{ id: string }>(find, rrn, terminalId)
    must(row !== undefined, `sale ${rrn} was answered, but is not stored`)
    const idempotencyKey = `${this.#options.name}-${this.#keyCount++}`
    return { idempotencyKey, saleId: row.id, amount, terminalId }
  }

  /** Resolves when it is final, or a case. */
  async void(planned: PlannedVoid): Promise<void> {
    const { idempotencyKey, saleId, amount } = planned
    const body = { saleId, amount, reason: 'customer_changed_mind' }
    const request = this.#post('/v1/voids', body, idempotencyKey)
    await this.#finish(this.#sentOf('void', planned, idempotencyKey), request)
  }

  /** The void's reversal, under a key of its own. */
  async reverse(planned: PlannedVoid): Promise<void> {
    const { idempotencyKey, saleId, amount } = planned
    const reversalKey = `${this.#options.name}-${this.#keyCount++}`
    const request = this.#post('/v1/reversals', { saleId, amount, idempotencyKey }, reversalKey)
    const { merchantId, masterKey } = this.#options
    const sent = this.#sentOf('void_reversal', planned, reversalKey)
    this.#context.book.targets.set(sent.key, apiKey(masterKey, merchantId, 'void', idempotencyKey))
    await this.#finish(sent, request)
  }

  /** The void against a reversal of it that names a sale of another terminal, so that it stands in another journal. */
  async #cross(planned: PlannedVoid, { terminalId, merchantId }: KnownSale): Promise<void> {
    const { random, sales } = this.#context
    const others = sales.filter((sale) => sale.merchantId === merchantId && sale.terminalId !== terminalId)
    if (others.length === 0) return this.void(planned)
    const { saleId, amount, terminalId: other } = this.planVoid(random.pick(others))
    await Promise.all([this.void(planned), this.reverse({ ...planned, saleId, amount, terminalId: other })])
  }

  /** The key again with other content: always refused, and for that reason where the key has an entry. */
  async #reuse(planned: PlannedVoid): Promise<void> {
    const { idempotencyKey, saleId, amount } = planned
    const { isChanging, storage } = this.#context
    const { key } = this.#sentOf('void', planned, idempotencyKey)
    const isUsed = storage.rows('select 1 from journal where message_key = ?', key).length > 0
    const request = this.#post('/v1/voids', { saleId, amount: amount + 1 }, idempotencyKey)
    const answer = await sendJson(this.#context, request)
    if (answer?.body.certainty !== 'FINAL') return
    must(answer.status >= 400, `${idempotencyKey} was reused with other content: ${answer.status}`)
    const reason = String(answer.body.reason)
    const known = ['key_reused_with_different_content', 'message_reversed']
    // A refusal of the sender, or one beyond the quota, uses up no key.
    if (isChanging) known.push('unauthorized', 'merchant_unknown')
    const isKnown = known.includes(reason) || (isChanging && !isUsed)
    must(isKnown, `${idempotencyKey} was reused with other content, and got ${reason}`)
  }

  #post(path: string, body: object, idempotencyKey: string): HttpRequest {
    return jsonRequest(
      this.#context.bearerKeys.get(this.#options.merchantId)?.key,
      'POST',
      path,
      body,
      idempotencyKey,
    )
  }

  #sentOf(
    kind: 'void' | 'void_reversal',
    { terminalId }: PlannedVoid,
    idempotencyKey: string,
  ): Omit<Sent, 'resend'> {
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

  async #finish(message: Omit<Sent, 'resend'>, request: HttpRequest): Promise<void> {
    const { book, scheduler, spareKeys } = this.#context
    const { merchantId } = this.#options
    const sent = book.enter({
      ...message,
      resend: async () => {
        const answer = await sendJson(this.#context, withBearer(request, spareKeys.get(merchantId)))
        return answer?.body.certainty === 'FINAL' ? clientAnswerOf(answer, scheduler.now) : null
      },
    })
    const answer = await untilFinal(this.#context, merchantId, request)
    if (answer === null) book.cases++
    else if (message.kind === 'void' || 'receivedAt' in answer.body || answer.status >= 400)
      keepAnswer(this.#context, sent, clientAnswerOf(answer, scheduler.now))
  }
}
