/** @module Cases: who sees which, in which order, and with which content. */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type CaseBody,
  decide,
  NO_ANSWERS,
  onlyCase,
  openHarness,
  openVoidCase,
  waitForCase,
} from './case-client.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'
import { scansOf, watchD1 } from './watched-d1.ts'

const OTHER_MID = '543210987654321'

let admin: string
let key: string
let otherKey: string

beforeAll(async () => {
  admin = await s.bearerKey(null)
  key = await s.bearerKey(s.MID)
  otherKey = await s.bearerKey(OTHER_MID)
})

describe('a case', () => {
  it('holds all that a person needs, and its opening is logged as an alert once', async () => {
    const harness = await openHarness()
    const { sale, caseId } = await openVoidCase(harness, admin)
    const [voidRequest] = harness.acquirer.requests.filter(({ kind }) => kind === 'void')
    const found = await s.ask(harness.isolate, admin, 'GET', `/v1/cases/${caseId}`)
    expect(found).toMatchObject({
      status: 200,
      body: {
        state: 'open',
        reason: 'no_answer',
        why: { zh: expect.any(String), en: 'The acquirer did not answer' },
        openedAt: new Date(harness.isolate.clock.now).toISOString(),
        closedAt: null,
        kind: 'void',
        merchantId: s.MID,
        terminalId: harness.terminal.tid,
        batchNumber: '000001',
        stan: '000002',
        amount: 1234,
        currency: '156',
        rrn: caseId,
        voidId: expect.stringMatching(/^[0-9a-f]{32}$/),
        receivedAt: new Date(s.START).toISOString(),
        sale: {
          id: expect.stringMatching(/^[0-9a-f]{32}$/),
          stan: '000001',
          rrn: sale.rrn,
          amount: 1234,
          authorizationCode: '424242',
          card: { first6: '622500', last4: '0014' },
          soldAt: new Date(s.START).toISOString(),
        },
        ours: { state: 'undoing' },
        acquirer: {
          state: null,
          stan: voidRequest?.acquirerStan,
          rrn: null,
          original: { batchNumber: '000001', stan: voidRequest?.original?.stan, rrn: 'ACQR00000001' },
        },
        tries: 0,
        toDo: { en: expect.any(String) },
        certainty: 'UNKNOWN',
        doNext: 'contact_acquirer',
      },
    })
    expect((found.body as unknown as CaseBody).history).toMatchObject([
      { kind: 'void_claim', at: new Date(s.START).toISOString(), door: 'terminal' },
      { kind: 'case', why: 'no_answer' },
      { kind: 'give_up' },
    ])
    await waitForCase(harness)
    const alerts = harness.isolate.logged.filter(({ event }) => event === 'alert')
    expect(alerts).toEqual([
      {
        event: 'alert',
        why: 'case_opened',
        reason: 'no_answer',
        rrn: caseId,
        terminalId: harness.terminal.tid,
        seq: 5,
      },
    ])
  })

  it('is visible to its merchant and to administrators, and missing for others', async () => {
    const harness = await openHarness()
    const { caseId } = await openVoidCase(harness, admin)
    const list = (bearer: string) => s.ask(harness.isolate, bearer, 'GET', '/v1/cases?state=open&limit=100')
    const ids = async (bearer: string) =>
      ((await list(bearer)).body.items as CaseBody[]).map(({ rrn }) => rrn)
    expect(await ids(key)).toContain(caseId)
    expect(await ids(admin)).toContain(caseId)
    expect(await ids(otherKey)).not.toContain(caseId)
    expect((await s.ask(harness.isolate, key, 'GET', `/v1/cases/${caseId}`)).status).toBe(200)
    const foreign = await s.ask(harness.isolate, otherKey, 'GET', `/v1/cases/${caseId}`)
    const absent = await s.ask(harness.isolate, otherKey, 'GET', '/v1/cases/000000000000')
    expect([foreign.status, foreign.text]).toEqual([404, absent.text])
    for (const id of [caseId, '000000000000'])
      for (const bearer of [key, otherKey])
        expect(await decide(harness, bearer, id, 'stands')).toMatchObject({
          status: 403,
          body: { reason: 'forbidden' },
        })
    expect((await decide(harness, admin, '000000000000', 'stands')).body.reason).toBe('not_found')
    expect((await onlyCase(harness, admin)).rrn).toBe(caseId)
  })

  it('is listed in pages, the oldest first, open or closed', async () => {
    const harness = await openHarness(OTHER_MID)
    const terminals = [
      harness.terminal,
      await openTerminal(harness.isolate, { mid: OTHER_MID }),
      await openTerminal(harness.isolate, { mid: OTHER_MID }),
    ]
    const sales: [TestTerminal, Awaited<ReturnType<typeof sell>>][] = []
    for (const terminal of terminals) sales.push([terminal, await sell(terminal, '000001')])
    harness.acquirer.script = NO_ANSWERS
    for (const [terminal, sale] of sales) await terminal.send(s.aVoid({ stan: '000002', ...sale }))
    await waitForCase(harness)
    const ids: string[] = []
    for (let next: unknown = null, pages = 0; pages === 0 || next !== null; pages++) {
      const cursor = next === null ? '' : `&cursor=${next}`
      const { body } = await s.ask(harness.isolate, otherKey, 'GET', `/v1/cases?limit=2${cursor}`)
      expect((body.items as CaseBody[]).length).toBe(pages === 0 ? 2 : 1)
      ids.push(...(body.items as CaseBody[]).map(({ rrn }) => rrn))
      next = body.next
    }
    expect(new Set(ids).size).toBe(3)
    await decide(harness, admin, ids[0] ?? '', 'undone')
    const listed = async (state: string) =>
      (
        (await s.ask(harness.isolate, otherKey, 'GET', `/v1/cases?state=${state}`)).body.items as CaseBody[]
      ).map(({ rrn }) => rrn)
    expect(await listed('closed')).toEqual([ids[0]])
    expect((await listed('open')).sort()).toEqual(ids.slice(1).sort())
  })

  it('costs two round trips, and finds every row by an index', async () => {
    const watched = watchD1(env.DB)
    const harness = await openHarness()
    const { caseId } = await openVoidCase(harness, admin)
    const to = await s.openIsolate({ database: watched.database })
    for (const path of ['/v1/cases', '/v1/cases?state=open', `/v1/cases/${caseId}`]) {
      watched.trips.length = 0
      expect((await s.ask(to, key, 'GET', path)).status).toBe(200)
      expect(watched.trips).toHaveLength(2)
      for (const { sql, params } of watched.trips.flatMap(({ statements }) => statements))
        expect(await scansOf(sql, params), sql).toEqual([])
    }
  })

  it.each(['state=new', 'limit=0', 'limit=101', 'cursor=x', 'state=open&state=closed', 'merchant=1'])(
    'is not found by %s',
    async (query) => {
      const { isolate } = await openHarness()
      expect((await s.ask(isolate, key, 'GET', `/v1/cases?${query}`)).body.reason).toBe('invalid_request')
    },
  )
})
