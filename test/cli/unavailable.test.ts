/**
 * @module Every command that uses the JSON API, against a service that does not open, and against a server that is no service. The
 * command prints the status, and where the cause stands.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { apiProblem } from '../../src/api/json/problem.ts'
import { callCli } from './call-cli.ts'

const MID = '123456789012345'
const ADMIN = { env: { ANNUL_ADMIN_KEY: 'a-key-of-sixteen-or-more' } }

/** A server that gives one answer to everything. */
async function serverOf(status: number, body: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    // Without a wait, so that a command that retries ends at once.
    response.writeHead(status, { 'retry-after': '0' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const COMMANDS = [
  ['api-key create', ['--name', 'x']],
  ['api-key list', []],
  ['api-key revoke', ['--id', '0'.repeat(32)]],
  ['merchant', ['--mid', MID]],
  ['provision', ['--mid', MID, '--tid', '12345678', '--state', 'blocked']],
  ['reconcile', ['--acquirer-ledger', '-']],
] as const

const LOG = '; the log of the service says why'
const PROBLEM = JSON.stringify(apiProblem('unavailable').body)
const ANSWERS = [
  [503, '', `HTTP 503${LOG}`],
  [503, PROBLEM, `HTTP 503: unavailable (The service is not available)${LOG}`],
  [502, '<html>', 'HTTP 502, not JSON; is this the URL of the service?'],
  [404, '', 'HTTP 404, not JSON; is this the URL of the service?'],
  [404, 'null', 'HTTP 404, not JSON; is this the URL of the service?'],
  [403, '{}', 'HTTP 403: no reason given'],
] as const

test.each(COMMANDS.flatMap(([command, args]) => ANSWERS.map((answer) => [command, args, answer] as const)))(
  '%s %j prints %j',
  async (command, args, [status, body, words]) => {
    const url = await serverOf(status, body)
    const { code, out, errors } = await callCli([...command.split(' '), '--url', url, ...args], ADMIN)
    expect(code).toBe(1)
    // A refusal in JSON is the result of the command. Anything else is its failure.
    expect(`${out}${errors}`.split('\n')).toEqual([expect.stringContaining(words)])
    expect(`${out}${errors}`).not.toContain('network error')
    expect(`${out}${errors}`.endsWith(words)).toBe(true)
  },
)
