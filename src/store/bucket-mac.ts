/**
 * @module The MAC of a row of the table of buckets. The row says where the data of a merchant is, and follows from no entry. So an
 * attacker who can write the database but has no key of the service cannot send a merchant to another database.
 */

import type { BucketRow } from './databases.ts'

/** The bytes that the MAC covers. The MAC of a head begins with a number, so neither stands for the other. */
export const bucketContent = ({
  bucket,
  database,
  version,
}: Omit<BucketRow, 'mac' | 'macKey'>): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new TextEncoder().encode(`bucket|${bucket}|${version}|${database}`))

/** Whether a MAC is that of the data under the data key `journal` with this id. */
type VerifyMac = (
  data: Uint8Array<ArrayBuffer>,
  mac: Uint8Array<ArrayBuffer>,
  keyId: number,
) => Promise<boolean>

/** True if the row has the MAC of the service. */
export async function isOwnBucket(verifyMac: VerifyMac, row: BucketRow): Promise<boolean> {
  if (!/^[0-9a-f]{64}$/.test(row.mac)) return false
  return verifyMac(bucketContent(row), Uint8Array.fromHex(row.mac), row.macKey)
}

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
