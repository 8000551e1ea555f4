/** @module What Cloudflare does each minute and `wrangler dev` does not: runs the `scheduled` handler. */

const MINUTE_MS = 60_000

/** Where `wrangler dev` takes a run of cron. */
const SCHEDULED = '/cdn-cgi/handler/scheduled'

/** Runs it every `everyMs` milliseconds until the returned function is called. A run that fails is the next one's. */
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
