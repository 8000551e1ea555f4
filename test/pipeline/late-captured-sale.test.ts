/**
 * @module A captured sale that arrives after its own reversal, and whose trace number a forwarded sale has or draws. The acquirer
 * keeps such a sale until it gets a reversal, or until a person decides. So no order may end without either.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NO_STAN } from '../../src/domain/decide-claim.ts'
import { tombstonedKey } from '../../src/domain/message-key.ts'
import { createPipeline } from '../../src/pipeline/process.ts'
import { keyOf } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'

const CAPTURED = '000777'
const LATE = keyOf(CAPTURED, 'sale')
const SECOND_DRAW = '000778'

let service: TestService
/** The trace numbers that the next decisions draw. */
let draws: string[]
let pipeline: ReturnType<typeof createPipeline>

beforeEach(async () => {
  const { port } = scriptedAcquirer()
  service = new TestService(port)
  draws = []
  pipeline = createPipeline({
    ...service.options,
    generated: (merchantId) => {
      const generated = service.options.generated(merchantId)
      return { ...generated, acquirerStan: draws.shift() ?? generated.acquirerStan }
    },
  })
  await send({ kind: 'provision', window: 'business_day' }, 0)
})
afterEach(() => service.close())

/** The reason of the answer, or the kind of the outcome. */
async function send(command: Command, number = 1): Promise<string> {
  const find = () => ({ key: LATE, kind: 'sale' as const, amount: 100, isAnswered: true, id: '', rrn: '' })
  const knowledge = { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find } as const
  const prepared = messageFor(command, knowledge, number)
  if (prepared === null) throw new Error('no message')
  const message = messageOf(prepared)
  if (message.merchant != null) await service.putMerchant(message.merchant)
  const { outcome } = await pipeline.runAlone(message)
  if (outcome.kind === 'answered') return outcome.answer.reason ?? 'approved'
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind
}

const forwardedSale = () => send({ kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' })
const reversal = () => send({ kind: 'reversal', of: 'sale', ago: 0, off: 0, card: 'none' })
const capturedSale = (status: 'approved' | 'declined' = 'approved') =>
  send({ kind: 'captured_sale', stan: Number(CAPTURED), batch: 'open', amount: 100, status, rrn: 1 })

const messages = () =>
  service.rows(
    `select message_key, acquirer_stan, state, case_reason, acquirer_rrn, next_at is not null as is_due
     from acquirer_message order by message_key`,
  )
const alerts = () => service.logged.filter(({ event }) => event === 'alert').map(({ detail }) => detail)

const OPEN_CASE = {
  message_key: tombstonedKey(LATE),
  acquirer_stan: NO_STAN,
  state: 'reversed',
  case_reason: 'reversal_refused',
  acquirer_rrn: '900000000001',
  is_due: 0,
}

describe('a late captured sale whose trace number a forwarded sale has', () => {
  beforeEach(async () => {
    draws = [CAPTURED]
    expect(await forwardedSale()).toBe('pending')
    expect(await reversal()).toBe('approved')
  })

  it('opens a case, because its own number is not free for its reversal', async () => {
    expect(await capturedSale()).toBe('message_reversed')
    expect(messages()).toMatchObject([{ acquirer_stan: CAPTURED, state: 'pending' }, OPEN_CASE])
    expect(alerts()).toMatchObject([{ why: 'case_opened', reason: 'reversal_refused' }])
    expect(await service.faultOfJournal()).toBeNull()
  })

  it('has one case, whatever the number of its copies', async () => {
    for (let copies = 0; copies < 3; copies++) expect(await capturedSale()).toBe('message_reversed')
    expect(messages()).toHaveLength(2)
    expect(alerts()).toHaveLength(1)
  })

  it('has no case if it was declined, because the acquirer has no money of it', async () => {
    expect(await capturedSale('declined')).toBe('message_reversed')
    expect(messages()).toMatchObject([{ acquirer_stan: CAPTURED }])
  })
})

it('a forwarded sale draws no number of a sale that was reversed before it arrived', async () => {
  expect(await reversal()).toBe('approved')
  draws = [CAPTURED, SECOND_DRAW]
  expect(await forwardedSale()).toBe('pending')
  expect(messages()).toMatchObject([{ message_key: keyOf('000001', 'sale'), acquirer_stan: SECOND_DRAW }])
  expect(await capturedSale()).toBe('message_reversed')
  expect(messages()).toMatchObject([
    { acquirer_stan: SECOND_DRAW, state: 'pending' },
    { message_key: tombstonedKey(LATE), acquirer_stan: CAPTURED, state: 'reversing', is_due: 1 },
  ])
})

it('a late captured sale whose reversal cannot be recorded opens a case under the key that is left', async () => {
  expect(await reversal()).toBe('approved')
  service.rows(`create trigger rule before insert on acquirer_message when new.state_raw = 'reversing'
    begin select raise(abort, 'CHECK constraint failed: rule'); end`)
  for (let copies = 0; copies < 2; copies++) expect(await capturedSale()).toBe('message_reversed')
  expect(messages()).toMatchObject([{ ...OPEN_CASE, case_reason: 'not_recorded' }])
  expect(alerts().map(({ why }) => why)).toEqual(['not_recorded', 'case_opened'])
  service.rows('drop trigger rule')
  expect(await capturedSale()).toBe('message_reversed')
  expect(messages()).toHaveLength(1)
})
