/**
 * @module A run of the cron within the queries that D1 takes from one invocation: cases first, then tries. The next run continues, and D1
 * refuses nothing.
 */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { createPipeline } from '../../src/pipeline/process.ts'
import { recover } from '../../src/pipeline/recover.ts'
import type { AcquirerStage, PipelineMessage } from '../../src/pipeline/types.ts'
import { FIRST_DEADLINE, overdue } from '../../src/store/outbox.ts'
import { NOW } from '../domain/fixtures.ts'
import { messageFor, messageOf, type PreparedMessage } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { type ScriptedAcquirer, SILENT, scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'

const MESSAGES = 60
const TERMINALS = 20
const MINUTE = 60_000

const knowledge = { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find: () => undefined } as const

/** The message under the number of another terminal. */
function at(terminal: number, prepared: PreparedMessage | null): PipelineMessage {
  if (prepared === null) throw new Error('no message')
  const { load, ...rest } = prepared
  const terminalId = String(10_000_000 + terminal)
  const messageKey = `${terminalId}|${prepared.request.messageKey}`
  const request = { ...prepared.request, terminalId, messageKey } as typeof prepared.request
  return messageOf({ ...rest, request, load: { ...load, terminalId, messageKey } })
}

let service: TestService
let acquirer: ScriptedAcquirer
let cron: AcquirerStage
/** The queries of the run. */
let queries = 0

beforeEach(async () => {
  acquirer = scriptedAcquirer()
  service = new TestService(acquirer.port)
  const provision = messageFor({ kind: 'provision', window: 'business_day' }, knowledge, 0)
  await service.send(messageOf(provision as PreparedMessage))
  for (let i = 0; i < TERMINALS; i++) await service.send(at(i, provision))
  acquirer.script = { sale: SILENT, inquiry: SILENT }
  // The requests that wrote the claims are gone: no try follows their answers.
  const options = { ...service.options, sleep: () => new Promise<void>(() => {}) }
  const { submit } = createPipeline(options)
  const caller = { waitUntil: () => {}, beforeAcquirer: () => {} }
  const sales = Array.from({ length: MESSAGES }, (_, i) =>
    submit(
      at(
        i % TERMINALS,
        messageFor({ kind: 'sale', stan: i + 1, batch: 'open', amount: 100, currency: '156' }, knowledge, i),
      ),
      caller,
    ),
  )
  for (const { outcome } of await Promise.all(sales)) expect(outcome.kind).toBe('pending')
  acquirer.requests.length = 0
  service.logged.length = 0
})
afterEach(() => service.close())

/** D1 takes so many queries from a run. */
function limitTo(queryLimit: number): void {
  // No time passes in a run, so only the budget ends it.
  const options = { ...service.options, queryLimit, sleep: () => new Promise<void>(() => {}) }
  cron = { ...options, pipeline: createPipeline(options) }
  service.fault = (_, { statements }) => {
    queries += statements.length
    return queries > queryLimit
      ? { error: 'D1_ERROR: Too many API requests by single Worker invocation.', applied: false }
      : null
  }
}

async function run(): Promise<number> {
  queries = 0
  return recover(cron, service.now + 1)
}

const count = (condition: string): number =>
  service.rows(`select 1 from acquirer_record where ${condition}`).length
const events = (): string[] => service.logged.map(({ event }) => event)

it.each([150, 300, 1000])('of %d queries makes so many tries, and the next run continues', async (limit) => {
  limitTo(limit)
  acquirer.script = { inquiry: YES }
  service.now = NOW + 40_000
  const tries: number[] = []
  while (count(`state = 'pending'`) > 0 && tries.length < 40) {
    tries.push(await run())
    expect(queries).toBeLessThanOrEqual(limit)
    expect(tries.at(-1)).toBeGreaterThan(0)
  }
  expect(count(`state = 'approved'`)).toBe(MESSAGES)
  // Each message had one try.
  expect(acquirer.requests).toHaveLength(MESSAGES)
  expect(new Set(acquirer.requests.map((one) => one.terminalId + one.acquirerStan)).size).toBe(MESSAGES)
  expect(events()).not.toContain('handed_over')
  expect(events().includes('recovery_stopped')).toBe(tries.length > 1)
})

it.each([150, 300, 1000])(
  'of %d queries opens cases before all tries, and the next run continues',
  async (limit) => {
    limitTo(limit)
    service.now = NOW + 10 * MINUTE
    /** The cases without their row of a case when the acquirer got its first request of a run. */
    const waiting: number[] = []
    acquirer.script = {
      inquiry: async () => {
        waiting.push(count('case_reason is null'))
        return SILENT
      },
      reversal: SILENT,
    }
    let runs = 0
    for (; count('case_reason is null') > 0 && runs < 40; runs++) {
      await run()
      expect(queries).toBeLessThanOrEqual(limit)
    }
    expect(count('case_reason is not null')).toBe(MESSAGES)
    expect(Math.max(0, ...waiting)).toBe(0)
    expect(service.logged.filter(({ detail }) => detail.why === 'case_opened')).toHaveLength(MESSAGES)
  },
)

it('the messages past their deadline come in its order, each once', async () => {
  service.rows('update acquirer_message set decide_by = decide_by + abs(random()) % 5')
  const found: { decideBy: number; messageKey: string }[] = []
  for (let after = FIRST_DEADLINE; found.length < MESSAGES; ) {
    const page = await overdue(service.options.db, NOW + 10 * MINUTE, 7, after)
    found.push(...page)
    const last = page.at(-1)
    if (last === undefined) break
    after = last
  }
  const order = service.rows<{ key: string }>(
    'select message_key as key from acquirer_message order by decide_by, message_key',
  )
  expect(found.map(({ messageKey }) => messageKey)).toEqual(order.map(({ key }) => key))
})
