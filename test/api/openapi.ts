/** @module The OpenAPI 3.1 document of the contract. Schemas come from zod, and each named one stands once under `components`. */

import { readFileSync } from 'node:fs'
import type * as z from 'zod'
import { EXAMPLE_SALE_ID } from '../../src/api/contract/examples.ts'
import { type Route, type RouteAnswer, reasonsOf } from '../../src/api/contract/route.ts'
import { ROUTES, type RouteName } from '../../src/api/contract.ts'
import {
  type About,
  apiProblem,
  declineProblem,
  inquiryAt,
  type More,
  type Problem,
} from '../../src/api/json/problem.ts'
import { API_REFUSALS, type ApiReason, type Reason } from '../../src/api/json/refusals.ts'
import { idempotencyKey } from '../../src/api/json/schemas.ts'
import type { DeclineReason } from '../../src/domain/decline-reason.ts'
import { componentSchemas, type Json, jsonSchemaOf, reference, refOf } from './openapi-schemas.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly description?: string
  readonly schema: Json
  readonly example?: unknown
}

/** A parameter that two objects of a union have: it takes the values of both. */
function either(one: Json = {}, other: Json): Json {
  const choices = [one, other].map((schema) => schema.enum).filter(Array.isArray)
  return choices.length < 2 ? other : { ...one, ...other, enum: [...new Set(choices.flat())] }
}

/** The members of an object schema, or of each object of a union, as parameters. */
function parametersOf(
  where: 'path' | 'query',
  schema: z.ZodType | undefined,
  example: object = {},
): Parameter[] {
  if (schema === undefined) return []
  const [read, sent] = [jsonSchemaOf(schema, 'output'), jsonSchemaOf(schema, 'input')]
  const options = (read.anyOf ?? [read]) as Json[]
  const required = read.anyOf === undefined ? ((sent.required ?? []) as string[]) : []
  const members = new Map<string, Json>()
  for (const { properties } of options)
    for (const [name, member] of Object.entries(properties as Record<string, Json>))
      members.set(name, either(members.get(name), member))
  return [...members].map(([name, { description, ...member }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description: String(description) }),
    schema: member,
    ...(name in example ? { example: (example as Json)[name] } : {}),
  }))
}

const { description: _, ...keySchema } = jsonSchemaOf(idempotencyKey, 'input')

const KEY_PARAMETER: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description:
    'The key of one act, which the caller makes: `"k"` and `k` are the same key. The same key with the same content gets the first answer again.',
  schema: keySchema,
  example: '"order-4711-void"',
}

/** The key of a route that takes a list too. */
const KEY_PARAMETER_OF_ONE: Parameter = {
  ...KEY_PARAMETER,
  required: false,
  description: `${KEY_PARAMETER.description} Required with JSON. A list in NDJSON has no header, because each line has its own \`idempotencyKey\`.`,
}

const HEADERS = {
  'X-Request-Id': { description: 'The id of the request.', schema: { type: 'string' } },
  Location: { description: 'The path of what was made.', schema: { type: 'string' } },
  'Idempotent-Replayed': {
    description: 'Set where the answer is the first answer again.',
    schema: { const: 'true', type: 'string' },
  },
  'Retry-After': { description: 'Seconds to wait before the next request.', schema: { type: 'integer' } },
  'WWW-Authenticate': { description: 'Why the key is not accepted (RFC 6750).', schema: { type: 'string' } },
} as const

const headersOf = (...names: (keyof typeof HEADERS)[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

function answerOf({
  description,
  body,
  type = 'application/json',
  headers = [],
  example,
}: RouteAnswer): Json {
  const extra = headers.map(
    (name) => (name === 'location' ? 'Location' : 'Idempotent-Replayed') as keyof typeof HEADERS,
  )
  const schema = body === null ? { type: 'string' } : reference(body, 'output')
  return {
    description,
    headers: headersOf('X-Request-Id', ...extra),
    content: { [type]: { schema, ...(example === undefined ? {} : { example }) } },
  }
}

const isApiReason = (reason: Reason): reason is ApiReason => reason in API_REFUSALS

/** The members of the examples that depend on the request. */
const MORE: Readonly<Partial<Record<ApiReason, More>>> = {
  invalid_request: { errors: [{ in: 'body', pointer: '/amount', why: 'expected at least 1' }] },
  unsupported_media_type: {
    accepts: ['application/json'],
    errors: [{ in: 'header', pointer: '/content-type', why: 'expected application/json' }],
  },
}
const KEY_AT = inquiryAt({ idempotencyKey: 'order-4711-void' })
const ABOUT: About = { saleId: EXAMPLE_SALE_ID, keyAt: KEY_AT, targetAt: KEY_AT }

const problemOf = (reason: Reason): Problem =>
  isApiReason(reason) ? apiProblem(reason, MORE[reason]) : declineProblem(reason as DeclineReason, ABOUT)

/** The refusals of a route, by status. */
function refusalsOf(route: Route): Json {
  const byStatus = new Map<number, Reason[]>()
  for (const reason of reasonsOf(route)) {
    const { status } = problemOf(reason)
    byStatus.set(status, [...(byStatus.get(status) ?? []), reason])
  }
  return Object.fromEntries(
    [...byStatus].sort(([a], [b]) => a - b).map(([status, reasons]) => [status, refusalOf(status, reasons)]),
  )
}

function refusalOf(status: number, reasons: readonly Reason[]): Json {
  const retries = reasons.some((reason) => problemOf(reason).headers['retry-after'] !== undefined)
  const challenges = status === 401 || status === 403
  return {
    description: reasons.map((reason) => `\`${reason}\`: ${problemOf(reason).body.title}.`).join(' '),
    headers: headersOf(
      'X-Request-Id',
      ...(retries ? (['Retry-After'] as const) : []),
      ...(challenges ? (['WWW-Authenticate'] as const) : []),
    ),
    content: {
      'application/problem+json': {
        schema: { $ref: refOf('Problem') },
        examples: Object.fromEntries(
          reasons.map((reason) => [reason, { $ref: `#/components/examples/${reason}` }]),
        ),
      },
    },
  }
}

/** Each reason of a route, as its problem. */
function problemExamples(): Json {
  const reasons = new Set(ROUTES.flatMap(([, route]) => reasonsOf(route)))
  return Object.fromEntries([...reasons].sort().map((reason) => [reason, { value: problemOf(reason).body }]))
}

function requestBodyOf({ body, line, example = {} }: Route): Json | undefined {
  if (body === undefined && line === undefined) return undefined
  const { lines: [first] = [] } = example
  return {
    required: true,
    content: {
      ...(body === undefined
        ? {}
        : {
            'application/json': {
              schema: reference(body, 'input'),
              ...(example.body === undefined ? {} : { example: example.body }),
            },
          }),
      ...(line === undefined
        ? {}
        : {
            'application/x-ndjson': {
              schema: reference(line, 'input'),
              ...(first === undefined ? {} : { example: first }),
            },
          }),
    },
  }
}

const CALLERS = {
  anyone: 'Needs no key.',
  merchant: 'For the key of a merchant, about its own, or of an administrator.',
  administrator: 'For the key of an administrator.',
} as const

function operationOf(route: Route): Json {
  const { operationId, tag, summary, description, caller, scope, path, query, idempotencyKey } = route
  const { example = {} } = route
  const parameters = [
    ...parametersOf('path', path, example.path),
    ...parametersOf('query', query, example.query),
    ...(idempotencyKey ? [route.line === undefined ? KEY_PARAMETER : KEY_PARAMETER_OF_ONE] : []),
  ]
  const requestBody = requestBodyOf(route)
  return {
    operationId,
    tags: [tag],
    summary,
    description: `${description} ${CALLERS[caller]}${scope === undefined ? '' : ` The scope is \`${scope}\`.`}`,
    security: caller === 'anyone' ? [] : [{ bearer: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, answer]) => [status, answerOf(answer)]),
      ),
      ...refusalsOf(route),
    },
  }
}

function pathsOf(routes: readonly (readonly [RouteName, Route])[]): Json {
  const paths: Record<string, Json> = {}
  for (const [name, route] of routes) {
    const [method = '', path = ''] = name.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(route) }
  }
  return paths
}

const TAGS = {
  voids: 'Voids and their reversals.',
  sales: 'Sales, as terminals made them or as they were captured elsewhere.',
  inquiries: 'What became of a message.',
  cases: 'What a person must look at.',
  acquirer: 'What was forwarded to the acquirer, compared with its own list.',
  provisioning: 'Merchants and terminals.',
  keys: 'Bearer keys: who may send which requests.',
  service: 'The service itself.',
  batches: 'Batches of terminals at their end.',
} as const satisfies Record<Route['tag'], string>

const DESCRIPTION = `Annul voids card payments (POS 撤销) before settlement, exactly once.

Each answer says how certain it is (\`certainty\`) and what the caller does next (\`doNext\`). A client that follows \`doNext\` always reaches \`FINAL\`. A refusal is a problem (RFC 9457) with a stable \`reason\`. On 429 or 503, wait \`Retry-After\` seconds and send the same request again.

Amounts are whole numbers in minor units. Times are ISO 8601. An unknown member of a request is refused. Another method of a path is refused with 405, and \`Allow\` lists its methods.`

export function openApi(): Json {
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>
  return {
    openapi: '3.1.0',
    info: {
      title: 'Annul',
      version,
      description: DESCRIPTION,
      license: { name: license, identifier: license },
      contact: { name: 'The operator of this service' },
    },
    servers: [{ url: '/', description: 'This service.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(ROUTES),
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The key of a merchant or of an administrator.',
        },
      },
      headers: HEADERS,
      examples: problemExamples(),
      schemas: componentSchemas(),
    },
  }
}
