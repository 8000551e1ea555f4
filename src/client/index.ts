/**
 * @module The typed client of the JSON API. It makes the keys of acts, waits `Retry-After`, sends a request again until it has an
 * answer, and follows `doNext` until an outcome is final.
 */

import { hasKey } from './keys.ts'
import { type ClientRuntime, defaults, within } from './runtime.ts'
import type {
  ApiReversal,
  ApiSale,
  ApiVoid,
  CallInput,
  CallMeta,
  CallRefusal,
  CallResult,
  ListRoute,
  PageOf,
  PageQuery,
  Problem,
  RouteName,
} from './types.ts'
import { type AnyInput, isProblem, type ReadResponse, readResponse, toHttp } from './wire.ts'

export type * from './types.ts'
export type { ClientRuntime }

export interface ClientOptions extends Partial<ClientRuntime> {
  /** The address of the service. */
  readonly url: string | URL
  /** The bearer key of a merchant or of an administrator. */
  readonly key: string
  /** The most requests for one call. The default is 6. */
  readonly maxAttempts?: number
  /** The longest time for one call in milliseconds, requests and waits included. The default is 60,000. */
  readonly deadlineMs?: number
  /**
   * The longest time from the answer to a void until its outcome is final, in milliseconds, requests and waits included. The
   * default is 240,000: the service decides in 180,000.
   */
  readonly finalMs?: number
}

/** No answer arrived. The act may have happened: continue it with the same `idempotencyKey`. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly route: string
  /** The key of the act; null if the route has none. */
  readonly idempotencyKey: string | null
  readonly attempts: number

  constructor(route: string, idempotencyKey: string | null, attempts: number, cause: unknown) {
    super(`${route}: no answer after ${attempts} requests`, { cause })
    this.route = route
    this.idempotencyKey = idempotencyKey
    this.attempts = attempts
  }
}

/** The last known state of a void or reversal. Its `certainty` is not `FINAL` if it is a case, the time is over, or queries fail. */
export type FinalResult<B> =
  | (CallMeta & { readonly ok: true; readonly status: number; readonly body: B })
  | CallRefusal

export interface Client {
  /** Sends a request of a route. Retries are safe: the client keeps the key of the act. Throws `NoAnswer`. */
  request<N extends RouteName>(route: N, ...input: RequiredInput<N>): Promise<CallResult<N>>
  /** Voids a sale, and queries the void until its outcome is final. */
  void(input: OneVoid): Promise<FinalResult<ApiVoid>>
  /** Reverses a void or a captured sale, and queries it until its outcome is final. */
  reverse(input: CallInput<'POST /v1/reversals'>): Promise<FinalResult<ApiReversal | ApiVoid | ApiSale>>
  /** Every item of the pages of a list, in order. Throws `Refused` on a refusal. */
  items<N extends ListRoute>(route: N, query?: PageQuery<N>): AsyncGenerator<PageOf<N>['items'][number]>
}

/** One void as JSON. A list goes by `request`. */
type OneVoid = Exclude<CallInput<'POST /v1/voids'>, { readonly lines: unknown }>

type RequiredInput<N extends RouteName> =
  object extends CallInput<N> ? [input?: CallInput<N>] : [input: CallInput<N>]

/** A refusal, thrown where there is no result to return. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.reason}: ${problem.title}`)
    this.problem = problem
  }
}

/** The wait before the next request without `Retry-After`, in milliseconds. It doubles with each attempt. */
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 8_000

export function createClient(options: ClientOptions): Client {
  const { url, key: bearer, maxAttempts = 6, deadlineMs = 60_000, finalMs = 240_000 } = options
  const { fetch, now, sleep, newKey } = { ...defaults, ...options }
  const base = new URL(url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'

  /** True if there is time for another request after the wait. */
  async function waits(ms: number, until: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (now() + ms >= until) return false
    await sleep(ms, signal)
    signal?.throwIfAborted()
    return now() < until
  }

  async function send(
    route: string,
    input: AnyInput,
    limitMs = deadlineMs,
  ): Promise<ReadResponse & CallMeta> {
    const acts = hasKey(route)
    // Each line of a list has its own.
    const key = acts && input.lines === undefined ? (input.idempotencyKey ?? newKey()) : null
    const http = toHttp(base, bearer, route, input, key)
    const until = now() + limitMs
    let failure: unknown
    // An act that got no answer may have happened. A later refusal for a while does not deny that.
    let mayHaveActed = false
    for (let attempts = 1; ; attempts++) {
      let found: ReadResponse | null = null
      try {
        found = await within(until - now(), input.signal, async (signal) =>
          readResponse(route, await fetch(http.url, { ...http.init, signal })),
        )
      } catch (error) {
        input.signal?.throwIfAborted()
        failure = error
      }
      if (found === null && acts) mayHaveActed = true
      if (found !== null && !isToRetry(found)) return { ...found, idempotencyKey: key, attempts }
      const isLast = attempts >= maxAttempts
      if (isLast || !(await waits(waitOf(found, attempts), until, input.signal))) {
        if (found === null || mayHaveActed) throw new NoAnswer(route, key, attempts, failure)
        return { ...found, idempotencyKey: key, attempts }
      }
    }
  }

  async function request<N extends RouteName>(
    route: N,
    ...[input]: RequiredInput<N>
  ): Promise<CallResult<N>> {
    return (await send(route, (input ?? {}) as AnyInput)) as unknown as CallResult<N>
  }

  /** The current state of a void or sale. Null if there is no answer, or a refusal for a while. */
  async function query(
    { route, reference }: TargetReference,
    limitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<(ReadResponse & CallMeta) | null> {
    try {
      const found = await send(route, { path: { reference }, signal }, limitMs)
      return isToRetry(found) ? null : found
    } catch (error) {
      if (error instanceof NoAnswer) return null
      throw error
    }
  }

  /** Queries a void or sale as long as its state says so. A query that fails says nothing about it, so the last state stays. */
  async function follow<B extends ApiReversal | ApiVoid | ApiSale>(
    first: ReadResponse & CallMeta,
    signal: AbortSignal | undefined,
  ): Promise<FinalResult<B>> {
    const until = now() + finalMs
    const { idempotencyKey } = first
    const target = first.ok ? targetOf(first.body as ApiReversal | ApiVoid) : null
    let last = first
    while (last.ok && target !== null) {
      const { doNext, retryAfter = 1 } = last.body as ApiVoid
      if (doNext !== 'query') break
      if (!(await waits(retryAfter * 1000, until, signal))) break
      const next = await query(target, Math.min(deadlineMs, until - now()), signal)
      if (next?.ok === false) break
      if (next !== null) last = { ...next, idempotencyKey }
    }
    return last as unknown as FinalResult<B>
  }

  return {
    request,
    void: async (input) => follow<ApiVoid>(await send('POST /v1/voids', input), input.signal),
    reverse: async (input) =>
      follow<ApiReversal | ApiVoid | ApiSale>(await send('POST /v1/reversals', input), input.signal),
    async *items<N extends ListRoute>(route: N, query?: PageQuery<N>) {
      let cursor = query?.cursor
      do {
        const found = await send(route, { query: { ...query, cursor } })
        if (isProblem(found.body)) throw new Refused(found.body)
        const page = found.body as PageOf<N>
        yield* page.items
        cursor = page.next ?? undefined
      } while (cursor !== undefined)
    },
  }
}

/** The target of the target of a void or reversal. */
interface TargetReference {
  readonly route: 'GET /v1/voids/{reference}' | 'GET /v1/sales/{reference}'
  readonly reference: string
}

/** Null: the target of the reversal has not arrived. */
function targetOf(body: ApiReversal | ApiVoid): TargetReference | null {
  const voidId = 'voidId' in body ? body.voidId : body.id
  if (voidId !== null) return { route: 'GET /v1/voids/{reference}', reference: voidId }
  return body.saleId === null ? null : { route: 'GET /v1/sales/{reference}', reference: body.saleId }
}

/** `retry` in an answer to an inquiry is about the message, not about the inquiry. */
const isToRetry = ({ ok, body }: ReadResponse): boolean =>
  !ok && isProblem(body) && body.doNext === 'retry' && body.found === undefined

function waitOf(found: ReadResponse | null, attempts: number): number {
  const growing = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS)
  return found?.retryAfter == null ? growing : found.retryAfter * 1000
}
