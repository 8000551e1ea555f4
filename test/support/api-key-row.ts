/** @module A row of `api_key` as SQL, for tests that need a bearer key without its entry in the journal. */

import { SCOPES, scopeText } from '../../src/domain/scope.ts'

export const INSERT_API_KEY =
  'insert into api_key (id, hash, merchant_id, name, scopes, created_at) values (?, ?, ?, ?, ?, ?)'

/** The values of `INSERT_API_KEY`. The key has every scope. `hash` is the SHA-256 of the key, in hex. */
export const apiKeyRow = (
  hash: string,
  merchantId: string | null,
  name = 'test',
  createdAt = 0,
): (string | number | null)[] => [hash.slice(0, 32), hash, merchantId, name, scopeText(SCOPES), createdAt]
