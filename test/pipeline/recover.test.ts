/**
 * @module Asking an acquirer and finding out where it did not answer, try by try: what is asked when, what is written down, and that two
 * who drive the same message, or one that dies, do no harm.
 */

import { beforeEach, describe, expect, it } from 'vitest'
import { createPipeline } from '../../src/pipeline/process.ts'
import { recover } from '../../src/pipeline/recover.ts'
import type { AcquirerStage, Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { leaseDue } from '../../src/store/outbox.ts'
import { keyOf, NOW } from '../domain/fixtures.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import type { Trip } from '../simulation/platform/d1.ts'
import { House, LOST } from '../support/house.ts'
import { NO, type ScriptedAcquirer, SILENT, scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'

const SALE = keyOf('000001', 'sale')
const VOID = keyOf('000002', 'void')
const SECOND = 1000
const MINUTE = 60 * SECOND

/** A service with one terminal, its clock, and what is left to do behind its answers. */
interface Harness {
  readonly house: House
  readonly acquirer: ScriptedAcquirer
  readonly services: AcquirerStage & Pick<House, 'pipeline'>
  /** How long was slept, one after the other, in milliseconds. */
  readonly slept: number[]
  /** Ends when nothing is left under `waitUntil`. */
  settle(): Promise<void>
}

let harness: Harness
let behind: Promise<unknown>[]
const waitUntil = (promise: Promise<unknown>): void => void behind.push(promise)

function openHarness(acquirer = scriptedAcquirer(), house = new House(acquirer.port)): Harness {
  const services = { ...house.options, pipeline: house.pipeline }
  const { slept } = house
  const settle = async () => {
    for (let done = 0; done < behind.length; done++) await behind[done]
  }
  return { house, acquirer, services, slept, settle }
}

const sale = { kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' } as const
const aVoid = { kind: 'void', stan: 2, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' } as const
const reversal = { kind: 'reversal', of: 'void', ago: 0, off: 0, card: 'right' } as const

function message(command: Parameters<typeof messageFor>[0], number = 1): PipelineMessage {
  const of = (kind: string) => (kind === 'void' ? VOID : SALE)
  const remember = (kind: string) => ({
    key: of(kind),
    kind: 'sale' as const,
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '',
  })
  const asked = messageFor(
    command,
    { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], remember },
    number,
  )
  if (asked === null) throw new Error('no message')
  return messageOf(asked)
}

const CARD = new Map([[2, '6225000000000014']])

/** As a door does. */
async function send(command: Parameters<typeof messageFor>[0], to = harness): Promise<Outcome> {
  const caller = { waitUntil, beforeAcquirer: () => {} }
  const submitted = { ...message(command), cardFields: CARD }
  return (await to.services.pipeline.submit(submitted, caller)).outcome
}

const stateOf = (key = VOID) =>
  harness.house.rows(
    'select state, attempts, next_at, acquirer_rrn, case_reason from acquirer_message where message_key = ?',
    key,
  )[0]
const isDueIn = (): number => Number(stateOf()?.next_at) - harness.house.now

/** A sale that stands, and a void that its acquirer has not answered, with nothing left under way. */
async function pendingVoid(acquirer = scriptedAcquirer()): Promise<void> {
  harness = openHarness(acquirer)
  await harness.house.send(message({ kind: 'provision', window: 'business_day' }, 0))
  await send(sale)
  acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
  expect((await send(aVoid)).kind).toBe('pending')
  await harness.settle()
  acquirer.asked.length = 0
  harness.slept.length = 0
  harness.house.logged.length = 0
}

/** One run of the cron: what was asked in it. */
async function run(now = harness.house.now): Promise<string[]> {
  const { acquirer, house, services } = harness
  house.now = now
  const before = acquirer.asked.length
  await recover(services, house.now)
  return acquirer.kinds().slice(before)
}

beforeEach(async () => {
  behind = []
  harness = openHarness()
  await harness.house.send(message({ kind: 'provision', window: 'business_day' }, 0))
})

describe('the first try', () => {
  it('is made with the card, and what the acquirer says is what is answered', async () => {
    const sold = await send(sale)
    expect(sold).toMatchObject({ kind: 'answered', answer: { reason: null, authorizationCode: '424242' } })
    harness.acquirer.script = { void: NO }
    expect(await send(aVoid)).toMatchObject({ kind: 'answered', answer: { reason: 'issuer_declined' } })
    await harness.settle()
    const [first, second] = harness.acquirer.asked
    expect(first).toMatchObject({ kind: 'sale', of: 'sale', cardFields: CARD, original: null, amount: 100 })
    expect(second).toMatchObject({ kind: 'void', of: 'void', batchNumber: '000001', currencyCode: '156' })
    expect(second?.original).toEqual({
      batchNumber: '000001',
      stan: first?.acquirerStan,
      rrn: 'ACQR00000001',
      authorizationCode: '424242',
    })
    expect(harness.slept).toEqual([])
    expect(stateOf(SALE)).toMatchObject({ state: 'approved', next_at: null, acquirer_rrn: 'ACQR00000001' })
  })

  it('that brings nothing is followed by four more behind the answer, after 1, 2, 4 and 8 s', async () => {
    await send(sale)
    harness.acquirer.script = { void: SILENT, inquiry: SILENT }
    const answered = await send(aVoid)
    expect(answered).toMatchObject({ kind: 'pending', isNew: true, forwarded: { state: 'pending' } })
    await harness.settle()
    expect(harness.slept).toEqual([1, 2, 4, 8].map((s) => s * SECOND))
    expect(harness.acquirer.kinds()).toEqual(['sale', 'void', ...Array.from({ length: 4 }, () => 'inquiry')])
    expect(harness.house.logged).toContainEqual({
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

  it('ends the others as soon as one brings something', async () => {
    await send(sale)
    let inquiries = 0
    harness.acquirer.script = { void: SILENT, inquiry: async () => (++inquiries < 2 ? SILENT : YES) }
    await send(aVoid)
    await harness.settle()
    expect(harness.slept).toEqual([1, 2, 4].map((s) => s * SECOND))
    expect(stateOf()).toMatchObject({ state: 'approved', next_at: null })
  })

  it('whose outcome cannot be written leaves the message pending, and says so', async () => {
    await send(sale)
    harness.acquirer.script = {
      void: async () => {
        harness.house.fault = () => ({ error: LOST, applied: false })
        return YES
      },
    }
    expect((await send(aVoid)).kind).toBe('pending')
    await harness.settle()
    harness.house.fault = () => null
    expect(harness.house.logged).toContainEqual({
      event: 'acquirer_unknown',
      detail: expect.objectContaining({ why: 'unavailable' }),
    })
    // Not put off: what was to be done behind the answer could not be written either.
    expect(stateOf()).toMatchObject({ state: 'pending', attempts: 0 })
    expect(await run(NOW + 20 * SECOND)).toEqual(['inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
  })

  it('is not made for a copy, nor for what is not forwarded', async () => {
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
  it('is told to the acquirer at once, and again after 2, 4 and 8 s', async () => {
    await send(sale)
    await send(aVoid)
    harness.acquirer.script = { reversal: SILENT }
    expect(await send(reversal)).toMatchObject({ kind: 'answered', answer: { reason: null } })
    await harness.settle()
    expect(harness.slept).toEqual([2, 4, 8].map((s) => s * SECOND))
    expect(harness.acquirer.kinds().slice(2)).toEqual(Array.from({ length: 4 }, () => 'reversal'))
    expect(stateOf()).toMatchObject({ state: 'reversing', attempts: 4 })
  })

  it('is told once where the acquirer agrees, and its copies tell it nothing', async () => {
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

describe('a try on what is pending', () => {
  const find = async (script: ScriptedAcquirer['script'], late = false): Promise<string[]> => {
    await pendingVoid()
    harness.acquirer.script = script
    return run(late ? NOW + MINUTE : NOW + 40 * SECOND)
  }

  it.each([
    ['approved there', YES, ['inquiry'], 'approved'],
    ['declined there', NO, ['inquiry'], 'declined'],
    ['silence', SILENT, ['inquiry'], 'pending'],
  ] as const)('asks what became of it: %s', async (_, inquiry, asked, state) => {
    expect(await find({ inquiry })).toEqual(asked)
    expect(stateOf()).toMatchObject({ state })
  })

  it('sends again what was never seen there', async () => {
    expect(await find({ inquiry: { kind: 'not_found' }, void: YES })).toEqual(['inquiry', 'void'])
    expect(stateOf()).toMatchObject({ state: 'approved', acquirer_rrn: 'ACQR00000001' })
    const [, again] = harness.acquirer.asked
    expect(again?.cardFields).toBeNull()
  })

  it('but not when it is to be given up: that is written down, and then undone', async () => {
    const asked = await find({ inquiry: { kind: 'not_found' } }, true)
    expect(asked).toEqual(['inquiry', 'reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined', next_at: null })
    const kinds = harness.house
      .rows<{ body: string }>('select body from journal order by seq')
      .map(({ body }) => JSON.parse(body).kind)
    expect(kinds.slice(-3)).toEqual(['void_claim', 'give_up', 'void'])
  })

  it('hears a late word before it gives up', async () => {
    expect(await find({ inquiry: YES }, true)).toEqual(['inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
  })

  it('gives up a millisecond after a minute is over, and not before', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: SILENT, reversal: SILENT }
    const [claim] = harness.house.rows<{ claimed_at: number }>(
      'select claimed_at from acquirer_message where message_key = ?',
      VOID,
    )
    harness.house.rows('update acquirer_message set next_at = 0 where message_key = ?', VOID)
    expect(await run(Number(claim?.claimed_at) + MINUTE - 1)).toEqual(['inquiry'])
    harness.house.rows('update acquirer_message set next_at = 0 where message_key = ?', VOID)
    expect(await run(Number(claim?.claimed_at) + MINUTE)).toEqual(['inquiry', 'reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing' })
  })

  it('undoes nothing where the giving up could not be written', async () => {
    await pendingVoid()
    harness.acquirer.script = {
      inquiry: async () => {
        harness.house.fault = (_, { statements }) =>
          statements.length > 1 ? { error: LOST, applied: false } : null
        return SILENT
      },
    }
    expect(await run(NOW + 2 * MINUTE)).toEqual(['inquiry'])
    harness.house.fault = () => null
    expect(stateOf()).toMatchObject({ state: 'pending' })
  })

  it('undoes nothing where another has settled it meanwhile', async () => {
    await pendingVoid()
    const other = openHarness(scriptedAcquirer(), new House(harness.acquirer.port, harness.house))
    harness.acquirer.script = {
      inquiry: async () => {
        await other.house.send(acquirerReports('acquirer_approved'))
        return SILENT
      },
    }
    expect(await run(NOW + 2 * MINUTE)).toEqual(['inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
  })

  it('where the acquirer knows no inquiry is the message again; a sale’s card is not kept, so it is given up', async () => {
    await pendingVoid(scriptedAcquirer('repeat'))
    harness.acquirer.script = { void: YES }
    expect(await run(NOW + 40 * SECOND)).toEqual(['void'])
    expect(stateOf()).toMatchObject({ state: 'approved' })
    harness.acquirer.script = { sale: SILENT }
    await send({ ...sale, stan: 7 })
    await harness.settle()
    const before = harness.acquirer.asked.length
    await run(harness.house.now + 2 * MINUTE)
    expect(harness.acquirer.kinds().slice(before)).toEqual(['reversal'])
    expect(stateOf(keyOf('000007', 'sale'))).toMatchObject({ state: 'declined' })
  })

  it('of a sale that was never seen there sends nothing again', async () => {
    harness.acquirer.script = { sale: SILENT, inquiry: { kind: 'not_found' } }
    await send(sale)
    await harness.settle()
    expect(await run(NOW + 40 * SECOND)).toEqual(['inquiry'])
    expect(stateOf(SALE)).toMatchObject({ state: 'pending' })
  })
})

describe('a try on what is to be undone', () => {
  const undo = async (script: ScriptedAcquirer['script'], recovery: 'inquiry' | 'repeat' = 'inquiry') => {
    await pendingVoid(scriptedAcquirer(recovery))
    await run(NOW + MINUTE + SECOND)
    expect(stateOf()).toMatchObject({ state: 'undoing' })
    harness.acquirer.script = script
    return run(harness.house.now + MINUTE)
  }
  const TOO_LATE = { kind: 'declined', reason: 'reversal_too_late' } as const

  it('reverses: it is undone', async () => {
    expect(await undo({ reversal: YES })).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined' })
  })

  it('asks an acquirer that refuses what it has; what stands there stands', async () => {
    expect(await undo({ reversal: TOO_LATE, inquiry: YES })).toEqual(['reversal', 'inquiry'])
    expect(stateOf()).toMatchObject({ state: 'approved', acquirer_rrn: 'ACQR00000001' })
    const outcome = await send(aVoid)
    expect(outcome).toMatchObject({ kind: 'answered', answer: { authorizationCode: '424242' } })
  })

  it.each([NO, { kind: 'not_found' }] as const)(
    'and what does not stand there is undone (%j)',
    async (inquiry) => {
      expect(await undo({ reversal: TOO_LATE, inquiry })).toEqual(['reversal', 'inquiry'])
      expect(stateOf()).toMatchObject({ state: 'declined' })
    },
  )

  it('waits where either brings nothing', async () => {
    expect(await undo({ reversal: SILENT, inquiry: YES })).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing' })
    harness.acquirer.script = { reversal: TOO_LATE, inquiry: SILENT }
    expect(await run(harness.house.now + MINUTE)).toEqual(['reversal', 'inquiry'])
    expect(stateOf()).toMatchObject({ state: 'undoing' })
  })

  it('takes a refusal for no word about the message where there is no inquiry, and calls a person', async () => {
    expect(await undo({ reversal: TOO_LATE }, 'repeat')).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing', case_reason: 'reversal_refused', acquirer_rrn: null })
  })

  it('that such an acquirer never saw waits until no copy of it can be on its way', async () => {
    await pendingVoid(scriptedAcquirer('repeat'))
    harness.acquirer.script = { void: SILENT, reversal: { kind: 'not_found' } }
    expect(await run(NOW + MINUTE + SECOND)).toEqual(['void', 'reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing', case_reason: null })
    expect(await run(NOW + 2 * MINUTE)).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined' })
  })

  it('calls a person when its time is over, once, and goes on', async () => {
    await undo({ reversal: SILENT })
    await run(NOW + 3 * MINUTE - 1)
    expect(stateOf()).toMatchObject({ case_reason: null })
    harness.house.rows('update acquirer_message set next_at = 0 where message_key = ?', VOID)
    const [message] = harness.house.rows<{ decide_by: number }>(
      'select decide_by from acquirer_message where message_key = ?',
      VOID,
    )
    expect(await run(Number(message?.decide_by))).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'undoing', case_reason: 'no_answer' })
    const before = harness.house.rows('select 1 from journal').length
    harness.acquirer.script = { reversal: YES }
    expect(await run(harness.house.now + 60 * MINUTE)).toEqual(['reversal'])
    expect(stateOf()).toMatchObject({ state: 'declined' })
    expect(harness.house.rows('select 1 from journal')).toHaveLength(before + 1)
  })
})

describe('a run', () => {
  it('asks nothing of an acquirer that takes no messages, but calls a person', async () => {
    await pendingVoid()
    const { services } = harness
    const local = { ...services, acquirer: { ...services.acquirer, isRemote: false } }
    harness.house.now = NOW + 10 * MINUTE
    expect(await recover(local, harness.house.now)).toBe(1)
    expect(harness.acquirer.asked).toEqual([])
    expect(stateOf()).toMatchObject({ state: 'pending', case_reason: 'no_answer' })
  })

  it('drives what is due and what becomes due until its time is over, and says how often it tried', async () => {
    await pendingVoid()
    const due = Number(stateOf()?.next_at)
    // Some of what sleeps here wakes when this is over.
    const { services } = harness
    harness.house.now = due - 3 * SECOND
    const sleep = async (ms: number) => {
      // A try that is under way ends first.
      if (ms === SECOND) await new Promise((resolve) => setTimeout(resolve, 200))
      await services.sleep(ms)
    }
    expect(await recover({ ...services, sleep }, due + 40 * SECOND)).toBeGreaterThan(2)
    expect(harness.slept.slice(0, 2)).toEqual([3 * SECOND, 32 * SECOND])
    // What is given up is undone at once, and owed afresh: after a second, not beside that.
    expect(harness.acquirer.kinds().slice(0, 4)).toEqual(['inquiry', 'inquiry', 'reversal', 'reversal'])
  })

  it('undoes what it gave up once at a time, however long the acquirer takes over it', async () => {
    await pendingVoid()
    const { acquirer, house, services } = harness
    const gate = Promise.withResolvers<typeof SILENT>()
    acquirer.script = { inquiry: SILENT, reversal: () => gate.promise }
    house.now = NOW + MINUTE
    const sleep = async (ms: number) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      house.now += ms
    }
    const running = recover({ ...services, sleep }, house.now + 20 * SECOND)
    while (house.now < NOW + MINUTE + 15 * SECOND) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(acquirer.kinds()).toEqual(['inquiry', 'reversal'])
    gate.resolve(SILENT)
    await running
  })

  it('calls for a person in its log though D1 lost the word that the case is written', async () => {
    await pendingVoid()
    const { house } = harness
    const isCommit = ({ statements }: Trip) =>
      statements.some(({ sql }) => /insert into "journal"/i.test(sql))
    house.fault = (_, trip) => (isCommit(trip) ? { error: LOST, applied: true } : null)
    await run(NOW + 181 * SECOND)
    house.fault = () => null
    await run(NOW + 5 * MINUTE)
    expect(stateOf()?.case_reason).toBe('no_answer')
    expect(house.logged.filter(({ event }) => event === 'alert')).toMatchObject([
      { detail: { why: 'case_opened', reason: 'no_answer' } },
    ])
  })

  it('takes what is a person’s case after all others', async () => {
    await pendingVoid()
    await run(NOW + 181 * SECOND)
    expect(stateOf()?.case_reason).toBe('no_answer')
    harness.acquirer.script.sale = SILENT
    expect((await send({ ...sale, stan: 3 })).kind).toBe('pending')
    await harness.settle()
    // Both are due, the case for longer.
    harness.house.now += 2 * 60 * MINUTE
    const leased = [1, 1, 1].map(() => leaseDue(harness.services.db, harness.house.now, 1))
    expect((await Promise.all(leased)).flat().map(({ message }) => message.kind)).toEqual(['sale', 'void'])
  })

  it('ends at once where nothing is owed', async () => {
    expect(await recover(harness.services, NOW + MINUTE)).toBe(0)
    expect(harness.slept).toEqual([])
  })

  it('does not turn round faster than once a second', async () => {
    await pendingVoid()
    const due = Number(stateOf()?.next_at)
    harness.house.now = due - 1
    await recover(harness.services, due + 1)
    expect(harness.slept).toEqual([1000])
  })

  it('takes no more than six at once, and goes on until all had their turn', async () => {
    harness.acquirer.script = { sale: SILENT, inquiry: SILENT }
    const options = { ...harness.house.options, sleep: () => new Promise<void>(() => {}) }
    const services = { ...options, pipeline: createPipeline(options) }
    const sales = Array.from({ length: 45 }, (_, i) =>
      send({ ...sale, stan: i + 1 }, { ...harness, services }),
    )
    await Promise.all(sales)
    const asked: number[] = []
    let underWay = 0
    harness.acquirer.script = {
      inquiry: async () => {
        asked.push(++underWay)
        await new Promise((resolve) => setTimeout(resolve, 2))
        underWay--
        return YES
      },
    }
    harness.house.rows('update acquirer_message set next_at = 0')
    harness.house.now = NOW + 50 * SECOND
    // No look is taken while tries are under way: the clock of this house would run away.
    expect(await recover(services, harness.house.now + 1)).toBe(45)
    expect(Math.max(...asked)).toBe(6)
    expect(asked).toHaveLength(45)
  })

  it('is not ended by a try that fails', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: () => Promise.reject(new Error('never throws, but')) }
    harness.house.now = NOW + 40 * SECOND
    expect(await recover(harness.services, harness.house.now)).toBe(1)
    expect(harness.house.logged).toContainEqual({
      event: 'recovery_failed',
      detail: { error: 'never throws, but' },
    })
    expect(isDueIn()).toBe(32 * SECOND)
  })

  it('says in its log what an acquirer said, and of what', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: NO }
    await run(NOW + 40 * SECOND)
    expect(harness.house.logged).toEqual([
      {
        event: 'acquirer_event',
        detail: {
          type: 'void',
          terminalId: '12345678',
          acquirerStan: expect.stringMatching(/^\d{6}$/),
          rrn: expect.stringMatching(/^\d{12}$/),
          event: 'acquirer_declined',
          reason: 'issuer_declined',
        },
      },
    ])
  })

  it('beside another does nothing twice', async () => {
    await pendingVoid()
    harness.acquirer.script = { inquiry: YES }
    harness.house.now = NOW + 40 * SECOND
    const tries = await Promise.all([1, 2, 3].map(() => recover(harness.services, harness.house.now)))
    expect(tries.sort()).toEqual([0, 0, 1])
    expect(harness.acquirer.kinds()).toEqual(['inquiry'])
    expect(await harness.house.faultOfJournal()).toBeNull()
  })
})

/** What an acquirer says, as a message of its own. */
function acquirerReports(event: 'acquirer_approved'): PipelineMessage {
  const said = { kind: 'acquirer', ago: 0, event } as const
  const remember = () => ({
    key: VOID,
    kind: 'sale' as const,
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '',
  })
  const asked = messageFor(said, { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], remember }, 1)
  if (asked === null) throw new Error('no message')
  return messageOf(asked)
}
