/**
 * @module The permission of each route of the contract: a bearer key that is live, of the right caller, with the scope of the
 * route. Every route is tried with its own example.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import type { Route } from '../../src/api/contract/route.ts'
import { ROUTES } from '../../src/api/contract.ts'
import { SCOPES, type Scope } from '../../src/domain/scope.ts'
import { rows } from './book.ts'
import * as s from './support.ts'

let isolate: s.Isolate
let acts = 0

beforeAll(async () => {
  isolate = await s.openIsolate()
  await s.provision(isolate)
})

const guarded = ROUTES.filter(([, { caller }]) => caller !== 'anyone')

/** A request of the route with its example, as JSON or as NDJSON. */
function send(name: string, { path = {}, query = {}, body, lines }: Examples, bearer: string, to = isolate) {
  const [method = '', template = ''] = name.split(' ')
  const values = path as Readonly<Record<string, string>>
  const at = template.replace(/\{(\w+)\}/g, (_, parameter) => values[parameter] ?? '')
  const search = new URLSearchParams(
    Object.entries(query).map(([key, value]) => [key, String(value)] as [string, string]),
  )
  const isList = body === undefined && lines !== undefined
  const sent = isList ? lines.map((line) => JSON.stringify(line)).join('\n') : body
  return s.ask(to, bearer, method, search.size === 0 ? at : `${at}?${search}`, sent, {
    'idempotency-key': `scope-${++acts}`,
    ...(isList ? { 'content-type': 'application/x-ndjson' } : {}),
  })
}

type Examples = NonNullable<Route['example']>

const only = (...scopes: readonly Scope[]) => ({ scopes })
const without = (scope: Scope | undefined) => ({ scopes: SCOPES.filter((one) => one !== scope) })
const owners = ({ caller }: Route) => (caller === 'administrator' ? [null] : [null, s.MID])

it('every route has a scope, but for those that anyone may read', () => {
  for (const [name, { caller, scope }] of ROUTES)
    expect([name, scope !== undefined]).toEqual([name, caller !== 'anyone'])
  expect(new Set(guarded.map(([, { scope }]) => scope))).toEqual(new Set(SCOPES))
})

describe.each(guarded)('%s', (name, route: Route) => {
  const { scope, example = {} } = route

  it('is not for a key without its scope, even when the key has all others', async () => {
    for (const owner of owners(route)) {
      const refused = await send(name, example, await s.bearerKey(owner, without(scope)))
      expect([refused.status, refused.body.reason]).toEqual([403, 'forbidden'])
      expect(refused.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"')
      if (example.lines === undefined) continue
      const { body: _, ...asList } = example
      expect((await send(name, asList, await s.bearerKey(owner, without(scope)))).status).toBe(403)
    }
  })

  it('is for a key that has its scope and no other', async () => {
    // A key gives no scope that it lacks, so it makes a key like itself.
    const own = name === 'POST /v1/keys' ? { body: { name: 'like its maker', scopes: [scope] } } : example
    for (const owner of owners(route)) {
      const taken = await send(name, own, await s.bearerKey(owner, only(scope ?? 'read')))
      expect([401, 403]).not.toContain(taken.status)
    }
  })

  it('is not for a merchant’s key with every scope, if it is an administrator’s', async () => {
    if (route.caller !== 'administrator') return
    const refused = await send(name, example, await s.bearerKey(s.MID))
    expect([refused.status, refused.body.reason]).toEqual([403, 'forbidden'])
  })

  it('does not show the fault of a request to a key without its scope', async () => {
    if (example.body === undefined) return
    const refused = await send(name, { ...example, body: {} }, await s.bearerKey(null, without(scope)))
    expect(refused.body.reason).toBe('forbidden')
  })

  it('is for a key until the millisecond at which it expires', async () => {
    const own = await s.openIsolate()
    const expiresAt = s.START + 5_000
    const bearer = await s.bearerKey(null, { expiresAt })
    own.clock.now = expiresAt - 1
    expect((await send(name, example, bearer, own)).status).not.toBe(401)
    own.clock.now = expiresAt
    const refused = await send(name, example, bearer, own)
    expect([refused.status, refused.body.reason]).toEqual([401, 'unauthorized'])
    const faulty = await send(name, { ...example, body: example.body && {} }, bearer, own)
    expect(faulty.body.reason).toBe('unauthorized')
  })

  it('writes nothing for a key that it refuses', async () => {
    const count = async () => rows('select count(*) as n from journal')
    const before = await count()
    for (const options of [without(scope), { expiresAt: s.START }])
      await send(name, example, await s.bearerKey(null, options))
    expect(await count()).toEqual(before)
  })
})
