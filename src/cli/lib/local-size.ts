/** @module The size of a local D1 database. Wrangler does not print it, so it is read from the file. */

import { createHash, createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { root } from '../dev/wrangler.ts'

/** The local D1 is a Durable Object of this class. */
const NAMESPACE = 'miniflare-D1DatabaseObject'

/** The file's name: the id of the Durable Object whose name is the id of the database. Two parts of 16 bytes, in hex. */
function fileNameOf(databaseId: string): string {
  const key = createHash('sha256').update(NAMESPACE).digest()
  const part = (of: string | Buffer) => createHmac('sha256', key).update(of).digest().subarray(0, 16)
  const first = part(databaseId)
  return `${Buffer.concat([first, part(first)]).toString('hex')}.sqlite`
}

/** The file of a local database. */
export const localFile = (databaseId: string, persistTo = join(root, '.wrangler/state')): string =>
  join(persistTo, 'v3/d1', NAMESPACE, fileNameOf(databaseId))

/** Bytes of a local database, with what is only in its write-ahead log. Null: it has no file where one is expected. */
export function localSize(databaseId: string, persistTo?: string): number | null {
  const path = localFile(databaseId, persistTo)
  if (!existsSync(path)) return null
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const size = database.prepare(
      'select page_count * page_size as bytes from pragma_page_count, pragma_page_size',
    )
    return Number(size.get()?.bytes)
  } finally {
    database.close()
  }
}
