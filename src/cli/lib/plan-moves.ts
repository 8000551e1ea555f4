/** @module Plans which buckets should move, so that the databases of a region have about as many entries each. */

/** The entries of each bucket of a database. */
export interface ShardLoad {
  readonly name: string
  readonly entries: ReadonlyMap<number, number>
}

export interface PlannedMove {
  readonly bucket: number
  readonly from: string
  readonly to: string
  readonly entries: number
}

/** Databases whose difference is below this part of their mean are even: a move costs more than it gives. */
const EVEN = 0.1

const total = (entries: ReadonlyMap<number, number>): number =>
  [...entries.values()].reduce((sum, count) => sum + count, 0)

/**
 * Takes the fullest and the emptiest database, and moves the bucket that brings them closest together. It ends when they are even, or
 * when no bucket helps. A bucket moves once at most.
 */
export function planMoves(loads: readonly ShardLoad[]): PlannedMove[] {
  const shards = loads.map(({ name, entries }) => ({ name, entries: new Map(entries), sum: total(entries) }))
  const mean = shards.reduce((sum, one) => sum + one.sum, 0) / shards.length
  const moves: PlannedMove[] = []
  const moved = new Set<number>()
  for (;;) {
    const [empty, ...rest] = shards.toSorted((a, b) => a.sum - b.sum)
    const full = rest.at(-1)
    if (empty === undefined || full === undefined) return moves
    const gap = full.sum - empty.sum
    if (gap <= mean * EVEN) return moves
    // A bucket as large as the difference would only change which database is the fullest.
    const [best] = [...full.entries]
      .filter(([bucket, entries]) => entries > 0 && entries < gap && !moved.has(bucket))
      .toSorted(([a, x], [b, y]) => Math.abs(x - gap / 2) - Math.abs(y - gap / 2) || a - b)
    if (best === undefined) return moves
    const [bucket, entries] = best
    moved.add(bucket)
    full.entries.delete(bucket)
    full.sum -= entries
    empty.entries.set(bucket, entries)
    empty.sum += entries
    moves.push({ bucket, from: full.name, to: empty.name, entries })
  }
}
