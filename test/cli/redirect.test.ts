/** @module The command follows no redirect: another server would get the master key, a bearer key or a card number. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readAcquirerLedger } from '../../src/cli/lib/acquirer-ledger.ts'
import { httpTransport } from '../../src/cli/lib/http-transport.ts'
import { provision, provisionMerchant } from '../../src/cli/provision.ts'

const requests: string[] = []
let other: Server
let redirecting: Server

const open = (handle: Parameters<typeof createServer>[1]): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer(handle as never)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
const urlOf = (server: Server): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)

beforeAll(async () => {
  other = await open((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    response.end('{}')
  })
  redirecting = await open((request, response) => {
    response.writeHead(307, { location: new URL(request.url ?? '/', urlOf(other)).href }).end()
  })
})
afterAll(() => {
  other.close()
  redirecting.close()
})

const merchant = { key: 'an-administrators-key', merchantId: '123456789012345', body: { tmk: 'secret' } }

it.each([
  ['merchant', () => provisionMerchant({ ...merchant, url: urlOf(redirecting) })],
  ['provision', () => provision({ ...merchant, url: urlOf(redirecting), terminalId: '12345678' })],
  ['the list of an acquirer', () => readAcquirerLedger(urlOf(redirecting).href)],
] as const)('%s fails', async (_, run) => {
  await expect(run()).rejects.toThrow()
  expect(requests).toEqual([])
})

it('a terminal gets no answer', async () => {
  const transport = httpTransport(urlOf(redirecting))
  expect(await transport.send(Uint8Array.of(1))).toBeNull()
  expect(requests).toEqual([])
})
