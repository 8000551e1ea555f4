/** @module Bearer keys in the domain: their state at a time, their stream, and their scopes as a text. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ApiKey, apiKeyState, isExpired, mayMake } from '../../src/domain/api-key.ts'
import { apiKeyEntry, keyStream } from '../../src/domain/decide-api-key.ts'
import { GENESIS } from '../../src/domain/decide-provision.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import { MERCHANT_SCOPES, SCOPES, scopesIn, scopeText } from '../../src/domain/scope.ts'
import { MID, NOW } from './fixtures.ts'

const apiKey: ApiKey = {
  id: 'a'.repeat(32),
  merchantId: MID,
  name: 'back-office',
  scopes: MERCHANT_SCOPES,
  hash: 'b'.repeat(64),
  createdAt: NOW,
  expiresAt: NOW + 1000,
  revokedAt: null,
}

describe('the state of a key', () => {
  it('is expired from the instant of its expiry on', () => {
    const states = [999, 1000, 1001].map((after) => apiKeyState(apiKey, NOW + after))
    expect(states).toEqual(['active', 'expired', 'expired'])
    expect(apiKeyState({ ...apiKey, expiresAt: null }, Number.MAX_SAFE_INTEGER)).toBe('active')
    expect(isExpired({ expiresAt: 0 }, 0)).toBe(true)
  })

  it('is revoked, whether or not it is expired', () => {
    const revoked = { ...apiKey, revokedAt: NOW }
    expect([NOW, NOW + 5000].map((now) => apiKeyState(revoked, now))).toEqual(['revoked', 'revoked'])
  })
})

describe('the maker of a key', () => {
  const scopes = fc.subarray([...SCOPES])
  const expiry = fc.option(fc.integer({ min: NOW, max: NOW + 3 }))

  it('gives no scope that it lacks, and no instant of life beyond its own', () => {
    fc.assert(
      fc.property(scopes, expiry, scopes, expiry, (own, ownEnd, given, end) => {
        const lives = (expiresAt: number | null, at: number) => !isExpired({ expiresAt }, at)
        const instants = [0, 1, 2, 3, 4].map((after) => NOW + after)
        const more = given.some((scope) => !own.includes(scope))
        const longer = instants.some((at) => lives(end, at) && !lives(ownEnd, at))
        expect(
          mayMake({ scopes: own, expiresAt: ownEnd }, { ...apiKey, scopes: given, expiresAt: end }),
        ).toBe(!more && !longer)
      }),
    )
  })
})

describe('the entry of a key', () => {
  const act = {
    messageKey: null,
    contentFingerprint: '',
    request: { act: 'revoke' },
    actor: { ...NO_SENDER, policy: null },
    at: NOW,
  }

  it('is in the stream of its merchant, or of the region', () => {
    const head = { ...GENESIS, seq: 6 }
    expect(apiKeyEntry(apiKey, act, head)).toMatchObject({
      terminalId: `merchant:${MID}`,
      merchantId: MID,
      messageKey: `merchant:${MID}|7`,
      kind: 'api_key',
      effects: { apiKey },
    })
    const ofAdministrator = apiKeyEntry({ ...apiKey, merchantId: null }, act, head)
    expect(ofAdministrator).toMatchObject({ terminalId: 'region', merchantId: '', messageKey: 'region|7' })
  })

  it('has the key of its request, if the request has one', () => {
    expect(apiKeyEntry(apiKey, { ...act, messageKey: 'api|admin|api_key|k' }, GENESIS).messageKey).toBe(
      'api|admin|api_key|k',
    )
  })

  it('has a stream that is the number of no terminal', () => {
    for (const merchantId of [null, MID]) expect(keyStream(merchantId)).not.toMatch(/^[A-Za-z0-9]{8}$/)
  })
})

it('scopes as a text come back in their order, each once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...SCOPES)), (scopes) => {
      const read = scopesIn(scopeText(scopes))
      expect(new Set(read)).toEqual(new Set(scopes))
      expect(read).toEqual(SCOPES.filter((scope) => scopes.includes(scope)))
    }),
  )
})

it('a part of a scope is no scope', () => {
  expect(scopesIn('sales admins read:all write')).toEqual([])
  expect(scopesIn('')).toEqual([])
})
