/**
 * @module A JSON client of a world that knows nothing but the contract: it does what `doNext` says and waits as long as
 * `retryAfter` says; where no answer comes it sends the same again.
 */

import { apiVoidKey, type Told } from './book.ts'
import { must, Violation } from './checks.ts'
import type { HttpReply, HttpRequest } from './platform/isolate.ts'
import { Power, type Stage } from './stage.ts'

const PATIENCE_MS = 20_000
/** Far more than any fault lasts: a client that asks so often was never going to be told. */
const MOST_TRIES = 600

export interface ShopOptions {
  readonly name: string
  readonly merchantId: string
  readonly masterKey: string
  readonly pause: number
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export class Shop {
  isDone = false
  /** How often it was told to call someone, since no one knows the outcome. */
  cases = 0
  readonly owner: Power
  readonly #stage: Stage
  readonly #options: ShopOptions
  #made = 0

  constructor(stage: Stage, options: ShopOptions) {
    this.#stage = stage
    this.#options = options
    this.owner = new Power(options.name)
  }

  /** Asks for this many voids, one after the other. */
  start(voids: number): void {
    const { scheduler, random, act } = this.#stage
    act(this.owner, async () => {
      for (let i = 0; i < voids; i++) {
        await scheduler.sleep(random.delay(this.#options.pause))
        await this.#void()
      }
      this.isDone = true
    })
  }

  async #void(): Promise<void> {
    const { random, sales, storage, book, scheduler } = this.#stage
    const { merchantId, masterKey, name } = this.#options
    const known = sales.filter((sale) => sale.merchantId === merchantId)
    if (known.length === 0) return
    const sale = random.chance(0.7)
      ? known.at(-1 - random.below(Math.min(4, known.length)))
      : random.pick(known)
    if (sale === undefined) return
    const [row] = storage.rows<{ id: string }>(
      'select id from sale where rrn = ? and terminal_id = ?',
      sale.rrn,
      sale.terminalId,
    )
    if (row === undefined) throw new Error(`sale ${sale.rrn} was told and is not there`)
    const idempotencyKey = `${name}-${this.#made++}`
    const request = this.#request(row.id, sale.amount, idempotencyKey)
    const key = apiVoidKey(masterKey, merchantId, idempotencyKey)
    const sent = book.enter({
      key,
      kind: 'void',
      terminalId: sale.terminalId,
      sentAt: scheduler.now,
      ask: async () => {
        const answer = await this.#exchange(request)
        return answer === null ? null : toldOf(answer, scheduler.now)
      },
    })
    const told = await this.#untilFinal(request)
    if (told === null) this.cases++
    else sent.told.push(told)
    if (random.chance(0.1)) await this.#reuse(idempotencyKey, row.id, sale.amount)
  }

  /** The key once more, for something else: refused, whatever else is so. */
  async #reuse(idempotencyKey: string, saleId: string, amount: number): Promise<void> {
    const answer = await this.#exchange(this.#request(saleId, amount + 1, idempotencyKey))
    if (answer?.body.certainty !== 'FINAL') return
    must(answer.status >= 400, `${idempotencyKey} was used for something else: ${answer.status}`)
    must(answer.body.reason === 'key_reused_with_different_content', `and told ${answer.body.reason}`)
  }

  #request(saleId: string, amount: number, idempotencyKey: string): HttpRequest {
    const body = JSON.stringify({ saleId, amount, reason: 'customer_changed_mind' })
    return {
      method: 'POST',
      path: '/v1/voids',
      headers: {
        authorization: `Bearer ${this.#stage.bearers.get(this.#options.merchantId)}`,
        'content-type': 'application/json',
        'content-length': String(body.length),
        'idempotency-key': idempotencyKey,
      },
      body,
    }
  }

  async #untilFinal(request: HttpRequest): Promise<Told | null> {
    const { scheduler } = this.#stage
    let next = request
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      const answer = await this.#exchange(next)
      const { certainty, doNext = 'retry', retryAfter = 1, id } = answer?.body ?? {}
      if (answer !== null && certainty === 'FINAL') return toldOf(answer, scheduler.now)
      if (doNext === 'contact_acquirer') return null
      if (doNext === 'query') next = lookAt(request, String(id))
      else if (doNext !== 'retry')
        throw new Violation(`not final, and told to ${JSON.stringify(answer?.body)}`)
      await scheduler.sleep(Number(retryAfter) * 1000)
    }
    throw new Violation(`${this.#options.name}: not final after ${MOST_TRIES} tries`)
  }

  /** Null where nothing came that says anything. */
  async #exchange(request: HttpRequest): Promise<Answer | null> {
    const reply = await this.#stage.network.send(request, PATIENCE_MS)
    return reply === null ? null : readJson(reply)
  }
}

function readJson({ status, body }: HttpReply): Answer | null {
  if (body.length === 0) return null
  return { status, body: JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown> }
}

const lookAt = ({ headers }: HttpRequest, id: string): HttpRequest => ({
  method: 'GET',
  path: `/v1/voids/${id}`,
  headers: { authorization: headers.authorization ?? '' },
  body: null,
})

/** `POST` gives the void or a problem, `GET` the void as it stands. */
function toldOf({ status, body }: Answer, at: number): Told {
  const isVoid = status === 201 || status === 200
  const approved = isVoid && body.status === 'approved'
  return {
    at,
    verdict: approved ? 'approved' : 'declined',
    code: approved ? '00' : String(isVoid ? body.status : body.reason),
    rrn: isVoid ? String(body.rrn) : '',
    how: status === 200 ? 'looked at' : 'asked',
    content: JSON.stringify(body),
  }
}
