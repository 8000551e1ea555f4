/** @module The environment of the client, and the time limit of a request. */

export interface ClientRuntime {
  fetch(url: URL, init: RequestInit): Promise<Response>
  /** Milliseconds since the epoch. */
  now(): number
  /** Ends early if the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A new key of an act. */
  newKey(): string
}

/** The longest time of a timer. A longer one ends at once. */
const LONGEST_MS = 2 ** 31 - 1

/** The globals that Node, Workers and browsers share. */
export const defaults: ClientRuntime = {
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, Math.min(ms, LONGEST_MS))
      if (signal?.aborted) end()
      else signal?.addEventListener('abort', end)
    }),
  newKey: () => crypto.randomUUID(),
}

/**
 * Runs a request until it ends, its time is over, or the caller's signal is aborted. A request that ignores its signal ends too.
 * Afterwards no timer and no listener is left.
 */
export async function within<T>(
  ms: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason))
  })
  const abort = () => controller.abort(signal?.reason)
  const expire = () => controller.abort(new DOMException(`no answer in ${ms} ms`, 'TimeoutError'))
  signal?.addEventListener('abort', abort)
  const timer = setTimeout(expire, Math.min(ms, LONGEST_MS))
  try {
    return await Promise.race([run(controller.signal), ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
