/**
 * @module A back office that reverses approved voids long after their answers. It uses the key of the merchant, and then that of an
 * administrator. It also reverses captured sales.
 */

import { ADMINISTRATORS } from './administrator.ts'
import { apiKey, type Sent } from './book.ts'
import { type ActorContext, Power } from './context.ts'
import { streamOf } from './further.ts'
import {
  clientAnswerOf,
  type JsonAnswer,
  jsonRequest,
  sendJson,
  untilFinal,
  withBearer,
} from './json-client.ts'
import { keepAnswer } from './kept-answer.ts'
import type { Random } from './platform/random.ts'

/** Milliseconds from the answer of a void in which its merchant may undo it (semantics.md, Late reversals). */
const UNDO_MS = 120_000

interface FoundVoid {
  readonly message_key: string
  readonly sale_id: string
  readonly amount: number
}

interface FoundSale {
  readonly message_key: string
  readonly merchant_id: string
  readonly terminal_id: string
  readonly batch_number: string
  readonly stan: string
  readonly amount: number
}

export interface LateOfficeOptions {
  readonly masterKey: string
  readonly random: Random
  /** Whether the sales of the world are captured. Only such sales can be reversed by JSON. */
  readonly isCaptured: boolean
  /** Mean time between two acts, in milliseconds. */
  readonly pause: number
}

export class LateOffice {
  isDone = false
  readonly #context: ActorContext
  readonly #options: LateOfficeOptions
  #keyCount = 0

  constructor(context: ActorContext, options: LateOfficeOptions) {
    this.#context = context
    this.#options = options
  }

  /** Does a third as many acts as others have messages, in turn. */
  start(acts: number): void {
    const { scheduler, act } = this.#context
    const { random, pause, isCaptured } = this.#options
    act(new Power('late office'), async () => {
      for (let i = 0; i < acts / 3; i++) {
        await scheduler.sleep(random.delay(pause))
        if (isCaptured && random.chance(0.4)) await this.#undoSale()
        else await this.#undoVoid()
      }
      this.isDone = true
    })
  }

  /** Usually an old void. The key of the merchant is refused for it, and the key of an administrator is not. */
  async #undoVoid(): Promise<void> {
    const { storage, scheduler, book } = this.#context
    const { random } = this.#options
    const found = storage.rows<FoundVoid>(
      `select message_key, sale_id, amount from void where state = 'approved' and message_key like 'api|%' order by message_key`,
    )
    const voids = found.filter(({ message_key }) => book.sent.get(message_key)?.idempotencyKey != null)
    if (voids.length === 0) return
    const { message_key, sale_id: saleId, amount } = random.pick(voids)
    const sent = book.sent.get(message_key)
    if (sent === undefined) return
    if (random.chance(0.7)) await scheduler.sleep(UNDO_MS + random.below(5_000))
    const { idempotencyKey, merchantId, terminalId } = sent
    const body = { saleId, amount, idempotencyKey }
    const target = { target: message_key, merchantId, terminalId, kind: 'void_reversal' } as const
    const answer = await this.#send(merchantId, body, target)
    if (answer?.body.reason !== 'approval_required') return
    this.#context.kinds.note('late reversals by JSON refused')
    const done = await this.#send(ADMINISTRATORS, { ...body, reason: 'the goods came back' }, target)
    if (done !== null && done.status < 300) this.#context.kinds.note('late reversals by an administrator')
  }

  async #undoSale(): Promise<void> {
    const { storage } = this.#context
    const sales = storage.rows<FoundSale>(
      `select message_key, merchant_id, terminal_id, batch_number, stan, amount from sale order by rowid desc limit 10`,
    )
    if (sales.length === 0) return
    const found = this.#options.random.pick(sales)
    const {
      merchant_id: merchantId,
      terminal_id: terminalId,
      batch_number: batchNumber,
      stan,
      amount,
    } = found
    const body = { merchantId, terminalId, batchNumber, stan, amount }
    const target = { target: found.message_key, merchantId, terminalId, kind: 'sale_reversal' } as const
    await this.#send(merchantId, body, target)
  }

  async #send(
    owner: string,
    body: object,
    {
      target,
      merchantId,
      terminalId,
      kind,
    }: Pick<Sent, 'merchantId' | 'terminalId'> & {
      readonly target: string
      readonly kind: 'void_reversal' | 'sale_reversal'
    },
  ): Promise<JsonAnswer | null> {
    const { book, scheduler, spareKeys } = this.#context
    const idempotencyKey = `late-${this.#keyCount++}`
    const key = apiKey(this.#options.masterKey, owner, kind, idempotencyKey)
    const request = jsonRequest('', 'POST', '/v1/reversals', body, idempotencyKey)
    book.targets.set(key, target)
    const sent = book.enter({
      key,
      kind,
      terminalId,
      merchantId,
      idempotencyKey,
      sentAt: scheduler.now,
      resend: async () => {
        const answer = await sendJson(this.#context, withBearer(request, spareKeys.get(owner)))
        return answer?.body.certainty === 'FINAL' ? clientAnswerOf(answer, scheduler.now) : null
      },
    })
    const answer = await untilFinal(this.#context, owner, request)
    // An answer to a query is that of the void.
    const isOwn = answer !== null && ('receivedAt' in answer.body || answer.status >= 400)
    if (isOwn && answer.body.reason !== 'approval_required')
      keepAnswer(this.#context, sent, clientAnswerOf(answer, scheduler.now))
    return answer
  }
}

/** In half of the worlds. */
export function drawLateOffice(
  context: ActorContext,
  seed: number,
  options: Omit<LateOfficeOptions, 'random'>,
): LateOffice | null {
  const random = streamOf(seed, 'office')
  return random.chance(0.5) ? new LateOffice(context, { ...options, random }) : null
}
