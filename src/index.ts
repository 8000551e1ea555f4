/** @module The Worker. Only this file imports the core's module, and reads environment, clock and randomness. */

import type { Hono } from 'hono'
import coreModule from '../build/core.wasm'
import { createApp, respondUnopened } from './app.ts'
import { createServices } from './create-services.ts'
import { runCron } from './pipeline/cron.ts'
import { openOnce } from './pipeline/open-once.ts'
import type { Services } from './pipeline/services.ts'

interface Worker {
  readonly services: Services
  readonly app: Hono
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function build(env: Env): Promise<Worker> {
  const services = await createServices(env, {
    module: coreModule,
    now: () => Date.now(),
    random: (bytes) => crypto.getRandomValues(bytes),
    fetch: (url, init) => fetch(url, init),
    sleep,
    log: (event, detail) => console.log(JSON.stringify({ event, region: env.REGION, ...detail })),
  })
  return { services, app: createApp(services) }
}

/** One Worker per isolate. Its requests share the core's memory, the duplicate table and the pipeline. */
const openWorker = openOnce<Worker>(sleep)

/** The services of the isolate; null when they cannot be opened. The log says why. The next request tries again. */
async function open(env: Env, context: ExecutionContext, requestId?: string): Promise<Worker | null> {
  try {
    return await openWorker(
      () => build(env),
      (promise) => context.waitUntil(promise),
    )
  } catch (error) {
    // A RangeError of ours has the name of the wrong setting, never its value. Any other error has the words of D1.
    const isSetting = error instanceof RangeError
    const why = error instanceof Error ? error.message : 'not an error'
    const line = isSetting ? { event: 'misconfigured', why } : { event: 'load_failed', error: why }
    console.log(JSON.stringify({ ...line, region: env.REGION, requestId }))
    return null
  }
}

export default {
  async fetch(request, env, context) {
    const requestId = crypto.randomUUID()
    const opened = await open(env, context, requestId)
    if (opened !== null) return opened.app.fetch(request, env, context)
    return respondUnopened(request.url, requestId)
  },

  /**
   * Runs each minute (wrangler.toml, crons): continues with the messages on which the acquirer and Annul do not agree
   * yet. It copies keys of administrators to databases that lack them. Once an hour it logs the size of each database. Once
   * a day it signs on at the acquirer. It sends an echo while the line of the acquirer is idle, and
   * settles its day at the cut-off.
   */
  async scheduled({ scheduledTime }, env, context) {
    const opened = await open(env, context)
    if (opened === null) return
    await runCron(opened.services, scheduledTime)
  },
} satisfies ExportedHandler<Env>
