/**
 * @module Lists of captured sales and of the acquirer: their trips and queries, and the same answers as line by line. The figures of
 * docs/scale.md are measured here.
 */

import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { inEachDatabase } from '../../src/pipeline/databases.ts'
import { recoverEach } from '../../src/pipeline/recover.ts'
import { keyOf } from '../domain/fixtures.ts'
import { messageFor, messageOf, type PreparedMessage } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'
import { expectInTable } from './expect-in-table.ts'
import { MERCHANT, Metered, type Use } from './metered.ts'

const LINES = 200
const TERMINALS = Array.from({ length: 20 }, (_, i) => String(10_000_001 + i))

let service: Metered
beforeAll(async () => {
  service = new Metered()
  await service.open()
  await service.provision(TERMINALS)
})
afterAll(() => service.close())

const six = (n: number): string => String(n).padStart(6, '0')
let numbers = 0

/** A new sale, the i-th of a list over these terminals. */
function saleOn(terminals: readonly string[], i: number) {
  const n = ++numbers
  return {
    merchantId: MERCHANT,
    terminalId: terminals[i % terminals.length],
    batchNumber: '000001',
    stan: six(n),
    amount: 100 + n,
    rrn: String(700_000_000_000 + n),
    authorizationCode: six(n),
  }
}

/** A sale that only the acquirer has. */
const recordOn = (terminals: readonly string[], i: number) => ({
  kind: 'sale',
  merchantId: MERCHANT,
  terminalId: terminals[i % terminals.length],
  batchNumber: '000001',
  stan: six(500_000 + ++numbers),
  state: 'approved',
  amount: 100 + i,
})

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

it('200 captured sales of 20 terminals take at most 20 trips', async () => {
  const { lines, use } = await service.sales(times(LINES, (i) => saleOn(TERMINALS, i)))
  expect(lines.map(({ line, status }) => [line, status])).toEqual(times(LINES, (i) => [i + 1, 201]))
  expect(use.trips).toBeLessThanOrEqual(20)
  expectInTable('200 captured sales of 20 terminals', use)
})

it('the same list again takes at most 20 trips, and gets the same answers', async () => {
  const list = times(LINES, (i) => saleOn(TERMINALS, i))
  const first = await service.sales(list)
  const { lines, use } = await service.sales(list)
  expect(lines).toEqual(first.lines)
  expect(use.trips).toBeLessThanOrEqual(20)
})

it('a list of which some lines write nothing takes at most 20 trips', async () => {
  const list = times(LINES, (i) =>
    i % 7 === 3 ? { ...saleOn(TERMINALS, i), batchNumber: '000777' } : saleOn(TERMINALS, i),
  )
  const { lines, use } = await service.sales(list)
  expect(lines.filter(({ status }) => status === 201).length).toBeGreaterThan(150)
  expect(use.trips).toBeLessThanOrEqual(20)
})

it('a reconciliation of 200 lines of 20 terminals takes at most 20 trips', async () => {
  const { lines, use } = await service.reconcile(times(LINES, (i) => recordOn(TERMINALS, i)))
  expect(lines.map(({ line, applied }) => [line, applied])).toEqual(times(LINES, (i) => [i + 1, true]))
  expect(use.trips).toBeLessThanOrEqual(20)
  expectInTable('a reconciliation of 200 lines of 20 terminals', use)
})

it('lines of one terminal are written in their order', async () => {
  const list = times(LINES, (i) => saleOn(TERMINALS.slice(0, 1), i))
  const { use } = await service.sales(list)
  const order = service.storage.rows<{ stan: string }>(
    `select sale.stan as stan from journal join sale on sale.message_key = journal.message_key
     where journal.terminal_id = ? order by journal.seq desc limit ?`,
    TERMINALS[0] ?? '',
    LINES,
  )
  expect(order.map(({ stan }) => stan).reverse()).toEqual(list.map(({ stan }) => stan))
  expectInTable('200 captured sales of one terminal', use)
})

it('a list at the limit of its invocation tells which lines to send again, and ends at once', async () => {
  service.limit = 300
  const list = times(60, (i) => saleOn(TERMINALS.slice(0, 1), i))
  const { status, lines } = await service.sales(list)
  expect(status).toBe(200)
  expect(lines.map(({ line }) => line)).toEqual(times(60, (i) => i + 1))
  const written = lines.filter((line) => line.status === 201).length
  expect(written).toBeGreaterThan(15)
  // At most one line was under way.
  expect(lines.slice(written + 1)).toEqual(
    times(60 - written - 1, (i) =>
      expect.objectContaining({ line: written + 2 + i, reason: 'unavailable', doNext: 'retry' }),
    ),
  )
  service.limit = Number.POSITIVE_INFINITY
  const again = await service.sales(list)
  expect(again.lines.map((line) => line.status)).toEqual(times(60, () => 201))
})

it('the answers of a list are those of its lines one by one', async () => {
  const one = new Metered()
  await one.open()
  const few = TERMINALS.slice(0, 3)
  await one.provision(few)
  const lines = fc.array(
    fc.record({
      terminal: fc.nat(4),
      stan: fc.nat(4),
      rrn: fc.option(fc.nat(3)),
      amount: fc.constantFrom(100, 200),
      fault: fc.constantFrom(null, null, null, null, 'batch', 'fee', 'future', 'member'),
    }),
    { minLength: 1, maxLength: 14 },
  )
  let world = 0
  await fc.assert(
    fc.asyncProperty(lines, async (drawn) => {
      world++
      const list = drawn.map(({ terminal, stan, rrn, amount, fault }) => ({
        merchantId: MERCHANT,
        terminalId: few[terminal] ?? '99999999',
        batchNumber: fault === 'batch' ? '000777' : '000001',
        stan: six(600_000 + 10 * world + stan),
        amount,
        ...(rrn === null ? {} : { rrn: String(800_000_000_000 + 10 * world + rrn) }),
        ...(fault === 'fee' ? { fee: 999 } : {}),
        ...(fault === 'future' ? { soldAt: '2036-01-01T00:00:00Z' } : {}),
        ...(fault === 'member' ? { cvv: 1 } : {}),
      }))
      const singly: unknown[] = []
      for (const sale of list) singly.push(comparable(await one.sale(sale)))
      const { lines: answers } = await service.sales(list)
      expect(answers.map(comparable)).toEqual(singly)
    }),
    { numRuns: 25 },
  )
  one.close()
})

/** Without ids and times, which differ between two services. */
function comparable(answer: Readonly<Record<string, unknown>>): object {
  const { status, reason, stan, amount, state, fee, doNext, certainty, errors, inquiryAt } = answer
  return { status, reason, stan, amount, state, fee, doNext, certainty, errors, inquiryAt }
}

/** The trips of one message of a terminal, with an acquirer inside or behind the service. A void is of the sale `of`. */
async function useOf(isolate: TestService, kind: 'sale' | 'void', stan: number, of = 0): Promise<Use> {
  const use = { trips: 0, queries: 0 }
  isolate.fault = (_, { statements }) => {
    use.trips++
    use.queries += statements.length
    return null
  }
  const find = () =>
    ({ key: keyOf(six(of), 'sale'), kind: 'sale', amount: 100, isAnswered: true, id: '', rrn: '' }) as const
  const knowledge = { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find } as const
  const command =
    kind === 'sale'
      ? ({ kind, stan, batch: 'open', amount: 100, currency: '156' } as const)
      : ({ kind, stan, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' } as const)
  const caller = { waitUntil: () => {}, beforeAcquirer: () => {} }
  const message = messageOf(messageFor(command, knowledge, 1) as PreparedMessage)
  const { outcome } = await isolate.pipeline.submit(message, caller)
  expect(outcome).toMatchObject({ kind: 'answered', answer: { reason: null } })
  isolate.fault = () => null
  return use
}

it.each(['acquirer inside', 'forwarded'])(
  'the figures of a terminal’s messages are those of the page: %s',
  async (where) => {
    const port = where === 'forwarded' ? scriptedAcquirer().port : sandbox
    const isolate = new TestService(port)
    const provision = messageFor(
      { kind: 'provision', window: 'business_day' },
      { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find: () => undefined },
      0,
    )
    await isolate.send(messageOf(provision as PreparedMessage))
    const other = new TestService(port, isolate)
    // An isolate looks for open cases after the first answer of an acquirer, and then once a minute.
    await useOf(isolate, 'sale', 1)
    await useOf(other, 'sale', 2)
    // Another isolate has written, so the state here is stale. The terminal is cold then for ten seconds.
    const stale = await useOf(isolate, 'sale', 3)
    const cold = [await useOf(isolate, 'sale', 4), await useOf(isolate, 'void', 5, 4)] as const
    isolate.now += 11_000
    await useOf(isolate, 'sale', 6)
    const warm = [await useOf(isolate, 'sale', 7), await useOf(isolate, 'void', 8, 7)] as const
    for (const [i, kind] of ['sale', 'void'].entries()) {
      expectInTable(`a ${kind} of a terminal, ${where}`, cold[i] as Use)
      expectInTable(`a ${kind} of a terminal seen before, ${where}`, warm[i] as Use)
    }
    expect(stale.trips).toBe((cold[0]?.trips ?? 0) + 1)
    isolate.close()
  },
)

it('a run of the cron without work takes the queries of the page', async () => {
  const { services } = service
  if (services === undefined) throw new Error('the service is not open')
  const use = await service.use(() => recoverEach(inEachDatabase(services), services.now()))
  expectInTable('a run of the cron without work', use)
})
