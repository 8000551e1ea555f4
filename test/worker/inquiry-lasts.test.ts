/**
 * @module An inquiry over time: before and after the acquirer's decision, and half a year later, after new
 * keys and a closed batch. Also its cost.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { DECIDE_MS } from '../../src/domain/acquirer-state.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { journalOf } from './book.ts'
import { answerFields, idOf, inquire, keyOf } from './inquire.ts'
import { openWithAcquirer } from './merchant-client.ts'
import { NO, SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell } from './terminal.ts'
import { scansOf, watchD1 } from './watched-d1.ts'

const DAY = 86_400_000

let isolate: s.Isolate
let key: string

beforeAll(async () => {
  isolate = await s.openIsolate()
  key = await s.bearerKey(s.MID)
})

it('an undecided message is pending without an answer, then a case, then shows its outcome', async () => {
  const acquirer = scriptedAcquirer()
  const behind = await openWithAcquirer(acquirer)
  const own = await openTerminal(behind)
  const ask = (stan: string) => inquire(behind, key, keyOf('void', stan, own))
  const sale = await sell(own, '000001')
  acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  const claimedAt = behind.clock.now
  expect((await own.send(s.aVoid({ stan: '000002', ...sale }))).status).toBe(503)
  await behind.settle()
  expect((await ask('000002')).body).toMatchObject({
    found: true,
    answer: null,
    state: 'pending',
    certainty: 'PENDING',
    doNext: 'query',
    retryAfter: 2,
    decideBy: new Date(claimedAt + DECIDE_MS).toISOString(),
  })
  behind.clock.now += DECIDE_MS
  await recover(behind.services, 0)
  expect((await ask('000002')).body).toMatchObject({
    state: 'pending',
    doNext: 'contact_acquirer',
    case: { reason: 'no_answer' },
  })
  acquirer.script = {}
  behind.clock.now += 2 * 3_600_000
  await recover(behind.services, 0)
  const copy = await own.send(s.aVoid({ stan: '000002', ...sale }))
  expect((await ask('000002')).body).toMatchObject({
    answer: { ...answerFields(copy), reason: 'acquirer_silent' },
    state: 'declined',
    certainty: 'FINAL',
  })

  // Approved, then reversed: the first answer stays beside the reversal.
  behind.clock.now = s.START
  const voided = await own.send(s.aVoid({ stan: '000003', ...sale }))
  acquirer.script = { reversal: SILENT }
  await own.send(s.aReversal('void', { stan: '000003' }))
  await behind.settle()
  expect((await ask('000003')).body).toMatchObject({
    answer: answerFields(voided),
    state: 'reversing',
    certainty: 'PENDING',
    doNext: 'query',
  })
  acquirer.script = { sale: NO }
  const refused = await own.send(s.aSale({ stan: '000004' }))
  expect((await inquire(behind, key, keyOf('sale', '000004', own))).body).toMatchObject({
    answer: answerFields(refused),
    state: 'declined',
  })
  acquirer.script = { sale: SILENT, inquiry: SILENT }
  await own.send(s.aSale({ stan: '000005' }))
  expect((await inquire(behind, key, keyOf('sale', '000005', own))).body).toMatchObject({
    kind: 'sale',
    answer: null,
    state: 'pending',
    certainty: 'UNKNOWN',
  })
  await behind.settle()
})

it('a refused void of a terminal names its next step: a query where the sale is known, else nothing', async () => {
  const own = await openTerminal(isolate)
  const sale = await sell(own, '000001')
  const refuse = async (stan: string, named: object) => {
    const refused = await own.send(s.aVoid({ stan, ...sale, ...named }))
    const { body } = await inquire(isolate, key, keyOf('void', stan, own))
    expect(body).toMatchObject({ answer: answerFields(refused), state: 'declined', certainty: 'FINAL' })
    return [refused.fields.get(39), body.saleId, body.doNext]
  }
  expect(await refuse('000002', { original: '000777' })).toEqual(['25', null, 'nothing'])
  expect(await refuse('000003', { rrn: '999999999999' })).toEqual(['25', null, 'nothing'])
  await own.send(s.aVoid({ stan: '000004', ...sale }))
  expect(await refuse('000005', {})).toEqual(['12', null, 'nothing'])
  expect(await refuse('000006', { amount: 1 })).toEqual(['12', null, 'nothing'])
})

it('179 days later, after new keys and a closed batch, every answer is the first', async () => {
  const own = await openTerminal(isolate)
  const sold = await own.send(s.aSale({ stan: '000001' }))
  const rrn = sold.fields.get(37) ?? ''
  const request = s.aVoid({ stan: '000002', original: '000001', rrn })
  const voided = await own.send(request)
  const second = await sell(own, '000003', 500)
  const saleId = await idOf('sale', second.rrn)
  const headers = { 'idempotency-key': 'half-a-year' }
  const byJson = await s.ask(isolate, key, 'POST', '/v1/voids', { saleId, amount: 500 }, headers)
  const queries = [
    keyOf('sale', '000001', own),
    keyOf('void', '000002', own),
    { rrn },
    { rrn: voided.fields.get(37) ?? '' },
    { saleId },
    { voidId: String(byJson.body.id) },
    { idempotencyKey: 'half-a-year' },
  ]
  const before = await Promise.all(queries.map((query) => inquire(isolate, key, query)))
  const settled = await own.send(s.aSettlement({ stan: '000004' }, s.totalsOf(1734, 2, 1234, 1)), {
    key: null,
  })
  expect(settled.fields.get(48)?.[30]).toBe('1')
  await s.provision(isolate, {}, own)
  await s.installKey(isolate, '5'.repeat(16), own, 9e12)
  const mak = { ...own.key, mak: '5'.repeat(16) }
  await own.send(s.aSale({ stan: '000001', batch: '000002' }), { key: mak })

  const later = await s.openIsolate()
  later.clock.now = s.START + 179 * DAY
  for (const [i, query] of queries.entries()) {
    const { body } = await inquire(later, key, query)
    expect([query, body]).toEqual([query, before[i]?.body])
  }
  await s.signOnAt(later, own, later.clock.now)
  // The terminal's copy and the back office's copy get it too.
  const copy = await own.send(request, { to: later, key: mak })
  expect([...copy.fields].filter(([n]) => n !== 64)).toEqual([...voided.fields].filter(([n]) => n !== 64))
  const again = await s.ask(later, key, 'POST', '/v1/voids', { saleId, amount: 500 }, headers)
  expect([again.status, again.text]).toEqual([byJson.status, byJson.text])
})

it('costs two round trips at most, writes nothing, and finds every row by an index', async () => {
  const watched = watchD1(env.DB)
  const to = await s.openIsolate({ database: watched.database })
  const own = await openTerminal(isolate)
  const sale = await sell(own, '000001')
  const journal = await journalOf(own.tid)
  const queries = [
    keyOf('sale', sale.original, own),
    { rrn: sale.rrn },
    { idempotencyKey: 'none' },
    { voidId: '0'.repeat(32) },
  ]
  for (const query of queries) {
    watched.trips.length = 0
    await inquire(to, key, query)
    expect(watched.trips.length).toBeLessThanOrEqual(2)
    for (const { statements } of watched.trips)
      for (const { sql, params } of statements) {
        expect(await scansOf(sql, params), sql).toEqual([])
      }
  }
  expect(await journalOf(own.tid)).toEqual(journal)
})
