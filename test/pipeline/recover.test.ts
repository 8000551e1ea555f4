/**
 * @module Requests to the acquirer and recovery after no answer, try by try: what is sent when, and what is
 * written.
 * Two drivers of one message, or one that dies, do no harm.
 */

import { beforeEach, describe, expect, it } from 'vitest'
import { createPipeline } from '../../src/pipeline/process.ts'
import { recover } from '../../src/pipeline/recover.ts'
import type { AcquirerStage, Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { leaseDue } from '../../src/store/outbox.ts'
import { keyOf, NOW } from '../domain/fixtures.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import type { Trip } from '../simulation/platform/d1.ts'
import { kindOfBody } from '../support/kind-of-body.ts'
import { LOST, TestService } from '../support/test-service.ts'
import { NO, type ScriptedAcquirer, SILENT, scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'

const SALE = keyOf('000001', 'sale')
const VOID = keyOf('000002', 'void')
const SECOND = 1000
const MINUTE = 60 * SECOND

/** A service with one terminal, its clock, and the work left behind its answers. */
interface Harness {
  readonly service: TestService
  readonly acquirer: ScriptedAcquirer
  readonly services: AcquirerStage & Pick<TestService, 'pipeline'>
  /** The sleeps in order, in milliseconds. */
  readonly sleeps: number[]
  /** Returns when no work is left under `waitUntil`. */
  settle(): Promise<void>
}

let harness: Harness
let background: Promise<unknown>[]
const waitUntil = (promise: Promise<unknown>): void => void background.push(promise)

function openHarness(acquirer = scriptedAcquirer(), service = new TestService(acquirer.port)): Harness {
  const services = { ...service.options, pipeline: service.pipeline }
  const { sleeps } = service
  const settle = async () => {
    for (let done = 0; done < background.length; done++) await background[done]
  }
  return { service, acquirer, services, sleeps, settle }
}

const sale = { kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' } as const
const aVoid = { kind: 'void', stan: 2, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' } as const
const reversal = { kind: 'reversal', of: 'void', ago: 0, off: 0, card: 'right' } as const

function message(command: Parameters<typeof messageFor>[0], number = 1): PipelineMessage {
  const of = (kind: string) => (kind === 'void' ? VOID : SALE)
  const find = (kind: string) => ({
    key: of(kind),
    kind: 'sale' as const,
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '',
  })
  const prepared = messageFor(
    command,
    { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find },
    number,
  )
  if (prepared === null) throw new Error('no message')
  return messageOf(prepared)
}

const CARD = new Map([[2, '6225000000000014']])

/** Like a door: submit, then ask the acquirer. */
async function send(command: Parameters<typeof messageFor>[0], to = harness): Promise<Outcome> {
  const caller = { waitUntil, beforeAcquirer: () => {} }
  const submitted = { ...message(command), cardFields: CARD }
  return (await to.services.pipeline.submit(submitted, caller)).outcome
}

const stateOf = (key = VOID) =>
  harness.service.rows(
    'select state, attempts, next_at, acquirer_rrn, case_reason from acquirer_record where message_key = ?',
    key,
  )[0]
const isDueIn = (): number => Number(stateOf()?.next_at) - harness.service.now

/** An approved sale, and a void that the acquirer did not answer, with no work left. */
async function pendingVoid(acquirer = scriptedAcquirer()): Promise<void> {
  harness = openHarness(acquirer)
  await harness.service.send(message({ kind: 'provision', window: 'business_day' }, 0))
  await send(sale)
  acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  expect((await send(aVoid)).kind).toBe('pending')
  await harness.settle()
  acquirer.requests.length = 0
  harness.sleeps.length = 0
  harness.service.logged.length = 0
}

/** One run of the cron. Returns the kinds of requests that it sent. */
async function run(now = harness.service.now): Promise<string[]> {
  const { acquirer, service, services } = harness
  service.now = now
  const before = acquirer.requests.length
  await recover(services, service.now)
  return acquirer.kinds().slice(before)
}

beforeEach(async () => {
  background = []
  harness = openHarness()
  await harness.service.send(message({ kind: 'provision', window: 'business_day' }, 0))
})

describe('the first try', () => {
  it('carries the card, and its answer is the answer of the message', async () => {
    const sold = await send(sale)
    expect(sold).toMatchObject({ kind: 'answered', answer: { reason: null, authorizationCode: '424242' } })
    harness.acquirer.script = { void: NO }
    expect(await send(aVoid)).toMatchObject({ kind: 'answered', answer: { reason: 'issuer_declined' } })
    await harness.settle()
    const [first, second] = harness.acquirer.requests
    expect(first).toMatchObject({ kind: 'sale', of: 'sale', cardFields: CARD, original: null, amount: 100 })
    expect(second).toMatchObject({ kind: 'void', of: 'void', batchNumber: '000001', currencyCode: '156' })
    expect(second?.original).toEqual({
      batchNumber: '000001',
      stan: first?.acquirerStan,
      rrn: 'ACQR00000001',
      authorizationCode: '424242',
    })
    expect(harness.sleeps).toEqual([])
    expect(stateOf(SALE)).toMatchObject({ state: 'approved', next_at: null, acquirer_rrn: 'ACQR00000001' })
  })

  it('without an answer is followed by four more in the background, after 1, 2, 4 and 8 s', async () => {
    await send(sale)
    harness.acquirer.script = { void: SILENT, inquiry: SILENT }
    const outcome = await send(aVoid)
    expect(outcome).toMatchObject({ kind: 'pending', isNew: true, forwarded: { state: 'pending' } })
    await harness.settle()
    expect(harness.sleeps).toEqual([1, 2, 4, 8].map((s) => s * SECOND))
    expect(harness.acquirer.kinds()).toEqual(['sale', 'void', ...Array.from({ length: 4 }, () => 'inquiry')])
    expect(harness.service.logged).toContainEqual({
      event: 'acquirer_unknown',
      detail: {
        type: 'void',
        terminalId: '12345678',
        acquirerStan: expect.any(String),
        rrn: expect.any(String),
        why: 'no answer',
      },
    })
    expect(stateOf()).toMatchObject({ state: 'pending', attempts: 4 })
    expect(isDueIn()).toBe(16 * SECOND)
  })

  it('ends the others when one gets an answer', async () => {
    await send(sale)
    let inquiries = 0
    harness.acquirer.script = { void: SILENT, inquiry: async () => (++inquiries < 2 ? SILENT : YES) }
    await send(aVoid)
    await harness.settle()
    expect(harness.sleeps).toEqual([1, 2, 4].map((s) => s * SECOND))
    expect(stateOf()).toMatchObject({ state: 'approved', next_at: null })
  })

  it('leaves the message pending and logs it when its outcome cannot be written', async () => {
    await send(sale)
    harness.acquirer.script = {
      void: async () => {
        harness.service.fault = () => ({ error: LOST, applied: false })
        return YES
      },
    }
    expect((await send(aVoid)).kind).toBe('pending')
    await harness.settle()
    harness.service.fault = () => null
    expect(harness.service.logged).toContainEqual({
      event: 'acquirer_unknown',
      detail: expect.objectContaining({ why: 'unknown' }),
    })
    // Not delayed: the background work could not be written either.
    expect(stateOf()).toMatchObject({ state: 'pending', attempts: 0 })
    expect(await run(NOW + 20 * SECOND)).toEqual(['inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
  })

  it('is not made for a copy, nor for a message that is not forwarded', async () => {
    await send(sale)
    await send(sale)
    await send({ ...aVoid, card: 'other' })
    expect(harness.acquirer.kinds()).toEqual(['sale'])
    harness.acquirer.script = { void: () => new Promise(() => {}) }
    void send({ ...aVoid, stan: 3 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await send({ ...aVoid, stan: 3 })).kind).toBe('pending')
    expect(harness.acquirer.kinds()).toEqual(['sale', 'void'])
  })
})

describe('a reversal', () => {
  it('is sent to the acquirer at once, and again after 2, 4 and 8 s', async () => {
    await send(sale)
    await send(aVoid)
    harness.acquirer.script = { reversal: SILENT }
    expect(await send(reversal)).toMatchObject({ kind: 'answered', answer: { reason: null } })
    await harness.settle()
    expect(harness.sleeps).toEqual([2, 4, 8].map((s) => s * SECOND))
    expect(harness.acquirer.kinds().slice(2)).toEqual(Array.from({ length: 4 }, () => 'reversal'))
    expect(stateOf()).toMatchObject({ state: 'reversing', attempts: 4 })
  })

  it('is sent once when the acquirer agrees, and its copies send nothing', async () => {
    await send(sale)
    await send(aVoid)
    await send(reversal)
    await harness.settle()
    await send(reversal)
    await harness.settle()
    expect(harness.acquirer.kinds().slice(2)).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'reversed', next_at: null })
  })
})

describe('a try on a pending message', () => {
  const recoverWith = async (script: ScriptedAcquirer['script'], late = false): Promise<string[]> => {
    await pendingVoid()
    harness.acquirer.script = script
    return run(late ? NOW + MINUTE : NOW + 40 * SECOND)
  }

  it.each([
    ['approved there', YES, ['inquiry'], 'approved'],
    ['declined there', NO, ['inquiry'], 'declined'],
    ['silence', SILENT, ['inquiry'], 'pending'],
  ] as const)('sends an inquiry: %s', async (_, inquiry, requests, state) => {
    expect(await recoverWith({ inquiry })).toEqual(requests)
    expect(stateOf()).toMatchObject({ state })
  })

  it.each(['inquiry', 'reversal'] as const)(
    'logs why the response to its %s is not valid',
    async (request) => {
      await pendingVoid()
      const why = 'field 60 is missing'
      harness.acquirer.script = { inquiry: SILENT, reversal: SILENT, [request]: { kind: 'unknown', why } }
      await run(NOW + 2 * MINUTE)
      const lines = harness.service.logged.filter(({ event }) => event === 'acquirer_unknown')
      expect(lines.map(({ detail }) => detail)).toContainEqual({
        type: 'void',
        terminalId: '12345678',
        acquirerStan: expect.any(String),
        rrn: expect.any(String),
        request,
        why,
      })
    },
  )

  it('repeats a message that the acquirer never saw', async () => {
    expect(await recoverWith({ inquiry: { kind: 'not_found' }, void: YES })).toEqual(['inquiry', 'void'])
    expect(stateOf()).toMatchObject({ state: 'approved', acquirer_rrn: 'ACQR00000001' })
    const [, again] = harness.acquirer.requests
    expect(again?.cardFields).toBeNull()
  })

  it('writes that it gives up after the deadline, then sends a reversal', async () => {
    const requests = await recoverWith({ inquiry: { kind: 'not_found' } }, true)
    expect(requests).toEqual(['inquiry', 'reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined', next_at: null })
    const kinds = harness.service
      .rows<{ body: string }>('select body from journal order by seq')
      .map(({ body }) => kindOfBody(body))
    expect(kinds.slice(-3)).toEqual(['void_claim', 'give_up', 'void'])
  })

  it('accepts a late answer before it gives up', async () => {
    expect(await recoverWith({ inquiry: YES }, true)).toEqual(['inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
  })

  it('gives up exactly one minute after the claim, and not before', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: SILENT, reversal: SILENT }
    const [claim] = harness.service.rows<{ claimed_at: number }>(
      'select claimed_at from acquirer_record where message_key = ?',
      VOID,
    )
    harness.service.rows('update acquirer_message set next_at = 0 where message_key = ?', VOID)
    expect(await run(Number(claim?.claimed_at) + MINUTE - 1)).toEqual(['inquiry'])
    harness.service.rows('update acquirer_message set next_at = 0 where message_key = ?', VOID)
    expect(await run(Number(claim?.claimed_at) + MINUTE)).toEqual(['inquiry', 'reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing' })
  })

  it('sends no reversal when the give-up cannot be written', async () => {
    await pendingVoid()
    harness.acquirer.script = {
      inquiry: async () => {
        harness.service.fault = (_, { statements }) =>
          statements.length > 1 ? { error: LOST, applied: false } : null
        return SILENT
      },
    }
    expect(await run(NOW + 2 * MINUTE)).toEqual(['inquiry'])
    harness.service.fault = () => null
    expect(stateOf()).toMatchObject({ state: 'pending' })
  })

  it('sends no reversal when another driver settled the message', async () => {
    await pendingVoid()
    const other = openHarness(scriptedAcquirer(), new TestService(harness.acquirer.port, harness.service))
    harness.acquirer.script = {
      inquiry: async () => {
        await other.service.send(acquirerEvent('acquirer_approved'))
        return SILENT
      },
    }
    expect(await run(NOW + 2 * MINUTE)).toEqual(['inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
  })

  it('repeats the message when the acquirer has no inquiry, but gives up a sale, whose card is not kept', async () => {
    await pendingVoid(scriptedAcquirer('repeat'))
    harness.acquirer.script = { void: YES }
    expect(await run(NOW + 40 * SECOND)).toEqual(['void'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
    harness.acquirer.script = { sale: SILENT }
    await send({ ...sale, stan: 7 })
    await harness.settle()
    const before = harness.acquirer.requests.length
    await run(harness.service.now + 2 * MINUTE)
    expect(harness.acquirer.kinds().slice(before)).toEqual(['reversal'])
    expect(stateOf(keyOf('000007', 'sale'))).toMatchObject({ state: 'declined' })
  })

  it('does not repeat a sale that the acquirer never saw', async () => {
    harness.acquirer.script = { sale: SILENT, inquiry: { kind: 'not_found' } }
    await send(sale)
    await harness.settle()
    expect(await run(NOW + 40 * SECOND)).toEqual(['inquiry'])
    expect(stateOf(SALE)).toMatchObject({ state: 'pending' })
  })
})

describe('a try on a message to be undone', () => {
  const undo = async (script: ScriptedAcquirer['script'], recovery: 'inquiry' | 'repeat' = 'inquiry') => {
    await pendingVoid(scriptedAcquirer(recovery))
    await run(NOW + MINUTE + SECOND)
    expect(stateOf()).toMatchObject({ state: 'undoing' })
    harness.acquirer.script = script
    return run(harness.service.now + MINUTE)
  }
  const TOO_LATE = { kind: 'declined', reason: 'reversal_too_late' } as const

  it('sends a reversal, and the message is undone', async () => {
    expect(await undo({ reversal: YES })).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined' })
  })

  it('sends an inquiry when the acquirer refuses the reversal, and keeps an approval', async () => {
    expect(await undo({ reversal: TOO_LATE, inquiry: YES })).toEqual(['reversal', 'inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved', acquirer_rrn: 'ACQR00000001' })
    const outcome = await send(aVoid)
    expect(outcome).toMatchObject({ kind: 'answered', answer: { authorizationCode: '424242' } })
  })

  it.each([NO, { kind: 'not_found' }] as const)(
    'undoes the message when the inquiry finds no approval (%j)',
    async (inquiry) => {
      expect(await undo({ reversal: TOO_LATE, inquiry })).toEqual(['reversal', 'inquiry'])
      expect(stateOf()).toMatchObject({ state: 'declined' })
    },
  )

  it('waits when the reversal or the inquiry gets no answer', async () => {
    expect(await undo({ reversal: SILENT, inquiry: YES })).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing' })
    harness.acquirer.script = { reversal: TOO_LATE, inquiry: SILENT }
    expect(await run(harness.service.now + MINUTE)).toEqual(['reversal', 'inquiry'])
    expect(stateOf()).toMatchObject({ state: 'undoing' })
  })

  it('opens a case on a refused reversal when the acquirer has no inquiry', async () => {
    expect(await undo({ reversal: TOO_LATE }, 'repeat')).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing', case_reason: 'reversal_refused', acquirer_rrn: null })
  })

  it('waits until no copy is under way when such an acquirer never saw the message', async () => {
    await pendingVoid(scriptedAcquirer('repeat'))
    harness.acquirer.script = { void: SILENT, reversal: { kind: 'not_found' } }
    expect(await run(NOW + MINUTE + SECOND)).toEqual(['void', 'reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing', case_reason: null })
    expect(await run(NOW + 2 * MINUTE)).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined' })
  })

  it('opens one case after its deadline and continues', async () => {
    await undo({ reversal: SILENT })
    await run(NOW + 3 * MINUTE - 1)
    expect(stateOf()).toMatchObject({ case_reason: null })
    harness.service.rows('update acquirer_message set next_at = 0 where message_key = ?', VOID)
    const [message] = harness.service.rows<{ decide_by: number }>(
      'select decide_by from acquirer_record where message_key = ?',
      VOID,
    )
    expect(await run(Number(message?.decide_by))).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing', case_reason: 'no_answer' })
    const before = harness.service.rows('select 1 from journal').length
    harness.acquirer.script = { reversal: YES }
    expect(await run(harness.service.now + 60 * MINUTE)).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined' })
    expect(harness.service.rows('select 1 from journal')).toHaveLength(before + 1)
  })
})

describe('a run', () => {
  it('sends nothing to an acquirer that takes no messages, but opens a case', async () => {
    await pendingVoid()
    const { services } = harness
    const local = { ...services, acquirer: { ...services.acquirer, isRemote: false } }
    harness.service.now = NOW + 10 * MINUTE
    expect(await recover(local, harness.service.now)).toBe(1)
    expect(harness.acquirer.requests).toEqual([])
    expect(stateOf()).toMatchObject({ state: 'pending', case_reason: 'no_answer' })
  })

  it('drives due messages until its time is over, and returns the number of tries', async () => {
    await pendingVoid()
    const due = Number(stateOf()?.next_at)
    // Some sleeps wake after this run is over.
    const { services } = harness
    harness.service.now = due - 3 * SECOND
    const sleep = async (ms: number) => {
      // A running try ends first.
      if (ms === SECOND) await new Promise((resolve) => setTimeout(resolve, 200))
      await services.sleep(ms)
    }
    expect(await recover({ ...services, sleep }, due + 40 * SECOND)).toBeGreaterThan(2)
    expect(harness.sleeps.slice(0, 2)).toEqual([3 * SECOND, 32 * SECOND])
    // A given-up message is undone at once. Its next try comes a second later, not in parallel.
    expect(harness.acquirer.kinds().slice(0, 4)).toEqual(['inquiry', 'inquiry', 'reversal', 'reversal'])
  })

  it('goes on when the database fails, and drives the message when it works again', async () => {
    await pendingVoid()
    const { service, services, sleeps } = harness
    service.now = Number(stateOf()?.next_at)
    service.fault = () => ({ error: LOST, applied: false })
    const sleep = async (ms: number) => {
      if (sleeps.length === 2) service.fault = () => null
      await services.sleep(ms)
    }
    harness.acquirer.script = { inquiry: YES }
    expect(await recover({ ...services, sleep }, service.now + 10 * SECOND)).toBe(1)
    expect(service.logged.filter(({ event }) => event === 'recovery_failed').length).toBeGreaterThan(4)
    expect(sleeps.slice(0, 3)).toEqual([SECOND, SECOND, SECOND])
    expect(stateOf()).toMatchObject({ state: 'approved' })
  })

  it('sends one reversal at a time, however long the acquirer takes', async () => {
    await pendingVoid()
    const { acquirer, service, services } = harness
    const acquirerAnswer = Promise.withResolvers<typeof SILENT>()
    acquirer.script = { inquiry: SILENT, reversal: () => acquirerAnswer.promise }
    service.now = NOW + MINUTE
    const sleep = async (ms: number) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      service.now += ms
    }
    const running = recover({ ...services, sleep }, service.now + 20 * SECOND)
    while (service.now < NOW + MINUTE + 15 * SECOND) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(acquirer.kinds()).toEqual(['inquiry', 'reversal'])
    acquirerAnswer.resolve(SILENT)
    await running
  })

  it('logs the alert although D1 lost the reply to the commit of the case', async () => {
    await pendingVoid()
    const { service } = harness
    const isCommit = ({ statements }: Trip) =>
      statements.some(({ sql }) => /insert into "incoming"/i.test(sql))
    service.fault = (_, trip) => (isCommit(trip) ? { error: LOST, applied: true } : null)
    await run(NOW + 181 * SECOND)
    service.fault = () => null
    await run(NOW + 5 * MINUTE)
    expect(stateOf()?.case_reason).toBe('no_answer')
    expect(service.logged.filter(({ event }) => event === 'alert')).toMatchObject([
      { detail: { why: 'case_opened', reason: 'no_answer' } },
    ])
  })

  it('takes messages with a case after all others', async () => {
    await pendingVoid()
    await run(NOW + 181 * SECOND)
    expect(stateOf()?.case_reason).toBe('no_answer')
    harness.acquirer.script.sale = SILENT
    expect((await send({ ...sale, stan: 3 })).kind).toBe('pending')
    await harness.settle()
    // Both are due, the case for longer.
    harness.service.now += 2 * 60 * MINUTE
    const leased = [1, 1, 1].map(() => leaseDue(harness.services.db, harness.service.now, 1))
    expect((await Promise.all(leased)).flat().map(({ message }) => message.kind)).toEqual(['sale', 'void'])
  })

  it('ends at once when nothing is due', async () => {
    expect(await recover(harness.services, NOW + MINUTE)).toBe(0)
    expect(harness.sleeps).toEqual([])
  })

  it('polls at most once a second', async () => {
    await pendingVoid()
    const due = Number(stateOf()?.next_at)
    harness.service.now = due - 1
    await recover(harness.services, due + 1)
    expect(harness.sleeps).toEqual([1000])
  })

  it('runs at most six tries at once, until every message had one', async () => {
    harness.acquirer.script = { sale: SILENT, inquiry: SILENT }
    const options = { ...harness.service.options, sleep: () => new Promise<void>(() => {}) }
    const services = { ...options, pipeline: createPipeline(options) }
    const sales = Array.from({ length: 45 }, (_, i) =>
      send({ ...sale, stan: i + 1 }, { ...harness, services }),
    )
    await Promise.all(sales)
    const counts: number[] = []
    let concurrent = 0
    harness.acquirer.script = {
      inquiry: async () => {
        counts.push(++concurrent)
        await new Promise((resolve) => setTimeout(resolve, 2))
        concurrent--
        return YES
      },
    }
    harness.service.rows('update acquirer_message set next_at = 0')
    harness.service.now = NOW + 50 * SECOND
    // No poll runs while tries are under way, because the clock of this harness would run away.
    expect(await recover(services, harness.service.now + 1)).toBe(45)
    expect(Math.max(...counts)).toBe(6)
    expect(counts).toHaveLength(45)
  })

  it('continues after a try that fails', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: () => Promise.reject(new Error('never throws, but')) }
    harness.service.now = NOW + 40 * SECOND
    expect(await recover(harness.services, harness.service.now)).toBe(1)
    expect(harness.service.logged).toContainEqual({
      event: 'recovery_failed',
      detail: { error: 'never throws, but' },
    })
    expect(isDueIn()).toBe(32 * SECOND)
  })

  it('logs the acquirer’s answer and the message it is for', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: NO }
    await run(NOW + 40 * SECOND)
    expect(harness.service.logged).toEqual([
      {
        event: 'acquirer_event',
        detail: {
          type: 'void',
          terminalId: '12345678',
          acquirerStan: expect.stringMatching(/^\d{6}$/),
          rrn: expect.stringMatching(/^\d{12}$/),
          outcome: 'acquirer_declined',
          reason: 'issuer_declined',
        },
      },
    ])
  })

  it('in parallel with another does nothing twice', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: YES }
    harness.service.now = NOW + 40 * SECOND
    const tries = await Promise.all([1, 2, 3].map(() => recover(harness.services, harness.service.now)))
    expect(tries.sort()).toEqual([0, 0, 1])
    expect(harness.acquirer.kinds()).toEqual(['inquiry'])
    expect(await harness.service.faultOfJournal()).toBeNull()
  })
})

/** An acquirer event as a message of its own. */
function acquirerEvent(event: 'acquirer_approved'): PipelineMessage {
  const command = { kind: 'acquirer', ago: 0, event } as const
  const find = () => ({
    key: VOID,
    kind: 'sale' as const,
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '',
  })
  const prepared = messageFor(command, { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find }, 1)
  if (prepared === null) throw new Error('no message')
  return messageOf(prepared)
}
