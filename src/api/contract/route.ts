/** @module The type of a route of the JSON API: one entry of the contract (contract.ts). */

import type * as z from 'zod'
import type { Scope } from '../../domain/scope.ts'
import type { Reason } from '../json/refusals.ts'

export type Method = 'GET' | 'POST' | 'PUT'

/** `merchant`: a merchant for its own data, an administrator for all. */
export type RouteCaller = 'anyone' | 'merchant' | 'administrator'

export type Tag =
  | 'voids'
  | 'sales'
  | 'inquiries'
  | 'cases'
  | 'acquirer'
  | 'provisioning'
  | 'keys'
  | 'service'
  | 'batches'

export interface RouteAnswer {
  readonly description: string
  /** The body of JSON, or one line of NDJSON. Null where the body is a text. */
  readonly body: z.ZodType | null
  readonly type?: 'application/json' | 'application/x-ndjson' | 'text/html' | 'text/css'
  /** The headers that not every answer has. */
  readonly headers?: readonly ('location' | 'idempotent-replayed')[]
  readonly example?: unknown
}

export interface Route {
  readonly operationId: string
  readonly tag: Tag
  readonly summary: string
  readonly description: string
  readonly caller: RouteCaller
  /** The scope that the key of the caller must have. Only a route for anyone has none. */
  readonly scope?: Scope
  /** Whether the secret `BOOTSTRAP_KEY` may stand for the key of an administrator. */
  readonly takesBootstrapKey?: true
  readonly path?: z.ZodObject
  readonly query?: z.ZodType
  /** Whether `Idempotency-Key` is required. In a list each line has a key as a member instead. */
  readonly idempotencyKey?: true
  /** The body as JSON. */
  readonly body?: z.ZodType
  /** One line of the body as NDJSON. */
  readonly line?: z.ZodType
  readonly answers: Readonly<Record<number, RouteAnswer>>
  /** The reasons of its refusals. `reasonsOf` adds those that follow from the members above. */
  readonly reasons: readonly Reason[]
  readonly example?: {
    readonly path?: object
    readonly query?: object
    readonly body?: unknown
    readonly lines?: readonly unknown[]
  }
}

/** A route by its name, `METHOD /path/{parameter}`. */
export type Routes = Readonly<Record<`${Method} /${string}`, Route>>

/** Every reason for which a route can refuse a request. */
export function reasonsOf(route: Route): readonly Reason[] {
  const { caller, path, query, body, line, idempotencyKey, reasons } = route
  const hasBody = body !== undefined || line !== undefined
  const implied: readonly (readonly [boolean, readonly Reason[]])[] = [
    [path !== undefined || query !== undefined || hasBody, ['invalid_request']],
    [idempotencyKey === true, ['idempotency_key_required']],
    [caller !== 'anyone', ['unauthorized']],
    [caller !== 'anyone', ['forbidden']],
    [hasBody, ['body_too_slow', 'body_too_large', 'unsupported_media_type']],
    [caller !== 'anyone', ['rate_limited', 'overloaded', 'unavailable']],
    [hasBody, ['outcome_unknown']],
  ]
  return [...new Set([...implied.flatMap(([is, those]) => (is ? those : [])), ...reasons])]
}
