/** @module `annul api-key` over HTTP: what it sends, with which key, and what it prints. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { callCli, documentedJson } from './call-cli.ts'

const MID = '123456789012345'
const ID = '9f6e0c1d7b7a4a52b9d0a4c3f2e1d0c9'
const KEY = 'annul_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I'
const ADMIN_KEY = 'a-key-of-sixteen-or-more'
const ADMIN = { env: { ANNUL_ADMIN_KEY: ADMIN_KEY } }

const made = {
  id: ID,
  merchantId: null,
  name: 'reports',
  scopes: ['read'],
  state: 'active',
  createdAt: '2026-06-01T02:00:00.000Z',
  expiresAt: null,
  revokedAt: null,
  certainty: 'FINAL',
  doNext: 'nothing',
}
const REFUSED = { reason: 'forbidden', title: 'This key may not do that' }

interface Seen {
  readonly request: string
  readonly key: string | undefined
  readonly act: string | undefined
  readonly body: unknown
}

/** A service that gives its answers one by one. */
async function serviceOf(...answers: (readonly [number, object])[]) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const { authorization: key, 'idempotency-key': act } = request.headers
    seen.push({
      request: `${request.method} ${request.url}`,
      key,
      act: act?.toString(),
      body: body === '' ? null : JSON.parse(body),
    })
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

test('makes a key, and prints it alone or with the answer', async () => {
  const { seen, url } = await serviceOf([201, { ...made, key: KEY }], [201, { ...made, key: KEY }])
  const first = await callCli(['api-key', 'create', '--url', url, '--name', 'reports'], ADMIN)
  expect(first).toEqual({ code: 0, out: KEY, errors: '' })
  const args = ['--mid', MID, '--scopes', 'voids:write,read', '--expires', '2027-06-01T00:00:00+08:00']
  const second = await callCli(
    ['api-key', 'create', '--url', url, '--name', 'reports', ...args, '--json'],
    ADMIN,
  )
  expect([second.code, documentedJson('api-key create', second.out)]).toEqual([
    0,
    [{ httpStatus: 201, ...made, key: KEY }],
  ])
  expect(seen.map(({ request, key, body }) => [request, key, body])).toEqual([
    ['POST /v1/keys', `Bearer ${ADMIN_KEY}`, { name: 'reports' }],
    [
      'POST /v1/keys',
      `Bearer ${ADMIN_KEY}`,
      {
        name: 'reports',
        merchantId: MID,
        scopes: ['read', 'voids:write'],
        expiresAt: '2027-05-31T16:00:00.000Z',
      },
    ],
  ])
  // Each act has a key of its own.
  expect(new Set(seen.map(({ act }) => act)).size).toBe(2)
})

test('uses the bootstrap secret only without a key of an administrator', async () => {
  const answer = [201, { ...made, key: KEY }] as const
  const { seen, url } = await serviceOf(answer, answer)
  const secret = 'b'.repeat(32)
  const args = ['api-key', 'create', '--url', url, '--name', 'reports']
  await callCli(args, { env: { ANNUL_BOOTSTRAP_KEY: secret } })
  await callCli(args, { env: { ...ADMIN.env, ANNUL_BOOTSTRAP_KEY: secret } })
  expect(seen.map(({ key }) => key)).toEqual([`Bearer ${secret}`, `Bearer ${ADMIN_KEY}`])
})

test('lists every page, one key a line', async () => {
  const other = { ...made, id: '0'.repeat(32), name: 'daily', expiresAt: '2027-05-31T16:00:00.000Z' }
  const pages = [
    [200, { items: [made], next: '5-abc' }],
    [200, { items: [{ ...other, state: 'revoked' }], next: null }],
  ] as const
  const { seen, url } = await serviceOf(...pages, ...pages)
  const { code, out } = await callCli(['api-key', 'list', '--url', url, '--mid', MID], ADMIN)
  expect([code, out.split('\n')]).toEqual([
    0,
    [
      `${ID}  active  reports  read`,
      `${'0'.repeat(32)}  revoked  daily  read  until 2027-05-31T16:00:00.000Z`,
    ],
  ])
  const inJson = await callCli(['api-key', 'list', '--url', url, '--json'], ADMIN)
  expect(documentedJson('api-key list', inJson.out)).toMatchObject([{ id: ID }, { state: 'revoked' }])
  expect(seen.map(({ request }) => request)).toEqual([
    `GET /v1/keys?merchantId=${MID}`,
    `GET /v1/keys?merchantId=${MID}&cursor=5-abc`,
    'GET /v1/keys?',
    'GET /v1/keys?cursor=5-abc',
  ])
})

test('revokes a key by its id', async () => {
  const revoked = { ...made, state: 'revoked', revokedAt: '2026-06-01T08:00:00.000Z' }
  const { seen, url } = await serviceOf([200, revoked])
  const { code, out } = await callCli(['api-key', 'revoke', '--url', url, '--id', ID], ADMIN)
  expect([code, out]).toEqual([0, `${ID}  revoked  reports  read`])
  expect(seen).toMatchObject([{ request: `POST /v1/keys/${ID}/revoke`, body: null }])
})

test.each([
  ['create', ['--name', 'x']],
  ['list', []],
  ['revoke', ['--id', ID]],
] as const)('%s prints a refusal, and ends with 1', async (operation, args) => {
  const { url } = await serviceOf([403, REFUSED], [403, REFUSED])
  const refused = await callCli(['api-key', operation, '--url', url, ...args], ADMIN)
  expect([refused.code, refused.out]).toEqual([1, 'refused, HTTP 403: forbidden (This key may not do that)'])
  const inJson = await callCli(['api-key', operation, '--url', url, ...args, '--json'], ADMIN)
  expect([inJson.code, documentedJson(`api-key ${operation}`, inJson.out)]).toEqual([
    1,
    [{ httpStatus: 403, ...REFUSED }],
  ])
})

test.each([
  [['create'], 'api-key create: --name is missing: expected a name'],
  [['create', '--name', 'x', '--mid', '1'], 'api-key create: --mid: expected a merchant number'],
  [['create', '--name', 'x', '--scopes', 'write'], 'api-key create: --scopes: expected one or more of read,'],
  [['create', '--name', 'x', '--scopes', 'read,'], 'api-key create: --scopes: expected one or more of read,'],
  [['create', '--name', 'x', '--expires', 'tomorrow'], 'api-key create: --expires: expected a time'],
  [['create', '--name', 'x', '--url', 'https://annul.example'], 'api-key create: --key (or ANNUL_ADMIN_KEY)'],
  [['revoke', '--id', 'x'], 'api-key revoke: --id: expected an id of 32 hex digits'],
])('rejects wrong usage: %j', async (args, line) => {
  const { code, out, errors } = await callCli(['api-key', ...args])
  expect([code, out]).toEqual([2, ''])
  expect(errors).toContain(line)
})
