/**
 * @module Several messages of one terminal in one set. Each is decided on what the one before leaves, and one that fails takes only what
 * was decided on it. The oracle is the same service with one message after another.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChain } from '../../src/pipeline/chain.ts'
import type { Ready, SubmittedWork } from '../../src/pipeline/commit-set.ts'
import { submissionOf } from '../../src/pipeline/submission.ts'
import type { Outcome } from '../../src/pipeline/types.ts'
import { SET_QUERIES } from '../../src/store/budget.ts'
import { load } from '../../src/store/load.ts'
import type { Message } from '../model/commands.ts'
import { messageOf, type PreparedMessage } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { ACQUIRER_NAMES, acquirerNamed, commands, World } from './chain-world.ts'

/** Ends of the keys that events of the acquirer write. A case has a number behind it. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  acquirer_approved: ['|o', '|case|'],
  acquirer_declined: ['|o'],
  give_up: ['|give_up'],
  overdue: ['|case|'],
}

/** Whether the message wrote the entry, and not one with its key. */
function hasWritten({ request }: PreparedMessage, outcome: Outcome | undefined, key: string): boolean {
  const entry =
    outcome?.kind === 'pending' ? outcome.claim : outcome?.kind === 'answered' ? outcome.entry : null
  if (request.kind !== 'acquirer_event') return request.messageKey === key && entry?.messageKey === key
  const { event, messageKey } = request
  if (!ENDS[event]?.some((end) => key.startsWith(messageKey + end))) return false
  const isApproved = outcome?.kind === 'answered' && outcome.answer.reason === null
  return !key.endsWith('|o') || isApproved === (event === 'acquirer_approved')
}

const reasonOf = (outcome: Outcome | undefined): string =>
  outcome?.kind === 'answered' ? (outcome.answer.reason ?? 'approved') : (outcome?.kind ?? 'none')

/** The last three run in one isolate, which remembers the claim as it was before the other isolate got its answer. */
const STALE_IN_A_CHAIN: Message[] = [
  { kind: 'settle', stan: 80, batch: 'open', off: 0, isSigned: false },
  { kind: 'json_void', key: 1, ago: 0, off: 0, currency: '156' },
  { kind: 'acquirer', ago: 0, event: 'acquirer_approved' },
  { kind: 'sale', stan: 50, batch: 'open', amount: 100, currency: '156' },
  { kind: 'void', stan: 60, batch: 'open', ago: 8, by: 'key', off: 0, card: 'right' },
  { kind: 'acquirer', ago: 0, event: 'overdue' },
  { kind: 'settle', stan: 80, batch: 'open', off: 0, isSigned: false },
]

describe.each(ACQUIRER_NAMES)('with an acquirer %s', (acquirer) => {
  it('messages that come together have the effects and answers that they have one after another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(commands, { minLength: 2, maxLength: 30 }), async (all) => {
        const together = await new World(acquirer).open()
        const oneByOne = await new World(acquirer).open()
        const messages = all.map((command) => together.prepare(command))
        // Another isolate writes in between, so what this one remembers is stale.
        const other = new TestService(acquirerNamed(acquirer), together.service)
        other.now = together.service.now
        const outcomes: Outcome[] = []
        for (const [i, isolate] of [together.service, other, together.service].entries()) {
          const part = messages.slice((i * all.length) / 3, ((i + 1) * all.length) / 3)
          outcomes.push(...(await together.sendTogether(part, isolate)))
        }
        expect(await together.service.faultOfJournal()).toBeNull()
        for (const key of together.keys()) {
          // The message that was written, and not one with its key.
          const i = messages.findIndex((message, at) => hasWritten(message, outcomes[at], key))
          const message = messages[i]
          if (message === undefined) throw new Error(`no message with the key ${key}`)
          const alone = await oneByOne.service.send(messageOf(message))
          // Several events may find the same outcome.
          if (message.request.kind !== 'acquirer_event')
            expect([key, reasonOf(alone)]).toEqual([key, reasonOf(outcomes[i])])
        }
        expect(together.effect()).toEqual(oneByOne.effect())
        expect(oneByOne.keys()).toEqual(together.keys())
        together.service.close()
        oneByOne.service.close()
      }),
      { numRuns: 12, seed: 3, examples: [[STALE_IN_A_CHAIN]] },
    )
  })
})

/** Loads the message, and the same again after the other one is written. */
async function aroundEntry(world: World, first: PreparedMessage, second: PreparedMessage) {
  const { db } = world.service.options
  const [before, then] = await load(db, [first.load, second.load], world.service.now)
  const outcome = await world.service.send(messageOf(first))
  const [fresh] = await load(db, [second.load], world.service.now)
  const entry =
    outcome.kind === 'pending' ? outcome.claim : outcome.kind === 'answered' ? outcome.entry : null
  if (before?.terminal == null || then === undefined || fresh === undefined) throw new Error('not loaded')
  return { terminal: before.terminal, then, fresh, entry }
}

describe.each(ACQUIRER_NAMES)('the state after an entry, with an acquirer %s', (acquirer) => {
  it('is that of a fresh load', async () => {
    let compared = 0
    let runs = 0
    let world = await new World(acquirer).open()
    await fc.assert(
      fc.asyncProperty(commands, commands, async (one, other) => {
        // After some messages every sale is voided, or the batch is closed.
        if (++runs % 8 === 0) {
          world.service.close()
          world = await new World(acquirer).open()
        }
        const [first, second] = [world.prepare(one), world.prepare(other)]
        const { terminal, then, fresh, entry } = await aroundEntry(world, first, second)
        if (entry === null || entry.messageKey !== first.request.messageKey) return
        const chain = createChain()
        const { seq, hash, messageKey, effects } = entry
        const work = { message: submissionOf(messageOf(first)) }
        const { keyId, mac } = fresh.head
        const item = {
          row: { seq, hash, messageKey },
          headMac: { keyId, mac },
          effects,
          terminal,
          moves: [],
        }
        const isOpen = chain.add({ work, item } as unknown as Ready)
        const next = { message: submissionOf(messageOf(second)) } as SubmittedWork
        if (seq !== fresh.head.seq || !isOpen || !chain.takes(next, second.request, then)) return
        compared++
        expect(chain.after(then)).toEqual(fresh)
      }),
      { numRuns: 120, seed: 1 },
    )
    expect(compared).toBeGreaterThan(30)
    world.service.close()
  })
})

const void_ = (stan: number, of: number): Message => ({
  ...{ kind: 'void', stan, batch: 'open', ago: of, by: 'key', off: 0, card: 'right' },
})

it('a hundred sales of one terminal take one trip, and their voids two', async () => {
  const world = await new World('in this isolate').open()
  const use = async (messages: readonly PreparedMessage[]) => {
    const before = world.service.trips
    const outcomes = await world.sendTogether(messages)
    expect(new Set(outcomes.map(reasonOf))).toEqual(new Set(['approved']))
    return world.service.trips - before
  }
  const stans = Array.from({ length: 100 }, (_, i) => 100 + i)
  const amounts = { batch: 'open', amount: 100, currency: '156' } as const
  // The isolate has just written for the terminal, so the sales need no load.
  expect(await use(stans.map((stan) => world.prepare({ kind: 'sale', stan, ...amounts })))).toBe(1)
  world.learn()
  expect(await use(stans.map((stan, i) => world.prepare(void_(100 + stan, i))))).toBe(2)
  world.service.close()
})

it.each(ACQUIRER_NAMES)(
  'a full chain of sales and voids takes the queries of one set, with an acquirer %s',
  async (acquirer) => {
    const world = await new World(acquirer).open()
    let queries = 0
    world.service.fault = (_, { statements }) => {
      queries += statements.length
      return null
    }
    const all = Array.from({ length: 96 }, (_, i): Message => {
      if (i % 12 === 5) return void_(100 + i, (i - 5) / 12)
      if (i % 12 === 7) return { kind: 'sale', stan: 100 + i, batch: 'open', amount: 100, currency: '840' }
      if (i % 12 === 9)
        return {
          kind: 'captured_sale',
          stan: 300 + i,
          batch: 'open',
          amount: 100,
          status: 'approved',
          rrn: 0,
        }
      return { kind: 'sale', stan: 100 + i, batch: 'open', amount: 100, currency: '156' }
    })
    const before = world.service.trips
    await world.sendTogether(all.map((one) => world.prepare(one)))
    expect(world.service.trips - before).toBe(2)
    expect(queries).toBeLessThanOrEqual(SET_QUERIES)
    world.service.close()
  },
)

it('one that breaks a rule of a table takes no other one with it', async () => {
  const world = await new World('in this isolate').open()
  const messages = Array.from({ length: 40 }, (_, i) =>
    world.prepare({
      kind: 'sale',
      stan: 100 + i,
      batch: 'open',
      amount: i === 17 ? 0 : 100,
      currency: '156',
    }),
  )
  const outcomes = await world.sendTogether(messages)
  expect(outcomes.map(reasonOf)).toEqual(messages.map((_, i) => (i === 17 ? 'not_recorded' : 'approved')))
  expect(await world.service.faultOfJournal()).toBeNull()
  world.service.close()
})

it('a copy and another void of the same sale wait for the next set', async () => {
  const world = await new World('in this isolate').open()
  const messages = [void_(60, 1), void_(61, 2), void_(61, 2), void_(62, 1), void_(63, 3)].map((one) =>
    world.prepare(one),
  )
  const outcomes = await world.sendTogether(messages)
  expect(outcomes.map(reasonOf)).toEqual([
    'approved',
    'approved',
    'approved',
    'original_already_voided',
    'approved',
  ])
  world.service.close()
})

it('a captured sale waits for the claim that drew its trace number at the acquirer', async () => {
  const world = await new World('remote').open()
  const { options } = world.service
  const { generated } = options
  Object.assign(options, {
    generated: (merchantId: string) => ({ ...generated(merchantId), acquirerStan: '000054' }),
  })
  const sale = { batch: 'open', amount: 100, currency: '156' } as const
  const captured = { ...sale, kind: 'captured_sale', stan: 54, status: 'approved', rrn: 0 } as const
  const messages = [world.prepare({ ...sale, kind: 'sale', stan: 50 }), world.prepare(captured)]
  const outcomes = await world.sendTogether(messages)
  expect(outcomes.map(reasonOf)).toEqual(['pending', 'key_reused_with_different_content'])
  world.service.close()
})
