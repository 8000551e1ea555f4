/**
 * @module A host behind us: claim → host → settle. What the terminal and a back office hear while the host is silent, what
 * recovery makes of it, and that what was given up or reversed is never approved by a late word.
 */

import { describe, expect, it } from 'vitest'
import { DECIDE_MS, GIVE_UP_MS } from '../../src/domain/host-state.ts'
import { recover } from '../../src/recover.ts'
import { effectOf, faultOf, journalOf, rows } from './book.ts'
import { NO, type ScriptedHost, SILENT, scriptedHost, YES } from './scripted-host.ts'
import * as s from './support.ts'
import { hexOf, openTill, sell, type Till } from './till.ts'

interface Shop {
  readonly host: ScriptedHost
  readonly isolate: s.Isolate
  readonly till: Till
}

/** Waits take no time of the test's, but of its clock. */
async function openShop(host = scriptedHost()): Promise<Shop> {
  const isolate: s.Isolate = await s.openIsolate({
    acquirer: host.acquirer,
    sleep: async (ms) => {
      isolate.clock.now += ms
    },
  })
  return { host, isolate, till: await openTill(isolate) }
}

/** Lets time pass and the cron run, as it does each minute. */
async function minutes({ isolate }: Shop, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    isolate.clock.now += 60_000
    await recover(isolate.services, isolate.services.now() + 1)
  }
}

const stateOf = async (till: Till): Promise<string[]> =>
  (await rows('select kind, state from host_message where terminal_id = ? order by rowid', till.tid)).map(
    ({ kind, state }) => `${kind} ${state}`,
  )

const casesOf = (till: Till) =>
  rows(
    'select case_reason, case_closed_at from host_message where case_reason is not null and terminal_id = ?',
    till.tid,
  )

const kindsOf = async (till: Till): Promise<string[]> =>
  (await journalOf(till.tid)).slice(1).map(({ body }) => JSON.parse(body).kind)

const totalsOf = async (till: Till) => (await effectOf(till.tid)).batches.at(-1)

const voidOf = (sale: Awaited<ReturnType<typeof sell>>, stan = '000002') => s.aVoid({ stan, ...sale })

describe('a host that answers', () => {
  it('approves: claim, host, settle; its references are kept and its authorisation code told', async () => {
    const { till, host } = await openShop()
    const sale = await sell(till, '000001')
    const reply = await till.say(voidOf(sale))
    expect(reply.fields.get(39)).toBe('00')
    expect(reply.fields.get(38)).toBe('424242')
    expect(host.kinds()).toEqual(['sale', 'void'])
    expect(await kindsOf(till)).toEqual(['sale_claim', 'sale', 'void_claim', 'void'])
    expect(await stateOf(till)).toEqual(['sale approved', 'void approved'])
    expect(await totalsOf(till)).toMatchObject({ debit_amount: 1234, credit_amount: 1234 })
    // The void names the sale as the host knows it.
    const [asked, voided] = host.asked
    expect(voided?.original).toEqual({
      batchNumber: '000001',
      hostStan: asked?.hostStan,
      rrn: YES.kind === 'approved' ? YES.rrn : '',
      authorizationCode: '424242',
    })
    expect(asked?.cardFields?.get(2)).toBe(s.PAN)
    expect(voided?.cardFields?.has(35)).toBe(false)
    expect(await faultOf(till.tid)).toBeNull()
  })

  it('declines a sale and a void; what it declined has no effect and may be tried anew', async () => {
    const { till, host } = await openShop()
    host.script.sale = NO
    expect((await till.say(s.aSale({ stan: '000009' }))).fields.get(39)).toBe('05')
    host.script = {}
    const sale = await sell(till, '000001')
    host.script.void = NO
    const declined = await till.say(voidOf(sale))
    expect(declined.fields.get(39)).toBe('05')
    expect(hexOf((await till.say(voidOf(sale))).bytes)).toBe(hexOf(declined.bytes))
    expect((await effectOf(till.tid)).sales).toMatchObject([{ live_voids: 0 }, { status: 'declined' }])
    host.script = {}
    expect((await till.say(voidOf(sale, '000003'))).fields.get(39)).toBe('00')
    expect(await totalsOf(till)).toMatchObject({ debit_amount: 1234, credit_amount: 1234 })
  })

  it('is asked once for copies that come while it thinks', async () => {
    const { till, host } = await openShop()
    const sale = await sell(till, '000001')
    const answer = Promise.withResolvers<typeof YES>()
    host.script.void = () => answer.promise
    const first = till.say(voidOf(sale))
    const other = await s.openIsolate({ acquirer: host.acquirer })
    while (!host.kinds().includes('void')) await new Promise((resolve) => setTimeout(resolve, 5))
    const copy = await till.say(voidOf(sale), { to: other })
    expect([copy.status, copy.bytes.length]).toEqual([503, 0])
    answer.resolve(YES)
    const told = await first
    expect(told.fields.get(39)).toBe('00')
    expect(hexOf((await till.say(voidOf(sale), { to: other })).bytes)).toBe(hexOf(told.bytes))
    expect(host.kinds()).toEqual(['sale', 'void'])
  })
})

describe('a host that is silent', () => {
  it('leaves the terminal without an answer, and the void pending; an inquiry finds it', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, inquiry: YES }
    const reply = await till.say(voidOf(sale))
    expect([reply.status, reply.bytes.length]).toEqual([503, 0])
    expect(isolate.logged.some(({ event, kind }) => event === 'no_answer' && kind === 'pending')).toBe(true)
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void approved'])
    expect((await till.say(voidOf(sale))).fields.get(39)).toBe('00')
    expect(host.kinds().filter((kind) => kind === 'void')).toHaveLength(1)
    expect(await totalsOf(till)).toMatchObject({ credit_amount: 1234 })
  })

  it('and knows nothing of the void: it is sent again under the same identity', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    let first = true
    host.script = {
      inquiry: { kind: 'not_found' },
      void: async () => {
        if (!first) return YES
        first = false
        return SILENT
      },
    }
    expect((await till.say(voidOf(sale))).status).toBe(503)
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void approved'])
    const [one, two] = host.asked.filter(({ kind }) => kind === 'void')
    expect({ ...two, cardFields: null }).toEqual({ ...one, cardFields: null, isCopy: true })
  })

  it('or has no inquiry: the same message is sent again', async () => {
    const shop = await openShop(scriptedHost('repeat'))
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT }
    expect((await till.say(voidOf(sale))).status).toBe(503)
    host.script = {}
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void approved'])
    expect(host.kinds()).not.toContain('inquiry')
  })

  it('for a minute: the void is given up and undone; its copy hears that it did not happen', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, inquiry: SILENT }
    await till.say(voidOf(sale))
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void pending'])
    isolate.clock.now += GIVE_UP_MS
    await minutes(shop, 1)
    expect(host.kinds().at(-1)).toBe('reversal')
    expect(await stateOf(till)).toEqual(['sale approved', 'void declined'])
    expect(await kindsOf(till)).toEqual(['sale_claim', 'sale', 'void_claim', 'give_up', 'void'])
    expect((await till.say(voidOf(sale))).fields.get(39)).toBe('68')
    expect((await effectOf(till.tid)).sales).toMatchObject([{ live_voids: 0 }])
    host.script = {}
    expect((await till.say(voidOf(sale, '000003'))).fields.get(39)).toBe('00')
  })

  it('to everything until the time is up: a case, which closes when it speaks again', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await till.say(voidOf(sale))
    await isolate.settle()
    const until = isolate.clock.now + DECIDE_MS
    while (isolate.clock.now < until) await minutes(shop, 1)
    expect(
      await rows(
        'select case_reason, case_closed_at from host_message where kind = ? and terminal_id = ?',
        'void',
        till.tid,
      ),
    ).toEqual([{ case_reason: 'host_silent', case_closed_at: null }])
    host.script = {}
    isolate.clock.now += 3_600_000
    await minutes(shop, 1)
    expect(await stateOf(till)).toEqual(['sale approved', 'void declined'])
    const [closed] = await rows(
      'select case_closed_at from host_message where kind = ? and terminal_id = ?',
      'void',
      till.tid,
    )
    expect(closed?.case_closed_at).not.toBeNull()
    expect(await faultOf(till.tid)).toBeNull()
  })

  it('about a sale: undone, since its card is not kept; the terminal’s reversal finds it gone', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    host.script = { sale: SILENT, inquiry: { kind: 'not_found' } }
    expect((await till.say(s.aSale({ stan: '000001' }))).status).toBe(503)
    await isolate.settle()
    await minutes(shop, 2)
    expect(await stateOf(till)).toEqual(['sale declined'])
    expect(host.kinds().filter((kind) => kind === 'sale')).toHaveLength(1)
    expect((await till.say(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
    expect(await totalsOf(till)).toMatchObject({ debit_amount: 0, debit_count: 0 })
  })
})

describe('while a void is pending', () => {
  const pending = async (): Promise<Shop & { sale: Awaited<ReturnType<typeof sell>> }> => {
    const shop = await openShop()
    const sale = await sell(shop.till, '000001')
    shop.host.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await shop.till.say(voidOf(sale))
    await shop.isolate.settle()
    return { ...shop, sale }
  }

  it('its copy gets no answer, and another void of the sale is refused for good', async () => {
    const { till, sale, host } = await pending()
    expect((await till.say(voidOf(sale))).status).toBe(503)
    const second = await till.say(voidOf(sale, '000003'))
    expect(second.fields.get(39)).toBe('09')
    host.script = {}
    expect(hexOf((await till.say(voidOf(sale, '000003'))).bytes)).toBe(hexOf(second.bytes))
    expect((await effectOf(till.tid)).sales).toMatchObject([{ live_voids: 1 }])
  })

  it('the batch does not close; once it is decided it does', async () => {
    const shop = await pending()
    const { till, host } = shop
    const settle = (stan: string, credit: [number, number]) =>
      till.say(s.aSettlement({ stan }, s.totalsOf(1234, 1, ...credit)))
    expect((await settle('000090', [0, 0])).fields.get(48)?.[30]).toBe('3')
    host.script = { inquiry: YES }
    await minutes(shop, 1)
    expect(await stateOf(till)).toEqual(['sale approved', 'void approved'])
    expect((await settle('000091', [1234, 1])).fields.get(48)?.[30]).toBe('1')
  })

  it('its reversal is answered 00 at once and owed to the host until it agrees', async () => {
    const shop = await pending()
    const { till, host, isolate, sale } = shop
    expect((await till.say(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversing'])
    expect((await till.say(voidOf(sale))).fields.get(39)).toBe('12')
    expect((await till.say(voidOf(sale, '000003'))).fields.get(39)).toBe('09')
    host.script = {}
    await minutes(shop, 2)
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversed'])
    expect((await till.say(voidOf(sale, '000004'))).fields.get(39)).toBe('00')
    expect(await totalsOf(till)).toMatchObject({ credit_amount: 1234, credit_count: 1 })
    expect(await faultOf(till.tid)).toBeNull()
  })

  it('the reversal of its sale takes both away', async () => {
    const shop = await pending()
    const { till, host, isolate } = shop
    expect((await till.say(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
    host.script = {}
    await isolate.settle()
    await minutes(shop, 2)
    expect(await stateOf(till)).toEqual(['sale reversed', 'void reversed'])
    expect(await totalsOf(till)).toMatchObject({ debit_amount: 0, credit_amount: 0 })
  })
})

describe('a late word', () => {
  it('of approval, after the terminal reversed the void, changes nothing', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    const answer = Promise.withResolvers<typeof YES>()
    host.script.void = () => answer.promise
    const waiting = till.say(voidOf(sale))
    while (!host.kinds().includes('void')) await new Promise((resolve) => setTimeout(resolve, 5))
    const other = await s.openIsolate({ acquirer: host.acquirer })
    expect((await till.say(s.aReversal('void', { stan: '000002' }), { to: other })).fields.get(39)).toBe('00')
    await other.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversed'])
    answer.resolve(YES)
    expect((await waiting).status).toBe(503)
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversed'])
    expect(await totalsOf(till)).toMatchObject({ credit_amount: 0 })
  })

  it('of refusal to reverse, when the void was given up and the host has it: it stands', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await till.say(voidOf(sale))
    await isolate.settle()
    await minutes(shop, 1)
    expect(await stateOf(till)).toEqual(['sale approved', 'void undoing'])
    host.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' }, inquiry: YES }
    await minutes(shop, 1)
    expect(await stateOf(till)).toEqual(['sale approved', 'void approved'])
    expect((await till.say(voidOf(sale))).fields.get(39)).toBe('00')
  })

  it('of refusal to reverse what the terminal was told is reversed: a case', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    await till.say(voidOf(sale))
    host.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' }, inquiry: YES }
    expect((await till.say(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversing'])
    expect(
      await rows('select case_reason from host_message where kind = ? and terminal_id = ?', 'void', till.tid),
    ).toEqual([{ case_reason: 'host_keeps' }])
  })
})

describe('a void that is reversed long after it was approved', () => {
  it('is owed to the host with time of its own, and opens no case at once', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    await till.say(voidOf(sale))
    isolate.clock.now += 3 * 3_600_000
    host.script = { reversal: SILENT }
    expect((await till.say(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversing'])
    expect(await casesOf(till)).toEqual([])
    await minutes(shop, 4)
    expect(await casesOf(till)).toMatchObject([{ case_reason: 'host_silent', case_closed_at: null }])
  })

  it('after a case that was closed opens another', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    await till.say(voidOf(sale))
    await isolate.settle()
    await minutes(shop, 4)
    host.script = { reversal: { kind: 'declined', reason: 'reversal_too_late' } }
    isolate.clock.now += 3_600_000
    await minutes(shop, 1)
    expect(await stateOf(till)).toEqual(['sale approved', 'void approved'])
    expect(await casesOf(till)).toMatchObject([{ case_closed_at: expect.any(Number) }])
    await till.say(s.aReversal('void', { stan: '000002' }))
    await isolate.settle()
    expect(await casesOf(till)).toMatchObject([{ case_reason: 'host_keeps', case_closed_at: null }])
    expect(await faultOf(till.tid)).toBeNull()
  })
})

describe('two who drive the same message', () => {
  it('at once: one outcome, exact totals', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, inquiry: SILENT }
    await till.say(voidOf(sale))
    await isolate.settle()
    host.script = { inquiry: YES }
    isolate.clock.now += 60_000
    await rows('update host_message set next_at = 0 where next_at is not null')
    const other = await s.openIsolate({ acquirer: host.acquirer })
    other.clock.now = isolate.clock.now
    await Promise.all([recover(isolate.services, 0), recover(other.services, 0), recover(other.services, 0)])
    expect(await totalsOf(till)).toMatchObject({ credit_amount: 1234, credit_count: 1 })
    expect(await faultOf(till.tid)).toBeNull()
  })
})

describe('a back office', () => {
  it('is told that the outcome is unknown, until when it is decided, and where to look', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const key = await s.bearerKey(till.mid)
    const [row] = await rows('select id from sale where rrn = ?', (await sell(till, '000001')).rrn)
    const post = () =>
      s.ask(isolate, key, 'POST', '/v1/voids', { saleId: row?.id, amount: 1234 }, { 'idempotency-key': 'k' })
    host.script = { void: SILENT, inquiry: SILENT }
    const claimedAt = isolate.clock.now
    const told = await post()
    expect(told).toMatchObject({
      status: 202,
      body: {
        status: 'pending',
        certainty: 'UNKNOWN',
        doNext: 'query',
        retryAfter: 2,
        decideBy: new Date(claimedAt + DECIDE_MS).toISOString(),
      },
    })
    const path = told.headers.get('location') ?? ''
    await isolate.settle()
    expect(await s.ask(isolate, key, 'GET', path)).toMatchObject({ status: 200, body: told.body })
    expect((await s.ask(isolate, key, 'GET', `/v1/sales/${row?.id}`)).body).toMatchObject({
      state: 'void_pending',
      voidable: false,
    })
    host.script = { inquiry: YES }
    await minutes(shop, 1)
    const found = await s.ask(isolate, key, 'GET', path)
    expect(found.body).toMatchObject({ status: 'approved', certainty: 'FINAL', doNext: 'print_receipt' })
    expect(await post()).toMatchObject({
      status: 201,
      body: { status: 'approved', certainty: 'FINAL', acquirerRrn: 'HOST00000001' },
    })
  })
})

describe('a host that refuses a reversal', () => {
  it('and knows no inquiry: that is no word about the void; a person is called', async () => {
    const shop = await openShop(scriptedHost('repeat'))
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, reversal: { kind: 'declined', reason: 'format_error' } }
    await till.say(voidOf(sale))
    await isolate.settle()
    await minutes(shop, 1)
    expect(await stateOf(till)).toEqual(['sale approved', 'void undoing'])
    expect(await casesOf(till)).toMatchObject([{ case_reason: 'host_keeps' }])
    expect(await totalsOf(till)).toMatchObject({ credit_amount: 0 })
  })

  it('because it has nothing to reverse: nothing is taken for gone while a copy may be on its way', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    host.script = { void: SILENT, inquiry: { kind: 'not_found' }, reversal: { kind: 'not_found' } }
    await till.say(voidOf(sale))
    expect((await till.say(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    await isolate.settle()
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversing'])
    // It came after all.
    host.script = { reversal: YES }
    await minutes(shop, 1)
    expect(await stateOf(till)).toEqual(['sale approved', 'void reversed'])
  })

  it('of a sale is not asked it before the void of the sale is undone there', async () => {
    const shop = await openShop()
    const { till, host, isolate } = shop
    const sale = await sell(till, '000001')
    await till.say(voidOf(sale))
    host.script = { reversal: async ({ of }) => (of === 'void' ? SILENT : YES) }
    await till.say(s.aReversal('sale', { stan: '000001' }))
    await isolate.settle()
    expect(host.asked.filter(({ kind, of }) => kind === 'reversal' && of === 'sale')).toEqual([])
    host.script = {}
    await minutes(shop, 2)
    expect(await stateOf(till)).toEqual(['sale reversed', 'void reversed'])
    expect(host.asked.filter(({ kind }) => kind === 'reversal').at(-1)?.of).toBe('sale')
  })
})

it('a copy of a void that the host refuses says nothing of the first', async () => {
  const shop = await openShop(scriptedHost('repeat'))
  const { till, host, isolate } = shop
  const sale = await sell(till, '000001')
  host.script = { void: SILENT }
  await till.say(voidOf(sale))
  await isolate.settle()
  expect(
    host.asked
      .filter(({ kind }) => kind === 'void')
      .slice(1)
      .every(({ isCopy }) => isCopy === true),
  ).toBe(true)
  expect(host.asked.filter(({ kind }) => kind === 'void').length).toBeGreaterThan(2)
})

it('a fed sale that is reversed is reversed at the host, after its void', async () => {
  const shop = await openShop()
  const { till, host, isolate } = shop
  const key = await s.bearerKey(till.mid)
  const fed = {
    merchantId: till.mid,
    terminalId: till.tid,
    batchNumber: '000001',
    stan: '000077',
    amount: 1234,
  }
  const told = await s.ask(isolate, key, 'POST', '/v1/sales', { ...fed, pan: s.PAN, rrn: 'FED000000001' })
  expect(told.status).toBe(201)
  expect(
    (
      await till.say(s.aVoid({ stan: '000002', original: '000077', rrn: 'FED000000001', amount: 1234 }))
    ).fields.get(39),
  ).toBe('00')
  expect((await till.say(s.aReversal('sale', { stan: '000077' }))).fields.get(39)).toBe('00')
  await isolate.settle()
  await minutes(shop, 1)
  expect(
    host.asked.filter(({ kind }) => kind === 'reversal').map(({ of, hostStan }) => [of, hostStan]),
  ).toEqual([
    // A number of ours is none that the terminal gives its own messages.
    ['void', expect.stringMatching(/^[5-9]\d{5}$/)],
    ['sale', '000077'],
  ])
  expect((await stateOf(till)).sort()).toEqual(['sale reversed', 'void reversed'])
  expect(await faultOf(till.tid)).toBeNull()
})

it('a sale waits for its void to be undone at the host though a person was called for that, until its own time is up', async () => {
  const shop = await openShop()
  const { till, host, isolate } = shop
  const sale = await sell(till, '000001')
  host.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  await till.say(voidOf(sale))
  await isolate.settle()
  await minutes(shop, 4)
  expect(await casesOf(till)).toHaveLength(1)
  const reversals = (kind: string) =>
    host.asked.filter((asked) => asked.kind === 'reversal' && asked.of === kind).length
  expect((await till.say(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
  await isolate.settle()
  await minutes(shop, 1)
  expect(reversals('sale')).toBe(0)
  host.script = { reversal: async ({ of }) => (of === 'void' ? SILENT : YES) }
  await minutes(shop, 65)
  expect(reversals('sale')).toBe(1)
})

it('cases are opened when the time is up, however long the host takes', async () => {
  const shop = await openShop()
  const { till, host, isolate } = shop
  const tills = [till, ...(await Promise.all(Array.from({ length: 9 }, () => openTill(isolate))))]
  const sales = await Promise.all(tills.map((one) => sell(one, '000001')))
  host.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  await Promise.all(
    tills.map((one, i) => one.say(voidOf(sales[i] ?? { original: '', rrn: '', amount: 0, batch: '' }))),
  )
  await isolate.settle()
  isolate.clock.now += DECIDE_MS
  const answer = Promise.withResolvers<typeof SILENT>()
  host.script = { inquiry: () => answer.promise, reversal: () => answer.promise }
  const running = recover(isolate.services, 0)
  const cases = async () => (await Promise.all(tills.map(casesOf))).flat().length
  while ((await cases()) < tills.length) await scheduler.wait(5)
  answer.resolve(SILENT)
  await running
  for (const one of tills) expect(await faultOf(one.tid)).toBeNull()
})
