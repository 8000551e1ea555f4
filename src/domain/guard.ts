/**
 * @module Guards: versions of what a decision depends on beside the head of its journal (semantics.md, Guards).
 * A decision needs the versions that it was loaded with. A change raises the version, so older decisions lose.
 */

/** The most heads and guards that a change may lose to other writers. Then its caller gets `in_progress`. */
export const MAX_LOSSES = 8

/** A guard and the version that the decision was loaded with. 0: nothing has raised it yet. */
export type Need = readonly [key: string, version: number]

/** The guard of a merchant: its settings, its keys, and changes of its terminals' profiles. */
export const merchantGuard = (merchantId: string): string => `merchant:${merchantId}`

/** The guard of the administrators' keys. */
const REGION_GUARD = 'region'

/** The guard of a bucket, 0 to 1023: a move of the bucket to another database raises it. */
export const bucketGuard = (bucket: number): string => `bucket:${bucket}`

/** The guard of a bearer key. `merchantId` null: an administrator's. */
export const keyGuard = (merchantId: string | null): string =>
  merchantId === null ? REGION_GUARD : merchantGuard(merchantId)
