/**
 * @module The deadline of a request for its body and its answer. Both share one timer, because a timer costs as much as
 * a refusal.
 */

export interface Deadline {
  /** Settles like `work`, or with undefined when `ms` milliseconds have passed since the first call. */
  until<T>(ms: number, work: Promise<T>): Promise<T | undefined>
  end(): void
}

/** Opens a deadline. The timer starts at the first `until`; call `end` afterwards. */
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
