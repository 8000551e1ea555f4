/**
 * @module Warm states: an isolate decides on what it has just written, and only the commit believes it. Two isolates write for one
 * terminal. The oracle is a service that loads the state of each message.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/pipeline/types.ts'
import { MID } from '../domain/fixtures.ts'
import type { Message } from '../model/commands.ts'
import { messageOf, type PreparedMessage } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { ACQUIRER_NAMES, type AcquirerName, acquirerNamed, commands, World } from './chain-world.ts'

const reasonOf = (outcome: Outcome): string =>
  outcome.kind === 'answered' ? (outcome.answer.reason ?? 'approved') : outcome.kind

/** No isolate has the state of a message that loads its merchant. */
const loaded = (prepared: PreparedMessage): PreparedMessage => ({
  ...prepared,
  load: { merchantId: MID, ...prepared.load },
})

const settings: fc.Arbitrary<Message> = fc.record({
  kind: fc.constant('provision' as const),
  window: fc.constantFrom('business_day' as const, 'minutes' as const),
})

const steps = fc.array(
  fc.record({
    isolate: fc.constantFrom(0, 0, 0, 1),
    wait: fc.constantFrom(0, 0, 0, 11_000),
    message: fc.oneof({ weight: 12, arbitrary: commands }, { weight: 1, arbitrary: settings }),
  }),
  { minLength: 2, maxLength: 30 },
)

describe.each(ACQUIRER_NAMES)('two isolates and an acquirer %s', (acquirer) => {
  it('decide as one that loads each state', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const warm = await new World(acquirer).open()
        const cold = await new World(acquirer).open()
        const isolates = [warm.service, new TestService(acquirerNamed(acquirer), warm.service)]
        for (const [i, { isolate, wait, message }] of all.entries()) {
          for (const one of [...isolates, cold.service]) one.now += wait
          const answers = await Promise.all([
            isolates[isolate]?.send(messageOf(warm.prepare(message, i + 1))),
            cold.service.send(messageOf(loaded(cold.prepare(message, i + 1)))),
          ])
          expect(answers[0] && reasonOf(answers[0])).toBe(answers[1] && reasonOf(answers[1]))
        }
        expect(warm.effect()).toEqual(cold.effect())
        expect(warm.keys()).toEqual(cold.keys())
        expect(await warm.service.faultOfJournal()).toBeNull()
        warm.service.close()
        cold.service.close()
      }),
      { numRuns: 30, seed: 1 },
    )
  })
})

const sale = (stan: number): Message => ({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' })

async function open(acquirer: AcquirerName) {
  const world = await new World(acquirer).open()
  const other = new TestService(acquirerNamed(acquirer), world.service)
  const trips = async (service: TestService, message: Message) => {
    const before = service.trips
    const outcome = await service.send(messageOf(world.prepare(message)))
    return [reasonOf(outcome), service.trips - before]
  }
  return { world, other, trips }
}

describe('the trips of a message', () => {
  it('one for a sale of a terminal seen before, and one for its void; a copy of an old one is loaded', async () => {
    const { world, trips } = await open('in this isolate')
    const { service } = world
    expect(await trips(service, sale(100))).toEqual(['approved', 1])
    world.learn()
    const ago = world.sales.length - 1
    const by = { kind: 'void', batch: 'open', ago, off: 0, card: 'right' } as const
    expect(await trips(service, { ...by, stan: 101, by: 'rrn' })).toEqual(['approved', 1])
    expect(await trips(service, { ...by, stan: 102, by: 'both' })).toEqual(['original_already_voided', 2])
    expect(await trips(service, sale(100))).toEqual(['approved', 2])
    world.service.close()
  })

  it('three when another isolate has written, and then two for ten seconds', async () => {
    const { world, other, trips } = await open('in this isolate')
    const { service } = world
    await trips(other, sale(100))
    expect(await trips(service, sale(101))).toEqual(['approved', 3])
    expect(await trips(service, sale(102))).toEqual(['approved', 2])
    service.now += 10_000
    expect(await trips(service, sale(103))).toEqual(['approved', 2])
    expect(await trips(service, sale(104))).toEqual(['approved', 1])
    world.service.close()
  })
})
