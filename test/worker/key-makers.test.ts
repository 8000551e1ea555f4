/** @module A bearer key makes no key with a scope that it lacks, and no key that outlives it. */

import { beforeAll, describe, expect, it } from 'vitest'
import { MERCHANT_SCOPES, SCOPES } from '../../src/domain/scope.ts'
import { rows } from './book.ts'
import { keyClient } from './key-client.ts'
import * as s from './support.ts'

let isolate: s.Isolate
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

const { newMerchant, make } = keyClient(() => ({ isolate, admin }))

describe('the maker of a key', () => {
  const until = (ms: number) => new Date(s.START + ms).toISOString()

  it('gives no scope that it lacks, to no one, also where the scopes are the default', async () => {
    const mid = await newMerchant()
    const before = await rows('select count(*) as n from journal')
    for (const lacking of SCOPES.filter((scope) => scope !== 'admin')) {
      const scopes = SCOPES.filter((scope) => scope !== lacking)
      const bearer = await s.bearerKey(null, { scopes })
      const owners = MERCHANT_SCOPES.some((scope) => scope === lacking) ? [undefined, mid] : [undefined]
      for (const merchantId of owners)
        for (const named of [undefined, [lacking]]) {
          const refused = await make({ merchantId, name: 'more', scopes: named }, { bearer })
          expect([refused.status, refused.body.reason]).toEqual([403, 'forbidden'])
          expect(refused.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"')
        }
    }
    expect(await rows('select count(*) as n from journal')).toEqual(before)
    const bearer = await s.bearerKey(null, { scopes: ['read', 'admin'] })
    for (const scopes of [['read'], ['admin'], ['read', 'admin']])
      expect((await make({ name: 'less', scopes }, { bearer })).status).toBe(201)
    expect((await make({ merchantId: mid, name: 'less', scopes: ['read'] }, { bearer })).status).toBe(201)
  })

  it('gives no longer life than its own', async () => {
    const mid = await newMerchant()
    const bearer = await s.bearerKey(null, { expiresAt: s.START + 60_000 })
    for (const merchantId of [undefined, mid]) {
      for (const expiresAt of [undefined, until(60_001), '9999-12-31T23:59:59Z'])
        expect((await make({ merchantId, name: 'longer', expiresAt }, { bearer })).body.reason).toBe(
          'forbidden',
        )
      expect((await make({ merchantId, name: 'as long', expiresAt: until(60_000) }, { bearer })).status).toBe(
        201,
      )
    }
  })

  it('gets its first answer again, also when its request is repeated by a key with less', async () => {
    await make({ name: 'all' }, { name: 'made-by-more' })
    const bearer = await s.bearerKey(null, { scopes: ['admin'] })
    const again = await make({ name: 'all' }, { name: 'made-by-more', bearer })
    expect([again.status, 'key' in again.body]).toEqual([200, false])
  })
})
