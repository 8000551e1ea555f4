/** @module A bearer key of the JSON API, and its state at a time. */

import type { Scope } from './scope.ts'

export interface ApiKey {
  /** 32 hex digits. It names the key, and says nothing about it. */
  readonly id: string
  /** Null: a key of an administrator. */
  readonly merchantId: string | null
  readonly name: string
  readonly scopes: readonly Scope[]
  /** SHA-256 of the key, 64 lower-case hex digits. */
  readonly hash: string
  /** Milliseconds since the epoch, like all times here. */
  readonly createdAt: number
  /** The first instant at which the key is not valid. Null: it never expires. */
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

export type ApiKeyState = 'active' | 'expired' | 'revoked'

/** The state at `now`. A key that is revoked stays so after its expiry. */
export function apiKeyState({ expiresAt, revokedAt }: ApiKey, now: number): ApiKeyState {
  if (revokedAt !== null) return 'revoked'
  return isExpired({ expiresAt }, now) ? 'expired' : 'active'
}

export const isExpired = ({ expiresAt }: Pick<ApiKey, 'expiresAt'>, now: number): boolean =>
  expiresAt !== null && expiresAt <= now

/** The strength of a key. */
type Powers = Pick<ApiKey, 'scopes' | 'expiresAt'>

/** True if the new key has no scope that its maker lacks, and does not outlive its maker. Otherwise a key could make itself stronger. */
export const mayMake = (maker: Powers, { scopes, expiresAt }: Powers): boolean =>
  scopes.every((scope) => maker.scopes.includes(scope)) &&
  (maker.expiresAt === null || (expiresAt !== null && expiresAt <= maker.expiresAt))
