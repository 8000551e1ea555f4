/**
 * @module Batches of frames: their trips and queries, as docs/scale.md has them, and the same effects and answers as one frame after
 * another.
 */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GUESSES_OF_NETWORK } from '../../src/admission/mac-guesses.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { NO, type ScriptedAcquirer, scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'
import { expectInTable } from './expect-in-table.ts'
import {
  aReversal,
  aSale,
  aSettlement,
  aVoid,
  frameOf,
  installKeys,
  sendBatch,
  sendOne,
  six,
} from './framed.ts'
import { MERCHANT, Metered } from './metered.ts'

const TERMINALS = Array.from({ length: 100 }, (_, i) => String(10_000_001 + i))

async function openWith(terminals: readonly string[], acquirer?: ScriptedAcquirer): Promise<Metered> {
  const service = new Metered()
  await service.open(acquirer?.port)
  await service.provision(terminals)
  await installKeys(service, terminals)
  return service
}

let service: Metered
beforeAll(async () => {
  service = await openWith(TERMINALS)
})
afterAll(() => service.close())

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

/** Sells once for each terminal in the list, and returns the frames of the voids. */
async function voidsOf(terminals: readonly string[], from: number): Promise<Uint8Array<ArrayBuffer>[]> {
  const sales = terminals.map((terminalId, i) => frameOf(aSale({ terminalId, stan: from + i })))
  const { replies } = await sendBatch(service, sales)
  expect(replies.map(({ code }) => code)).toEqual(terminals.map(() => '00'))
  return terminals.map((terminalId, i) =>
    frameOf(aVoid({ terminalId, stan: from + 200 + i, of: from + i, rrn: replies[i]?.fields.get(37) ?? '' })),
  )
}

describe('trips', () => {
  it('100 voids of 100 terminals that this isolate has seen take one trip', async () => {
    const { replies, use } = await sendBatch(service, await voidsOf(TERMINALS, 1))
    expect(replies.map(({ code }) => code)).toEqual(times(100, () => '00'))
    expectInTable('a batch of 100 voids of 100 terminals seen before', use)
  })

  it('100 voids of one terminal take two trips, and are written in their order', async () => {
    const terminalId = TERMINALS[0] ?? ''
    const { replies, use } = await sendBatch(
      service,
      await voidsOf(
        times(100, () => terminalId),
        1001,
      ),
    )
    expect(replies.map(({ code }) => code)).toEqual(times(100, () => '00'))
    expect(keysOf(service, terminalId).slice(-100)).toEqual(
      times(100, (i) => `${terminalId}000001${six(1201 + i)}v`),
    )
    expectInTable('a batch of 100 voids of one terminal', use)
  })

  it('a batch of terminals that this isolate has not seen takes two trips', async () => {
    const fresh = await openWith(TERMINALS)
    const { replies, use } = await sendBatch(
      fresh,
      TERMINALS.map((terminalId) => frameOf(aSale({ terminalId, stan: 1 }))),
    )
    expect(replies.map(({ code }) => code)).toEqual(times(100, () => '00'))
    expectInTable('a batch of 100 sales of 100 terminals', use)
    fresh.close()
  })

  it('the same batch again takes no trip at once and one later, and gets the same bytes', async () => {
    const voids = await voidsOf(TERMINALS, 2001)
    const first = await sendBatch(service, voids)
    service.stepMs = 500
    const again = await sendBatch(service, voids)
    service.stepMs = 60_000
    const later = await sendBatch(service, voids)
    expect([again.use.trips, later.use.trips]).toEqual([0, 1])
    expect(again.bytes).toEqual(first.bytes)
    expect(later.bytes).toEqual(first.bytes)
  })
})

/** The keys of a terminal's entries, in order. */
const keysOf = ({ storage }: Metered, terminalId: string): string[] =>
  storage
    .rows<{ key: string }>(
      'select message_key as key from journal where terminal_id = ? order by seq',
      terminalId,
    )
    .map(({ key }) => key)

it('at the limit of the invocation the frames behind it get no answer, and the same batch again continues', async () => {
  const terminalId = TERMINALS[1] ?? ''
  // Each reversal waits for the one before it.
  const frames = times(60, (i) => frameOf(aReversal('sale', { terminalId, stan: 3001 + i })))
  service.limit = 150
  const first = await sendBatch(service, frames)
  const answered = first.replies.findIndex(({ code }) => code === 'silence')
  expect(answered).toBeGreaterThan(5)
  expect(first.replies.slice(answered).map(({ code }) => code)).toEqual(times(60 - answered, () => 'silence'))
  service.limit = Number.POSITIVE_INFINITY
  const again = await sendBatch(service, frames)
  expect(again.replies.map(({ code }) => code)).toEqual(times(60, () => first.replies[0]?.code))
})

describe('a terminal that has not proved itself at this address', () => {
  const terminalId = TERMINALS[2] ?? ''
  it('has no frame refused as a guess when its MACs are right', async () => {
    service.headers = { 'cf-connecting-ip': '203.0.113.7' }
    const { replies } = await sendBatch(
      service,
      times(100, (i) => frameOf(aSale({ terminalId, stan: 4001 + i }))),
    )
    expect(replies.map(({ code }) => code)).toEqual(times(100, () => '00'))
  })

  it('has no more guesses in a batch than one by one', async () => {
    service.headers = { 'cf-connecting-ip': '198.51.100.7' }
    const { replies, headers } = await sendBatch(
      service,
      times(100, (i) => frameOf(aSale({ terminalId, stan: 5001 + i }), true)),
    )
    const guesses = replies.filter(({ code }) => code === 'A0')
    expect(guesses).toHaveLength(GUESSES_OF_NETWORK.burst)
    expect(replies.filter(({ code }) => code === 'silence')).toHaveLength(100 - guesses.length)
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    service.headers = {}
  })
})

it('a copy behind the reversal of its message is refused, in the same batch', async () => {
  const world = await openWorld('inside')
  const [terminalId = ''] = FEW
  const named = { terminalId, amount: 100 }
  const voided = frameOf(aVoid({ ...named, stan: 101, of: 1, rrn: rrnOf(0, 1) }))
  const reversal = frameOf(aReversal('void', { ...named, stan: 101 }))
  const { replies } = await sendBatch(world, [voided, voided, reversal, voided, reversal])
  expect(replies.map(({ code }) => code)).toEqual(['00', '00', '00', '12', '00'])
  world.close()
})

/** A frame of a drawn batch. `of`: the STAN of the sale. */
type Drawn =
  | {
      readonly kind: 'sale' | 'void' | 'reverse_sale' | 'reverse_void'
      readonly of: number
      readonly isForged: boolean
    }
  | { readonly kind: 'settle' }
  | { readonly kind: 'copy'; readonly ago: number }

const FEW = TERMINALS.slice(0, 3)
/** Sales 1 to 4 of each terminal are captured before. */
const CAPTURED = 4

const drawnFrame: fc.Arbitrary<Drawn & { readonly terminal: number; readonly amount: number }> = fc
  .tuple(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          kind: fc.constantFrom(
            'sale' as const,
            'void' as const,
            'void' as const,
            'reverse_sale' as const,
            'reverse_void' as const,
          ),
          of: fc.integer({ min: 1, max: CAPTURED + 3 }),
          isForged: fc.constantFrom(false, false, false, false, true),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), ago: fc.nat(3) }) },
    ),
    fc.record({ terminal: fc.nat(2), amount: fc.constantFrom(100, 100, 100, 151) }),
  )
  .map(([frame, more]) => ({ ...frame, ...more }))

const rrnOf = (terminal: number, stan: number): string => `7000000${terminal}${String(stan).padStart(4, '0')}`

/** The frames of a drawn batch. */
function framesOf(drawn: readonly (typeof drawnFrame extends fc.Arbitrary<infer D> ? D : never)[]) {
  const frames: Uint8Array<ArrayBuffer>[] = []
  for (const one of drawn) {
    const terminalId = FEW[one.terminal] ?? ''
    if (one.kind === 'copy') {
      const copied = frames.at(-1 - one.ago)
      if (copied !== undefined) frames.push(copied)
      continue
    }
    if (one.kind === 'settle') {
      frames.push(frameOf(aSettlement({ terminalId, stan: 900 })))
      continue
    }
    const { of, amount, isForged, terminal } = one
    const named = { terminalId, amount }
    // The RRN of a sale in the batch is not known yet.
    const rrn = of <= CAPTURED ? { rrn: rrnOf(terminal, of) } : {}
    const messages: Readonly<Record<typeof one.kind, Message>> = {
      sale: aSale({ ...named, stan: of }),
      void: aVoid({ ...named, stan: 100 + of, of, ...rrn }),
      reverse_sale: aReversal('sale', { ...named, stan: of }),
      reverse_void: aReversal('void', { ...named, stan: 100 + of }),
    }
    frames.push(frameOf(messages[one.kind], isForged))
  }
  return frames
}

/** The effects, without the values that each service draws anew. */
const effectOf = ({ storage }: Metered) => ({
  batches: storage.rows(
    'select terminal_id, batch_number, state, debit_amount, debit_count, credit_amount, credit_count from batch order by 1, 2',
  ),
  sales: storage.rows('select message_key, amount, status from sale order by message_key'),
  voids: storage.rows('select message_key, amount, state from void order by message_key'),
  reversals: storage.rows('select target_key, kind from reversal order by target_key'),
})

describe.each(['inside', 'remote'])('with an acquirer %s', (where) => {
  it('a batch has the effects and answers of its frames one after another', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(drawnFrame, { minLength: 2, maxLength: 25 }), async (drawn) => {
        const frames = framesOf(drawn)
        fc.pre(frames.length > 0)
        const [together, oneByOne] = [await openWorld(where), await openWorld(where)]
        const batch = await sendBatch(together, frames)
        oneByOne.stepMs = 0
        const singly: string[] = []
        for (const frame of frames) singly.push((await sendOne(oneByOne, frame)).code)
        expect(batch.replies.map(({ code }) => code)).toEqual(singly)
        expect(effectOf(together)).toEqual(effectOf(oneByOne))
        for (const terminalId of FEW) {
          const [mine, theirs] = [keysOf(together, terminalId), keysOf(oneByOne, terminalId)]
          if (where === 'inside') expect(mine).toEqual(theirs)
          // Answers of the acquirer come between claims.
          else expect(mine.toSorted()).toEqual(theirs.toSorted())
        }
        for (const code of singly) seen.add(code)
        together.close()
        oneByOne.close()
      }),
      { numRuns: 6 },
    )
    expect(seen.size).toBeGreaterThan(4)
  })
})

/** A service with captured sales. The acquirer, if it is remote, declines amounts that end in 51. */
async function openWorld(where: string): Promise<Metered> {
  const acquirer = scriptedAcquirer()
  const answer = async ({ amount }: { readonly amount: number }) => (amount % 100 === 51 ? NO : YES)
  acquirer.script = { sale: answer, void: answer }
  const world = await openWith(FEW, where === 'remote' ? acquirer : undefined)
  const captured = FEW.flatMap((terminalId, terminal) =>
    times(CAPTURED, (i) => ({
      ...{ merchantId: MERCHANT, terminalId, batchNumber: '000001', stan: six(i + 1), amount: 100 },
      ...{ rrn: rrnOf(terminal, i + 1), authorizationCode: six(i + 1), pan: '6225000000000014' },
    })),
  )
  const { lines } = await world.sales(captured)
  expect(lines.map(({ status }) => status)).toEqual(captured.map(() => 201))
  return world
}
