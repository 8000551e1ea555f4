/**
 * @module A service in this process behind a port of this machine, over SQLite. For tests of the load itself: its clock is fast, so an
 * answer does not stay in memory for long.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from '../../src/app.ts'
import { SEED } from '../../src/cli/dev/server.ts'
import { createServices } from '../../src/create-services.ts'
import { insertApiKey, newApiKey } from '../rig/api-key.ts'
import { checkChains } from '../simulation/checks.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import type { Target } from './target.ts'

/** How many times faster than ours the clock of the service is. */
const FAST = 8
const MASTER_KEY = 'ab'.repeat(32)

export interface InProcess extends Target {
  readonly storage: Storage
}

/** `sql`: statements on the new database. */
export async function startInProcess(
  module: WebAssembly.Module,
  sql: readonly string[] = [],
): Promise<InProcess> {
  const storage = new Storage()
  for (const statement of sql) storage.rows(statement)
  const [adminKey, merchantKey] = [newApiKey(), newApiKey()]
  storage.rows(insertApiKey(adminKey, null, 'load'))
  storage.rows(insertApiKey(merchantKey, SEED.merchantId, 'load'))
  const began = Date.now()
  const services = await createServices(
    {
      MASTER_KEY,
      ACQUIRER: 'sandbox',
      ACQUIRER_ID: '00001234',
      SERVER_TIMING: 'yes',
      DB: bindD1(storage, async (_, apply) => {
        await new Promise((resolve) => setImmediate(resolve))
        return apply()
      }),
    },
    {
      module,
      now: () => began + FAST * (Date.now() - began),
      random: (bytes) => crypto.getRandomValues(bytes),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / FAST)),
      log: () => {},
    },
  )
  const app = createApp(services)
  const context = {
    waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined),
    passThroughOnException() {},
    props: {},
  } as unknown as ExecutionContext
  const server = createServer((request, response) => void serve(app, context, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    storage,
    name: 'in this process',
    url: new URL(`http://127.0.0.1:${port}`),
    merchantId: SEED.merchantId,
    adminKeys: [adminKey],
    merchantKeys: [merchantKey],
    floors: null,
    graceMs: 0,
    counts: null,
    rows: async (statement) => storage.rows(statement),
    hasQuickRows: true,
    pids: [],
    slowDown: null,
    compareAcquirer: null,
    alerts: () => ({}),
    audit: () => chainsOf(storage),
    async stop() {
      await closed(server)
      storage.close()
    },
  }
}

async function serve(
  app: ReturnType<typeof createApp>,
  context: ExecutionContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const { method = 'GET', url = '/' } = request
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ])
  const body = parts.length === 0 ? {} : { body: Uint8Array.from(Buffer.concat(parts)) }
  const answer = await app.fetch(new Request(`http://annul${url}`, { method, headers, ...body }), {}, context)
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(new Uint8Array(await answer.arrayBuffer()))
}

async function chainsOf(storage: Storage): Promise<string[]> {
  try {
    await checkChains(storage)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })
