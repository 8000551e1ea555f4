/**
 * @module Warm states: an isolate decides on what it has just written, and only the commit believes it. Two isolates write for one
 * terminal. The oracle is a service that loads the state of each message.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPipeline } from '../../src/pipeline/process.ts'
import type { Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { createWarmStates } from '../../src/pipeline/warm.ts'
import { type LoadItem, load } from '../../src/store/load.ts'
import { MID, merchant } from '../domain/fixtures.ts'
import type { Message } from '../model/commands.ts'
import { messageOf, type PreparedMessage } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { ACQUIRER_NAMES, type AcquirerName, acquirerNamed, commands, SALES, World } from './chain-world.ts'
import { approvalOf } from './one-sale.ts'

const reasonOf = (outcome: Outcome): string =>
  outcome.kind === 'answered' ? (outcome.answer.reason ?? 'approved') : outcome.kind

/** No isolate has the state of a message that loads its merchant. */
const loaded = (prepared: PreparedMessage): PreparedMessage => ({
  ...prepared,
  load: { merchantId: MID, ...prepared.load },
})

/** Messages about two sales of the terminal, so that most of them meet. */
const ago = fc.constantFrom(SALES, SALES + 1)
const off = fc.constantFrom(0, 0, 0, 0, 1)
const batch = fc.constant('open' as const)
const few = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('sale' as const), stan: fc.constantFrom(50, 51), batch },
    ...{ amount: fc.constant(100), currency: fc.constant('156') },
  }),
  fc.record({
    ...{ kind: fc.constant('void' as const), stan: fc.constantFrom(60, 61, 62, 63), batch, ago, off },
    ...{ by: fc.constant('key' as const), card: fc.constant('right' as const) },
  }),
  fc.record({
    ...{ kind: fc.constant('reversal' as const), of: fc.constant('sale' as const), ago, off },
    card: fc.constant('none' as const),
  }),
) as fc.Arbitrary<Message>

const step = fc.record({
  isolate: fc.constantFrom(0, 0, 0, 1),
  wait: fc.constantFrom(0, 0, 0, 11_000),
  message: fc.oneof(
    { weight: 8, arbitrary: few },
    { weight: 2, arbitrary: commands },
    { weight: 1, arbitrary: fc.constantFrom(3, 4) },
  ),
})

describe.each(ACQUIRER_NAMES)('two isolates and an acquirer %s', (acquirer) => {
  it('decide as one that loads each state', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 30 }), async (all) => {
        const warm = await new World(acquirer).open()
        const cold = await new World(acquirer).open()
        const isolates = [warm.service, new TestService(acquirerNamed(acquirer), warm.service)]
        for (const one of isolates) one.now = warm.service.now
        for (const [i, { isolate, wait, message }] of all.entries()) {
          for (const one of [...isolates, cold.service]) one.now += wait
          if (typeof message === 'number') {
            // The settings are in the merchant's own stream.
            for (const one of [isolates[isolate], cold.service])
              await one?.putMerchant({ ...merchant, window: { kind: 'minutes', minutes: message } })
            continue
          }
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
      { numRuns: 20, seed: 1 },
    )
  })
})

/** Members that no sale, void or answer of the acquirer needs. */
const NOT_NEEDED = { isWarm: true, refusals: null, undecided: false, declared: null }

/** A pipeline over the service that compares each state that it keeps with a fresh load. */
function compared({ options }: TestService) {
  const kept = createWarmStates(options.now)
  const pipeline = createPipeline(options, kept)
  let states = 0
  async function compare(item: LoadItem): Promise<void> {
    const state = kept.find(item, 0)
    const [fresh] = await load(options.db, [item], options.now())
    // The commit refuses a message that is in the journal, or that is reversed already.
    const isNew = item.batchNumber === undefined || (fresh?.earlier === null && fresh.reversal === null)
    if (state === null || !isNew) return
    states++
    expect({ ...state, ...NOT_NEEDED }).toEqual({ ...fresh, ...NOT_NEEDED })
  }
  return {
    states: () => states,
    /** With the approval of an acquirer. */
    async send(message: PipelineMessage): Promise<void> {
      await compare(message.load)
      const { outcome } = await pipeline.runAlone(message)
      if (outcome.kind !== 'pending' || !outcome.isNew) return
      const approved = approvalOf(outcome.forwarded.messageKey)
      await compare(approved.load)
      await pipeline.runAlone(approved)
    },
  }
}

it.each(ACQUIRER_NAMES)(
  'the state that an isolate keeps is that of a fresh load, with an acquirer %s',
  async (acquirer) => {
    let states = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(few, few, commands), { minLength: 2, maxLength: 12 }),
        async (all) => {
          const world = await new World(acquirer).open()
          const one = compared(world.service)
          for (const message of all) await one.send(messageOf(world.prepare(message)))
          states += one.states()
          world.service.close()
        },
      ),
      { numRuns: 40, seed: 1 },
    )
    expect(states).toBeGreaterThan(15)
  },
)

const sale = (stan: number): Message => ({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' })

async function open(acquirer: AcquirerName) {
  const world = await new World(acquirer).open()
  const other = new TestService(acquirerNamed(acquirer), world.service)
  other.now = world.service.now
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
    expect(await trips(service, sale(100))).toEqual(['approved', 1])
    // The copy has not made the terminal cold.
    expect(await trips(service, sale(103))).toEqual(['approved', 1])
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
  it('three for a sale behind 40 wrong MACs under its terminal: they are loaded together', async () => {
    const { world, trips } = await open('in this isolate')
    const { service } = world
    await trips(service, sale(100))
    const forged = Array.from({ length: 40 }, (_, i) => ({
      ...messageOf(world.prepare(sale(101 + i))),
      verify: async () => ({ kind: 'refused', reason: 'mac_mismatch', found: null }) as const,
    }))
    const before = service.trips
    const outcomes = await service.sendTogether([...forged, messageOf(world.prepare(sale(200)))])
    expect(outcomes.map(reasonOf)).toEqual([...forged.map(() => 'refused'), 'approved'])
    expect(service.trips - before).toBe(3)
    world.service.close()
  })
})
