/** @module The commit of a claim: its number at the acquirer is not the number of a captured sale. */

import { expect, it } from 'vitest'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { keyOf, MID, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import { type Knowledge, messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'

const KNOWLEDGE: Knowledge = {
  open: '000001',
  now: 0,
  debit: [0, 0],
  credit: [0, 0],
  find: () => ({ key: '', kind: 'sale', amount: 100, isAnswered: true, id: '', rrn: '' }),
}

function message(command: Command, number: number): PipelineMessage {
  const prepared = messageFor(command, KNOWLEDGE, number)
  if (prepared === null) throw new Error('no message')
  return messageOf(prepared)
}

const provisioned = async (): Promise<TestService> => {
  const service = new TestService(scriptedAcquirer().port)
  await service.send(message({ kind: 'provision', window: 'business_day' }, 0))
  return service
}

const sell = (service: TestService) =>
  service.send(message({ kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' }, 1))

const acquirerStan = (service: TestService) =>
  service
    .rows<{ acquirer_stan: string }>('select acquirer_stan from acquirer_message')
    .map((row) => row.acquirer_stan)

it('a claim takes another STAN when a captured sale has the first one', async () => {
  const undisturbed = await provisioned()
  await sell(undisturbed)
  const [stan = ''] = acquirerStan(undisturbed)
  expect(stan).toMatch(/^\d{6}$/)

  const service = await provisioned()
  const captured = keyOf(stan, 'sale')
  service.rows(
    `insert into sale (id, message_key, merchant_id, terminal_id, batch_number, stan, amount, currency_code, rrn, status, sold_at)
     values ('captured', ?, ?, ?, '000001', ?, 100, '156', '000000000009', 'approved', 0)`,
    captured,
    MID,
    TID,
    stan,
  )
  expect(await sell(service)).toMatchObject({ kind: 'pending' })
  expect(acquirerStan(service)).toEqual([expect.stringMatching(/^\d{6}$/)])
  expect(acquirerStan(service)).not.toEqual([stan])
})
