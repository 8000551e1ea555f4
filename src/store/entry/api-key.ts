/** @module A bearer key of an entry as a list: its state from the entry on, with the SHA-256 of the key. */

import type { ApiKey } from '../../domain/api-key.ts'
import { CODED_SCOPES } from './codes.ts'
import { given, orNull, tableOf, usually } from './schema.ts'
import { hexForm, malformed, plainText, timeForm, type ValueForm } from './values.ts'

const scopesForm: ValueForm = {
  ...CODED_SCOPES,
  write: (value, scope) => (value as readonly unknown[]).map((one) => CODED_SCOPES.write(one, scope)),
  read(stored, scope) {
    if (!Array.isArray(stored)) throw malformed('expected a list of scopes')
    return stored.map((one: unknown) => CODED_SCOPES.read(one, scope))
  },
}

export const API_KEY_TABLE = tableOf<ApiKey>('bearer key', {
  id: given(hexForm),
  merchantId: usually(plainText, 'merchant of the entry, or null', ({ entry }) =>
    entry.merchantId === '' ? null : entry.merchantId,
  ),
  name: given(plainText),
  scopes: given(scopesForm),
  hash: given(hexForm),
  createdAt: usually(timeForm, '`at`', ({ at }) => at),
  expiresAt: orNull(timeForm),
  revokedAt: orNull(timeForm),
})
