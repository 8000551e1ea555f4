/**
 * @module The MAC of a row of the table of buckets. The row says where the data of a merchant is, and follows from no entry. So an
 * attacker who can write the database but has no key of the service cannot send a merchant to another database.
 */

import type { BucketRow } from './databases.ts'
import { isOurMac, type VerifyMac } from './stored-mac.ts'

/** The bytes that the MAC covers. The MAC of a head begins with a number, so neither stands for the other. */
export const bucketContent = ({
  bucket,
  database,
  version,
}: Omit<BucketRow, 'mac' | 'macKey'>): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(`bucket|${bucket}|${version}|${database}`))

/** True if the row has the MAC of the service. */
export const isOwnBucket = (verifyMac: VerifyMac, row: BucketRow): Promise<boolean> =>
  isOurMac(verifyMac, bucketContent(row), row.mac, row.macKey)

/** The rows, if each has the MAC of the service. Throws RangeError for the first one without it. */
export async function ownBuckets(
  verifyMac: VerifyMac,
  rows: readonly BucketRow[],
): Promise<readonly BucketRow[]> {
  for (const row of rows)
    if (!(await isOwnBucket(verifyMac, row)))
      throw new RangeError(`bucket: the row ${row.bucket} has no MAC of this service`)
  return rows
}
