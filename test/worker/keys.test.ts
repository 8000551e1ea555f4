/** @module Bearer keys by the JSON API: made as entries, listed, and the secret for the first of them. */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { bucketDigits, bucketOf } from '../../src/domain/bucket.ts'
import { merchantStream } from '../../src/domain/decide-merchant.ts'
import { MERCHANT_SCOPES, SCOPES } from '../../src/domain/scope.ts'
import type { JournalEntry } from '../../src/domain/types.ts'
import { openEntry, WITHOUT_TERMINAL } from '../../src/store/journal.ts'
import { faultOf, journalOf, rows } from './book.ts'
import { keyClient } from './key-client.ts'
import * as s from './support.ts'
import { scansOf, watchD1, writesJournal } from './watched-d1.ts'

const BOOTSTRAP_KEY = 'bootstrap-key-of-thirty-two-chars'

let isolate: s.Isolate
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate({ BOOTSTRAP_KEY })
  admin = await s.bearerKey(null)
})

const { newMerchant, make, revoke, list, canRead } = keyClient(() => ({ isolate, admin }))

async function lastOf(stream: string): Promise<JournalEntry> {
  const row = (await journalOf(stream)).at(-1)
  if (row === undefined) throw new Error('no entry')
  return openEntry(row, WITHOUT_TERMINAL)
}

const sha256 = async (text: string) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toHex()

describe('a new key', () => {
  it('of a merchant is an entry of its stream, and works at once with the scopes of a merchant', async () => {
    const mid = await newMerchant()
    const made = await make({ merchantId: mid, name: 'back-office' })
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.stringMatching(new RegExp(`^${bucketDigits(bucketOf(mid))}[0-9a-f]{29}$`)),
        key: expect.stringMatching(new RegExp(`^annul_${bucketDigits(bucketOf(mid))}_[A-Za-z0-9_-]{43}$`)),
        merchantId: mid,
        name: 'back-office',
        scopes: [...MERCHANT_SCOPES],
        state: 'active',
        createdAt: new Date(s.START).toISOString(),
        expiresAt: null,
        revokedAt: null,
        certainty: 'FINAL',
        doNext: 'nothing',
      },
    ])
    expect(await canRead(made.body.key)).toBe(true)
    expect(await faultOf(merchantStream(mid))).toBeNull()
    const entry = await lastOf(merchantStream(mid))
    expect(entry).toMatchObject({ kind: 'api_key', request: { act: 'create', requestedBy: 'test' } })
    expect(entry.effects.apiKey?.hash).toBe(await sha256(String(made.body.key)))
  })

  it('of an administrator is an entry of the stream of the region, with all scopes by default', async () => {
    const before = (await journalOf('region')).length
    const made = await make({ name: 'operations' })
    expect([made.status, made.body.merchantId, made.body.scopes]).toEqual([201, null, [...SCOPES]])
    expect(await journalOf('region')).toHaveLength(before + 1)
    expect(await faultOf('region')).toBeNull()
    expect((await make({ name: 'by the new key' }, { bearer: String(made.body.key) })).status).toBe(201)
  })

  it('is nowhere but in its own answer: neither in a row, nor in an entry, nor in the log', async () => {
    const { body } = await make({ name: 'secret' })
    const tables = await rows('select * from api_key')
    const journal = await rows('select body from journal')
    expect(JSON.stringify([tables, journal, isolate.logged])).not.toContain(String(body.key).slice(6))
  })

  it('has its scopes in one order and each once', async () => {
    const made = await make({ name: 'x', scopes: ['admin', 'read', 'admin'] })
    expect(made.body.scopes).toEqual(['read', 'admin'])
  })

  it('expires at its time', async () => {
    const expiresAt = new Date(s.START + 60_000).toISOString()
    const own = await s.openIsolate()
    const { body } = await make({ name: 'short', expiresAt })
    const at = async (now: number) => {
      own.clock.now = now
      return (await s.ask(own, String(body.key), 'GET', '/v1/keys')).status
    }
    expect(body.expiresAt).toBe(expiresAt)
    expect([await at(s.START + 59_999), await at(s.START + 60_000)]).toEqual([200, 401])
  })

  const wrong: readonly (readonly [string, object])[] = [
    ['/name', {}],
    ['/name', { name: '' }],
    ['/scopes', { name: 'x', scopes: [] }],
    ['/scopes/0', { name: 'x', scopes: ['write'] }],
    ['/scopes', { name: 'x', merchantId: s.MID, scopes: ['read', 'admin'] }],
    ['/scopes', { name: 'x', merchantId: s.MID, scopes: ['terminals:write'] }],
    ['/merchantId', { name: 'x', merchantId: '1' }],
    ['/expiresAt', { name: 'x', expiresAt: 'tomorrow' }],
    ['/expiresAt', { name: 'x', expiresAt: new Date(s.START).toISOString() }],
    ['', { name: 'x', key: 'annul_mine' }],
  ]
  it.each(wrong)('is refused with a wrong %s: %j', async (pointer, body) => {
    const refused = await make(body)
    expect([refused.status, (refused.body.errors as { pointer: string }[])[0]?.pointer]).toEqual([
      400,
      pointer,
    ])
  })

  it('needs its merchant', async () => {
    expect(await make({ merchantId: 'UNKNOWN00000000', name: 'x' })).toMatchObject({
      status: 409,
      body: { reason: 'merchant_required' },
    })
  })

  it('is never made by the key of a merchant', async () => {
    const mid = await newMerchant()
    const bearer = await s.bearerKey(mid)
    for (const body of [{ name: 'x' }, { merchantId: mid, name: 'x' }])
      expect((await make(body, { bearer })).status).toBe(403)
  })
})

describe('a repeated request', () => {
  it('gets the key as it is now, and never the key itself', async () => {
    const first = await make({ name: 'once' }, { name: 'the-act' })
    const again = await make({ name: 'once', scopes: [...SCOPES].reverse() }, { name: '"the-act"' })
    const { key: _, ...shown } = first.body
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([200, shown, 'true'])
    await revoke(first.body.id)
    expect((await make({ name: 'once' }, { name: 'the-act' })).body.state).toBe('revoked')
    expect(await rows("select count(*) as n from api_key where name = 'once'")).toEqual([{ n: 1 }])
  })

  it('with other content is refused', async () => {
    const mid = await newMerchant()
    await make({ merchantId: mid, name: 'a' }, { name: 'reused' })
    for (const body of [
      { merchantId: mid, name: 'b' },
      { name: 'a' },
      { merchantId: mid, name: 'a', scopes: ['read'] },
    ])
      expect(await make(body, { name: 'reused' })).toMatchObject({
        status: 422,
        body: { reason: 'key_reused_with_different_content' },
      })
  })

  it('whose first answer was lost finds its key', async () => {
    const watched = watchD1(env.DB)
    const lossy = await s.openIsolate({ database: watched.database })
    watched.watch.after = (trip) => {
      if (!writesJournal(trip)) return
      watched.watch = {}
      throw new Error('the connection is gone')
    }
    expect((await make({ name: 'lost' }, { to: lossy, name: 'lost' })).body.reason).toBe('outcome_unknown')
    const again = await make({ name: 'lost' }, { to: lossy, name: 'lost' })
    expect([again.status, 'key' in again.body]).toEqual([200, false])
    expect((await revoke(again.body.id)).body.state).toBe('revoked')
  })
})

describe('the list', () => {
  it('has the keys of one merchant in pages, with their states and never a hash', async () => {
    const mid = await newMerchant()
    const until = new Date(s.START + 1_000).toISOString()
    const bodies = [{}, { expiresAt: until }, {}, { scopes: ['read'] }, {}]
    const made: string[] = []
    for (const [i, body] of bodies.entries())
      made.push(String((await make({ merchantId: mid, name: `k${i}`, ...body })).body.id))
    await make({ merchantId: await newMerchant(), name: 'other' })
    await revoke(made[2])
    const later = await s.openIsolate()
    later.clock.now = s.START + 1_000
    const seen: { id: string; state: string; name: string }[] = []
    let cursor = ''
    do {
      const page = await s.ask(later, admin, 'GET', `/v1/keys?merchantId=${mid}&limit=2${cursor}`)
      seen.push(...(page.body.items as typeof seen))
      expect(page.text).not.toMatch(/[0-9a-f]{64}/)
      cursor = page.body.next === null ? '' : `&cursor=${page.body.next}`
    } while (cursor !== '')
    expect(seen.map(({ id }) => id).sort()).toEqual(made.toSorted())
    const states = Object.fromEntries(seen.map(({ name, state }) => [name, state]))
    expect(states).toEqual({ k0: 'active', k1: 'expired', k2: 'revoked', k3: 'active', k4: 'active' })
  })

  it('without a merchant has the keys of administrators', async () => {
    const { body } = await make({ name: 'listed' })
    const { items } = (await list('?limit=100')).body as { items: { id: string; merchantId: unknown }[] }
    expect(items.every(({ merchantId }) => merchantId === null)).toBe(true)
    expect(items.map(({ id }) => id)).toContain(body.id)
  })
})

describe('the secret BOOTSTRAP_KEY', () => {
  it('makes a key of an administrator', async () => {
    const made = await make({ name: 'first' }, { bearer: BOOTSTRAP_KEY })
    expect([made.status, await canRead(made.body.key)]).toEqual([201, true])
    expect([made.body.scopes, made.body.expiresAt]).toEqual([[...SCOPES], null])
    const entry = await lastOf('region')
    expect([entry.request.requestedBy, entry.actor?.keyId]).toEqual(['bootstrap', null])
  })

  it('makes no key of a merchant', async () => {
    const mid = await newMerchant()
    expect((await make({ merchantId: mid, name: 'x' }, { bearer: BOOTSTRAP_KEY })).status).toBe(403)
  })

  it('shows the fault of a request', async () => {
    expect((await make({}, { bearer: BOOTSTRAP_KEY })).body.reason).toBe('invalid_request')
  })

  it('is unknown to every other route', async () => {
    for (const [method, path, body] of [
      ['GET', '/v1/keys', undefined],
      ['POST', `/v1/keys/${'0'.repeat(32)}/revoke`, undefined],
      ['GET', '/v1/cases', undefined],
      ['PUT', `/v1/merchants/${s.MID}`, {}],
    ] as const)
      expect([path, (await s.ask(isolate, BOOTSTRAP_KEY, method, path, body)).status]).toEqual([path, 401])
  })

  it('is unknown to a service without it', async () => {
    const other = await s.openIsolate()
    expect((await make({ name: 'x' }, { bearer: BOOTSTRAP_KEY, to: other })).status).toBe(401)
  })

  it.each(['', 'x'.repeat(31), 'x'.repeat(201), `${'x'.repeat(40)} y`])(
    'has 32 to 200 characters of a bearer key, so %j is a wrong setting',
    async (key) => {
      await expect(s.openIsolate({ BOOTSTRAP_KEY: key })).rejects.toThrow(/^BOOTSTRAP_KEY: expected/)
    },
  )

  it('may not look like the key of a merchant, because its requests would go to the database of a bucket', async () => {
    const key = `annul_217_${'x'.repeat(43)}`
    await expect(s.openIsolate({ BOOTSTRAP_KEY: key })).rejects.toThrow(/^BOOTSTRAP_KEY: may not/)
    await expect(s.openIsolate({ BOOTSTRAP_KEY: `${key}x` })).resolves.toBeDefined()
  })
})

it('reads no whole table but the one row of the region, and needs two trips for each change', async () => {
  const mid = await newMerchant()
  const watched = watchD1(env.DB)
  const own = await s.openIsolate({ database: watched.database })
  const { trips } = watched
  const of = async (run: () => Promise<s.JsonReply>) => {
    trips.length = 0
    const reply = await run()
    expect(reply.status).toBeLessThan(300)
    return [trips.length, reply.body.id] as const
  }
  const plans: (readonly [string, readonly unknown[]])[] = []
  for (const merchantId of [mid, undefined]) {
    const [made, id] = await of(() => make({ merchantId, name: 'plan' }, { to: own }))
    plans.push(
      ...trips.flatMap(({ statements }) => statements.map(({ sql, params }) => [sql, params] as const)),
    )
    const query = merchantId === undefined ? '' : `?merchantId=${mid}`
    const [listed] = await of(() => s.ask(own, admin, 'GET', `/v1/keys${query}`))
    plans.push(
      ...trips.flatMap(({ statements }) => statements.map(({ sql, params }) => [sql, params] as const)),
    )
    const [revoked] = await of(() => revoke(id, { to: own }))
    plans.push(
      ...trips.flatMap(({ statements }) => statements.map(({ sql, params }) => [sql, params] as const)),
    )
    expect([made, listed, revoked]).toEqual([2, 1, 2])
  }
  for (const [sql, params] of plans)
    expect(
      (await scansOf(sql, params)).filter((scan) => scan !== 'SCAN region'),
      sql,
    ).toEqual([])
})
