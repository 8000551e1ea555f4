import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { comparedLine } from '../../src/api/json/line-schemas.ts'
import { COMMANDS } from '../../src/cli/table/index.ts'
import { callCli, documentedJson } from './call-cli.ts'
import { runCli } from './run-cli.ts'

// Processes on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

const dir = mkdtempSync(join(tmpdir(), 'annul-reconcile-'))
const MID = '123456789012345'
const NOW = '2026-06-01T02:18:00.000Z'

const place = (stan: string) => ({
  kind: 'void',
  merchantId: MID,
  terminalId: '12345678',
  batchNumber: '000001',
  stan,
})

interface ServiceRequest {
  readonly path: string
  readonly authorization: string | undefined
  readonly lines: readonly Record<string, unknown>[]
}

/** A service with two messages and the answers that the test sets. */
let requests: ServiceRequest[]
let answers: (readonly [number, string, Record<string, string>?])[]
const ourRecords = [
  { ...place('000001'), state: 'approved', amount: 100, claimedAt: '2026-06-01T01:00:00.000Z' },
  { ...place('000002'), state: 'approved', amount: 200, claimedAt: '2026-05-30T01:00:00.000Z' },
]

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const { url = '', method } = request
    if (url.startsWith('/list')) {
      response.end(
        JSON.stringify({ businessDay: 1, items: [{ ...place('000001'), state: 'approved', amount: 100 }] }),
      )
      return
    }
    if (method === 'GET') {
      const isFirst = url.endsWith('cursor=0')
      response.end(
        JSON.stringify({ items: [ourRecords[isFirst ? 0 : 1]], next: isFirst ? '7' : null, asOf: NOW }),
      )
      return
    }
    const text = Buffer.concat(parts).toString()
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    requests.push({ path: url, authorization: request.headers.authorization, lines })
    const [status, body, headers] = answers.shift() ?? [200, '']
    response.writeHead(status, headers).end(body)
  })
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
beforeEach(() => {
  requests = []
  answers = []
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(dir, { recursive: true })
})

const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** A list in a file with a given modification time. */
function fileOf(text: string, writtenAt = '2026-06-01T02:00:00.000Z'): string {
  const path = join(dir, 'list')
  writeFileSync(path, text)
  utimesSync(path, new Date(writtenAt), new Date(writtenAt))
  return path
}

const call = (source: string) =>
  callCli(['reconcile', '--acquirer-ledger', source, '--url', origin(), '--key', 'k'])

/** As a process. */
const start = (source: string, ...more: string[]) =>
  runCli(['reconcile', '--acquirer-ledger', source, '--url', origin(), '--key', 'k', ...more])

/** In this process, with the streams as a process has them. */
async function run(source: string, ...more: string[]) {
  const { code, out, errors } = await callCli([
    ...['reconcile', '--acquirer-ledger', source, '--url', origin(), '--key', 'k'],
    ...more,
  ])
  const stream = (text: string) => (text === '' ? '' : `${text}\n`)
  return { code, stdout: stream(out), stderr: stream(errors) }
}

const listed = { ...place('000001'), state: 'approved', amount: 100, pan: '6225000000000014', day: 9 }

test.each([
  ['an array', JSON.stringify([listed])],
  ['an object with items', JSON.stringify({ items: [listed] })],
  ['NDJSON', `${JSON.stringify(listed)}\n\n`],
  ['with a byte order mark', `\ufeff${JSON.stringify([listed])}`],
])(
  'accepts a list as %s, and sends only the fields that name a message or state, and absent messages',
  async (_, text) => {
    const ended = await run(fileOf(text))
    expect(ended).toMatchObject({ code: 0, stdout: '1 in the list, 2 here: 1 agree\n' })
    const { pan: _pan, day: _day, ...line } = listed
    expect(requests).toEqual([
      {
        path: '/v1/reconciliations?asOf=2026-06-01T02:00:00.000Z&apply=false',
        authorization: 'Bearer k',
        lines: [line, { ...place('000002'), state: 'absent' }],
      },
    ])
  },
)

test('dates a fetched list just before the fetch of our records', async () => {
  expect((await start(`${origin()}/list`)).code).toBe(0)
  expect(requests[0]?.path).toContain(`asOf=${NOW}`)
})

test('accepts a time for the list, and a time since when our records must be in it', async () => {
  await run(
    fileOf('[]'),
    '--as-of',
    '2026-06-01T09:30:00+08:00',
    '--since',
    '2026-06-01T00:00:00Z',
    '--apply',
  )
  expect(requests).toMatchObject([
    {
      path: '/v1/reconciliations?asOf=2026-06-01T01:30:00.000Z&apply=true',
      lines: [{ ...place('000001'), state: 'absent' }],
    },
  ])
})

const result = (more: object) =>
  `${JSON.stringify({ line: 1, ...place('000009'), result: 'differs', difference: 'only_acquirer', acquirer: { state: 'approved', amount: 100 }, ours: null, applied: null, ...more })}\n`

test('prints discrepancies as text or JSON, and the exit code shows whether any remains', async () => {
  const list = fileOf(JSON.stringify([listed]))
  answers = [[200, result({})]]
  expect(await run(list)).toMatchObject({
    code: 1,
    stdout:
      'void 12345678 000001 000009: only the acquirer has it (here nothing, acquirer approved 100)\n' +
      '1 in the list, 2 here: 0 agree, 1 only_acquirer\n',
  })
  answers = [[200, result({ applied: true })]]
  const applied = await run(list, '--apply', '--json')
  expect(applied.code).toBe(0)
  expect(documentedJson('reconcile', applied.stdout)).toMatchObject([
    { stan: '000009', difference: 'only_acquirer', applied: true },
    { theirs: 1, ours: 2, agree: 0, only_acquirer: 1 },
  ])
  answers = [[200, result({ applied: false })]]
  expect((await run(list, '--apply')).code).toBe(1)
  answers = [[200, `${JSON.stringify({ line: 1, status: 400, reason: 'invalid_request' })}\n`]]
  expect(await run(list)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('000001 000001: the service cannot read this line'),
  })
})

const { line: _line, ...comparison } = comparedLine.options[0].shape
const { result: results, event: events, difference: differences } = comparison

type Named = readonly [string, Readonly<Record<string, string>>]

/** The values of a line that is printed, with the members that have them. */
const NAMED: readonly Named[] = [
  ...results
    .exclude(['agrees', 'resolves', 'differs'])
    .options.map((value): Named => [value, { result: value }]),
  ...events.unwrap().options.map((value): Named => [value, { result: 'resolves', event: value }]),
  ...differences.unwrap().options.map((value): Named => [value, { result: 'differs', difference: value }]),
]

const WORDS: Readonly<Record<string, string>> = {
  changed_since: 'changed here after the list was made',
  in_progress: 'its outcome is still being determined',
  known_case: 'differs; a case has this difference already',
  unknown_terminal: 'its terminal is not registered here',
  archived: 'the records of its batch are in the archive',
  acquirer_approved: 'resolved: the acquirer approved it',
  acquirer_declined: 'resolved: the acquirer declined it',
  acquirer_undone: 'resolved: the acquirer reversed it',
  only_acquirer: 'only the acquirer has it',
  only_ours: 'only this service has it',
  state: 'its state differs',
  amount: 'its amount differs',
  identity: 'its kind, merchant or currency differs',
}

test.each(NAMED)('prints %s in words', async (name, named) => {
  const { difference: _, ...line } = JSON.parse(result({}))
  answers = [[200, `${JSON.stringify({ ...line, ...named })}\n`]]
  const { out } = await call(fileOf(JSON.stringify([listed])))
  expect(out.split('\n')).toEqual([
    `void 12345678 000001 000009: ${WORDS[name]} (here nothing, acquirer approved 100)`,
    `1 in the list, 2 here: 0 agree, 1 ${name}`,
  ])
})

test('prints a name of a later service as it is', async () => {
  answers = [[200, result({ difference: 'currency' })]]
  const { out } = await call(fileOf(JSON.stringify([listed])))
  expect(out).toContain('void 12345678 000001 000009: currency (')
})

test('documents each member and each value of a result', () => {
  const { members } = COMMANDS.reconcile.json
  for (const member of Object.keys(comparison)) expect(members).toHaveProperty([`${member}?`])
  const text = Object.values(members).join(' ')
  for (const [value] of NAMED) expect(text).toContain(`\`${value}\``)
})

test('repeats a request to a busy service after the given time', async () => {
  answers = [
    [503, '{}', { 'retry-after': '0' }],
    [429, '{}', { 'retry-after': '0' }],
    [200, ''],
  ]
  expect((await run(fileOf(JSON.stringify([listed])))).code).toBe(0)
  expect(requests).toHaveLength(3)
})

test('prints a failure in one line', async () => {
  const list = fileOf(JSON.stringify([listed]))
  answers = [[403, JSON.stringify({ reason: 'forbidden', title: 'This key may not do that' })]]
  expect(await start(list)).toEqual({
    code: 1,
    stdout: '',
    stderr: `reconcile: ${origin()}: HTTP 403: forbidden (This key may not do that)\n`,
  })
  expect(await run(join(dir, 'nowhere'))).toMatchObject({
    code: 1,
    stderr: 'reconcile: --acquirer-ledger: cannot read the file\n',
  })
  // An empty list would make all our messages absent, so the input must be a list.
  for (const text of ['not a list', '', '{}', '{"error":"not found"}'])
    expect(await run(fileOf(text))).toMatchObject({
      code: 1,
      stderr: 'reconcile: --acquirer-ledger: this is not a list in JSON or NDJSON\n',
    })
  for (const args of [
    [],
    ['--acquirer-ledger', list, '--as-of', 'yesterday', '--key', 'k'],
    ['--list', list],
  ]) {
    const { code, errors } = await callCli(['reconcile', ...args])
    expect([code, errors.split('\n').length]).toEqual([2, 1])
  }
})

test('prints the results so far when a later part fails', async () => {
  const result = {
    line: 1,
    kind: 'sale',
    stan: '000001',
    result: 'differs',
    difference: 'state',
    applied: true,
  }
  answers = [
    [200, `${JSON.stringify(result)}\n`],
    [413, '{}'],
  ]
  const many = Array.from({ length: 201 }, () => listed)
  const { code, stdout } = await run(fileOf(JSON.stringify(many)), '--apply', '--json')
  expect(code).toBe(1)
  expect(documentedJson('reconcile', stdout)).toMatchObject([
    { stan: '000001', difference: 'state', applied: true },
  ])
})
