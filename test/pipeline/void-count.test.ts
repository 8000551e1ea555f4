/** @module A sale is voided by what the entries say. A lost row of `void` lets no second void through. */

import { beforeEach, expect, it } from 'vitest'
import type { Acquirer } from '../../src/acquirer/port.ts'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { keyOf } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import { type Knowledge, messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'

let service: TestService
let voids: string[]

const knowledge = (): Knowledge => ({
  open: '000001',
  now: 0,
  debit: [0, 0],
  credit: [0, 0],
  find: (of) => ({
    key: of === 'void' ? (voids.at(-1) ?? '') : keyOf('000001', 'sale'),
    kind: of === 'void' ? 'void' : 'sale',
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: String(service.rows('select rrn from sale')[0]?.rrn),
  }),
})

const message = (command: Command, number = 1): PipelineMessage => {
  const prepared = messageFor(command, knowledge(), number)
  if (prepared === null) throw new Error('no message')
  return messageOf(prepared)
}

const reasonOf = (outcome: Outcome): string =>
  outcome.kind === 'answered' ? (outcome.answer.reason ?? 'approved') : outcome.kind

async function open(acquirer: Acquirer): Promise<void> {
  service = new TestService(acquirer)
  voids = []
  await service.send(message({ kind: 'provision', window: 'business_day' }, 0))
}

const sell = async () =>
  reasonOf(
    await service.send(message({ kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' })),
  )

async function voidIt(stan: number): Promise<string> {
  const aVoid = message({ kind: 'void', stan, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' })
  const reason = reasonOf(await service.send(aVoid))
  if (reason === 'approved' || reason === 'pending') voids.push(keyOf(String(stan).padStart(6, '0'), 'void'))
  return reason
}

const reverse = async (of: 'sale' | 'void') =>
  reasonOf(await service.send(message({ kind: 'reversal', of, ago: 0, off: 0, card: 'none' })))

const loseTheRow = () => service.rows('delete from void')

beforeEach(() => open(sandbox))

it('a second void is refused when the row of the first is lost', async () => {
  expect([await sell(), await voidIt(2)]).toEqual(['approved', 'approved'])
  loseTheRow()
  expect(await voidIt(3)).toBe('original_already_voided')
  expect(await voidIt(4)).toBe('original_already_voided')
  expect(service.rows('select sum(sign(void_of)) as n from journal')).toEqual([{ n: 1 }])
})

it('a void after the reversal of the void is approved, and is the only one again', async () => {
  await sell()
  for (const stan of [2, 4, 6]) {
    expect(await voidIt(stan)).toBe('approved')
    expect(await voidIt(stan + 1)).toBe('original_already_voided')
    expect(await reverse('void')).toBe('approved')
  }
  expect(service.rows('select sum(sign(void_of)) as n from journal')).toEqual([{ n: 0 }])
  expect(await voidIt(8)).toBe('approved')
  loseTheRow()
  expect(await voidIt(9)).toBe('original_already_voided')
})

it('the reversal of a voided sale ends its void too', async () => {
  await sell()
  await voidIt(2)
  expect(await reverse('sale')).toBe('approved')
  expect(service.rows('select sum(sign(void_of)) as n from journal')).toEqual([{ n: 0 }])
  expect(await voidIt(3)).toBe('original_reversed')
})

it('a claim counts from its entry on, and no more when the acquirer declines it', async () => {
  const acquirer = scriptedAcquirer()
  await open(acquirer.port)
  await sell()
  const event = (name: 'acquirer_approved' | 'acquirer_declined', key: string) =>
    service.send({
      load: { terminalId: key.slice(0, 8), messageKey: key },
      verify: async () => ({
        kind: 'verified',
        found: null,
        request: {
          kind: 'acquirer_event',
          door: 'terminal',
          merchantId: '123456789012345',
          messageKey: key,
          contentFingerprint: '',
          sender: NO_SENDER,
          request: {},
          event: name,
          acquirerRrn: null,
          authorizationCode: null,
          reason: null,
        },
      }),
    })
  await event('acquirer_approved', keyOf('000001', 'sale'))
  expect(await voidIt(2)).toBe('pending')
  service.rows('delete from void')
  expect(await voidIt(3)).toBe('original_already_voided')
  await event('acquirer_declined', keyOf('000002', 'void'))
  expect(service.rows('select sum(sign(void_of)) as n from journal')).toEqual([{ n: 0 }])
})

it('finds the entries by an index', () => {
  const plan = service.rows<{ detail: string }>(
    `explain query plan select sum(sign(of_sale.void_of)) from journal as made
     join journal as of_sale on of_sale.terminal_id = made.terminal_id and of_sale.void_of in (made.seq, -made.seq)
     where made.message_key = ?`,
    'x',
  )
  expect(plan.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'))).toEqual([])
})
