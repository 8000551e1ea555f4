/**
 * @module A batch at its deadline and at admission. A slow acquirer loses no other frame's answer. A batch is as urgent as its least
 * urgent frame.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AcquirerResponse } from '../../src/acquirer/port.ts'
import { createAdmissionController, type SlotKind } from '../../src/admission/admission-controller.ts'
import type { Priority } from '../../src/admission/concurrency-limit.ts'
import type { Services } from '../../src/pipeline/services.ts'
import { answerBatch } from '../../src/pos/batch.ts'
import { terminalDoor } from '../../src/pos/door.ts'
import { createAnswers, type TerminalReply } from '../../src/pos/reply-cache.ts'
import { createSignOnAnswers } from '../../src/pos/sign-on-answers.ts'
import { createBudget } from '../../src/store/budget.ts'
import {
  aManagement,
  aReversal,
  aSale,
  aVoid,
  frameOf,
  installKeys,
  joined,
  replyOf,
} from '../pipeline/framed.ts'
import { Metered } from '../pipeline/metered.ts'
import { scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'

const TERMINALS = ['10000001', '10000002', '10000003']
const [A = '', B = '', C = ''] = TERMINALS
/** The amount that the acquirer answers when the test says so. */
const SLOW = 198

let service: Metered
let services: Services
let answerSlow: (answer: AcquirerResponse) => void
beforeEach(async () => {
  const acquirer = scriptedAcquirer()
  const slow = Promise.withResolvers<AcquirerResponse>()
  answerSlow = slow.resolve
  acquirer.script = { sale: async ({ amount }) => (amount === SLOW ? slow.promise : YES) }
  service = new Metered()
  await service.open(acquirer.port)
  await service.provision(TERMINALS)
  await installKeys(service, TERMINALS)
  if (service.services === undefined) throw new Error('the service is not open')
  services = service.services
})
afterEach(() => service.close())

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Answers a batch whose deadline the test ends. */
function begin(frames: readonly Uint8Array<ArrayBuffer>[]) {
  const end = Promise.withResolvers<void>()
  const pending: Promise<unknown>[] = []
  const waitUntil = (promise: Promise<unknown>) => void pending.push(promise)
  const answers = createAnswers(services)
  const replies = answerBatch(services, frames, {
    answers,
    deadlineMs: 12_000,
    until: (work) => Promise.race([work, end.promise]),
    visit: {
      admission: createAdmissionController(services),
      source: '203.0.113.7',
      slot: { awaitAcquirer: () => undefined, leave: () => undefined },
      signOnAnswers: createSignOnAnswers(),
      waitUntil,
      budget: createBudget(),
    },
  })
  return { replies, end: () => end.resolve(), settle: () => Promise.allSettled(pending) }
}

const codesOf = (replies: readonly TerminalReply[]) =>
  replies.map(({ status, body }) => (status === 200 ? replyOf(body).code : status))

describe('a slow acquirer of one frame', () => {
  it('loses no answer of another one, and nothing that waits for it begins after the deadline', async () => {
    const frames = [
      frameOf(aSale({ terminalId: A, stan: 1, amount: SLOW })),
      frameOf(aSale({ terminalId: B, stan: 1 })),
      frameOf(aVoid({ terminalId: A, stan: 2, of: 1, amount: SLOW })),
      frameOf(aSale({ terminalId: C, stan: 1 })),
      frameOf(aVoid({ terminalId: C, stan: 2, of: 1 })),
    ]
    const batch = begin(frames)
    await vi.waitFor(() => {
      const [done] = service.storage.rows<{ sales: number; voids: number }>(
        "select (select count(*) from sale) as sales, (select count(*) from void where state = 'approved') as voids",
      )
      expect({ ...done }).toEqual({ sales: 2, voids: 1 })
    }, 10_000)
    await pause(50)
    batch.end()
    expect(codesOf(await batch.replies)).toEqual([503, '00', 503, '00', '00'])
    answerSlow(YES)
    await batch.settle()
    await pause(20)
    const keys = service.storage
      .rows<{ key: string }>('select message_key as key from journal where terminal_id = ? order by seq', A)
      .map(({ key }) => key)
    expect(keys.some((key) => key.includes('000001000001s'))).toBe(true)
    expect(keys.some((key) => key.includes('000001000002v'))).toBe(false)
    // The outcome is known by now, and the void was never begun.
    expect(codesOf(await begin(frames).replies)).toEqual(['00', '00', '00', '00', '00'])
  })
})

it('a frame whose answer fails has none, and the others have theirs', async () => {
  const [first, second] = [A, B].map((terminalId) => frameOf(aSale({ terminalId, stan: 1 })))
  if (first === undefined || second === undefined) throw new Error('two frames')
  const { core } = services
  let calls = 0
  services = {
    ...services,
    core: {
      ...core,
      duplicates: {
        ...core.duplicates,
        lookup: (...given) => {
          if (calls++ === 0) throw new TypeError('a mistake')
          return core.duplicates.lookup(...given)
        },
      },
    },
  }
  expect(codesOf(await begin([first, second]).replies)).toEqual([503, '00'])
  expect(service.logged).toContain('error')
})

describe('a batch takes its place', () => {
  const reversal = frameOf(aReversal('sale', { terminalId: A, stan: 1 }))
  const sale = frameOf(aSale({ terminalId: A, stan: 1 }))
  const echo = frameOf(aManagement('0820', { terminalId: A, stan: 1 }))
  it.each([
    ['reversals', [reversal, reversal], 'undo', false],
    ['a reversal and a sale', [reversal, sale], 'sale', true],
    ['a sale and an echo', [sale, echo, sale], 'other', true],
    ['bytes that are no frame', [reversal, Uint8Array.of(0, 1, 7)], 'other', false],
  ] as const)(
    'as its least urgent frame, with all its frames: %s',
    async (_, frames, priority, asksAcquirer) => {
      const entered: [Priority, SlotKind][] = []
      const admission = createAdmissionController(services)
      const door = terminalDoor(services, {
        ...admission,
        enter: (given, kind = {}) => {
          entered.push([given, kind])
          return undefined
        },
      })
      const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} }
      const response = await door.request(
        '/v1/iso8583/batch',
        { method: 'POST', body: joined(frames) },
        {},
        context as unknown as ExecutionContext,
      )
      expect(response.status).toBe(503)
      expect(entered).toEqual([[priority, { asksAcquirer, messages: frames.length }]])
    },
  )
})
