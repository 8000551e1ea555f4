/**
 * @module Voids as NDJSON: their trips and queries, as docs/scale.md has them, and the same effects and answers as one void after
 * another.
 */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO, scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'
import { expectInTable } from './expect-in-table.ts'
import { MERCHANT, Metered } from './metered.ts'

const LINES = 100
const TERMINALS = Array.from({ length: LINES }, (_, i) => String(10_000_001 + i))

const six = (n: number): string => String(n).padStart(6, '0')
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

let service: Metered
beforeAll(async () => {
  service = new Metered()
  await service.open()
  await service.provision(TERMINALS)
})
afterAll(() => service.close())

let numbers = 0

/** Captures a sale for each terminal of the list, and returns the voids of them. */
async function voidsOf(terminals: readonly string[], to = service, amount = (_: number) => 100) {
  const { lines } = await to.sales(
    terminals.map((terminalId, i) => ({
      ...{ merchantId: MERCHANT, terminalId, batchNumber: '000001', stan: six(++numbers) },
      amount: amount(i),
    })),
  )
  return lines.map(({ id, amount }) => ({
    saleId: id,
    amount,
    idempotencyKey: `void of ${id}`.replaceAll(' ', '-'),
  }))
}

it.each([
  ['100 terminals', TERMINALS],
  ['one terminal', times(LINES, () => TERMINALS[0] ?? '')],
])('100 voids of %s take a few trips, and their answers are in order', async (name, terminals) => {
  const voids = await voidsOf(terminals)
  const { lines, use } = await service.voids(voids)
  expect(lines.map(({ line, status, saleId }) => [line, status, saleId])).toEqual(
    voids.map(({ saleId }, i) => [i + 1, 201, saleId]),
  )
  expectInTable(`a list of 100 voids of ${name}`, use)
  const again = await service.voids(voids)
  expect(again.lines).toEqual(lines)
})

it('a list of unknown sales takes a few trips too', async () => {
  const { lines, use } = await service.voids(
    times(LINES, (i) => ({ saleId: String(i).padStart(32, '0'), amount: 100, idempotencyKey: `k-${i}` })),
  )
  expect(new Set(lines.map(({ reason }) => reason))).toEqual(new Set(['original_not_found']))
  expect(use.trips).toBeLessThanOrEqual(4)
})

it('a list at the limit of its invocation tells which lines to send again', async () => {
  const [sale] = await voidsOf(TERMINALS.slice(0, 1))
  const others = await voidsOf(TERMINALS.slice(1, 3))
  // Lines about one sale come one after another.
  const list = [...times(20, (i) => ({ ...sale, amount: 101, idempotencyKey: `limit-${i}` })), ...others]
  service.limit = 60
  const { lines } = await service.voids(list)
  service.limit = Number.POSITIVE_INFINITY
  const left = lines.filter(({ reason }) => reason === 'unavailable')
  expect(left.length).toBeGreaterThan(5)
  expect(left.every(({ doNext }) => doNext === 'retry')).toBe(true)
  const again = await service.voids(list)
  expect(again.lines.map(({ status }) => status)).toEqual([...times(20, () => 422), 201, 201])
})

/** A line of a drawn list. */
const drawnLine = fc.record({
  sale: fc.nat(5),
  key: fc.nat(4),
  off: fc.constantFrom(0, 0, 0, 0, 1),
  fault: fc.constantFrom(null, null, null, null, null, 'member', 'key'),
})

/** Without ids and times, which differ between two services. */
function comparable(answer: Readonly<Record<string, unknown>>): object {
  const { status, reason, amount, state, doNext, certainty } = answer
  return { status, reason, amount, state, doNext, certainty }
}

const effectOf = ({ storage }: Metered) => ({
  batches: storage.rows(
    'select terminal_id, credit_amount, credit_count, office_credit_count from batch order by 1',
  ),
  voids: storage.rows('select amount, state from void order by 1, 2'),
  entries: storage.rows('select terminal_id, count(*) as entries from journal group by 1 order by 1'),
})

describe.each(['inside', 'remote'])('with an acquirer %s', (where) => {
  async function openWorld() {
    const acquirer = scriptedAcquirer()
    acquirer.script = { void: async ({ amount }) => (amount % 100 === 51 ? NO : YES) }
    const world = new Metered()
    await world.open(where === 'remote' ? acquirer.port : undefined)
    await world.provision(TERMINALS.slice(0, 3))
    numbers = 0
    const amount = (i: number) => 100 + (i === 5 ? 51 : i)
    const sales = await voidsOf(
      times(6, (i) => TERMINALS[i % 3] ?? ''),
      world,
      amount,
    )
    return { world, sales }
  }

  it('the answers and effects of a list are those of its lines one by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(drawnLine, { minLength: 1, maxLength: 14 }), async (drawn) => {
        const [together, oneByOne] = [await openWorld(), await openWorld()]
        const linesFor = ({ sales }: typeof together) =>
          drawn.map(({ sale, key, off, fault }) => ({
            ...sales[sale],
            amount: Number(sales[sale]?.amount) + off,
            idempotencyKey: fault === 'key' ? '' : `key-${key}`,
            ...(fault === 'member' ? { colour: 'red' } : {}),
          }))
        const { lines } = await together.world.voids(linesFor(together))
        const singly: Readonly<Record<string, unknown>>[] = []
        for (const { idempotencyKey, ...body } of linesFor(oneByOne))
          singly.push(await oneByOne.world.void(body, idempotencyKey))
        // Without a key a line has a wrong member, and a request has no header.
        const faultless = (answers: readonly Readonly<Record<string, unknown>>[]) =>
          answers.filter((_, i) => drawn[i]?.fault !== 'key').map(comparable)
        expect(faultless(lines)).toEqual(faultless(singly))
        expect(lines.map(({ status }) => status)).toEqual(singly.map(({ status }) => status))
        expect(effectOf(together.world)).toEqual(effectOf(oneByOne.world))
        together.world.close()
        oneByOne.world.close()
      }),
      { numRuns: 10 },
    )
  })
})
