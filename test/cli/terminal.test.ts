import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { testCard } from '../../src/terminal/test-cards.ts'
import { MERCHANT, readFrame, responseTo, type Script, TERMINAL } from '../terminal/fake-acquirer.ts'
import { callCli, documentedJson } from './call-cli.ts'
import { freePort, runCli } from './run-cli.ts'

// Processes on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

const TMK = '11'.repeat(16)

type Step = Script | { readonly http: number; readonly body?: Uint8Array }

const steps: Step[] = []
const seen: { readonly type: string | undefined; readonly body: Uint8Array }[] = []
let server: Server
let url: string
let folder: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Uint8Array.from(Buffer.concat(parts))
      seen.push({ type: request.headers['content-type'], body })
      const step = steps.shift() ?? {}
      if ('http' in step) return response.writeHead(step.http).end(step.body)
      response.writeHead(200, { 'content-type': 'x-ISO-TPDU/x-auth' }).end(responseTo(body, step))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/unp/webtrans/WPOS`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'annul-terminal-'))
  steps.length = 0
  seen.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

const who = () => ['--url', url, '--mid', MERCHANT, '--tid', TERMINAL, '--tmk', TMK]
const terminal = (operation: string, ...args: string[]) =>
  runCli(['terminal', operation, ...who(), ...args], { cwd: folder })
const json = (stdout: string) => documentedJson('terminal sale', stdout)

test('voids a sale of an earlier call, and keeps its state in a file that only its owner can read', async () => {
  expect((await terminal('sign-on', '--json')).code).toBe(0)
  const sale = await terminal('sale', '--amount', '1234', '--json')
  expect(json(sale.stdout)).toMatchObject([
    {
      operation: 'sale',
      stan: '000002',
      batchNumber: '000007',
      amount: 1234,
      outcome: 'approved',
      responseCode: '00',
      rrn: '101530000002',
      authorizationCode: '123456',
      ms: expect.any(Number),
    },
  ])
  const voided = await terminal('void', '--json')
  expect(voided.code).toBe(0)
  expect(readFrame(seen.at(-1)?.body ?? new Uint8Array()).fields.get(61)).toBe('000007000002')
  expect(seen.at(-1)?.type).toBe('x-ISO-TPDU/x-auth')
  const path = join(folder, `.annul/terminal-${MERCHANT}-${TERMINAL}.json`)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).not.toContain(TMK)
})

test('shows a person every message masked, with the code as text, and no card number', async () => {
  await terminal('sign-on')
  steps.push({ fields: { 39: '51', 64: null } })
  const { code, stdout } = await terminal('sale', '--amount', '1251')
  expect(code).toBe(1)
  expect(stdout).toContain('622500******0014')
  expect(stdout).not.toContain(testCard(1))
  expect(stdout).toMatch(/= declined 51 .* \/ insufficient funds/)
  expect(stdout).toMatch(/← \d+ bytes, [\d.]+ ms/)
})

test('shows the frames with --show-hex', async () => {
  const { stdout } = await terminal('echo', '--show-hex')
  expect(stdout.toUpperCase()).toContain(
    Buffer.from(seen[0]?.body ?? [])
      .toString('hex')
      .toUpperCase(),
  )
})

test('keeps a reversal after a lost answer, and sends it before the next sale', async () => {
  await terminal('sign-on')
  const lost = await terminal('sale', '--amount', '100', '--lose-answer', '--json')
  expect([lost.code, json(lost.stdout)]).toMatchObject([
    1,
    [{ outcome: 'unanswered', silence: 'answer lost' }],
  ])
  const next = await terminal('sale', '--amount', '200', '--json')
  expect(next.code).toBe(0)
  expect(json(next.stdout)).toMatchObject([
    { operation: 'reverse', stan: '000002' },
    { operation: 'sale', stan: '000003' },
  ])
})

test('treats an HTTP error as a missing answer, and names a NAK', async () => {
  steps.push({ http: 503 })
  expect(json((await terminal('echo', '--json')).stdout)).toMatchObject([
    { outcome: 'unanswered', silence: 'HTTP 503' },
  ])
  steps.push({ http: 400, body: Uint8Array.of(0x15) })
  const serial = await terminal('echo', '--serial', '--json')
  expect(json(serial.stdout)).toMatchObject([{ silence: 'HTTP 400, NAK' }])
  expect(seen.at(-1)?.body[0]).toBe(0x02)
})

test('runs a day from sign-on to sign-off', async () => {
  const { code, stdout } = await terminal('day', '--json')
  expect(code).toBe(0)
  expect(json(stdout).map(({ operation }) => operation)).toEqual([
    'sign-on',
    'sale',
    'sale',
    'void',
    'settle',
    'upload-end',
    'sign-off',
  ])
})

test('prints the terminal’s own refusals in one line, with exit code 1', async () => {
  expect(await terminal('sale', '--amount', '1')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'terminal sale: the terminal has no working keys: sign on first\n',
  })
  await terminal('sign-on')
  expect((await terminal('void')).stderr).toBe('terminal void: the log of this batch has no such STAN\n')
  expect((await terminal('reverse')).stderr).toBe('terminal reverse: there is nothing to reverse\n')
})

test('prints one line with exit code 1 when the acquirer cannot be reached', async () => {
  const port = await freePort()
  const { code, stderr } = await runCli(
    ['terminal', 'echo', ...who(), '--url', `http://127.0.0.1:${port}/`],
    { cwd: folder },
  )
  expect([code, stderr]).toEqual([1, `terminal echo: http://127.0.0.1:${port}/: ECONNREFUSED\n`])
})

/** Luhn-valid, and built here so that no card number is in the repository. */
const NOT_A_TEST_CARD = ['62220', '21234567', '894'].join('')

describe('rejects wrong usage with exit code 2 and one line that repeats no value', () => {
  const secret = '0123456789ABCDEF0123456789ABCDE'
  const before = process.cwd()
  beforeEach(() => process.chdir(folder))
  afterEach(() => process.chdir(before))
  const who = ['--mid', MERCHANT, '--tid', TERMINAL, '--tmk', TMK]
  test.each<[string, string[], string]>([
    ['no operation', [], 'no operation: expected one of sign-on, echo, sale, void, reverse, settle,'],
    ['another operation', ['refund'], 'unknown operation: expected one of sign-on,'],
    ['an unknown option', ['echo', '--pin', secret], 'word 3 is not an option'],
    ['an option of another operation', ['echo', ...who, '--amount', secret], 'word 9 is not an option'],
    [
      'a short master key',
      ['echo', '--mid', MERCHANT, '--tid', TERMINAL, '--tmk', secret],
      '--tmk (or ANNUL_TMK): expected 8 or 16 bytes as hex digits',
    ],
    [
      'no master key',
      ['echo', '--mid', MERCHANT, '--tid', TERMINAL],
      '--tmk (or ANNUL_TMK) is missing: expected 8 or 16 bytes',
    ],
    [
      'a short merchant number',
      ['echo', '--mid', '1', '--tid', TERMINAL, '--tmk', TMK],
      '--mid: expected a merchant number of 15',
    ],
    ['no URL', ['echo', ...who, '--url', 'localhost'], '--url: expected an http'],
    ['no amount', ['sale', ...who], '--amount is missing: expected a whole number of fen'],
    ['an amount in yuan', ['sale', ...who, '--amount', '1.50'], '--amount: expected a whole number of fen'],
    [
      'a card that may be someone’s',
      ['sale', ...who, '--amount', '1', '--pan', NOT_A_TEST_CARD],
      '--pan: expected a published test card',
    ],
    ['another MAC', ['echo', ...who, '--mac', 'hmac'], '--mac: expected one of cup-ecb,'],
  ])('%s', async (_, args, line) => {
    const { code, out, errors } = await callCli(['terminal', ...args])
    expect([code, out]).toEqual([2, ''])
    const [operation = ''] = args
    expect(errors).toContain(
      line.includes('operation') ? `terminal: ${line}` : `terminal ${operation}: ${line}`,
    )
    expect(errors.split('\n')).toHaveLength(1)
    for (const value of [secret, NOT_A_TEST_CARD]) expect(errors).not.toContain(value)
    expect(existsSync(join(folder, '.annul'))).toBe(false)
  })

  test('rejects a master key other than the sign-on’s', async () => {
    await terminal('sign-on')
    const { code, stderr } = await terminal('sale', '--amount', '1', '--tmk', '22'.repeat(16))
    expect([code, stderr]).toEqual([
      2,
      'terminal sale: --tmk: this is not the master key of the last sign-on; sign on again\n',
    ])
  })
})

test('reads the master key from the environment', async () => {
  const args = ['terminal', 'sign-on', '--url', url, '--mid', MERCHANT, '--tid', TERMINAL]
  expect((await runCli(args, { cwd: folder, env: { ANNUL_TMK: TMK } })).code).toBe(0)
})

test('leaves a file unchanged that is not a state', async () => {
  const path = join(folder, 'state.json')
  writeFileSync(path, '{}')
  const { code, stderr } = await terminal('echo', '--state', path)
  expect([code, stderr]).toEqual([1, `terminal echo: ${path}: this is not the state of a terminal\n`])
  expect(readFileSync(path, 'utf8')).toBe('{}')
})
