/** @module Searches a world for its secrets. */

import { must } from './checks.ts'
import type { Storage } from './platform/d1.ts'

/** No row and no log line holds any of these. */
export function checkSecrets(storage: Storage, lines: readonly string[], secrets: readonly string[]): void {
  const tables = storage.rows<{ name: string }>(`select name from sqlite_master where type = 'table'`)
  const all = [...tables.map(({ name }) => JSON.stringify(storage.rows(`select * from ${name}`))), ...lines]
  const text = all.join('\n').toLowerCase()
  for (const secret of secrets)
    for (const form of [secret, Buffer.from(secret, 'hex').toString('base64')])
      must(
        form.length < 8 || !text.includes(form.toLowerCase()),
        'a card number or key is in a row or a line',
      )
}
