/**
 * @module Opens the services of an isolate once, at its first request. Later requests share the opening.
 *
 * Opening reads D1, and the request that began it may end before the answer comes. Then the opening never settles. So the request
 * is kept alive for it, and each waiter has a deadline of its own.
 */

/** The time that a request waits for the opening, in milliseconds. Longer than three tries of D1 take in practice. */
const OPENING_MS = 10_000

/** Keeps the context of a request alive until the promise settles. */
type WaitUntil = (promise: Promise<unknown>) => void

/**
 * Returns a function that returns the one value of `build`. It throws the error of `build`, or Error after the deadline; then the
 * next call builds again.
 */
export function openOnce<T>(
  sleep: (ms: number) => Promise<void>,
): (build: () => Promise<T>, waitUntil: WaitUntil) => Promise<T> {
  let opened: { readonly value: T } | undefined
  let opening: Promise<T> | undefined
  return async (build, waitUntil) => {
    if (opened !== undefined) return opened.value
    opening ??= build()
    const mine = opening
    waitUntil(mine.catch(() => undefined))
    try {
      const value = await Promise.race([mine, sleep(OPENING_MS).then(tooLate)])
      opened ??= { value }
      return opened.value
    } catch (error) {
      if (opening === mine) opening = undefined
      throw error
    }
  }
}

function tooLate(): never {
  throw new Error('D1 does not answer')
}
