/**
 * @module The contract of the JSON API: every route once, with its caller, its requests, its answers and its reasons. The router,
 * `docs/openapi.json`, `docs/api.md`, the Postman collection and the typed client come from it.
 */

import type * as z from 'zod'
import { ACQUIRER_ROUTES } from './contract/acquirer.ts'
import { BATCH_ROUTES } from './contract/batches.ts'
import { CASE_ROUTES } from './contract/cases.ts'
import { DAY_ROUTES } from './contract/days.ts'
import { KEY_ROUTES } from './contract/keys.ts'
import { PROVISIONING_ROUTES } from './contract/provisioning.ts'
import type { Route } from './contract/route.ts'
import { SALE_ROUTES } from './contract/sales.ts'
import { SERVICE_ROUTES } from './contract/service.ts'
import { VOID_ROUTES } from './contract/voids.ts'

export const CONTRACT = {
  ...VOID_ROUTES,
  ...SALE_ROUTES,
  ...CASE_ROUTES,
  ...ACQUIRER_ROUTES,
  ...PROVISIONING_ROUTES,
  ...KEY_ROUTES,
  ...SERVICE_ROUTES,
  ...BATCH_ROUTES,
  ...DAY_ROUTES,
} as const

export type Contract = typeof CONTRACT
export type RouteName = keyof Contract
export const ROUTES = Object.entries(CONTRACT) as readonly (readonly [RouteName, Route])[]

type Read<T> = T extends z.ZodType ? z.output<T> : undefined
type Member<N extends RouteName, K extends keyof Route> = Contract[N] extends { readonly [k in K]: infer T }
  ? Read<T>
  : undefined

export type PathOf<N extends RouteName> = Member<N, 'path'>
export type QueryOf<N extends RouteName> = Member<N, 'query'>
export type BodyOf<N extends RouteName> = Member<N, 'body'>
export type LineOf<N extends RouteName> = Member<N, 'line'>

type Answers<N extends RouteName> = Contract[N]['answers']
type BodyAt<A> = A extends { readonly body: infer B; readonly type: 'application/x-ndjson' }
  ? readonly Read<B>[]
  : A extends { readonly body: null }
    ? string
    : A extends { readonly body: infer B }
      ? Read<B>
      : never

/** The answers of a route that are no refusals. */
export type AnswerOf<N extends RouteName> = {
  [S in keyof Answers<N>]: { readonly status: S; readonly body: BodyAt<Answers<N>[S]> }
}[keyof Answers<N>]
