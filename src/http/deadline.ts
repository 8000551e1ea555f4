/** @module How long a request waits for its body and for its answer: one timer for both, since one costs as much as a refusal. */

export interface Deadline {
  /** Settles as `work` does, or with undefined when that many milliseconds have passed since the first call. */
  until<T>(ms: number, work: Promise<T>): Promise<T | undefined>
  end(): void
}

export function openDeadline(): Deadline {
  let timer: ReturnType<typeof setTimeout> | undefined
  let limit = 0
  let giveUp = (): void => undefined

  function arm(to: number, elapsed: number): void {
    timer = setTimeout(() => (limit > to ? arm(limit, to) : giveUp()), to - elapsed)
  }

  return {
    until(ms, work) {
      limit = ms
      const over = new Promise<undefined>((resolve) => {
        giveUp = () => resolve(undefined)
      })
      if (timer === undefined) arm(ms, 0)
      return Promise.race([work, over])
    },
    end: () => clearTimeout(timer),
  }
}
