/** @module The types of the client. They come from the contract of the API, and nothing of the contract is in the program. */

import type * as z from 'zod'
import type { AnswerOf, Contract, RouteName } from '../api/contract.ts'
import type { ProblemBody } from '../api/json/problem.ts'

export type { ProblemBody as Problem, RouteName }

type Sent<T> = T extends z.ZodType ? z.input<T> : never

/** A member of a request: required if its schema requires anything. */
type Member<K extends string, T> = object extends T ? { readonly [k in K]?: T } : { readonly [k in K]: T }

type Part<N extends RouteName, K extends 'path' | 'query'> = Contract[N] extends {
  readonly [k in K]: infer T
}
  ? Member<K, Sent<T>>
  : unknown

type JsonBody<N extends RouteName> = Contract[N] extends { readonly body: infer T }
  ? { readonly body: Sent<T>; readonly lines?: never }
  : never

type NdjsonBody<N extends RouteName> = Contract[N] extends { readonly line: infer T }
  ? { readonly lines: readonly Sent<T>[]; readonly body?: never }
  : never

type Body<N extends RouteName> = [JsonBody<N> | NdjsonBody<N>] extends [never]
  ? unknown
  : JsonBody<N> | NdjsonBody<N>

/** The routes whose acts have a key. */
export type KeyedRoute = {
  [N in RouteName]: Contract[N] extends { readonly idempotencyKey: true } ? N : never
}[RouteName]

type Key<N extends RouteName> = N extends KeyedRoute
  ? {
      /**
       * The key of the act. The client makes one if it is missing. Give it to continue an act of an earlier run. It has 1 to 255
       * visible ASCII characters, or is a quoted string of them. The client throws a `TypeError` on any other text.
       */
      readonly idempotencyKey?: string
    }
  : unknown

export interface CallOptions {
  /** Ends the request, and every retry of it. */
  readonly signal?: AbortSignal
  /** The id of the request in the log of the service. */
  readonly requestId?: string
}

/** The input of a route: path, query and body, as the contract has them. */
export type CallInput<N extends RouteName> = Part<N, 'path'> &
  Part<N, 'query'> &
  Body<N> &
  Key<N> &
  CallOptions

/** The members of every result. */
export interface CallMeta {
  readonly requestId: string | null
  /** The key of the act; null if the route has none. */
  readonly idempotencyKey: string | null
  /** True if the answer is the first answer again. */
  readonly replayed: boolean
  /** The path of the resource. */
  readonly location: string | null
  /** The number of requests that were sent. */
  readonly attempts: number
}

/** An answer of a route. */
export type CallAnswer<N extends RouteName> = AnswerOf<N> & CallMeta & { readonly ok: true }

/** A refusal. `status` is the status of the problem. */
export interface CallRefusal extends CallMeta {
  readonly ok: false
  readonly status: number
  readonly body: ProblemBody
}

export type CallResult<N extends RouteName> = CallAnswer<N> | CallRefusal

export type ApiVoid = AnswerOf<'GET /v1/voids/{reference}'>['body']
export type ApiReversal = AnswerOf<'POST /v1/reversals'>['body']
export type ApiSale = AnswerOf<'GET /v1/sales/{reference}'>['body']

/** The routes that answer in pages. */
export type ListRoute =
  | 'GET /v1/late-reversals'
  | 'GET /v1/cases'
  | 'GET /v1/acquirer-messages'
  | 'GET /v1/keys'
  | 'GET /v1/batch-differences'
  | 'GET /v1/acquirer-days'
export type PageQuery<N extends ListRoute> = z.input<Contract[N]['query']>
export type PageOf<N extends ListRoute> = z.output<Contract[N]['answers'][200]['body']>
