/**
 * @module The space for bodies that are being read. A body counts with the memory that it holds, and not with the length
 * that its sender announces.
 *
 * Each body belongs to pools: one for its address, one for each network around it, and the whole space. If a pool is
 * full, its oldest body gives way, unless it is younger than half a second. So a sender whose bytes come at once passes
 * between slow ones, and a request that was cut off keeps no space.
 */

/** Each body counts with so many bytes at least: its request takes memory too. A frame never holds more. */
export const LEAST_BYTES = 4096

/** The time in milliseconds that a body has for itself. After that it gives way if its pool is full. */
export const GIVE_WAY_MS = 500

export interface Pool {
  readonly name: string
  /** The most bytes of all its bodies. */
  readonly limit: number
}

export interface BodyLease {
  /** The body holds so many bytes from now on. False: there is no space for them. */
  hold(bytes: number): boolean
  /** Settles when the body must give way. It has left the space then. */
  readonly displaced: Promise<void>
  /** Frees the space. May be called again. */
  leave(): void
}

export interface BodySpace {
  /** A body that is about to be read. Undefined: there is no space in one of its pools. */
  enter(pools: readonly Pool[]): BodyLease | undefined
}

interface Inside {
  readonly since: number
  readonly pools: readonly Pool[]
  bytes: number
  giveWay(): void
}

/** Calls `full` with a pool in which a body is refused or gives way. `now`: milliseconds since the epoch. */
export function createBodySpace(now: () => number, full: (pool: Pool) => void): BodySpace {
  /** In the order of arrival. */
  const inside = new Set<Inside>()
  const used = new Map<string, number>()

  function count(pools: readonly Pool[], bytes: number): void {
    for (const { name } of pools) {
      const sum = (used.get(name) ?? 0) + bytes
      if (sum === 0) used.delete(name)
      else used.set(name, sum)
    }
  }

  function leave(one: Inside): void {
    if (!inside.delete(one)) return
    count(one.pools, -one.bytes)
  }

  /** Makes space for more bytes in a pool. False: all its other bodies are young. */
  function makeSpace(pool: Pool, more: number, mine: Inside): boolean {
    const isFull = () => (used.get(pool.name) ?? 0) + more > pool.limit
    if (!isFull()) return true
    full(pool)
    for (const one of inside) {
      // A clock that jumped makes every body old.
      if (Math.abs(now() - one.since) < GIVE_WAY_MS) break
      if (one === mine || !one.pools.some(({ name }) => name === pool.name)) continue
      leave(one)
      one.giveWay()
      if (!isFull()) return true
    }
    return false
  }

  const grow = (one: Inside, to: number): boolean => {
    const more = Math.max(to, LEAST_BYTES) - one.bytes
    if (more <= 0) return true
    if (!one.pools.every((pool) => makeSpace(pool, more, one))) return false
    one.bytes += more
    count(one.pools, more)
    return true
  }

  return {
    enter(pools) {
      const { promise: displaced, resolve: giveWay } = Promise.withResolvers<void>()
      const one: Inside = { since: now(), pools, bytes: 0, giveWay }
      if (!grow(one, LEAST_BYTES)) return undefined
      inside.add(one)
      return { displaced, hold: (bytes) => inside.has(one) && grow(one, bytes), leave: () => leave(one) }
    },
  }
}
