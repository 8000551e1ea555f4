/**
 * @module The keys of administrators in every database of a region. Database 0 decides about them, and each other database has a copy
 * of their stream.
 */

import { errorText } from '../store/db.ts'
import { copyRegion } from '../store/region-copy.ts'
import type { Services } from './services.ts'

/**
 * Copies the keys to each database that lacks some. The request that changes a key copies at once. The cron copies each minute what a
 * request could not. True if every database has them. Never throws: the log names the database that lacks them.
 */
export async function copyAdministratorKeys({
  databases,
  macHead,
  log,
}: Pick<Services, 'databases' | 'macHead' | 'log'>): Promise<boolean> {
  const [home, ...others] = databases.all
  const copies = others.map(async ({ name, db }): Promise<boolean> => {
    try {
      await copyRegion(home.db, db, macHead)
      return true
    } catch (error) {
      log('alert', { why: 'keys_not_copied', database: name, error: errorText(error) })
      return false
    }
  })
  return (await Promise.all(copies)).every((isCopied) => isCopied)
}
