/**
 * @module A terminal's request waits for the tries after the first, until its deadline. It gets the outcome of the first try
 * that knows it, whoever made that try. It never waits longer, and nothing is lost when it leaves.
 */

import { beforeEach, describe, expect, it } from 'vitest'
import type { AcquirerResponse } from '../../src/acquirer/port.ts'
import type { AcquirerMessage } from '../../src/domain/types.ts'
import { createPipeline } from '../../src/pipeline/process.ts'
import { eventMessage, only } from '../../src/pipeline/try-acquirer.ts'
import type { AcquirerStage, Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { leaseDue } from '../../src/store/outbox.ts'
import { keyOf } from '../domain/fixtures.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { LOST, TestService } from '../support/test-service.ts'
import { NO, type ScriptedAcquirer, SILENT, scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'

const SALE = keyOf('000001', 'sale')
const VOID = keyOf('000002', 'void')
const WAITS = [1000, 2000, 4000, 8000]

const sale = { kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' } as const
const aVoid = { kind: 'void', stan: 2, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' } as const
const reversal = { kind: 'reversal', of: 'void', ago: 0, off: 0, card: 'right' } as const
type Command = Parameters<typeof messageFor>[0]

let acquirer: ScriptedAcquirer
let service: TestService
let services: AcquirerStage
/** Called after each wait of a request. */
let onSleep: () => Promise<void>
let background: Promise<unknown>[]

const waitUntil = (promise: Promise<unknown>): void => void background.push(promise)

async function settle(): Promise<void> {
  for (let done = 0; done < background.length; done++) await background[done]
}

function message(command: Command): PipelineMessage {
  const find = (kind: string) => ({
    key: kind === 'void' ? VOID : SALE,
    kind: 'sale' as const,
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '',
  })
  const request = messageFor(command, { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find }, 1)
  if (request === null) throw new Error('no message')
  return messageOf(request)
}

/** Submits a message, whose caller waits for `ms` milliseconds. */
async function send(command: Command, ms?: number): Promise<Outcome> {
  const caller = {
    waitUntil,
    beforeAcquirer: () => {},
    ...(ms === undefined ? {} : { waitsUntil: service.now + ms }),
  }
  const cardFields = new Map([[2, '6225000000000014']])
  const { pipeline } = services as AcquirerStage & { pipeline: TestService['pipeline'] }
  return (await pipeline.submit({ ...message(command), cardFields }, caller)).outcome
}

/** Another isolate writes that the acquirer approved the message. */
async function settledElsewhere(forwarded: AcquirerMessage): Promise<void> {
  const event = eventMessage(services, forwarded, only('acquirer_approved'))
  await new TestService(acquirer.port, service).pipeline.submitEvent(event, () => {})
}

const stateOf = (key = VOID) =>
  service.rows('select state from acquirer_record where message_key = ?', key)[0]?.state

/** Silent until the try with this number, from 1, which gets `answer`. */
function silentUntil(number: number, answer: AcquirerResponse) {
  let tries = 0
  return async () => (++tries < number ? SILENT : answer)
}

beforeEach(async () => {
  background = []
  acquirer = scriptedAcquirer()
  service = new TestService(acquirer.port)
  onSleep = async () => {}
  const options = {
    ...service.options,
    sleep: async (ms: number) => {
      await service.options.sleep(ms)
      await onSleep()
    },
  }
  services = { ...options, pipeline: createPipeline(options) }
  await service.send(message({ kind: 'provision', window: 'business_day' }))
})

const LINES = [
  ['a sale', sale, SALE],
  ['a void', aVoid, VOID],
] as const

describe.each(LINES)('the request of %s', (_, command, key) => {
  beforeEach(async () => {
    if (command.kind === 'void') await send(sale)
    service.sleeps.length = 0
    acquirer.requests.length = 0
  })

  it.each([
    ['approval', 1, YES, null, 'approved'],
    ['approval', 2, YES, null, 'approved'],
    ['approval', 4, YES, null, 'approved'],
    ['decline', 1, NO, 'issuer_declined', 'declined'],
    ['decline', 3, NO, 'issuer_declined', 'declined'],
  ] as const)('gets the %s of later try %i', async (_, number, answer, reason, state) => {
    acquirer.script = { [command.kind]: SILENT, inquiry: silentUntil(number, answer) }
    expect(await send(command, 20_000)).toMatchObject({ kind: 'answered', answer: { reason } })
    await settle()
    expect(acquirer.kinds()).toEqual([command.kind, ...Array.from({ length: number }, () => 'inquiry')])
    expect(service.sleeps.slice(0, number)).toEqual(WAITS.slice(0, number))
    expect(stateOf(key)).toBe(state)
  })

  it('gets no outcome when no try has one', async () => {
    acquirer.script = { [command.kind]: SILENT, inquiry: SILENT }
    expect((await send(command, 20_000)).kind).toBe('pending')
    await settle()
    expect([service.sleeps.slice(0, 4), stateOf(key)]).toEqual([WAITS, 'pending'])
  })

  it.each([undefined, 0, -1])('waits for the first try only, with a wait of %s ms', async (ms) => {
    acquirer.script = { [command.kind]: SILENT, inquiry: YES }
    expect((await send(command, ms)).kind).toBe('pending')
    await settle()
    expect(stateOf(key)).toBe('approved')
  })

  it('ends at its deadline, whatever the acquirer does, and the try goes on', async () => {
    const late = Promise.withResolvers<AcquirerResponse>()
    acquirer.script = { [command.kind]: SILENT, inquiry: () => late.promise }
    const start = performance.now()
    expect((await send(command, 40)).kind).toBe('pending')
    expect(performance.now() - start).toBeLessThan(2_000)
    late.resolve(YES)
    await settle()
    expect(stateOf(key)).toBe('approved')
  })

  it.each([1, 2])('gets the outcome that another driver finds before later try %i', async (number) => {
    acquirer.script = { [command.kind]: SILENT, inquiry: SILENT }
    let sleeps = 0
    let stolen: AcquirerMessage | undefined
    onSleep = async () => {
      const [leased] = await leaseDue(service.options.db, service.now, 1)
      stolen ??= leased?.message
      if (++sleeps === number && stolen !== undefined) await settledElsewhere(stolen)
    }
    expect(await send(command, 20_000)).toMatchObject({ kind: 'answered', answer: { reason: null } })
    // The other driver has the message, so this request asks the acquirer nothing.
    expect(acquirer.kinds()).toEqual([command.kind])
    await settle()
    expect([stateOf(key), sleeps]).toEqual(['approved', number])
  })

  it('writes nothing and logs nothing when it looks for the outcome of another driver', async () => {
    acquirer.script = { [command.kind]: SILENT, inquiry: SILENT }
    const traces = () => [
      service.rows('select seq from journal').length,
      service.logged.filter(({ event }) => event === 'acquirer_event').length,
    ]
    let atFirst: number[] | undefined
    onSleep = async () => {
      await leaseDue(service.options.db, service.now, 1)
      atFirst ??= traces()
    }
    expect((await send(command, 20_000)).kind).toBe('pending')
    await settle()
    expect([traces(), stateOf(key)]).toEqual([atFirst, 'pending'])
  })

  it('gets no outcome while D1 fails, and the outcome once it is back', async () => {
    acquirer.script = { [command.kind]: SILENT, inquiry: YES }
    let sleeps = 0
    onSleep = async () => {
      service.fault = ++sleeps < 3 ? () => ({ error: LOST, applied: false }) : () => null
    }
    expect(await send(command, 20_000)).toMatchObject({ kind: 'answered', answer: { reason: null } })
    await settle()
    expect(stateOf(key)).toBe('approved')
  })
})

it('the request of a void gets no outcome at once when its terminal reverses the void', async () => {
  await send(sale)
  acquirer.script = { void: SILENT, inquiry: SILENT }
  let sleeps = 0
  onSleep = async () => {
    if (++sleeps === 2) expect(await send(reversal)).toMatchObject({ answer: { reason: null } })
  }
  expect((await send(aVoid, 20_000)).kind).toBe('pending')
  expect(sleeps).toBeLessThan(4)
  await settle()
  expect(stateOf()).toBe('reversed')
})

it('the request of a void that the acquirer never saw gets the answer to its second try', async () => {
  await send(sale)
  let voids = 0
  acquirer.script = { void: async () => (++voids === 1 ? SILENT : YES), inquiry: { kind: 'not_found' } }
  expect(await send(aVoid, 20_000)).toMatchObject({ kind: 'answered', answer: { reason: null } })
  expect(acquirer.kinds()).toEqual(['sale', 'void', 'inquiry', 'void'])
})
