/**
 * @module Full sets in which some messages break a constraint. Every other message is written. Each request that drives sets stays
 * within the statements that D1 allows an invocation.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { messageFor, messageOf, type PreparedMessage } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'

/** D1's limit for an invocation of a Worker. */
const MOST_STATEMENTS = 1000
const FULL_SET = 100

const knowledge = { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find: () => undefined } as const

/** The message under the number of another terminal. */
function at(terminalId: string, prepared: PreparedMessage | null): PipelineMessage {
  if (prepared === null) throw new Error('no message')
  const { load, ...rest } = prepared
  const messageKey = `${terminalId}|${prepared.request.messageKey}`
  const request = { ...prepared.request, terminalId, messageKey } as typeof prepared.request
  return messageOf({ ...rest, request, load: { ...load, terminalId, messageKey } })
}

const terminalOf = (i: number): string => String(10_000_000 + i)

/** The table of sales takes no sale of 0. */
const sale = (i: number, stan: number, isBroken: boolean): PipelineMessage => {
  const amount = isBroken ? 0 : 100
  return at(
    terminalOf(i),
    messageFor({ kind: 'sale', stan, batch: 'open', amount, currency: '156' }, knowledge, 1),
  )
}

let service: TestService
beforeAll(async () => {
  service = new TestService(sandbox)
  const provision = messageFor({ kind: 'provision', window: 'business_day' }, knowledge, 0)
  await service.send(messageOf(provision as PreparedMessage))
  for (let i = 0; i <= FULL_SET; i++) await service.send(at(terminalOf(i), provision))
})
afterAll(() => service.close())

let stan = 0

it.each([0, 1, 5, 30, 100])('with %d broken messages', async (broken) => {
  stan++
  service.logged.length = 0
  /** The request that makes a trip: each has an asynchronous context of its own. */
  const driver = new AsyncLocalStorage<number>()
  const statements = new Map<number | undefined, number>()
  service.fault = (_, trip) => {
    const request = driver.getStore()
    statements.set(request, (statements.get(request) ?? 0) + trip.statements.length)
    return null
  }
  // They are spread over the set. The first message runs alone, and meanwhile the others gather.
  const isBroken = (i: number) =>
    i > 0 && Math.floor((i * broken) / FULL_SET) > Math.floor(((i - 1) * broken) / FULL_SET)
  const caller = { waitUntil: () => {}, beforeAcquirer: () => {} }
  const settled = await Promise.all(
    Array.from({ length: FULL_SET + 1 }, (_, i) =>
      driver.run(i, () => service.pipeline.submit(sale(i, stan, isBroken(i)), caller)),
    ),
  )
  const reasons = settled.map(({ outcome }) =>
    outcome.kind === 'answered' ? outcome.answer.reason : outcome.kind,
  )
  expect(reasons).toEqual(settled.map((_, i) => (isBroken(i) ? 'not_recorded' : null)))
  expect(reasons.filter((reason) => reason !== null)).toHaveLength(broken)
  const failed = service.logged.flatMap(({ event, detail }) =>
    event === 'commit_failed' ? [Number(detail.messages)] : [],
  )
  // Sound messages fail with a broken one twice: in the full set, and in a tenth of it.
  expect(failed.filter((size) => size > 1)).toEqual(
    broken === 0 ? [] : [FULL_SET, ...Array.from({ length: Math.min(broken, 10) }, () => FULL_SET / 10)],
  )
  expect(statements.has(undefined)).toBe(false)
  expect(Math.max(...statements.values())).toBeLessThan(MOST_STATEMENTS)
})
