/**
 * @module Messages about what is in the archive: repeats, voids, reversals and inquiries, by terminals and by JSON. Each gets a true
 * answer, nothing is written about it as new, and no money moves.
 */

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { Core } from '../../src/core/instance.ts'
import { parseFrame } from '../../src/iso8583/frame.ts'
import { type Message, unpack } from '../../src/iso8583/message.ts'
import { reversalRequest, saleRequest, voidRequest } from '../../src/terminal/messages.ts'
import type { LogEntry } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { MERCHANT } from '../integrate/recorder.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { ArchiveWorld, dayOf, MARCH_IS_OVER, type MonthOf, TERMINALS } from './world.ts'

const [TID] = TERMINALS
const FOREIGN_KEY = 'annul_example-key-of-another-merchant'

describe.each([
  ['forwarded', true],
  ['inside', false],
] as const)('with the acquirer %s', (_, isForwarded) => {
  let world: ArchiveWorld
  let core: Core
  let month: MonthOf
  let sale: { id: string; rrn: string }
  let ofVoid: { id: string; rrn: string }

  beforeAll(async () => {
    core = await loadCore()
    world = await ArchiveWorld.open(isForwarded)
    month = await world.live(TID, dayOf(1, 20))
    await world.live(TID, dayOf(10, 20), false)
    const [one] = world.rows<typeof sale>(`select id, rrn from sale where stan = '${month.kept}'`)
    const [other] = world.rows<typeof sale>(
      `select void.id, void.rrn from void join sale on sale.id_raw = void.sale_id_raw where stan = '${month.voided}'`,
    )
    if (one === undefined || other === undefined) throw new Error('no sale or void')
    sale = one
    ofVoid = other
    await world.archive(MARCH_IS_OVER)
    world.service.storage.rows(
      INSERT_API_KEY,
      ...apiKeyRow(createHash('sha256').update(FOREIGN_KEY).digest('hex'), '543210987654321'),
    )
  })
  afterAll(() => world.close())

  const moved = () => [
    world.rows('select * from batch'),
    world.rows('select count(*) as n from sale'),
    world.rows('select count(*) as n from void'),
    // Only the refusals of new voids are entries.
    world.rows(`select count(*) as n from journal where message_key not like '%v'`),
  ]

  /** Field 39 of the answer. Neither totals nor sales nor voids change. */
  async function ask(message: Message): Promise<string | undefined> {
    const before = moved()
    const frame = await world.terminal(TID).send(message, { mac: 'right' })
    if (frame === null) throw new Error('no answer')
    const parsed = parseFrame(frame, core.lrc)
    const answer = parsed.ok ? unpack(parsed.value.body) : parsed
    expect(moved()).toEqual(before)
    return answer.ok ? answer.value.fields.get(39) : undefined
  }

  async function json(method: string, path: string, body?: unknown, key = 'fresh', bearer?: string) {
    const before = moved()
    const reply = await world.service.json(method, path, body, {
      'idempotency-key': key,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    })
    expect(moved()).toEqual(before)
    return [reply.status, reply.body.reason, reply.body.archived] as const
  }

  const logged = (stan: string): LogEntry => {
    const found = month.log.find((one) => one.stan === stan)
    if (found === undefined) throw new Error('not in the log')
    return found
  }
  const state = () => world.terminal(TID).state
  const voidOf = (stan: string): LogEntry => {
    const found = month.log.find((one) => one.originalStan === stan)
    if (found === undefined) throw new Error('not voided')
    return found
  }

  it('a repeated sale or void of a terminal is refused as archived, whatever it says', async () => {
    const kept = logged(month.kept)
    expect(await ask(saleRequest(state(), kept))).toBe('94')
    expect(await ask(saleRequest(state(), { ...kept, amount: 1 }))).toBe('94')
    expect(await ask(voidRequest(state(), voidOf(month.voided), logged(month.voided)))).toBe('94')
  })

  it('a new void of a sale in the archive is refused as settled, by trace number and by RRN', async () => {
    const { batchNumber } = state()
    const fresh = (stan: string): LogEntry => ({ ...logged(month.kept), kind: 'void', batchNumber, stan })
    for (const stan of [month.kept, month.voided])
      expect(await ask(voidRequest(state(), fresh(`9000${stan.slice(4)}`), logged(stan)))).toBe('12')
    // Field 61 names no sale, and the RRN names one in the archive.
    const byRrn = { ...logged(month.kept), stan: '999999' }
    expect(await ask(voidRequest(state(), fresh('900102'), byRrn))).toBe('12')
    expect(await ask(voidRequest(state(), fresh('900103'), { ...byRrn, rrn: '999999999999' }))).toBe('25')
  })

  it('a reversal of a message in the archive does not say that it was reversed', async () => {
    expect(await ask(reversalRequest(state(), logged(month.kept), undefined, '98'))).toBe('94')
    const voided = logged(month.voided)
    expect(await ask(reversalRequest(state(), voidOf(month.voided), voided, '98'))).toBe('94')
  })

  it('a JSON void, its repeat, its reversal and a void after its reversal are refused', async () => {
    const body = { saleId: sale.id, amount: 1100 }
    expect(await json('POST', '/v1/voids', body)).toEqual([409, 'original_settled', undefined])
    const archived = [409, 'message_archived', undefined]
    expect(await json('POST', '/v1/voids', body, month.voidKey)).toEqual(archived)
    expect(await json('POST', '/v1/voids', body, `${month.voidKey}-early`)).toEqual(archived)
    const undo = { ...body, idempotencyKey: month.voidKey }
    expect(await json('POST', '/v1/reversals', undo)).toEqual(archived)
    expect(await json('POST', '/v1/reversals', undo, `${month.voidKey}-undo`)).toEqual(archived)
    const unknown = { ...body, idempotencyKey: 'never-seen' }
    expect(await json('POST', '/v1/reversals', unknown)).toEqual([409, 'reversal_too_late', undefined])
  })

  it('a captured sale under a key in the archive is refused', async () => {
    const names = { merchantId: MERCHANT, terminalId: TID, batchNumber: '000001', stan: month.kept }
    const body = { ...names, amount: 1100, pan: testCard(1), state: 'approved' }
    expect(await json('POST', '/v1/sales', body)).toEqual([409, 'message_archived', undefined])
  })

  it('an inquiry by each reference says that its month is in the archive, and since when', async () => {
    const at = new Date(MARCH_IS_OVER).toISOString()
    const expected = [409, 'message_archived', { month: '2025-01', at }]
    const names = {
      merchantId: MERCHANT,
      terminalId: TID,
      batchNumber: '000001',
      stan: month.kept,
      kind: 'sale',
    }
    const queries: Record<string, string>[] = [
      names,
      { saleId: sale.id },
      { voidId: ofVoid.id },
      { rrn: sale.rrn },
      { rrn: ofVoid.rrn },
      { idempotencyKey: month.voidKey },
      { idempotencyKey: `${month.voidKey}-undo`, kind: 'void_reversal' },
      { idempotencyKey: `${month.voidKey}-early` },
    ]
    for (const query of queries)
      expect([query, await json('GET', `/v1/inquiries?${new URLSearchParams(query)}`)]).toEqual([
        query,
        expected,
      ])
    for (const path of [`sales/${sale.id}`, `sales/${sale.rrn}`, `voids/${ofVoid.id}`, `voids/${ofVoid.rrn}`])
      expect([path, await json('GET', `/v1/${path}`)]).toEqual([path, expected])
    expect((await json('GET', `/v1/inquiries?rrn=999999999999`))[0]).toBe(404)
    expect((await json('GET', `/v1/inquiries?saleId=${'f'.repeat(32)}`))[0]).toBe(404)
  })

  it('a line of the acquirer about a batch in the archive opens no case', async () => {
    const names = {
      kind: 'sale',
      merchantId: MERCHANT,
      terminalId: TID,
      batchNumber: '000001',
      stan: '777777',
    }
    const path = `/v1/reconciliations?${new URLSearchParams({ asOf: new Date(dayOf(10, 20)).toISOString(), apply: 'true' })}`
    const resultOf = async (line: object) => {
      const before = moved()
      const reply = await world.service.json('POST', path, JSON.stringify(line), {
        'content-type': 'application/x-ndjson',
      })
      return [reply.body.result, reply.body.applied, JSON.stringify(moved()) === JSON.stringify(before)]
    }
    const approved = { state: 'approved', amount: 1100 }
    expect(await resultOf({ ...names, ...approved })).toEqual(['archived', null, true])
    expect(await resultOf({ ...names, state: 'absent' })).toEqual([undefined, undefined, true])
    // The open batch has nothing in the archive. Only the acquirer has this message, so it gets an entry.
    const open = { ...names, batchNumber: state().batchNumber, ...approved }
    expect(await resultOf(open)).toEqual(['differs', true, false])
  })

  it('another merchant learns nothing about the archive', async () => {
    const body = { saleId: sale.id, amount: 1100 }
    const foreign = (method: string, path: string, sent?: unknown) =>
      json(method, path, sent, 'theirs', FOREIGN_KEY)
    expect(await foreign('POST', '/v1/voids', body)).toEqual([404, 'original_not_found', undefined])
    for (const path of [
      `inquiries?saleId=${sale.id}`,
      `inquiries?rrn=${sale.rrn}`,
      `sales/${sale.id}`,
      `voids/${ofVoid.rrn}`,
    ])
      expect([path, await foreign('GET', `/v1/${path}`)]).toEqual([path, [404, 'not_found', undefined]])
  })

  it('the database and the archive are sound afterwards', async () => {
    expect(await world.verify()).toEqual({})
    expect(await world.verify(world.folder)).toEqual({})
  })
})
