/**
 * @module `annul env`: makes a sale at a running development server, and prints exports with which a shell can void it by `curl`.
 * The server must be one of this machine: only there is the file with its keys.
 */

import { existsSync, readFileSync } from 'node:fs'
import { fromHex } from '../../iso8583/hex.ts'
import { newTerminalState } from '../../terminal/state.ts'
import { testCard } from '../../terminal/test-cards.ts'
import { VirtualTerminal } from '../../terminal/virtual-terminal.ts'
import { loadCore } from '../lib/core.ts'
import { databaseOf } from '../lib/database.ts'
import type { Run } from '../lib/declare.ts'
import { Failure, UsageError } from '../lib/failure.ts'
import { httpTransport, networkError } from '../lib/http-transport.ts'
import { isOnThisMachine } from '../provision.ts'
import type { ENV } from '../table/development.ts'
import { freshTerminalId } from './fresh-terminal.ts'
import { type Credentials, credentialsPathOf, provisionSeed, SEED } from './server.ts'

export const run: Run<typeof ENV> = async ({ url, persistTo, amount, json }, io) => {
  if (!isOnThisMachine(url)) throw new UsageError('--url: expected a service on this machine')
  const credentials = readCredentials(credentialsPathOf(databaseOf({ persistTo })))
  const { merchantKey: apiKey } = credentials
  const { merchantId } = SEED
  const terminalId = freshTerminalId()
  await provisionSeed(url, credentials, terminalId)
  const rrn = await sell(url, credentials, terminalId, amount)
  const saleId = await saleIdOf(url, apiKey, rrn)
  const values = { url: url.origin, apiKey, merchantId, terminalId, saleId, rrn, amount }
  io.stdout(json ? JSON.stringify(values) : Object.entries(values).map(exportOf).join('\n'))
  return 0
}

/** `apiKey` → `export ANNUL_API_KEY=…`. No value has a character that a shell would interpret. */
const exportOf = ([name, value]: readonly [string, string | number]): string =>
  `export ANNUL_${name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()}=${value}`

function readCredentials(path: string): Credentials {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Credentials
  throw new Failure('there are no development keys: run npm start first')
}

/** Signs a new terminal on and sells; returns the RRN. */
async function sell(
  url: URL,
  { terminalKey }: Credentials,
  terminalId: string,
  amount: number,
): Promise<string> {
  const transport = httpTransport(new URL('/v1/iso8583', url))
  const terminal = new VirtualTerminal({
    core: await loadCore(),
    send: transport.send,
    now: () => performance.now(),
    tmk: fromHex(terminalKey) ?? new Uint8Array(0),
    state: newTerminalState(SEED.merchantId, terminalId, 'cup-ecb'),
  })
  await terminal.signOn()
  const sold = await terminal.sale(amount, testCard(1))
  const rrn = sold.ok && sold.value.outcome === 'approved' ? sold.value.received?.fields.get(37) : undefined
  if (rrn === undefined || !/^\d{12}$/.test(rrn))
    throw new Failure(`the sale was not approved: ${transport.silence() ?? codeOf(sold)}`)
  return rrn
}

const codeOf = (sold: Awaited<ReturnType<VirtualTerminal['sale']>>): string =>
  sold.ok ? `response code ${sold.value.responseCode}` : sold.error

async function saleIdOf(url: URL, merchantKey: string, rrn: string): Promise<string> {
  const resource = new URL(`/v1/sales/${rrn}`, url)
  try {
    const response = await fetch(resource, {
      redirect: 'error',
      headers: { authorization: `Bearer ${merchantKey}` },
    })
    const { id } = (await response.json()) as { id?: string }
    // A shell evaluates the output, so nothing but an id may come out of it.
    if (id !== undefined && /^[0-9a-f]{32}$/.test(id)) return id
    throw new Failure(`${resource.origin}: no sale with RRN ${rrn}: HTTP ${response.status}`)
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`${resource.origin}: ${networkError(error)}`)
  }
}
