/** @module A Postman collection (v2.1) of the contract: a folder a tag, a request a route, with the examples of the contract. */

import type { Route } from '../../src/api/contract/route.ts'
import { ROUTES, type RouteName } from '../../src/api/contract.ts'

type Json = Record<string, unknown>

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'

/** Routes that describe the service are for a browser. */
const isRequest = ([, { tag }]: readonly [RouteName, Route]): boolean => tag !== 'service'

function urlOf(path: string, { example = {} }: Route): Json {
  const query = Object.entries(example.query ?? {}).map(([key, value]) => ({ key, value: String(value) }))
  const values = (example.path ?? {}) as Readonly<Record<string, string>>
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => segment.replace(/^\{(\w+)\}$/, ':$1'))
  const variable = Object.entries(values).map(([key, value]) => ({ key, value }))
  const written = query.map(({ key, value }) => `${key}=${encodeURIComponent(value)}`).join('&')
  return {
    raw: `{{baseUrl}}/${segments.join('/')}${written === '' ? '' : `?${written}`}`,
    host: ['{{baseUrl}}'],
    path: segments,
    ...(query.length === 0 ? {} : { query }),
    ...(variable.length === 0 ? {} : { variable }),
  }
}

function bodyOf({ body, line, example = {} }: Route): { readonly type: string; readonly raw: string } | null {
  if (body !== undefined && example.body !== undefined)
    return { type: 'application/json', raw: JSON.stringify(example.body, null, 2) }
  if (line === undefined) return null
  const lines = example.lines ?? []
  return { type: 'application/x-ndjson', raw: lines.map((one) => `${JSON.stringify(one)}\n`).join('') }
}

function itemOf([name, route]: readonly [RouteName, Route]): Json {
  const [method = '', path = ''] = name.split(' ')
  const body = bodyOf(route)
  const key = route.caller === 'administrator' ? 'adminKey' : 'merchantKey'
  return {
    name: route.summary,
    request: {
      method,
      description: route.description,
      auth: { type: 'bearer', bearer: [{ key: 'token', value: `{{${key}}}`, type: 'string' }] },
      header: [
        ...(body === null ? [] : [{ key: 'Content-Type', value: body.type }]),
        ...(route.idempotencyKey ? [{ key: 'Idempotency-Key', value: '{{$guid}}' }] : []),
      ],
      url: urlOf(path, route),
      ...(body === null ? {} : { body: { mode: 'raw', raw: body.raw } }),
    },
    response: [],
  }
}

export function postmanCollection(): Json {
  const routes = ROUTES.filter(isRequest)
  const tags = [...new Set(routes.map(([, { tag }]) => tag))]
  return {
    info: {
      name: 'Annul',
      description: 'The JSON API of Annul. `npm run docs` writes this collection.',
      schema: SCHEMA,
    },
    variable: [
      { key: 'baseUrl', value: 'http://localhost:8787' },
      { key: 'merchantKey', value: '' },
      { key: 'adminKey', value: '' },
    ],
    item: tags.map((tag) => ({
      name: tag,
      item: routes.filter(([, route]) => route.tag === tag).map(itemOf),
    })),
  }
}
