import { createCipheriv } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { merchantSettings } from '../../src/api/json/schemas.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import { splitMasterKey } from '../../src/cli/provision.ts'
import { STRONG_TMK } from '../support/test-keys.ts'
import { callCli, documentedJson } from './call-cli.ts'

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

interface Seen {
  readonly path: string | undefined
  readonly key: string | undefined
  readonly body: unknown
}

/** A service that gives its answers one by one. */
async function serviceOf(answers: (readonly [number, object])[]) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const body = await json(request)
    seen.push({ path: `${request.method} ${request.url}`, key: request.headers.authorization, body })
    const [status, answer] = answers.shift() ?? [500, {}]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const ADMIN = { env: { ANNUL_ADMIN_KEY: 'a-key-of-sixteen-or-more' } }
const KEY_SENT = 'Bearer a-key-of-sixteen-or-more'

test('registers a terminal, and prints the answer or the refusal', async () => {
  const terminal = { merchantId: MID, terminalId: TID, state: 'active', macProfile: 'x9.19' }
  const { seen, url } = await serviceOf([
    [201, { ...terminal, batchNumber: '000001' }],
    [403, { reason: 'forbidden', title: 'Not allowed' }],
    [409, { reason: 'merchant_required', title: 'The merchant is not provisioned' }],
  ])
  const args = ['provision', '--url', url, '--mid', MID, '--tid', TID, '--mac', 'x9.19']
  const tmk = STRONG_TMK
  expect(await callCli([...args, '--state', 'active', '--tmk', tmk], ADMIN)).toEqual({
    code: 0,
    out: `terminal ${TID} of merchant ${MID}: registered, active, MAC x9.19, batch 000001`,
    errors: '',
  })
  const path = `PUT /v1/merchants/${MID}/terminals/${TID}`
  expect(seen).toMatchObject([
    { path, key: KEY_SENT, body: { state: 'active', macProfile: 'x9.19', tmk: {} } },
  ])
  const second = await callCli([...args, '--json'], ADMIN)
  expect([second.code, documentedJson('provision', second.out)]).toEqual([
    1,
    [{ httpStatus: 403, reason: 'forbidden', title: 'Not allowed' }],
  ])
  // No merchant is registered by the way: its currency never changes.
  const third = await callCli(args, ADMIN)
  expect([third.code, third.out]).toEqual([
    1,
    `terminal ${TID}: refused, HTTP 409: merchant_required (The merchant is not provisioned): see annul merchant`,
  ])
  expect(seen.map((one) => one.path)).toEqual([path, path, path])
})

test.each([
  ['equal halves', ['--tmk', '11'.repeat(16)]],
  ['a weak half', ['--tmk', '258FB0AB70D025CD1F1F1F1F0E0E0E0E']],
  ['8 bytes', ['--tmk', '258FB0AB70D025CD']],
  ['even parity', ['--tmk', '248FB0AB70D025CDB99DF2C4D302D646', '--parity', 'odd']],
  ['one repeated byte for SM4', ['--tmk', '5a'.repeat(16), '--mac', 'cup-sm4']],
])('a master key of %s is not sent, and not printed', async (_, options) => {
  const { seen, url } = await serviceOf([])
  const { code, out, errors } = await callCli(
    ['provision', '--url', url, '--mid', MID, '--tid', TID, ...options],
    ADMIN,
  )
  expect([code, out]).toEqual([2, ''])
  expect(errors).toBe('provision: --tmk: the key is weak, or breaks --allow-single-length or --parity')
  expect(seen).toEqual([])
})

test('the forms of messages go under their names, and an absent one does not go', async () => {
  const { seen, url } = await serviceOf([
    [200, {}],
    [200, {}],
  ])
  const args = ['provision', '--url', url, '--mid', MID, '--tid', TID]
  const text =
    '--texts long --padding F --entry-mode right --card-check luhn --header-length 10 --header-tlv yes --void-forms lenient'
  await callCli([...args, ...text.split(' ')], ADMIN)
  await callCli([...args, '--header-tlv', 'no'], ADMIN)
  expect(seen.map(({ body }) => body)).toEqual([
    {
      texts: 'long',
      padding: 'F',
      entryMode: 'right',
      cardCheck: 'luhn',
      headerLength: 10,
      headerTlv: true,
      voidForms: 'lenient',
    },
    { headerTlv: false },
  ])
})

test('a permission or a parity goes with the master key', async () => {
  const { seen, url } = await serviceOf([
    [201, {}],
    [201, {}],
  ])
  const args = ['provision', '--url', url, '--mid', MID, '--tid', TID]
  await callCli([...args, '--tmk', '258FB0AB70D025CD', '--allow-single-length'], ADMIN)
  await callCli([...args, '--tmk', '0131D9619DC1376E07A1133E4A0B2686', '--parity', 'odd'], ADMIN)
  expect(seen.map(({ body }) => (body as { tmk: object }).tmk)).toMatchObject([
    { allowSingleLength: true },
    { parity: 'odd' },
  ])
})

test('registers a merchant with each of its settings', async () => {
  const settings = {
    name: '示例商店',
    state: 'active',
    timeZone: 'Asia/Urumqi',
    cutOff: '22:00',
    currency: '344',
    window: { kind: 'minutes', minutes: 30 },
    lateReversals: 'refuse',
    reasonRequired: true,
    decideWithin: 'window',
  }
  const { seen, url } = await serviceOf([[201, { merchantId: MID, ...settings }]])
  const { code, out } = await callCli(
    [
      ...['merchant', '--url', url, '--mid', MID, '--name', '示例商店', '--state', 'active'],
      ...['--time-zone', 'Asia/Urumqi', '--cut-off', '22:00', '--currency', '344', '--window', 'minutes:30'],
      ...['--late-reversals', 'refuse', '--reason-required', 'true', '--decide-within', 'window'],
    ],
    ADMIN,
  )
  expect([code, out]).toEqual([
    0,
    `merchant ${MID}: registered, active, currency 344, cut-off 22:00 Asia/Urumqi, window minutes:30, late reversals refused, reason required, voids kept for the window`,
  ])
  expect(seen).toEqual([{ path: `PUT /v1/merchants/${MID}`, key: KEY_SENT, body: settings }])
  expect(Object.keys(merchantSettings.shape).toSorted()).toEqual(Object.keys(settings).toSorted())
})

test('changes only the named settings of a merchant, and prints the answer or the refusal', async () => {
  const closed = { merchantId: MID, state: 'closed', timeZone: 'Asia/Shanghai', cutOff: '23:00' }
  const { seen, url } = await serviceOf([
    [
      200,
      {
        ...closed,
        currency: '156',
        window: { kind: 'same_batch' },
        lateReversals: 'allow',
        reasonRequired: false,
        decideWithin: 180,
      },
    ],
    [409, { reason: 'currency_fixed', title: 'The currency of a merchant does not change' }],
    [409, { reason: 'currency_fixed', title: 'The currency of a merchant does not change' }],
  ])
  const args = ['merchant', '--url', url, '--mid', MID]
  const first = await callCli([...args, '--state', 'closed'], ADMIN)
  expect([first.code, first.out]).toEqual([
    0,
    `merchant ${MID}: changed, closed, currency 156, cut-off 23:00 Asia/Shanghai, window same_batch, late reversals allowed, voids kept 180 s`,
  ])
  const refused = await callCli([...args, '--currency', '840'], ADMIN)
  expect([refused.code, refused.out]).toEqual([
    1,
    `merchant ${MID}: refused, HTTP 409: currency_fixed (The currency of a merchant does not change)`,
  ])
  const inJson = await callCli([...args, '--currency', '840', '--json'], ADMIN)
  expect([inJson.code, documentedJson('merchant', inJson.out)]).toMatchObject([
    1,
    [{ httpStatus: 409, reason: 'currency_fixed' }],
  ])
  expect(seen.map(({ body }) => body)).toEqual([
    { state: 'closed' },
    { currency: '840' },
    { currency: '840' },
  ])
})

test.each([
  [
    ['provision', '--url', 'https://annul.example', '--mid', MID, '--tid', TID],
    'provision: --key (or ANNUL_ADMIN_KEY) is missing: expected the bearer key',
  ],
  [
    ['provision', '--key', 'k', '--mid', MID, '--tid', TID, '--state', 'gone'],
    'provision: --state: expected one of active',
  ],
  [
    ['merchant', '--key', 'k', '--mid', MID, '--state', 'blocked'],
    'merchant: --state: expected one of active, closed',
  ],
  [
    ['merchant', '--key', 'k', '--mid', MID, '--currency', 'CNY'],
    'merchant: --currency: expected an ISO 4217 number of three digits',
  ],
  [
    ['merchant', '--key', 'k', '--mid', MID, '--window', 'week'],
    'merchant: --window: expected one of business_day',
  ],
  [['journal', 'check'], 'journal: unknown operation: expected one of verify'],
  [
    ['journal', 'verify', '--remote', '--persist-to', '/x'],
    'journal verify: --persist-to is for the local database',
  ],
  [['api-key', 'create'], 'api-key create: --name is missing: expected a name'],
  [['api-key', 'create', '--name', 'x', '--mid', '1'], 'api-key create: --mid: expected a merchant number'],
  [['start', '--port', '0'], 'start: --port: expected a whole number'],
  [['demo', '--ip', 'everywhere'], 'demo: --ip: expected an IP address'],
  [['env', '--url', 'https://annul.example'], 'env: --url: expected a service on this machine'],
  [['stop'], 'annul: unknown command: expected one of'],
])('rejects wrong usage: %j', async (args, line) => {
  const { code, out, errors } = await callCli(args)
  expect([code, out]).toEqual([2, ''])
  expect(errors).toContain(line)
  expect(errors.split('\n')).toHaveLength(1)
})
