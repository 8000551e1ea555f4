/** @module Voids as NDJSON: an answer for each line in order, keys of lines, wrong lines among others, bounds, and copies. */

import { beforeAll, describe, expect, it } from 'vitest'
import { MOST_LINES } from '../../src/api/limits.ts'
import { createClient } from '../../src/client/index.ts'
import { dump, journalOf, rows } from './book.ts'
import { aSale, openOffice, openWithAcquirer, type Sold, voidsOf } from './merchant-client.ts'
import { SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let terminal: TestTerminal
let key: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  terminal = await openTerminal(isolate)
  key = await s.bearerKey(terminal.mid)
})

type Line = Readonly<Record<string, unknown>>

let keys = 0
const lineFor = ({ saleId, amount }: Pick<Sold, 'saleId' | 'amount'>, more: object = {}): Line => ({
  saleId,
  amount,
  idempotencyKey: `list-${++keys}`,
  ...more,
})

/** Sends lines. The answers are in their order. */
async function voidLines(
  lines: readonly (Line | string)[],
  {
    bearer = key,
    to = isolate,
    headers = {},
  }: { bearer?: string; to?: s.Isolate; headers?: Record<string, string> } = {},
) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const reply = await s.ask(to, bearer, 'POST', '/v1/voids', text, {
    'content-type': 'application/x-ndjson',
    ...headers,
  })
  const answers: Line[] =
    reply.status === 200
      ? reply.text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : []
  return { ...reply, answers }
}

const shown = (answers: readonly Line[]) => answers.map(({ line, status, reason }) => [line, status, reason])

it('each line has its answer, in order, with the number of the line', async () => {
  const [first, second, third] = [await aSale(terminal), await aSale(terminal, 500), await aSale(terminal)]
  const { answers, headers, status } = await voidLines([
    lineFor(first, { reason: 'duplicate' }),
    '',
    '{"saleId"',
    lineFor(second, { colour: 'red' }),
    lineFor(second, { idempotencyKey: undefined }),
    lineFor(third, { amount: 1 }),
    lineFor({ saleId: '0'.repeat(32), amount: 1 }),
    lineFor(second),
  ])
  expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
  expect(shown(answers)).toEqual([
    [1, 201, 'duplicate'],
    [3, 400, 'invalid_request'],
    [4, 400, 'invalid_request'],
    [5, 400, 'invalid_request'],
    [6, 422, 'amount_differs'],
    [7, 404, 'original_not_found'],
    [8, 201, null],
  ])
  expect(answers[3]).toMatchObject({ errors: [{ in: 'body', pointer: '/idempotencyKey' }] })
  expect(await Promise.all([first, second, third].map(voidsOf))).toEqual([['approved'], ['approved'], []])
})

describe('the key of a line', () => {
  it('is the key that a header would have', async () => {
    const sold = await aSale(terminal)
    const line = lineFor(sold)
    const name = String(line.idempotencyKey)
    const alone = await openOffice(isolate, key).void(sold, name)
    const list = await voidLines([line, { ...line, idempotencyKey: `"${name}"` }])
    expect(list.answers).toEqual([
      { line: 1, ...alone.body, status: 201 },
      { line: 2, ...alone.body, status: 201 },
    ])
    const other = await aSale(terminal)
    const reused = await voidLines([{ ...lineFor(other), idempotencyKey: name }])
    expect(shown(reused.answers)).toEqual([[1, 422, 'key_reused_with_different_content']])
  })

  it('is not in the header of a list, and nothing of such a list is done', async () => {
    const sold = await aSale(terminal)
    const before = await dump()
    const refused = await voidLines([lineFor(sold)], { headers: { 'idempotency-key': 'one-for-all' } })
    expect([refused.status, refused.body.reason, refused.body.errors]).toEqual([
      400,
      'invalid_request',
      [{ in: 'header', pointer: '/idempotency-key', why: 'each line has a key of its own' }],
    ])
    expect(await dump()).toEqual(before)
  })

  it('is not in the body of one void', async () => {
    const sold = await aSale(terminal)
    const refused = await s.ask(isolate, key, 'POST', '/v1/voids', lineFor(sold), {
      'idempotency-key': 'alone',
    })
    expect([refused.status, refused.body.reason]).toEqual([400, 'invalid_request'])
  })
})

it('two lines about one sale are decided one after the other', async () => {
  const sold = await aSale(terminal)
  const { answers } = await voidLines([lineFor(sold), lineFor(sold)])
  expect(shown(answers)).toEqual([
    [1, 201, null],
    [2, 409, 'original_already_voided'],
  ])
})

it('the same list again, also at once, has the same bytes and no further entry', async () => {
  const lines = await Promise.all([1, 2, 3].map(() => aSale(terminal)))
  const list = lines.map((sold) => lineFor(sold))
  const before = (await journalOf(terminal.tid)).length
  const twins = await Promise.all([voidLines(list), voidLines(list, { to: await s.openIsolate() })])
  isolate.clock.now += 60_000
  const again = await voidLines(list)
  expect(shown(again.answers).map(([, status]) => status)).toEqual([201, 201, 201])
  for (const { text } of twins) expect(text).toBe(again.text)
  expect(await journalOf(terminal.tid)).toHaveLength(before + 3)
})

describe('a caller', () => {
  it('that is not known gets one refusal', async () => {
    const sold = await aSale(terminal)
    const refused = await voidLines([lineFor(sold)], { bearer: 'not-a-known-key-0123456789' })
    expect([refused.status, refused.body.reason]).toEqual([401, 'unauthorized'])
    const reader = await s.bearerKey(terminal.mid, { scopes: ['read'] })
    expect((await voidLines([lineFor(sold)], { bearer: reader })).status).toBe(403)
    expect(await voidsOf(sold)).toEqual([])
  })

  it('of another merchant finds no sale', async () => {
    const sold = await aSale(terminal)
    await s.provisionMerchant(isolate, '999999999999999')
    const foreign = await voidLines([lineFor(sold)], { bearer: await s.bearerKey('999999999999999') })
    expect(shown(foreign.answers)).toEqual([[1, 404, 'original_not_found']])
  })

  it('that is an administrator voids sales of several merchants', async () => {
    await s.provisionMerchant(isolate, '888888888888888')
    const elsewhere = await openTerminal(isolate, { mid: '888888888888888' })
    const sold = [await aSale(terminal), await aSale(elsewhere)]
    const { answers } = await voidLines(
      sold.map((one) => lineFor(one)),
      { bearer: await s.bearerKey(null) },
    )
    expect(answers.map(({ status, merchantId }) => [status, merchantId])).toEqual([
      [201, terminal.mid],
      [201, elsewhere.mid],
    ])
  })
})

it('the most lines are taken, and one more is refused as a whole', async () => {
  const line = (i: number) => lineFor({ saleId: String(i).padStart(32, '0'), amount: 1 })
  const most = Array.from({ length: MOST_LINES }, (_, i) => line(i))
  const { answers } = await voidLines(most)
  expect(answers).toHaveLength(MOST_LINES)
  const over = await voidLines([...most, line(MOST_LINES)])
  expect([over.status, over.body.reason, over.body.lines]).toEqual([413, 'body_too_large', MOST_LINES])
})

describe('with a remote acquirer', () => {
  it('a line that the acquirer does not answer is 202, and the others have their outcome', async () => {
    const acquirer = scriptedAcquirer()
    const remote = await openWithAcquirer(acquirer)
    const far = await openTerminal(remote)
    const sold = [await aSale(far, 1000), await aSale(far, 2000), await aSale(far, 3000)]
    acquirer.script = {
      void: async ({ amount }) =>
        amount === 2000 ? SILENT : { kind: 'approved', rrn: 'ACQR00000009', authorizationCode: '424242' },
      inquiry: SILENT,
    }
    const { answers } = await voidLines(
      sold.map((one) => lineFor(one)),
      { to: remote },
    )
    expect(answers.map(({ status, certainty, doNext }) => [status, certainty, doNext])).toEqual([
      [201, 'FINAL', 'print_receipt'],
      [202, 'PENDING', 'query'],
      [201, 'FINAL', 'print_receipt'],
    ])
  })

  it('a void of a sale that waits for the acquirer is refused for now, line by line', async () => {
    const acquirer = scriptedAcquirer()
    acquirer.script = { sale: SILENT, inquiry: SILENT }
    const remote = await openWithAcquirer(acquirer)
    const far = await openTerminal(remote)
    expect((await far.send(s.aSale({ stan: '000001' }))).status).toBe(503)
    const inquiry = `/v1/inquiries?merchantId=${far.mid}&terminalId=${far.tid.trim()}&batchNumber=000001&stan=000001&kind=sale`
    const { saleId } = (await s.ask(remote, key, 'GET', inquiry)).body
    const { answers } = await voidLines(
      [lineFor({ saleId: String(saleId), amount: 1234 }), lineFor({ saleId: '0'.repeat(32), amount: 1 })],
      { to: remote },
    )
    expect(shown(answers)).toEqual([
      [1, 409, 'outcome_pending'],
      [2, 404, 'original_not_found'],
    ])
    expect(await rows('select * from void where sale_id = ?', saleId)).toEqual([])
  })
})

it('the client sends lines with their keys, and no header', async () => {
  const sold = [await aSale(terminal), await aSale(terminal)]
  const sent: Headers[] = []
  const client = createClient({
    url: 'https://annul.example',
    key,
    fetch: (url, init) => {
      sent.push(new Headers(init.headers))
      return isolate.fetch(url.pathname, init)
    },
  })
  const lines = sold.map(({ saleId, amount }, i) => ({ saleId, amount, idempotencyKey: `client-${i}` }))
  const result = await client.request('POST /v1/voids', { lines })
  expect(sent.map((headers) => headers.get('idempotency-key'))).toEqual([null])
  expect(result.ok && result.status === 200 && result.body.map(({ status }) => status)).toEqual([201, 201])
  expect(result.idempotencyKey).toBeNull()
})
