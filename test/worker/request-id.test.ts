/** @module The id of a request: in its answer, and in each line that it writes to the log. */

import { beforeAll, describe, expect, it, vi } from 'vitest'
import { ROUTES } from '../../src/api/contract.ts'
import { createApp } from '../../src/app.ts'
import worker from '../../src/index.ts'
import { BATCH_PATH, TERMINAL_PATHS } from '../../src/pos/door.ts'
import { holdToContract } from '../support/contract.ts'
import { idOf } from './inquire.ts'
import { openWithAcquirer, aSale as soldSale } from './merchant-client.ts'
import { NO, SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e'

let isolate: s.Isolate
let terminal: TestTerminal
let key: string
let admin: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  key = await s.bearerKey(terminal.mid)
  admin = await s.bearerKey(null)
})

let keys = 0
const fresh = () => ({ 'idempotency-key': `id-${++keys}` })

const request = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  isolate.fetch(path, { ...init, headers: { authorization: `Bearer ${key}`, ...headers } })

const voidOf = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  request(
    '/v1/voids',
    { 'content-type': 'application/json', ...fresh(), ...headers },
    { method: 'POST', body },
  )

describe('X-Request-Id', () => {
  it('is new for each request, and the log of the request has it', async () => {
    const ids = new Set<string>()
    for (const path of ['/v1/cases', '/v1/nothing', '/', '/openapi.json', '/v1/voids'])
      ids.add((await request(path)).headers.get('x-request-id') ?? '')
    expect(ids.size).toBe(5)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
    const { saleId, amount } = await soldSale(terminal)
    const done = await voidOf(JSON.stringify({ saleId, amount }))
    const requestId = done.headers.get('x-request-id')
    expect(isolate.logged.filter((line) => line.requestId === requestId)).toMatchObject([
      { event: 'answered', type: 'void', requestId },
    ])
  })

  it.each([UUID, 'order-4711.retry_2', 'a'.repeat(64), UUID.toUpperCase()])(
    'of the client is kept: %s',
    async (id) => {
      const response = await request('/v1/cases', { 'x-request-id': id })
      expect(response.headers.get('x-request-id')).toBe(id)
    },
  )

  it.each([
    'short',
    'a'.repeat(65),
    'two words here',
    '<script>',
    '6225000000000014',
    'pan-6225-0000-0000-0014',
    '62250000-0000-0014-0000-000000000000',
    '62250000-0000-0014-8000-000000000000',
    '62250000-0000-4014-1000-00000000000a',
    '62250000-0000-4000-8014-000000000000',
    'x\u00e9'.repeat(8),
  ])('of the client is not kept where it is no id or may hold a card number: %j', async (id) => {
    const response = await request('/v1/cases', { 'x-request-id': id })
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('outside the API', () => {
  it.each(['GET /nothing', 'GET /docs/', 'POST /nothing', 'GET /docs/nothing'])(
    '%s is 404 without a body, with an id, and may not be stored',
    async (route) => {
      const [method = '', path = ''] = route.split(' ')
      const response = await request(path, { 'x-request-id': UUID }, { method })
      expect([response.status, await response.text()]).toEqual([404, ''])
      expect(response.headers.get('x-request-id')).toBe(UUID)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect((await request(path, {}, { method })).headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
    },
  )

  it('an unexpected error is 503 without a body, and its log line has the id of the answer', async () => {
    const broken = await s.openIsolate()
    const keyring = new Proxy(broken.services.keyring, {
      get: () => {
        throw new TypeError('broken')
      },
    })
    const app = createApp({ ...broken.services, keyring })
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} }
    const frame = new Request('https://annul.test/v1/iso8583', { method: 'POST', body: new Uint8Array(40) })
    const response = await app.fetch(frame, {}, context as unknown as ExecutionContext)
    const requestId = response.headers.get('x-request-id')
    expect([response.status, await response.text()]).toEqual([503, ''])
    expect(requestId).toMatch(/^[0-9a-f]{32}$/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(broken.logged.filter(({ event }) => event === 'error')).toMatchObject([
      { error: 'TypeError', path: '/v1/iso8583', requestId },
    ])
  })
})

describe('a wrong setting', () => {
  /** The answer of a service with a wrong setting. */
  async function ask(path: string, method: string) {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} }
    const request = new Request(`https://annul.test${path}`, { method }) as Parameters<typeof worker.fetch>[0]
    const wrong = { REGION: 'here', ACQUIRER_ID: '1' } as unknown as Env
    const response = await worker.fetch(request, wrong, context as unknown as ExecutionContext)
    const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
    log.mockRestore()
    const requestId = response.headers.get('x-request-id')
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const why = 'ACQUIRER_ID: expected 8 to 11 digits'
    expect(lines).toEqual([{ event: 'misconfigured', region: 'here', why, requestId }])
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  it.each(['/', '/docs', '/nowhere', ...TERMINAL_PATHS, BATCH_PATH])(
    'is 503 without a body at %s, and the log line that names it has the id of the answer',
    async (path) => {
      const { status, headers, text } = await ask(path, 'POST')
      expect([status, text, headers.get('retry-after')]).toEqual([503, '', null])
    },
  )

  it('is a problem with Retry-After at each route of the JSON API, and names no setting', async () => {
    for (const [name] of ROUTES) {
      const [method = '', path = ''] = name.split(' ')
      if (!path.startsWith('/v1/')) continue
      const answer = await ask(path.replaceAll(/\{\w+\}/g, '0'.repeat(12)), method)
      expect([name, answer.status, answer.headers.get('retry-after')]).toEqual([name, 503, '1'])
      holdToContract(method, path.replaceAll(/\{\w+\}/g, '0'.repeat(12)), answer)
      expect(JSON.parse(answer.text)).toMatchObject({ reason: 'unavailable', doNext: 'retry' })
      expect(answer.text).not.toContain('ACQUIRER')
    }
  })
})

describe('a request by JSON whose void goes to the acquirer', () => {
  it('has its id in every line about it, also in those of the acquirer and of the case', async () => {
    const acquirer = scriptedAcquirer()
    const behind = await openWithAcquirer(acquirer)
    const own = await openTerminal(behind)
    const saleId = await idOf('sale', (await sell(own, '000001')).rrn)
    const post = async (requestId: string) => {
      const headers = { 'idempotency-key': requestId, 'x-request-id': requestId }
      const before = behind.logged.length
      const { status } = await s.ask(behind, key, 'POST', '/v1/voids', { saleId, amount: 1234 }, headers)
      await behind.settle()
      return [status, behind.logged.slice(before).filter((line) => line.requestId === requestId)] as const
    }
    acquirer.script = { void: SILENT, inquiry: NO }
    const [status, lines] = await post('silent-void')
    expect(status).toBe(202)
    expect(lines.map(({ event }) => event)).toEqual(['acquirer_unknown', 'no_answer', 'acquirer_event'])
  })

  it('has its id in the line of a decision that failed', async () => {
    const acquirer = new Proxy(scriptedAcquirer().port, {
      get: () => {
        throw new TypeError('broken')
      },
    })
    const broken = await s.openIsolate({ acquirer })
    const saleId = await idOf('sale', (await sell(terminal, '000901')).rrn)
    const headers = { ...fresh(), 'x-request-id': 'failing-void' }
    const body = { saleId, amount: 1234 }
    expect((await s.ask(broken, key, 'POST', '/v1/voids', body, headers)).status).toBe(503)
    expect(broken.logged.filter((line) => line.requestId === 'failing-void')).toMatchObject([
      { event: 'decide_failed' },
      { event: 'no_answer', kind: 'unavailable' },
    ])
  })
})

describe('the log of a change of settings', () => {
  const put = async (path: string, body: object, bearer = admin) => {
    const requestId = `settings-${++keys}`
    await s.ask(isolate, bearer, 'PUT', path, body, { 'x-request-id': requestId })
    return isolate.logged.filter((line) => line.requestId === requestId)
  }
  const merchantId = 'LOGGEDMERCHANT1'
  const path = `/v1/merchants/${merchantId}`
  const line = { event: 'provisioned', type: 'merchant', door: 'json', merchantId }

  it('has one line for a merchant, with the names of the settings and not their values', async () => {
    expect(await put(path, { name: 'Corner store' })).toEqual([
      { ...line, isNew: true, settings: ['name'], requestId: expect.any(String) },
    ])
    expect(await put(path, { cutOff: '22:00', name: 'Store' })).toMatchObject([
      { ...line, isNew: false, settings: ['name', 'cutOff'] },
    ])
    expect(await put(path, {})).toMatchObject([{ ...line, isNew: false, settings: [] }])
    expect(await put(path, { currency: '840' })).toMatchObject([
      { event: 'refused', type: 'merchant', merchantId, reason: 'currency_fixed' },
    ])
    expect(await put(path, {}, key)).toMatchObject([
      { event: 'refused', type: 'merchant', merchantId, reason: 'forbidden' },
    ])
  })

  it('has one line for a terminal', async () => {
    const { mid, tid: terminalId } = terminal
    const own = `/v1/merchants/${mid}/terminals/${terminalId}`
    const named = { type: 'terminal', door: 'json', merchantId: mid, terminalId }
    expect(await put(own, { textEncoding: 'ascii' })).toMatchObject([
      { event: 'provisioned', ...named, isNew: false, settings: ['textEncoding'] },
    ])
    expect(await put(`${path}/terminals/LOGGED01`, {})).toMatchObject([
      { event: 'refused', type: 'terminal', merchantId, reason: 'master_key_required' },
    ])
  })
})
