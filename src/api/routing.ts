/**
 * @module Finds the database of a request before any query. The bucket in its bearer key comes first, then the merchant or the id
 * that it names. An RRN names no bucket. A request without any of them goes to database 0.
 */

import type { Context } from 'hono'
import { bucketOf, bucketOfId } from '../domain/bucket.ts'
import { inBucket } from '../pipeline/databases.ts'
import type { Services } from '../pipeline/services.ts'
import type { Credential } from '../store/load.ts'
import { type Asking, bucketOfCaller } from './handler.ts'
import { invalid, type Problem } from './json/problem.ts'
import type { ReadRequest } from './read-request.ts'

type Named = Partial<Pick<ReadRequest, 'path' | 'query' | 'body' | 'lines'>>

/** The members that have an id of ours. */
const IDS = ['saleId', 'voidId', 'reference', 'id'] as const

/** The services in the database of a request. A merchant's own key comes first, so its requests never reach another database. */
export function routed(services: Services, c: Context, named: Named): Services {
  const bucket = bucketOfCaller(c) ?? bucketNamed(named)
  return bucket === null ? services : inBucket(services, bucket)
}

/** A request that was read, with its services. */
export type Placing = Asking & { readonly services: Services } & Named

/** True if the request has one database: the region has no other, or the request names a bucket. */
export const isPlaced = (call: Placing): boolean =>
  call.services.databases.all.length === 1 || bucketOfCaller(call.c) !== null || bucketNamed(call) !== null

/**
 * The refusal of a query about one thing in no known place: an administrator must name the merchant. A merchant finds its own in the
 * database of its key. Null: the query has its place.
 */
export const refuseUnplaced = (call: Placing, { merchantId }: Credential): Problem | null =>
  merchantId !== null || isPlaced(call)
    ? null
    : invalid({ in: 'query', pointer: '/merchantId', why: 'is missing: the region has several databases' })

/** The first line of a list stands for the list. */
function bucketNamed({ path, query, body, lines }: Named): number | null {
  const line = lines?.[0]?.value
  const members: Record<string, unknown> = Object.assign({}, line?.ok ? line.value : null, body, query, path)
  if (typeof members.merchantId === 'string') return bucketOf(members.merchantId)
  const ids = IDS.map((name) => members[name]).filter((id) => typeof id === 'string')
  return ids.map(bucketOfId).find((bucket) => bucket !== null) ?? null
}
