/**
 * @module Forwarded messages of buckets that are frozen in a database, or have left it. Nothing drives them there: another database
 * decides about them, and a message that it gave up must not go to the acquirer again.
 */

import type { AcquirerMessage } from '../domain/types.ts'
import { movedGuards } from '../store/moved-guards.ts'
import type { AcquirerStage } from './types.ts'

type Options = Pick<AcquirerStage, 'db' | 'bucketNeeds' | 'readBuckets'>

/**
 * The messages whose bucket is open in the database of the stage. If one is not, the isolate may have an old table of buckets, so it
 * reads the table again. With one database it asks nothing. Throws the errors of D1.
 */
export async function inOpenBuckets<M extends Pick<AcquirerMessage, 'merchantId'>>(
  { db, bucketNeeds, readBuckets }: Options,
  messages: readonly M[],
): Promise<readonly M[]> {
  const needsOf = ({ merchantId }: M) => bucketNeeds?.(merchantId) ?? []
  const needs = new Map(messages.flatMap((one) => [...needsOf(one)]))
  const moved = await movedGuards(db, [...needs])
  if (moved.size === 0) return messages
  await readBuckets?.()
  return messages.filter((one) => needsOf(one).every(([key]) => !moved.has(key)))
}
