/** @module The environment of the client. Each part can be replaced. */

export interface ClientRuntime {
  fetch(url: URL, init: RequestInit): Promise<Response>
  /** Milliseconds since the epoch. */
  now(): number
  /** Ends early if the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A new key of an act. */
  newKey(): string
}

/** The globals that Node, Workers and browsers share. */
export const defaults: ClientRuntime = {
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    }),
  newKey: () => crypto.randomUUID(),
}
