/** @module Times several ways to do the same, in rounds that alternate between them. */

export interface Entrant {
  readonly name: string
  /** Does the operation `count` times. Returns nanoseconds. */
  readonly time: (count: number) => number | Promise<number>
}

export interface Rounds {
  readonly rounds: number
  /** The length of a round of one entrant, in milliseconds. */
  readonly ms: number
}

/** The most operations of a round. */
const MOST = 2 ** 20

/** Twice as many rounds are not counted before. In these the compilers of the engine do their work. */
const WARM_UP = 2

/** The number of operations that take `ms`, after the warm-up. */
async function countFor(entrant: Entrant, { rounds, ms }: Rounds): Promise<number> {
  let count = 4
  let elapsed = 0
  for (let warm = 0; warm < WARM_UP * rounds; warm++) {
    elapsed = (await entrant.time(count)) / 1e6
    while (elapsed < ms / 2 && count < MOST) {
      count *= 2
      elapsed = (await entrant.time(count)) / 1e6
    }
  }
  return Math.max(1, Math.min(MOST, Math.round((count * ms) / elapsed)))
}

/** Nanoseconds per operation in each round, by entrant. All entrants take part in each round, one after the other. */
export async function alternate(
  entrants: readonly Entrant[],
  options: Rounds,
  operations?: number,
): Promise<number[][]> {
  const counts: number[] = []
  for (const entrant of entrants) counts.push(operations ?? (await countFor(entrant, options)))
  const times = entrants.map((): number[] => [])
  for (let round = 0; round < options.rounds; round++) {
    for (const [at, entrant] of entrants.entries()) {
      const count = counts[at] ?? 1
      times[at]?.push((await entrant.time(count)) / count)
    }
  }
  return times
}

/** An entrant in this process. `operation` gets the number of the operation. */
export const timed = (name: string, operation: (index: number) => unknown): Entrant => ({
  name,
  time: (count) => {
    const start = process.hrtime.bigint()
    for (let index = 0; index < count; index++) operation(index)
    return Number(process.hrtime.bigint() - start)
  },
})
