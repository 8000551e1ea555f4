/** The written pages of docs/integrate: links resolve, commands work, tables match the service. */

import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { TERMINAL } from './day.ts'
import { FOLDER } from './generated.ts'
import { bytesOf, hexOf, keyCheckValue, xor } from './node-ciphers.ts'
import { codeBlocks, curlOf, innerLinks, readPage, tableRows } from './pages.ts'
import { RecordedTerminal, Recorder, type TerminalOptions } from './recorder.ts'
import { messageIn } from './samples.ts'
import { MERCHANT_KEY, openService, type Service } from './service.ts'

const PAGES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.md'))

let service: Service
beforeAll(async () => {
  service = await openService()
})
afterAll(() => service.close())

async function terminalOf(options: Partial<TerminalOptions> = {}) {
  const recorder = new Recorder(service, await loadCore(), { isNamed: false })
  return { recorder, terminal: new RecordedTerminal(recorder, { ...TERMINAL, ...options }) }
}

test.each(PAGES)('%s links to existing files', (path) => {
  const inside = innerLinks(readPage(path))
    .map((target) => normalize(join(dirname(path), target)).replaceAll('\\', '/'))
    .filter((target) => !target.startsWith('..'))
  expect(inside.filter((target) => !existsSync(join(FOLDER, target)))).toEqual([])
})

it('README names every page', () => {
  const named = innerLinks(readPage('README.md'))
  for (const path of PAGES.filter((one) => one !== 'README.md')) expect(named).toContain(path)
})

describe('provisioning.md', () => {
  const page = readPage('provisioning.md')
  const commands = codeBlocks(page, 'sh')
    .filter((block) => block.startsWith('curl'))
    .map(curlOf)

  it('has commands that register a merchant and a terminal, block it and let it work again', async () => {
    expect(commands.length).toBe(4)
    const replies = []
    for (const { method, path, body } of commands) replies.push(await service.json(method, path, body))
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 200, 200])
    expect(replies.map(({ body }) => body.state)).toEqual(['active', 'active', 'blocked', 'active'])
    for (const [i, block] of codeBlocks(page, 'json').entries())
      expect(replies[i]?.body).toMatchObject(JSON.parse(block))
  })

  it('has components with their check values', () => {
    const rows = tableRows(page, '| | value | check value |')
    const [first = '', second = '', key = ''] = rows.map(([, value = '']) => value)
    expect(hexOf(xor(bytesOf(first), bytesOf(second)))).toBe(key)
    for (const [, value = '', checkValue] of rows)
      expect(hexOf(keyCheckValue('3des', bytesOf(value)))).toBe(checkValue)
    expect(page).toContain(`-des-ede -nopad -K ${first} `)
    expect(page).toContain(`0x${first} ^ 0x${second}`)
  })

  it('names the reasons of refusals', async () => {
    const [, command] = commands
    const body = JSON.parse(command?.body ?? '')
    const [one, other] = body.tmk.components
    const path = '/v1/merchants/123456789012345/terminals/00000043'
    const put = (change: object, to = path, headers = {}) =>
      service.json('PUT', to, { ...body, ...change }, headers)
    const replies = [
      await put({ colour: 'red' }),
      await put({}, path, { authorization: 'Bearer annul_unknown' }),
      await put({}, path, { authorization: `Bearer ${MERCHANT_KEY}` }),
      await put({}, '/v1/merchants/999999999999999/terminals/00000042'),
      await service.json('PUT', '/v1/merchants/123456789012345', { currency: '840' }),
      await put({}, '/v1/merchants/999999999999999/terminals/00000043'),
      await put({ tmk: undefined }),
      await put({ tmk: { components: [{ ...one, checkValue: '0000' }, other] } }),
      await put({ tmk: { components: [one, one] } }),
    ]
    expect(replies.map(({ status, body }) => [String(status), body.reason])).toEqual(
      tableRows(page, '| status | `reason` | cause |').map(([status, reason]) => [status, reason]),
    )
  })

  it('describes the answers to a blocked terminal and to one with a new master key', async () => {
    const { terminal } = await terminalOf({ terminalId: '00000044' })
    await terminal.provision()
    await terminal.terminal.signOn()
    const sell = async () => {
      const sold = await terminal.terminal.sale(100, testCard(1))
      return sold.ok ? sold.value.responseCode : sold.error
    }
    expect(await sell()).toBe('00')
    const path = '/v1/merchants/123456789012345/terminals/00000044'
    await service.json('PUT', path, { state: 'blocked' })
    expect(await sell()).toBe('58')
    await service.json('PUT', path, { state: 'active', tmk: JSON.parse(commands[1]?.body ?? '').tmk })
    expect(await sell()).toBe('77')
  })
})

describe('transport.md', () => {
  const page = readPage('transport.md')
  const rows = tableRows(page, '| status | body | meaning | the terminal |')
  const echoOf = async (terminalId: string): Promise<Uint8Array> => {
    const { recorder, terminal } = await terminalOf({ terminalId })
    await terminal.provision()
    await terminal.terminal.echo()
    return recorder.samples[0]?.request ?? new Uint8Array(0)
  }
  const post = (body: Uint8Array, path = '/v1/iso8583', headers: Record<string, string> = {}) =>
    service.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'x-ISO-TPDU/x-auth', ...headers },
      body: Uint8Array.from(body),
    })

  it('names the paths and types that work', async () => {
    const frame = await echoOf('00000045')
    const request = new Map(
      tableRows(page, '| what | value |').map(([what = '', value = '']) => [what, value]),
    )
    const quoted = (what: string) => [...(request.get(what) ?? '').matchAll(/`?([\w-]*\/[\w./-]+)`?/g)]
    const paths = quoted('path').map(([, path = '']) => path)
    expect(paths.length).toBe(3)
    for (const path of paths) expect([path, (await post(frame, path)).status]).toEqual([path, 200])
    const types = quoted('content type').map(([, type = '']) => type)
    expect(types.length).toBe(2)
    for (const type of types)
      expect((await post(frame, '/v1/iso8583', { 'content-type': type })).status).toBe(200)
  })

  it('names the statuses that the service returns', async () => {
    const frame = await echoOf('00000048')
    const broken = Uint8Array.of(0x02, 0x00, 0x01, 0x60, 0x03, 0x00)
    const replies = [
      await post(frame),
      await post(Uint8Array.of(1, 2, 3)),
      await post(broken),
      await service.fetch('/v1/iso8583', { method: 'GET' }),
      await post(new Uint8Array(4097)),
      await post(frame, '/v1/iso8583', { 'content-type': 'application/json' }),
      await post(frame, '/v1/iso8583', { 'content-encoding': 'gzip' }),
    ]
    expect(replies.map(({ status }) => status)).toEqual([200, 400, 400, 405, 413, 415, 415])
    expect(replies[0]?.headers.get('content-type')).toBe('x-ISO-TPDU/x-auth')
    expect(new Uint8Array((await replies[2]?.arrayBuffer()) ?? new ArrayBuffer(0))).toEqual(
      Uint8Array.of(0x15),
    )
    const documented = new Set(rows.map(([status = '']) => Number.parseInt(status, 10)))
    for (const { status } of replies) expect(documented).toContain(status)
  })

  it('states the sign-on rate of a terminal', async () => {
    const { recorder, terminal } = await terminalOf({ terminalId: '00000046' })
    await terminal.provision()
    await terminal.terminal.signOn()
    const { request } = recorder.samples[0] ?? { request: new Uint8Array(0) }
    service.clock.now += 3_600_000
    const statuses = []
    for (let n = 0; n < 21; n++) {
      const reply = await post(Uint8Array.of(...request, n))
      statuses.push(reply.status)
      if (reply.status === 429) expect(Number(reply.headers.get('retry-after'))).toBe(10)
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429])
    expect(page).toContain('It may sign on 20 times, and then once in 10 seconds.')
  })
})

describe('README.md', () => {
  it('has a day that the service answers in the same way', async () => {
    const { recorder, terminal } = await terminalOf({ terminalId: '00000047' })
    const { terminal: pos } = terminal
    await terminal.provision()
    await pos.signOn()
    await pos.sale(1234, testCard(1))
    await pos.sale(8800, testCard(1))
    await pos.voidSale('000002')
    terminal.losesAnswer = true
    await pos.voidSale('000003')
    await pos.reverse()
    await pos.voidSale('000003')
    await pos.settle()
    await pos.signOff()
    const actual = recorder.samples.map(({ request, answer }, n) => {
      const sent = messageIn(request).fields
      const code = n === 4 ? 'no answer' : messageIn(answer ?? new Uint8Array(0)).fields.get(39)
      return [sent.get(11), sent.get(60)?.slice(0, 11), code]
    })
    const rows = tableRows(
      readPage('README.md'),
      '| # | the terminal | STAN | 60 | field 39 | afterwards |',
    ).map(([, , stan, field60, code]) => [stan, field60, code?.startsWith('none') ? undefined : code])
    expect(rows).toEqual(actual)
    const settlement = messageIn(recorder.samples[7]?.request ?? new Uint8Array(0)).fields.get(48) ?? ''
    const [, written = ''] = /Field 48 of message 8: (.*), then/.exec(readPage('README.md')) ?? []
    expect(settlement).toBe(written.replaceAll(/[` ]/g, '') + '0'.repeat(31))
  })
})
