/** @module Runs the `scheduled` handler each minute, as Cloudflare does. `wrangler dev` does not run it. */

const MINUTE_MS = 60_000

/** The path of `wrangler dev` that runs the handler. */
const SCHEDULED = '/cdn-cgi/handler/scheduled'

/** Runs it every `everyMs` milliseconds until the returned function is called. After a failed run, the next run does its work. */
export function tickCron(url: URL, everyMs = MINUTE_MS): () => void {
  const timer = setInterval(() => {
    fetch(new URL(SCHEDULED, url)).then(
      (answer) => answer.body?.cancel(),
      () => undefined,
    )
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
