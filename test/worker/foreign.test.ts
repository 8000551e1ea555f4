/**
 * @module Every route of the JSON API with another merchant's resource: it returns the same bytes as for a
 * missing one.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { ROUTES } from '../../src/api/contract.ts'
import { DECIDE_MS } from '../../src/domain/acquirer-state.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { end, settle } from './batch-client.ts'
import { dump, rows } from './book.ts'
import { pairsOfCase } from './foreign-cases.ts'
import { keyOf } from './inquire.ts'
import { aSale, openOffice, openWithAcquirer } from './merchant-client.ts'
import { SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

const OTHER_MID = '543210987654321'
const ABSENT = '0'.repeat(32)
const ABSENT_RRN = '000000000000'

interface RequestSpec {
  readonly path: string
  readonly body?: unknown
}

/**
 * A route, a reference to another merchant's resource, one to a missing resource, and the owner's status
 * (null: administrators only).
 */
interface Pair {
  readonly route: string
  readonly foreign: RequestSpec
  readonly absent: RequestSpec
  readonly owner: number | null
}

let isolate: s.Isolate
let pairs: readonly Pair[]
const bearers = { owner: '', attacker: '', admin: '' }

/** A merchant's sale, its void, a tombstoned void, a void with a case, and a batch with a difference. */
async function prepare(): Promise<{
  terminal: TestTerminal
  names: Record<string, string>
  voided: RequestSpec['body']
}> {
  const acquirer = scriptedAcquirer()
  isolate = await openWithAcquirer(acquirer)
  const terminal = await openTerminal(isolate)
  await openTerminal(isolate, { mid: OTHER_MID })
  const office = openOffice(isolate, bearers.owner)
  const sale = await aSale(terminal)
  const { body } = await office.void(sale, 'owner')
  const second = await aSale(terminal, 555)
  acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  const pendingVoid = await office.void(second, 'silent')
  await isolate.settle()
  isolate.clock.now += DECIDE_MS
  await recover(isolate.services, 0)
  await terminal.send(s.aReversal('void', { stan: '777777' }))
  acquirer.script = {}
  const third = await aSale(terminal)
  await terminal.send(s.aVoid({ stan: '888888', original: third.stan, rrn: third.rrn }))
  await aSale(terminal)
  await terminal.send(s.aReversal('void', { stan: '888888' }))
  await isolate.settle()
  const differing = await openTerminal(isolate)
  await settle(differing, '000001', s.totalsOf(1, 1, 0, 0))
  await end(differing, '202', '000002')
  const names = {
    saleId: sale.saleId,
    saleRrn: sale.rrn,
    stan: sale.stan,
    voidId: String(body.id),
    voidRrn: String(body.rrn),
    caseId: String(pendingVoid.body.rrn),
  }
  return { terminal, names, voided: { saleId: sale.saleId, amount: sale.amount } }
}

beforeAll(async () => {
  bearers.owner = await s.bearerKey(s.MID)
  bearers.attacker = await s.bearerKey(OTHER_MID)
  bearers.admin = await s.bearerKey(null)
  const { terminal, names, voided } = await prepare()
  const { saleId, saleRrn, stan = '', voidId, voidRrn, caseId } = names
  const inquiry = (query: Record<string, string | undefined>): RequestSpec => ({
    path: `/v1/inquiries?${new URLSearchParams(query as Record<string, string>)}`,
  })
  const unknownTerminal = { tid: 'NOWHERE1', mid: s.MID }
  const unseen = inquiry(keyOf('void', '999999', unknownTerminal))
  const post = (path: string, body: unknown): RequestSpec => ({ path, body })
  const get = (path: string): RequestSpec => ({ path })
  const other = { ...(voided as object), saleId: ABSENT }
  const undo = { ...(voided as object), idempotencyKey: 'owner' }
  const capturedSale = { batchNumber: '000001', stan: '000999', amount: 1 }
  const decision = { resolution: 'stands', note: 'x' }
  const [{ id: keyId } = {}] = await rows('select id from api_key where merchant_id = ? limit 1', s.MID)
  pairs = [
    {
      route: 'POST /v1/sales',
      owner: 201,
      foreign: post('/v1/sales', { ...capturedSale, merchantId: s.MID, terminalId: terminal.tid }),
      absent: post('/v1/sales', { ...capturedSale, merchantId: s.MID, terminalId: 'NOWHERE1' }),
    },
    {
      route: 'GET /v1/sales/{reference}',
      owner: 200,
      foreign: get(`/v1/sales/${saleId}`),
      absent: get(`/v1/sales/${ABSENT}`),
    },
    {
      route: 'GET /v1/sales/{reference}',
      owner: 200,
      foreign: get(`/v1/sales/${saleRrn}`),
      absent: get(`/v1/sales/${ABSENT_RRN}`),
    },
    {
      route: 'POST /v1/voids',
      owner: 409,
      foreign: post('/v1/voids', voided),
      absent: post('/v1/voids', other),
    },
    {
      route: 'GET /v1/voids/{reference}',
      owner: 200,
      foreign: get(`/v1/voids/${voidId}`),
      absent: get(`/v1/voids/${ABSENT}`),
    },
    {
      route: 'GET /v1/voids/{reference}',
      owner: 200,
      foreign: get(`/v1/voids/${voidRrn}`),
      absent: get(`/v1/voids/${ABSENT_RRN}`),
    },
    {
      route: 'POST /v1/reversals',
      // The void is three minutes old, so it needs an approval.
      owner: 403,
      foreign: post('/v1/reversals', undo),
      absent: post('/v1/reversals', { ...undo, saleId: ABSENT }),
    },
    {
      route: 'GET /v1/inquiries',
      owner: 200,
      foreign: inquiry(keyOf('sale', stan, terminal)),
      absent: unseen,
    },
    {
      route: 'GET /v1/inquiries',
      owner: 200,
      foreign: inquiry(keyOf('void', '777777', terminal)),
      absent: unseen,
    },
    {
      route: 'GET /v1/inquiries',
      owner: 200,
      foreign: inquiry({ rrn: saleRrn }),
      absent: inquiry({ rrn: ABSENT_RRN }),
    },
    {
      route: 'GET /v1/inquiries',
      owner: 200,
      foreign: inquiry({ rrn: voidRrn }),
      absent: inquiry({ rrn: ABSENT_RRN }),
    },
    {
      route: 'GET /v1/inquiries',
      owner: 200,
      foreign: inquiry({ saleId }),
      absent: inquiry({ saleId: ABSENT }),
    },
    {
      route: 'GET /v1/inquiries',
      owner: 200,
      foreign: inquiry({ voidId }),
      absent: inquiry({ voidId: ABSENT }),
    },
    {
      route: 'GET /v1/inquiries',
      owner: 200,
      foreign: inquiry({ idempotencyKey: 'owner' }),
      absent: inquiry({ idempotencyKey: 'no-one' }),
    },
    {
      route: 'GET /v1/cases',
      owner: 200,
      foreign: get('/v1/cases'),
      absent: get('/v1/cases?cursor=9999999999999999-999999999999'),
    },
    {
      route: 'GET /v1/cases/{rrn}',
      owner: 200,
      foreign: get(`/v1/cases/${caseId}`),
      absent: get(`/v1/cases/${ABSENT_RRN}`),
    },
    {
      route: 'POST /v1/cases/{rrn}',
      owner: null,
      foreign: post(`/v1/cases/${caseId}`, decision),
      absent: post(`/v1/cases/${ABSENT_RRN}`, decision),
    },
    ...pairsOfCase(caseId),
    {
      route: 'POST /v1/reconciliations',
      owner: null,
      foreign: post(`/v1/reconciliations?asOf=2026-06-01T00:00:00Z`, ''),
      absent: post('/v1/reconciliations?asOf=2026-06-01T00:00:00Z', '{}'),
    },
    {
      route: 'GET /v1/acquirer-messages',
      owner: null,
      foreign: get('/v1/acquirer-messages'),
      absent: get('/v1/acquirer-messages?cursor=99'),
    },
    {
      route: 'PUT /v1/merchants/{merchantId}',
      owner: null,
      foreign: post(`/v1/merchants/${s.MID}`, { state: 'closed' }),
      absent: post('/v1/merchants/000000000000000', { state: 'closed' }),
    },
    {
      route: 'PUT /v1/merchants/{merchantId}/terminals/{terminalId}',
      owner: null,
      foreign: post(`/v1/merchants/${s.MID}/terminals/${terminal.tid}`, { state: 'blocked' }),
      absent: post(`/v1/merchants/${s.MID}/terminals/NOWHERE1`, { state: 'blocked' }),
    },
    {
      route: 'POST /v1/keys',
      owner: null,
      foreign: post('/v1/keys', { merchantId: s.MID, name: 'x' }),
      absent: post('/v1/keys', { merchantId: '000000000000000', name: 'x' }),
    },
    {
      route: 'GET /v1/keys',
      owner: null,
      foreign: get(`/v1/keys?merchantId=${s.MID}`),
      absent: get('/v1/keys?merchantId=000000000000000'),
    },
    {
      route: 'POST /v1/keys/{id}/revoke',
      owner: null,
      foreign: get(`/v1/keys/${keyId}/revoke`),
      absent: get(`/v1/keys/${ABSENT}/revoke`),
    },
    {
      route: 'GET /v1/batch-differences',
      owner: 200,
      foreign: get(`/v1/batch-differences?merchantId=${s.MID}`),
      absent: get('/v1/batch-differences?merchantId=000000000000000'),
    },
  ]
})

/** Lists of one's own. They are empty for the attacker. */
const LISTS = ['GET /v1/cases', 'GET /v1/late-reversals', 'GET /v1/batch-differences']

let requestCount = 0
const ask = ({ route }: Pair, bearer: string, { path, body }: RequestSpec) => {
  const type = path.includes('reconciliations') ? 'application/x-ndjson' : 'application/json'
  const headers = { 'content-type': type, 'idempotency-key': `foreign-${++requestCount}` }
  return s.ask(isolate, bearer, route.split(' ')[0] ?? '', path, body, headers)
}

describe('another merchant', () => {
  it('gets the same response for a foreign resource as for a missing one, and changes nothing', async () => {
    const before = await dump()
    for (const pair of pairs) {
      const [foreign, absent] = [
        await ask(pair, bearers.attacker, pair.foreign),
        await ask(pair, bearers.attacker, pair.absent),
      ]
      const responseOf = ({ status, text, headers }: s.JsonReply) =>
        JSON.stringify([status, text, [...headers]])
      expect(responseOf(foreign), `${pair.route} ${pair.foreign.path}`).toBe(responseOf(absent))
      expect([pair.route, foreign.status < 300]).toEqual([pair.route, LISTS.includes(pair.route)])
    }
    expect(await dump()).toEqual(before)
  })

  it('differs from the owner, who gets more', async () => {
    for (const pair of pairs) {
      if (pair.owner === null) continue
      const [own, missing] = [
        await ask(pair, bearers.owner, pair.foreign),
        await ask(pair, bearers.owner, pair.absent),
      ]
      expect([pair.route, own.status]).toEqual([pair.route, pair.owner])
      expect([pair.route, own.text === missing.text]).toEqual([pair.route, false])
    }
  })

  it('is tested on every route', () => {
    // Anyone may read the other routes.
    const routes = ROUTES.filter(([, { caller }]) => caller !== 'anyone').map(([name]) => name)
    expect([...new Set(pairs.map(({ route }) => route))].sort()).toEqual(routes.sort())
  })
})
