/**
 * The whole CLI over real HTTP, workerd and D1, in a database of its own. It covers the demo, a server, the
 * terminal command. The tests depend on their order. Commands that start nothing run in this process: `terminal.test.ts` runs them as
 * processes.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { testCard } from '../../src/terminal/test-cards.ts'
import { callCli, documentedJson } from './call-cli.ts'
import { forgetTerminalKey, keysIn } from './development-keys.ts'
import { COMMANDS, inShell, masked, missingLines, SHOWN } from './readme.ts'
import { type Ended, freePort, type Running, runCli, startCli } from './run-cli.ts'

// Processes on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'annul-demo-'))
const MID = '123456789012345'
const TMK = '0123456789ABCDEFFEDCBA9876543210'

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const persist = ['--persist-to', folder]
const lines = (text: string) => text.trim().split('\n')
const json = (text: string) => documentedJson('terminal sale', text)
const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => socket.end(() => resolve(true)))
    socket.on('error', () => resolve(false))
  })

describe('the demo', () => {
  let ended: Ended
  let port: number

  beforeAll(async () => {
    port = await freePort()
    ended = await runCli(['demo', '--exit', '--port', String(port), ...persist])
  }, 180_000)

  test('succeeds and ends its server', async () => {
    expect(ended.stdout).not.toContain('✗')
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toMatch(/18 steps in [\d.]+ s, all as expected/)
    expect(await isListening(port)).toBe(false)
  })

  test.each([
    ['the same void again', /the service returns the first response again, the same \d+ bytes/],
    ['the lost answer', /← no response \(lost on the way back\)/],
    ['the reversal', /→ 0400 reversal of void of sale.*reason 98/],
    ['the late copy', /= declined 12 该笔已冲正 \/ Already reversed \(message_reversed\)/],
    ['the void in JSON', /"state":"reversed".*"certainty":"FINAL"/],
    ['the receipt in 中文', /交易类型: +消费撤销/],
    ['the receipt in English', /TRANS TYPE: +VOID/],
    ['the settlement', /debit 2 sales, credit 2 voids, without the reversed void/],
    ['the void whose outcome is not known yet', /HTTP 202.*\n.*"certainty":"PENDING","doNext":"query"/],
    [
      'how it was found',
      /sent an inquiry \(0600\), the acquirer had approved the void: FINAL after [\d.]+ s/,
    ],
    ['the acquirer’s books', /void +88\.00 +approved\n.*one void is reversed, as here/],
    ['the journal', /terminal D\w{7}: 18 entries, the chain is sound/],
    ['how long things took', /[\d.]+ ms/],
  ])('shows %s', (_, expected) => {
    expect(ended.stdout).toMatch(expected)
  })

  test('prints the lines that the README shows', () => {
    expect(missingLines(SHOWN.demoOutput, ended.stdout)).toEqual([])
  })

  test('shows no card number, no key, no colour', () => {
    for (const secret of [testCard(1), testCard(2), ...Object.values(keysIn(folder)), '\u001b['])
      expect(ended.stdout.toUpperCase()).not.toContain(secret.toUpperCase())
    expect(Object.keys(keysIn(folder))).toEqual(['adminKey', 'merchantKey', 'terminalKey'])
    expect(statSync(join(folder, 'dev.json')).mode & 0o777).toBe(0o600)
  })
})

describe('a running server', () => {
  let server: Running
  let port: number
  let url: string
  let adminKey: string

  const annul = (...args: string[]) =>
    callCli(args, { env: { ANNUL_TMK: TMK, ANNUL_ADMIN_KEY: adminKey, NO_COLOR: '1' } })
  const stateOf = (tid: string) => join(folder, `terminal-${tid}.json`)
  const terminal = (tid: string, operation: string, ...args: string[]) =>
    annul(
      ...['terminal', operation, '--url', `${url}/v1/iso8583`, '--mid', MID, '--tid', tid, '--json'],
      ...['--state', stateOf(tid), ...args],
    )
  const provision = (tid: string, ...args: string[]) =>
    annul('provision', '--url', url, '--mid', MID, '--tid', tid, '--json', ...args)

  beforeAll(async () => {
    port = await freePort()
    url = `http://127.0.0.1:${port}`
    forgetTerminalKey(folder)
    server = startCli(['start', '--port', String(port), ...persist])
    await server.says('Ctrl-C ends it.')
    await server.says(`12345678, master key ${keysIn(folder).terminalKey}\n`)
    adminKey = keysIn(folder).adminKey
    adminKey = (await annul('api-key', 'create', '--name', 'test', '--url', url)).out.trim()
  }, 180_000)
  afterAll(() => server.kill('SIGTERM'))

  test('prints one line when its port is taken', async () => {
    const { code, stderr } = await runCli(['start', '--port', String(port), ...persist])
    expect([code, lines(stderr)]).toEqual([1, [expect.stringContaining(`start: port ${port} is in use`)]])
  })

  test('voids a sale that annul env made, by a request with its exports', async () => {
    const args = ['env', '--url', url, '--amount', '4200', ...persist]
    const { code, stdout, stderr } = await runCli(args)
    expect([code, stderr]).toEqual([0, ''])
    const exported = Object.fromEntries(
      lines(stdout).map((line) => /^export (ANNUL_\w+)=([\w:/.-]+)$/.exec(line)?.slice(1) ?? [line]),
    ) as Record<string, string>
    expect(Object.keys(exported).map((name) => name.replace('ANNUL_', ''))).toEqual([
      ...['URL', 'API_KEY', 'MERCHANT_ID', 'TERMINAL_ID', 'SALE_ID', 'RRN', 'AMOUNT'],
    ])
    const voided = await fetch(`${exported.ANNUL_URL}/v1/voids`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${exported.ANNUL_API_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': `void-${exported.ANNUL_SALE_ID}`,
      },
      body: `{"saleId":"${exported.ANNUL_SALE_ID}","amount":${exported.ANNUL_AMOUNT},"reason":"customer_changed_mind"}`,
    })
    expect([voided.status, await voided.json()]).toMatchObject([201, { state: 'approved', amount: 4200 }])
    const [another] = documentedJson('env', (await runCli([...args, '--json'])).stdout)
    expect(another).toMatchObject({ merchantId: MID, apiKey: exported.ANNUL_API_KEY, amount: 4200 })
    expect(another?.saleId).not.toBe(exported.ANNUL_SALE_ID)
  })

  test('voids a sale by the README’s curl and by fetch, with the 201 body, and returns it again for a copy', async () => {
    const again = COMMANDS.voidByCurl.slice(COMMANDS.voidByCurl.indexOf('curl '))
    const [body = '', status, ...rest] = lines(
      await inShell(`${COMMANDS.voidByCurl}${again}`, { url, folder }),
    )
    expect([status, rest]).toEqual(['201', [body, '201']])
    expect(masked(`${JSON.stringify(JSON.parse(body), null, 2)}\n`)).toBe(masked(SHOWN.voidBody))
    const [, byFetch] = lines(await inShell(COMMANDS.voidByCurl, { url, folder }, 'fetch'))
    expect(byFetch).toBe('201')
  })

  test('runs the README’s terminal void', async () => {
    const output = await inShell(COMMANDS.voidByTerminal, { url, folder })
    const last = output.slice(output.indexOf('→ void'))
    expect(missingLines(SHOWN.terminalOutput, last)).toEqual([])
  })

  test('reports in one line what annul env lacks', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'annul-env-'))
    const none = await runCli(['env', '--url', url, '--persist-to', elsewhere])
    expect(none).toMatchObject({
      code: 1,
      stderr: 'env: there are no development keys: run npm start first\n',
    })
    rmSync(elsewhere, { recursive: true })
    const declined = await runCli(['env', '--url', url, '--amount', '5051', ...persist])
    expect(declined).toMatchObject({ code: 1, stderr: 'env: the sale was not approved: response code 51\n' })
  })

  test('serves a day of a terminal of each kind', async () => {
    const kinds = [
      ['x9.19', ['--text-encoding', 'ascii'], []],
      ['cup-sm4', [], ['--serial']],
      ['x9.9', ['--settlement-mac', 'optional'], ['--no-settlement-mac']],
    ] as const
    for (const [i, [mac, settings, options]] of kinds.entries()) {
      const tid = `KIND000${i}`
      expect(await provision(tid, '--mac', mac, ...settings)).toMatchObject({ code: 0 })
      const day = await terminal(tid, 'day', '--mac', mac, ...options)
      expect([
        mac,
        json(day.out).map(({ operation, responseCode }) => `${operation} ${responseCode}`),
      ]).toEqual([
        mac,
        ['sign-on 00', 'sale 00', 'sale 00', 'void 00', 'settle 11', 'upload-end 00', 'sign-off 00'],
      ])
    }
  })

  test('gets the reversal of a lost void before the next void', async () => {
    await provision('LOST0001')
    await terminal('LOST0001', 'sign-on')
    await terminal('LOST0001', 'sale', '--amount', '5000')
    expect((await terminal('LOST0001', 'void', '--lose-answer')).code).toBe(1)
    const again = await terminal('LOST0001', 'void')
    expect([again.code, json(again.out)]).toMatchObject([
      0,
      [
        { operation: 'reverse', responseCode: '00' },
        { operation: 'void', responseCode: '00' },
      ],
    ])
    const declined = await terminal('LOST0001', 'sale', '--amount', '5051')
    expect([declined.code, json(declined.out)]).toMatchObject([
      1,
      [{ responseCode: '51', reason: 'insufficient_funds', zh: '余额不足' }],
    ])
    const settled = await terminal('LOST0001', 'settle')
    expect(json(settled.out)[0]).toMatchObject({ operation: 'settle', responseCode: '11' })
  })

  test('gets an upload when totals differ, and both sides open the next batch', async () => {
    await terminal('LOST0001', 'sign-on')
    await terminal('LOST0001', 'sale', '--amount', '5000')
    // A sale that the acquirer has and the terminal's log does not have.
    const other = join(folder, 'other.json')
    writeFileSync(
      other,
      JSON.stringify({ ...JSON.parse(readFileSync(stateOf('LOST0001'), 'utf8')), nextStan: 500, log: [] }),
    )
    expect((await terminal('LOST0001', 'sale', '--amount', '700', '--state', other)).code).toBe(0)
    const settled = await terminal('LOST0001', 'settle')
    expect([settled.code, json(settled.out)]).toMatchObject([
      1,
      [
        { operation: 'settle', responseCode: '21', batchNumber: '000002', en: 'totals differ' },
        { operation: 'upload', responseCode: '00' },
        { operation: 'upload-end', responseCode: '00' },
      ],
    ])
    const sale = await terminal('LOST0001', 'sale', '--amount', '100')
    expect(json(sale.out)).toMatchObject([{ responseCode: '00', batchNumber: '000003' }])
  })

  test('refuses a blocked terminal, with a text', async () => {
    expect(await provision('LOST0001', '--state', 'blocked')).toMatchObject({ code: 0 })
    const echo = await terminal('LOST0001', 'echo')
    expect([echo.code, json(echo.out)]).toMatchObject([
      1,
      [{ responseCode: '97', reason: 'terminal_unknown' }],
    ])
  })

  test('refuses a revoked key', async () => {
    const { out: listed } = await annul('api-key', 'list', '--url', url)
    const keyId = /^\w{32}(?= {2}active {2}test {2}read )/m.exec(listed)?.[0] ?? ''
    const revoked = await annul('api-key', 'revoke', '--id', keyId, '--url', url, '--json')
    expect(documentedJson('api-key revoke', revoked.out)).toMatchObject([{ id: keyId, state: 'revoked' }])
    const refused = await provision('KIND0000', '--state', 'blocked')
    expect([refused.code, documentedJson('provision', refused.out)]).toMatchObject([
      1,
      [{ httpStatus: 401, reason: 'unauthorized' }],
    ])
  })

  test('ends on SIGTERM with all its processes', async () => {
    server.kill('SIGTERM')
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' })
    expect(await isListening(port)).toBe(false)
  })
})
