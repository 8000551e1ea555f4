/** @module The Worker. Only this file imports the core's module, and reads environment, clock and randomness. */

import type { Hono } from 'hono'
import coreModule from '../build/core.wasm'
import { createApp } from './app.ts'
import { createServices } from './create-services.ts'
import { watchGrowth } from './pipeline/growth.ts'
import { recover } from './pipeline/recover.ts'
import type { Services } from './pipeline/services.ts'

interface Worker {
  readonly services: Services
  readonly app: Hono
}

/** One per isolate. Its requests share the core's memory, the duplicate table and the pipeline. */
let worker: Promise<Worker> | undefined

/** The duration of one recovery run in milliseconds: until the next run begins. */
const RECOVERY_MS = 60_000

async function build(env: Env): Promise<Worker> {
  const services = await createServices(env, {
    module: coreModule,
    now: () => Date.now(),
    random: (bytes) => crypto.getRandomValues(bytes),
    fetch: (url, init) => fetch(url, init),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    log: (event, detail) => console.log(JSON.stringify({ event, region: env.REGION, ...detail })),
  })
  return { services, app: createApp(services) }
}

/** The services of the isolate; null when a setting is wrong. The log names it. The next request tries again. */
async function open(env: Env, requestId?: string): Promise<Worker | null> {
  worker ??= build(env)
  try {
    return await worker
  } catch (error) {
    worker = undefined
    // A RangeError of ours has the name of the wrong setting, never its value.
    const why = error instanceof RangeError ? error.message : 'not built'
    console.log(JSON.stringify({ event: 'misconfigured', region: env.REGION, why, requestId }))
    return null
  }
}

export default {
  async fetch(request, env, context) {
    const requestId = crypto.randomUUID()
    const opened = await open(env, requestId)
    if (opened !== null) return opened.app.fetch(request, env, context)
    return new Response(null, {
      status: 503,
      headers: { 'x-request-id': requestId, 'cache-control': 'no-store' },
    })
  },

  /**
   * Runs each minute (wrangler.toml, crons): continues with the messages on which the acquirer and Annul do not agree
   * yet. Once an hour it logs the size of the database.
   */
  async scheduled({ scheduledTime }, env) {
    const opened = await open(env)
    if (opened === null) return
    const { services } = opened
    await watchGrowth(services, scheduledTime)
    await recover(services, services.now() + RECOVERY_MS)
  },
} satisfies ExportedHandler<Env>
