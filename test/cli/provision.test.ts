import { createCipheriv } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import { splitMasterKey } from '../../src/cli/provision.ts'
import { documentedJson } from './call-cli.ts'
import { runCli } from './run-cli.ts'

// Processes on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

const MID = '123456789012345'
const TID = '12345678'
const core = await loadCore()

/** Key check value by node:crypto: zeros under the key, first 4 bytes. */
function checkValue(algorithm: string, key: Buffer): string {
  const cipher = createCipheriv(algorithm, key, null).setAutoPadding(false)
  return cipher.update(Buffer.alloc(16)).subarray(0, 4).toString('hex').toUpperCase()
}

interface Split {
  components: { value: string; checkValue: string }[]
  checkValue: string
}

test.each([
  ['cup-ecb', 'des-ede'],
  ['cup-sm4', 'sm4-ecb'],
] as const)(
  'splits a master key for %s into two components whose XOR is the key, each with its check value',
  (profile, algorithm) => {
    const tmk = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex')
    const { components, checkValue: whole } = splitMasterKey(core, profile, tmk) as unknown as Split
    const [first, second] = components.map(({ value }) => Buffer.from(value, 'hex'))
    if (first === undefined || second === undefined) throw new Error('two components')
    expect(Buffer.from(first.map((byte, i) => byte ^ (second[i] ?? 0)))).toEqual(tmk)
    expect(components.map((component) => component.checkValue)).toEqual([
      checkValue(algorithm, first),
      checkValue(algorithm, second),
    ])
    expect(whole).toBe(checkValue(algorithm, tmk))
    const again = splitMasterKey(core, profile, tmk) as unknown as Split
    expect(again.components[0]?.value).not.toBe(components[0]?.value)
  },
)

test('sends the request and prints both answers', async () => {
  const seen: { path: string | undefined; key: string | undefined; body: unknown }[] = []
  const answers = [
    [201, { merchantId: MID, state: 'active' }],
    [201, { merchantId: MID, terminalId: TID, state: 'active', macProfile: 'x9.19', batchNumber: '000001' }],
    [403, { reason: 'forbidden', title: 'Not allowed' }],
  ] as const
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const [status, body] = answers[seen.length] ?? [500, {}]
      seen.push({
        path: request.url,
        key: request.headers.authorization,
        body: JSON.parse(Buffer.concat(parts).toString()),
      })
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const args = [
    'provision',
    '--url',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    '--mid',
    MID,
    '--tid',
    TID,
    '--mac',
    'x9.19',
    '--window',
    'minutes:30',
    '--cut-off',
    '22:00',
  ]
  const env = { ANNUL_ADMIN_KEY: 'a-key-of-sixteen-or-more' }
  const first = await runCli([...args, '--tmk', '11'.repeat(16)], { env })
  expect(first).toMatchObject({
    code: 0,
    stdout: `terminal ${TID} of merchant ${MID}: registered, active, MAC x9.19, batch 000001\n`,
  })
  const key = 'Bearer a-key-of-sixteen-or-more'
  expect(seen).toMatchObject([
    {
      path: `/v1/merchants/${MID}`,
      key,
      body: { cutOff: '22:00', window: { kind: 'minutes', minutes: 30 } },
    },
    { path: `/v1/merchants/${MID}/terminals/${TID}`, key, body: { macProfile: 'x9.19' } },
  ])
  const second = await runCli([...args, '--json'], { env })
  expect([second.code, documentedJson('provision', second.stdout)]).toEqual([
    1,
    [{ httpStatus: 403, reason: 'forbidden', title: 'Not allowed' }],
  ])
  // The merchant was refused: the terminal was not sent.
  expect(seen.map(({ path }) => path).slice(2)).toEqual([`/v1/merchants/${MID}`])
  await new Promise((resolve) => server.close(resolve))
})

test.each([
  [
    ['provision', '--url', 'https://annul.example', '--mid', MID, '--tid', TID],
    'provision: --key (or ANNUL_ADMIN_KEY) is missing: expected the bearer key',
  ],
  [
    ['provision', '--key', 'k', '--mid', MID, '--tid', TID, '--status', 'gone'],
    'provision: --status: expected one of active',
  ],
  [
    ['provision', '--key', 'k', '--mid', MID, '--tid', TID, '--window', 'week'],
    'provision: --window: expected one of business_day',
  ],
  [['journal', 'check'], 'journal: unknown operation: expected one of verify'],
  [
    ['journal', 'verify', '--remote', '--persist-to', '/x'],
    'journal verify: --persist-to is for the local database',
  ],
  [['api-key', 'create'], 'api-key create: --name is missing: expected a name'],
  [
    ['api-key', 'create', '--name', 'x', '--merchant', '1'],
    'api-key create: --merchant: expected a merchant number',
  ],
  [['start', '--port', '0'], 'start: --port: expected a whole number'],
  [['demo', '--ip', 'everywhere'], 'demo: --ip: expected an IP address'],
  [['env', '--url', 'https://annul.example'], 'env: --url: expected a service on this machine'],
  [['stop'], 'annul: unknown command: expected one of'],
])('rejects wrong usage: %j', async (args, line) => {
  const { code, stdout, stderr } = await runCli(args)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(line)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})
