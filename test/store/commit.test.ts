/** @module Trace numbers at the acquirer: those of claims and those of captured sales are never the same, whichever came first. */

import { expect, it } from 'vitest'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { MID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import type { Knowledge } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
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

const capture = (stan: string): PipelineMessage =>
  message(
    { kind: 'captured_sale', stan: Number(stan), batch: 'open', amount: 100, status: 'approved', rrn: 9 },
    2,
  )

const acquirerStans = (service: TestService) =>
  service
    .rows<{ acquirer_stan: string }>('select acquirer_stan from acquirer_record')
    .map((row) => row.acquirer_stan)

/** The STAN that the first claim draws in a service where nothing else happened, but for `skipped` draws before. */
async function drawn(skipped: number): Promise<string> {
  const service = await provisioned()
  for (let i = 0; i < skipped; i++) service.options.generated(MID)
  await sell(service)
  return acquirerStans(service)[0] ?? ''
}

it('a claim takes another STAN when a captured sale has the first one', async () => {
  // The captured sale draws once too.
  const stan = await drawn(1)
  expect(stan).toMatch(/^\d{6}$/)
  const service = await provisioned()
  expect(await service.send(capture(stan))).toMatchObject({ answer: { reason: null } })
  expect(await sell(service)).toMatchObject({ kind: 'pending' })
  expect(acquirerStans(service)).toEqual([expect.stringMatching(/^\d{6}$/)])
  expect(acquirerStans(service)).not.toEqual([stan])
})

it('a captured sale is refused when a forwarded sale has its STAN at the acquirer', async () => {
  const service = await provisioned()
  await sell(service)
  const [stan = ''] = acquirerStans(service)
  const refused = { kind: 'answered', answer: { reason: 'key_reused_with_different_content' }, entry: null }
  expect(await service.send(capture(stan))).toMatchObject(refused)
  const other = String(Number(stan) + 1)
  expect(await service.send(capture(other))).toMatchObject({ answer: { reason: null } })
})
