/** @module The commit of a claim: its number at the acquirer is not the number of a captured sale. */

import { expect, it } from 'vitest'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { keyOf, MID, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import { type Knowledge, messageFor, messageOf } from '../model/messages.ts'
import { House } from '../support/house.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'

const KNOWS: Knowledge = {
  open: '000001',
  now: 0,
  debit: [0, 0],
  credit: [0, 0],
  remember: () => ({ key: '', kind: 'sale', amount: 100, isAnswered: true, id: '', rrn: '' }),
}

function message(command: Command, number: number): PipelineMessage {
  const made = messageFor(command, KNOWS, number)
  if (made === null) throw new Error('no message')
  return messageOf(made)
}

const provisioned = async (): Promise<House> => {
  const house = new House(scriptedAcquirer().port)
  await house.send(message({ kind: 'provision', window: 'business_day' }, 0))
  return house
}

const sell = (house: House) =>
  house.send(message({ kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' }, 1))

const acquirerStan = (house: House) =>
  house
    .rows<{ acquirer_stan: string }>('select acquirer_stan from acquirer_message')
    .map((row) => row.acquirer_stan)

it('a claim takes another STAN when a captured sale has the first one', async () => {
  const undisturbed = await provisioned()
  await sell(undisturbed)
  const [stan = ''] = acquirerStan(undisturbed)
  expect(stan).toMatch(/^\d{6}$/)

  const house = await provisioned()
  const captured = keyOf(stan, 'sale')
  house.rows(
    `insert into sale (id, message_key, merchant_id, terminal_id, batch_number, stan, amount, currency_code, rrn, status, sold_at)
     values ('captured', ?, ?, ?, '000001', ?, 100, '156', '000000000009', 'approved', 0)`,
    captured,
    MID,
    TID,
    stan,
  )
  expect(await sell(house)).toMatchObject({ kind: 'pending' })
  expect(acquirerStan(house)).toEqual([expect.stringMatching(/^\d{6}$/)])
  expect(acquirerStan(house)).not.toEqual([stan])
})
