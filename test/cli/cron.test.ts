/** @module The cron of a development server. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { tickCron } from '../../src/cli/dev/cron.ts'

it('repeats until it is stopped, also after failed runs', async () => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (requests.length === 1) request.socket.destroy()
    else response.writeHead(500).end('wrong')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = tickCron(new URL(`http://127.0.0.1:${port}`), 20)
  while (requests.length < 3) await sleep(5)
  stop()
  await sleep(50)
  const then = requests.length
  await sleep(100)
  expect(requests).toHaveLength(then)
  expect(new Set(requests)).toEqual(new Set(['GET /cdn-cgi/handler/scheduled']))
  server.closeAllConnections()
  server.close()
})
