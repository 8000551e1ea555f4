/**
 * @module D1 refuses the queries of an invocation beyond its limit. A list at its limit fails no message beside it. A limit error is no
 * message's outcome while another request can drive. An entry whose commit is unknown is confirmed and never decided twice.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { createPipeline } from '../../src/pipeline/process.ts'
import type { Outcome, Pipeline, PipelineMessage } from '../../src/pipeline/types.ts'
import { createBudget } from '../../src/store/budget.ts'
import { messageFor, messageOf, type PreparedMessage } from '../model/messages.ts'
import type { Trip } from '../simulation/platform/d1.ts'
import { LOST, TestService } from '../support/test-service.ts'

/** In the words of Cloudflare (platform.md, D1). */
const REFUSED = 'D1_ERROR: Too many API requests by single Worker invocation.'
const TERMINALS = 6

const knowledge = { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find: () => undefined } as const

function at(terminalId: string, prepared: PreparedMessage | null): PipelineMessage & { key: string } {
  if (prepared === null) throw new Error('no message')
  const { load, ...rest } = prepared
  const messageKey = `${terminalId}|${prepared.request.messageKey}`
  const request = { ...prepared.request, terminalId, messageKey } as typeof prepared.request
  const message = messageOf({ ...rest, request, load: { ...load, terminalId, messageKey } })
  return { ...message, key: messageKey }
}

const terminalOf = (i: number): string => String(10_000_000 + i)
let stan = 0
const sale = (terminal: number) =>
  at(
    terminalOf(terminal),
    messageFor({ kind: 'sale', stan: ++stan, batch: 'open', amount: 100, currency: '156' }, knowledge, 1),
  )

/** The invocation that runs. Each request has an asynchronous context of its own, as in workerd. */
const running = new AsyncLocalStorage<number>()

let service: TestService
let invocations = 0
/** The queries of each invocation that D1 took. */
let taken: Map<number | undefined, number>

beforeAll(async () => {
  service = new TestService(sandbox)
  const provision = messageFor({ kind: 'provision', window: 'business_day' }, knowledge, 0)
  await service.send(messageOf(provision as PreparedMessage))
  for (let i = 0; i < TERMINALS; i++) await service.send(at(terminalOf(i), provision))
  // Each trip takes a while, so that messages gather.
  service.hold = () => immediates(3)
})
afterAll(() => service.close())
beforeEach(() => {
  taken = new Map()
  service.logged.length = 0
})

async function immediates(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** D1 takes `limit` queries from an invocation. `also` is the fate of a trip within the limit. */
function limitTo(
  limit: number,
  also: (trip: Trip) => { error: string; applied: boolean } | null = () => null,
) {
  service.fault = (_, trip) => {
    const invocation = running.getStore()
    const queries = (taken.get(invocation) ?? 0) + trip.statements.length
    if (queries > limit) return { error: REFUSED, applied: false }
    taken.set(invocation, queries)
    return also(trip)
  }
}

/** Runs in an invocation of its own. `queryLimit`: the setting. */
const inInvocation = <T>(
  run: (caller: { budget: ReturnType<typeof createBudget> }) => Promise<T>,
  queryLimit: number,
) => running.run(++invocations, () => run({ budget: createBudget(queryLimit) }))

const caller = { waitUntil: () => {}, beforeAcquirer: () => {} }

const submit = (pipeline: Pipeline, message: PipelineMessage, queryLimit: number): Promise<Outcome> =>
  inInvocation(
    async ({ budget }) => (await pipeline.submit(message, { ...caller, budget })).outcome,
    queryLimit,
  )

const submitList = (
  pipeline: Pipeline,
  messages: readonly PipelineMessage[],
  queryLimit: number,
): Promise<Outcome[]> =>
  inInvocation(async ({ budget }) => {
    const settled = await pipeline.submitList(messages, { ...caller, budget }, 'sales')
    return settled.map(({ outcome }) => outcome)
  }, queryLimit)

const isWritten = (key: string): boolean =>
  service.rows('select 1 from sale where message_key = ?', key).length === 1
const entriesOf = (key: string): number =>
  service.rows('select 1 from journal where message_key = ?', key).length

const approved = expect.objectContaining({
  kind: 'answered',
  answer: expect.objectContaining({ reason: null }),
})

describe('a list at the limit of its invocation', () => {
  const worlds = fc.record({
    limit: fc.integer({ min: 60, max: 120 }),
    /** Whether the setting is right. If not, only D1 knows the limit. */
    isSet: fc.boolean(),
    list: fc.array(fc.nat(2), { minLength: 40, maxLength: 80 }),
    beside: fc.array(fc.record({ terminal: fc.nat(TERMINALS - 1), after: fc.nat(150) }), {
      minLength: 20,
      maxLength: 60,
    }),
  })

  it('fails no message beside it, and its own lines are written in order or are free to be sent again', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ limit, isSet, list, beside }) => {
        taken = new Map()
        limitTo(limit)
        const queryLimit = isSet ? limit : 1000
        const pipeline = createPipeline({ ...service.options, queryLimit })
        const lines = list.map(sale)
        const others = beside.map(async ({ terminal, after }) => {
          await immediates(after)
          return submit(pipeline, sale(terminal), queryLimit)
        })
        const outcomes = await submitList(pipeline, lines, queryLimit)
        expect(await Promise.all(others)).toEqual(beside.map(() => approved))
        const ended = new Set<number>()
        for (const [i, { key }] of lines.entries()) {
          const terminal = list[i] ?? 0
          const { kind } = outcomes[i] ?? { kind: 'missing' }
          expect(['answered', 'unavailable', 'unknown']).toContain(kind)
          expect(isWritten(key)).toBe(kind === 'answered')
          // After the first line of a terminal that was not reached no other one was.
          if (kind === 'answered') expect(ended.has(terminal)).toBe(false)
          else ended.add(terminal)
        }
        // The rest is sent again, until all lines are written, each once.
        let left = lines
        for (let requests = 0; left.length > 0 && requests < 60; requests++) {
          const again = await submitList(pipeline, left, queryLimit)
          left = left.filter((_, i) => again[i]?.kind !== 'answered')
        }
        expect(lines.map(({ key }) => entriesOf(key))).toEqual(lines.map(() => 1))
      }),
      { numRuns: 12 },
    )
  })

  it('is one request of at most one set beyond what D1 takes, and no limit error is an outcome', async () => {
    limitTo(300)
    const pipeline = createPipeline({ ...service.options, queryLimit: 300 })
    const outcomes = await submitList(
      pipeline,
      Array.from({ length: 60 }, () => sale(0)),
      300,
    )
    const kinds = outcomes.map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'answered').length).toBeGreaterThan(15)
    expect(kinds.filter((kind) => kind === 'unknown').length).toBeLessThanOrEqual(1)
    expect(service.logged.map(({ event }) => event)).not.toContain('commit_failed')
    expect(service.logged.map(({ event }) => event)).not.toContain('load_failed')
  })
})

describe('a commit whose outcome is unknown at the limit of its driver', () => {
  /** The first commit is lost, and the second try of the same batch is refused. The next driver has to find out. */
  it.each([true, false])('is confirmed by the next driver (applied: %s)', async (applied) => {
    const pipeline = createPipeline(service.options)
    const [first, second] = [sale(0), sale(1)]
    let commits = 0
    limitTo(1000)
    const counted = service.fault
    service.fault = (number, trip) => {
      const isCommit = trip.statements.some(({ sql }) => /incoming/.test(sql))
      if (isCommit && ++commits === 1) return { error: LOST, applied }
      if (isCommit && commits === 2) return { error: REFUSED, applied: false }
      return counted(number, trip)
    }
    const one = submit(pipeline, first, 1000)
    await immediates(1)
    const two = submit(pipeline, second, 1000)
    expect(await Promise.all([one, two])).toEqual([
      expect.objectContaining({ kind: 'answered', replayed: false }),
      expect.objectContaining({ kind: 'answered', replayed: false }),
    ])
    expect([entriesOf(first.key), entriesOf(second.key)]).toEqual([1, 1])
    expect(service.logged.map(({ event }) => event)).toContain('handed_over')
  })

  it('stays unknown when no other request can find out', async () => {
    const pipeline = createPipeline(service.options)
    const message = sale(0)
    service.fault = (_, { statements }) =>
      statements.some(({ sql }) => /incoming/.test(sql)) ? { error: REFUSED, applied: false } : null
    expect(await submit(pipeline, message, 1000)).toEqual({ kind: 'unknown' })
    service.fault = (_, { statements }) => (statements.length > 0 ? { error: REFUSED, applied: false } : null)
    expect(await submit(pipeline, message, 1000)).toEqual({ kind: 'unavailable' })
    service.fault = () => null
    expect(await submit(pipeline, message, 1000)).toEqual(approved)
    expect(entriesOf(message.key)).toBe(1)
  })

  it('is never decided twice, whatever D1 loses and whichever driver is at its limit', async () => {
    const fates = fc.array(fc.constantFrom(null, null, null, 'lost', 'applied', 'refused'), {
      minLength: 1,
      maxLength: 40,
    })
    const terminals = fc.array(fc.nat(TERMINALS - 1), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(fates, terminals, async (plan, of) => {
        taken = new Map()
        let trips = 0
        const ended = new Set<number | undefined>()
        service.fault = () => {
          const fate = plan[trips++ % plan.length]
          const invocation = running.getStore()
          if (fate === 'refused' || ended.has(invocation)) {
            ended.add(invocation)
            return { error: REFUSED, applied: false }
          }
          return fate == null ? null : { error: LOST, applied: fate === 'applied' }
        }
        const pipeline = createPipeline(service.options)
        const messages = of.map(sale)
        const half = Math.floor(messages.length / 2)
        const [outcomes, inList] = await Promise.all([
          Promise.all(messages.slice(half).map((message) => submit(pipeline, message, 1000))),
          submitList(pipeline, messages.slice(0, half), 1000),
        ])
        for (const [i, outcome] of [...inList, ...outcomes].entries()) {
          const key = messages[i]?.key ?? ''
          if (outcome.kind === 'answered') expect(entriesOf(key)).toBe(1)
          else if (outcome.kind === 'unavailable') expect(entriesOf(key)).toBe(0)
          else expect(outcome.kind).toBe('unknown')
        }
        service.fault = () => null
        for (const message of messages) expect(await submit(pipeline, message, 1000)).toEqual(approved)
        expect(messages.map(({ key }) => entriesOf(key))).toEqual(messages.map(() => 1))
      }),
      { numRuns: 25 },
    )
  })
})

describe('a driver', () => {
  it('lets another request drive when its own budget does not suffice for a set', async () => {
    limitTo(1000)
    const pipeline = createPipeline({ ...service.options, queryLimit: 100 })
    const list = submitList(
      pipeline,
      Array.from({ length: 40 }, () => sale(0)),
      100,
    )
    const beside: Promise<Outcome>[] = []
    for (let i = 0; i < 30; i++) {
      await immediates(4)
      beside.push(submit(pipeline, sale(1), 100))
    }
    expect(await Promise.all(beside)).toEqual(beside.map(() => approved))
    expect(await list).toEqual(Array.from({ length: 40 }, () => approved))
    // While other requests wait, the list drives no set beyond its budget.
    const [ofList = 0] = taken.values()
    expect(ofList).toBeLessThan(40 * 10)
  })
})
