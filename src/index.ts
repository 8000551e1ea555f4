/** @module The Worker. The only file that imports the core's module and reads env, clock and randomness. */

import type { Hono } from 'hono'
import coreModule from '../build/core.wasm'
import { createApp } from './app.ts'
import { createServices } from './create-services.ts'

/** One application per isolate: the core's memory, the duplicate table and the group are shared by its requests. */
let app: Promise<Hono> | undefined

const build = async (env: Env): Promise<Hono> =>
  createApp(
    await createServices(env, {
      module: coreModule,
      now: () => Date.now(),
      random: (bytes) => crypto.getRandomValues(bytes),
      log: (event, detail) => console.log(JSON.stringify({ event, region: env.REGION, ...detail })),
    }),
  )

export default {
  async fetch(request, env, context) {
    app ??= build(env)
    let built: Hono
    try {
      built = await app
    } catch (error) {
      app = undefined
      // A RangeError of ours names the setting that is wrong, never its value.
      const why = error instanceof RangeError ? error.message : 'not built'
      console.log(JSON.stringify({ event: 'misconfigured', region: env.REGION, why }))
      return new Response(null, { status: 503 })
    }
    return built.fetch(request, env, context)
  },
} satisfies ExportedHandler<Env>
