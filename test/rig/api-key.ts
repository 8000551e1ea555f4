/** @module Bearer keys for a rig's database, as SQL texts: a load needs a hundred of them before its first request. */

import { createHash, randomBytes } from 'node:crypto'
import { sqlText } from '../../src/cli/lib/database.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'

export const newApiKey = (): string => `annul_${randomBytes(32).toString('base64url')}`

/** A statement that inserts a key. An administrator's key has no `merchantId`. */
export function insertApiKey(key: string, merchantId: string | null, name: string): string {
  const hash = createHash('sha256').update(key).digest('hex')
  const values = apiKeyRow(hash, merchantId, { name, createdAt: Date.now() }).map((value) =>
    value === null ? 'null' : typeof value === 'number' ? String(value) : sqlText(value),
  )
  return INSERT_API_KEY.replace(/\((?:\?, )*\?\)$/, `(${values.join(', ')})`)
}
