/**
 * @module The MAC of a row of the table of buckets. The row says where the data of a merchant is, and follows from no entry. So an
 * attacker who can write the database but has no key of the service cannot send a merchant to another database.
 */

import type { Keyring } from '../crypto/keyring.ts'
import type { BucketRow } from './databases.ts'

/** The bytes that the MAC covers. The MAC of a head begins with a number, so neither stands for the other. */
export const bucketContent = ({
  bucket,
  database,
  version,
}: Omit<BucketRow, 'mac' | 'macKey'>): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(`bucket|${bucket}|${version}|${database}`))

/** True if the row has the MAC of the service, under a data key `journal`. */
export async function isOwnBucket(
  { verifyJournalMac }: Pick<Keyring, 'verifyJournalMac'>,
  row: BucketRow,
): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/.test(row.mac)) return false
  return verifyJournalMac(bucketContent(row), Uint8Array.fromHex(row.mac), row.macKey)
}
