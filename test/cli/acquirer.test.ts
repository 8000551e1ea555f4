/**
 * `annul acquirer` as a process: it serves, prints its usage, and ends with the processes that it started.
 */

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { httpsAcquirer } from '../../src/acquirer/https.ts'
import { sendOver } from '../../src/acquirer/send.ts'
import { aSale, aVoid, core, HEADER, inquiryOf, macKeyFor, TPDU } from '../acquirer/https-harness.ts'
import { freePort, type Running, runCli, startCli } from './run-cli.ts'

// Processes on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let acquirer: Running
let origin: string

beforeAll(async () => {
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  acquirer = startCli(['acquirer', '--port', String(port)])
  await acquirer.says('Ctrl-C ends it.')
})
afterAll(() => acquirer.kill('SIGKILL'))

test('sells, voids, loses an answer on request, and shows its books', async () => {
  const acquirer = httpsAcquirer({
    core,
    macProfile: 'cup-ecb',
    macKey: macKeyFor('cup-ecb'),
    tpdu: TPDU,
    header: HEADER,
    recovery: 'inquiry',
    send: sendOver((url, init) => fetch(url, init), `${origin}/unp/webtrans/WPOS`),
  })
  expect(await acquirer.ask(aSale())).toMatchObject({ kind: 'approved' })
  const faults = { method: 'POST', body: JSON.stringify({ script: [{ on: 'void', fault: 'drop_answer' }] }) }
  expect((await fetch(`${origin}/faults`, faults)).status).toBe(204)
  expect(await acquirer.ask(aVoid())).toEqual({ kind: 'unknown', why: 'no answer' })
  expect(await acquirer.ask(inquiryOf(aVoid()))).toMatchObject({ kind: 'approved' })
  const { items } = (await (await fetch(`${origin}/ledger`)).json()) as {
    items: { kind: string; state: string }[]
  }
  expect(items.map(({ kind, state }) => `${kind} ${state}`)).toEqual(['sale approved', 'void approved'])
})

test('refuses a port in use and wrong usage', async () => {
  const { port } = new URL(origin)
  expect(await runCli(['acquirer', '--port', port])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^acquirer: port \d+ is in use/),
  })
  expect(await runCli(['acquirer', '--port', 'x'])).toMatchObject({ code: 2 })
})

test('ends on a signal', async () => {
  acquirer.kill('SIGINT')
  expect(await acquirer.ended).toMatchObject({ code: 0, stderr: '' })
  await expect(fetch(origin)).rejects.toThrow()
})
