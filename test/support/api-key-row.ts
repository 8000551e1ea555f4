/** @module A row of `api_key` as SQL, for tests that need a bearer key without its entry in the journal. */

import { SCOPES, type Scope, scopeText } from '../../src/domain/scope.ts'

export const INSERT_API_KEY =
  'insert into api_key (id, hash, merchant_id, name, scopes, created_at, expires_at) values (?, ?, ?, ?, ?, ?, ?)'

/** Keys of `apiKeyRow` have no entry, so a journal does not rebuild them. */
export const DELETE_INSERTED_KEYS = 'delete from api_key where id = substr(hash, 1, 32)'

/** The members of a row that a test may choose. */
export interface KeyRowOptions {
  readonly name?: string
  readonly createdAt?: number
  readonly scopes?: readonly Scope[]
  readonly expiresAt?: number | null
}

/** The values of `INSERT_API_KEY`. By default the key has every scope. `hash` is the SHA-256 of the key, in hex. */
export const apiKeyRow = (
  hash: string,
  merchantId: string | null,
  { name = 'test', createdAt = 0, scopes = SCOPES, expiresAt = null }: KeyRowOptions = {},
): (string | number | null)[] => [
  hash.slice(0, 32),
  hash,
  merchantId,
  name,
  scopeText(scopes),
  createdAt,
  expiresAt,
]
