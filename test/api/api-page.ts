/** @module docs/api.md: the introduction by hand, and after it every route of the contract with its members, answers and reasons. */

import { type Route, reasonsOf } from '../../src/api/contract/route.ts'
import { ROUTES, type RouteName } from '../../src/api/contract.ts'
import { besideProblem, membersIn } from '../../src/api/docs/members.ts'
import { API_REFUSALS } from '../../src/api/json/refusals.ts'
import { JSON_WORDS, jsonDoNext } from '../../src/api/json/words.ts'
import { API_BODY_LIMIT, API_BODY_MS, LINES_BODY_LIMIT, MOST_LINES } from '../../src/api/limits.ts'
import { REFUSALS } from '../../src/domain/decline-reason.ts'
import { openApi } from './openapi.ts'

type Json = Record<string, unknown>

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n')
const code = (text: string): string => `\`${text}\``

const CALLERS = {
  anyone: 'anyone',
  merchant: 'merchant, administrator',
  administrator: 'administrator',
} as const

const INTRODUCTION = `# The JSON API

*\`npm run docs\` writes this page from \`src/api/contract.ts\`.*

Back offices use JSON over HTTP. [Certainty](semantics.md#certainty) explains the answers. The service has this reference as
\`GET /openapi.json\` (OpenAPI 3.1) and as a page at \`GET /docs\`. The same document is [openapi.json](openapi.json), and
[annul.postman_collection.json](annul.postman_collection.json) is a Postman collection. TypeScript programs can use the
[typed client](client.md).

- **Key.** Each request has \`Authorization: Bearer KEY\`. A key belongs to a merchant or to an administrator. \`npm start\` makes one of each.
  Elsewhere \`npm run -s annul -- api-key create --name NAME\` makes them. A refusal with 401 or 403 has \`WWW-Authenticate\`.
- **Scopes.** A key has one scope or more, and each route names the scope that it needs. A merchant’s key has \`read\`, \`sales:write\` and
  \`voids:write\` by default, and may have no other. An administrator’s key has all by default. No scope contains another.
  A new key has no scope that its maker lacks, and does not outlive its maker. Otherwise \`POST /v1/keys\` returns 403.
- **Bodies.** A body has at most ${API_BODY_LIMIT / 1024} KiB. Lists in NDJSON have at most ${MOST_LINES} lines and ${LINES_BODY_LIMIT / 1024} KiB. A body must arrive within ${API_BODY_MS / 1000} seconds. It is
  UTF-8, and no byte that is not UTF-8 is replaced. An unknown member is an error. A member that an object has
  twice is an error too, because two readers of the body could take two values.
- **Idempotency.** Routes that act once need an \`Idempotency-Key\` header. \`"k"\` and \`k\` are the same key. The same key with the same
  content returns the first answer again, with \`Idempotent-Replayed: true\`. In a list each line has its key as the member \`idempotencyKey\`.
- **Lists.** A body in NDJSON has one request on each line. The answer has one line for each, in the same order, with its number, its \`status\`
  and its members. A line that is wrong or refused stops no other one. A line with \`doNext: retry\` may be sent again in another list.
- **Times.** A time has \`Z\` or an offset. Annul compares times as instants, so \`10:00+08:00\` and \`02:00Z\` are the same content.
- **Refusals.** A refusal is a problem (RFC 9457) with a stable \`reason\`, words and advice in both languages, \`certainty\` and \`doNext\`.
  \`errors\` names each wrong member by a JSON pointer; an unknown member is reported at its object, with the names that it may have. Where \`doNext\` is \`query\`, \`location\` or \`saleId\` says what to query.
- **Retry.** On 429 or 503, wait \`Retry-After\` seconds and retry. A service with a wrong setting returns 503 (\`unavailable\`) to all, and its log has the cause.
- **Request id.** Each answer has \`X-Request-Id\`, and the log has the same id. Send your own, 8 to 64 characters of \`A-Z a-z 0-9 . _ -\`.
- **Caches.** Each answer has \`Cache-Control: no-store\`.`

function routeTable(): string {
  const rows = ROUTES.map(([name, { summary, caller, scope }]) => [
    code(name),
    summary,
    CALLERS[caller],
    scope === undefined ? '' : code(scope),
  ])
  return `## Routes\n\n${table(['route', 'what it does', 'caller', 'scope'], rows)}`
}

/** The document, in which references are followed by name. */
const DOCUMENT = openApi()
const schemas = (DOCUMENT.components as { schemas: Record<string, Json> }).schemas

const resolved = (schema: Json): Json => {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined
  return name === undefined ? schema : { ...schemas[name] }
}

/** The values of a schema, in short. */
function valueIn(schema: Json): string {
  if (typeof schema.$ref === 'string') return `[${schema.$ref.split('/').at(-1)}](#schemas)`
  const { enum: choices, const: only, type, anyOf, items, minimum, maximum, pattern } = schema
  if (Array.isArray(choices)) return choices.map((one) => code(String(one))).join(', ')
  if (only !== undefined) return code(String(only))
  if (Array.isArray(anyOf)) return (anyOf as Json[]).map(valueIn).join(' or ')
  if (Array.isArray(type)) return type.map((one) => valueIn({ type: one })).join(' or ')
  if (type === 'array') return `list of ${valueIn(items as Json)}`
  if (type === 'integer') return `whole number${boundsOf(minimum, maximum)}`
  if (typeof pattern === 'string' && pattern.length < 40)
    return `text ${code(pattern.replaceAll('|', '\\|'))}`
  return (
    { string: 'text', object: 'object', boolean: '`true`, `false`', null: '`null`' }[String(type)] ??
    String(type)
  )
}

const SAFE = Number.MAX_SAFE_INTEGER
function boundsOf(minimum: unknown, maximum: unknown): string {
  if (typeof minimum !== 'number' || Math.abs(minimum) >= SAFE) return ''
  return typeof maximum === 'number' && maximum < SAFE
    ? `, ${minimum} to ${maximum.toLocaleString('en-US')}`
    : `, ${minimum} or more`
}

function memberTable(schema: Json): string {
  const rows = membersIn(resolved(schema)).map(({ name, required, schema: member }) => [
    code(name),
    required ? 'yes' : '',
    valueIn(member),
    String(member.description ?? ''),
  ])
  return table(['member', 'required', 'value', 'meaning'], rows)
}

interface Operation {
  readonly parameters?: readonly {
    name: string
    in: string
    required: boolean
    description?: string
    schema: Json
  }[]
  readonly requestBody?: { content: Record<string, { schema: Json }> }
  readonly responses: Record<string, { description: string; content: Record<string, { schema: Json }> }>
}

function operationOf(name: string): Operation {
  const [method = '', path = ''] = name.split(' ')
  const paths = DOCUMENT.paths as Record<string, Record<string, Operation>>
  const operation = paths[path]?.[method.toLowerCase()]
  if (operation === undefined) throw new Error(`no operation ${name}`)
  return operation
}

const scopeOf = ({ scope }: Route): string => (scope === undefined ? '' : ` Scope: ${code(scope)}.`)

function section([name, route]: readonly [RouteName, Route]): string {
  const { parameters = [], requestBody, responses } = operationOf(name)
  const parts = [`### ${name}`, `${route.description} Caller: ${CALLERS[route.caller]}.${scopeOf(route)}`]
  if (parameters.length > 0)
    parts.push(
      table(
        ['parameter', 'in', 'required', 'value', 'meaning'],
        parameters.map((one) => [
          code(one.name),
          one.in,
          one.required ? 'yes' : '',
          valueIn(one.schema),
          one.description ?? '',
        ]),
      ),
    )
  const bodies = Object.entries(requestBody?.content ?? {})
  if (bodies.length > 0) {
    const types = bodies
      .map(([type]) => (type === 'application/json' ? 'JSON' : 'NDJSON, one object a line'))
      .join(', or ')
    parts.push(`Body: ${types}.`, memberTable(bodies[0]?.[1].schema ?? {}))
  }
  const answers = Object.entries(responses)
    .filter(([status]) => Number(status) < 300)
    .map(([status, { description, content }]) => [status, description, contentOf(content)])
  parts.push(table(['status', 'answer', 'body'], answers))
  const reasons = reasonsOf(route)
  if (reasons.length > 0) parts.push(`Reasons of refusals: ${reasons.map(code).join(', ')}.`)
  return parts.join('\n\n')
}

const contentOf = (content: Record<string, { schema: Json }>): string =>
  Object.entries(content)
    .map(([type, { schema }]) => (typeof schema.$ref === 'string' ? valueIn(schema) : code(type)))
    .join(', ')

function optionTable(option: Json): string {
  const own = besideProblem(option, schemas.Problem)
  return own === null
    ? memberTable(option)
    : `It has every member of [Problem](#problem), and these:\n\n${memberTable(own)}`
}

function schemaSections(): string {
  const sections = Object.entries(schemas).map(([name, schema]) => {
    if (Array.isArray(schema.anyOf) || Array.isArray(schema.oneOf)) {
      const options = (schema.anyOf ?? schema.oneOf) as Json[]
      return [`### ${name}`, `${schema.description ?? 'One of these.'}`, ...options.map(optionTable)].join(
        '\n\n',
      )
    }
    return [`### ${name}`, memberTable(schema)].join('\n\n')
  })
  return ['## Schemas', ...sections].join('\n\n')
}

function reasonTable(): string {
  const own = Object.entries(API_REFUSALS).map(([reason, one]) => ({ reason, ...one }))
  const shown = new Set(ROUTES.flatMap(([, route]) => reasonsOf(route)))
  const decided = Object.entries(JSON_WORDS)
    .filter(([reason]) => shown.has(reason as keyof typeof JSON_WORDS))
    .map(([reason, words]) => {
      const name = reason as keyof typeof REFUSALS
      return { reason, ...words, status: REFUSALS[name].httpStatus, doNext: jsonDoNext(name) }
    })
  const rows = [...own, ...decided].map(({ reason, status, zh, en, adviceEn, doNext }) => [
    code(reason),
    String(status),
    zh,
    en,
    adviceEn.replaceAll('|', '\\|'),
    code(doNext),
  ])
  return `## Reasons\n\n${table(['reason', 'HTTP', '中文', 'English', 'advice', 'doNext'], rows)}`
}

export const apiPage = (): string =>
  [INTRODUCTION, routeTable(), ...ROUTES.map(section), schemaSections(), reasonTable()]
    .join('\n\n')
    .concat('\n')
