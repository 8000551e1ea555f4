/** @module Messages that lose every race for their place in a journal: the sender gets `in_progress`, and the log gets an alert. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { reportLostRaces } from '../../src/pipeline/lost-races.ts'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { MID, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'

const knowledge = { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find: () => undefined } as const

function message(command: Command, number = 1): PipelineMessage {
  const prepared = messageFor(command, knowledge, number)
  if (prepared === null) throw new Error('no message')
  return messageOf(prepared)
}
const sale = (stan: number) => message({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' })

let service: TestService
beforeEach(async () => {
  service = new TestService(sandbox)
  await service.send(message({ kind: 'provision', window: 'business_day' }, 0))
})
afterEach(() => service.close())

const alerts = () => service.logged.filter(({ event }) => event === 'alert').map(({ detail }) => detail)
const IN_PROGRESS = { kind: 'refused', reason: 'in_progress' }

describe('an alert', () => {
  it('names the terminal, the place and the guards of a message that other writers beat', async () => {
    const rival = new TestService(sandbox, service)
    let stan = 100
    const loser: PipelineMessage = {
      ...sale(1),
      verify: async (loaded) => {
        await rival.send(sale(++stan))
        return sale(1).verify(loaded)
      },
    }
    expect(await service.send(loser)).toMatchObject(IN_PROGRESS)
    // The settings raised the guard once.
    const guards = { [`merchant:${MID}`]: 1 }
    expect(service.logged).toEqual([
      { event: 'alert', detail: { why: 'lost_races', terminalId: TID, seq: 9, guards } },
    ])
  })

  it('is in the log of the request, if it has one', async () => {
    service.rows('update terminal set head_hash = ?', 'f'.repeat(64))
    const events: string[] = []
    await service.send({ ...sale(1), log: (event) => void events.push(event) })
    expect(events).toEqual(['alert'])
    expect(alerts()).toEqual([])
  })

  it('follows each message of a terminal whose head is damaged', async () => {
    service.rows('update terminal set head_hash = ?', 'f'.repeat(64))
    for (let messages = 1; messages <= 3; messages++) {
      expect(await service.send(sale(messages))).toMatchObject(IN_PROGRESS)
      expect(alerts()).toHaveLength(messages)
      expect(alerts().at(-1)).toMatchObject({ why: 'lost_races', terminalId: TID, seq: 2 })
    }
  })

  it('follows no message that loses seven races and wins the eighth', async () => {
    const rival = new TestService(sandbox, service)
    let rivals = 0
    const winner: PipelineMessage = {
      ...sale(1),
      verify: async (loaded) => {
        if (rivals < 7) await rival.send(sale(100 + ++rivals))
        return sale(1).verify(loaded)
      },
    }
    expect(await service.send(winner)).toMatchObject({ kind: 'answered', answer: { reason: null } })
    expect(rivals).toBe(7)
    expect(service.logged).toEqual([])
  })
})

it('the table of buckets is read once for all that lost, and not without them', async () => {
  let reads = 0
  const events: string[] = []
  const options = {
    log: (event: string) => void events.push(event),
    readBuckets: async () => {
      if (++reads === 2) throw new Error('D1 does not answer')
    },
  }
  await reportLostRaces(options, [])
  expect([reads, events]).toEqual([0, []])
  const lost = { log: options.log, row: { terminalId: TID, seq: 1 }, needs: [] }
  await reportLostRaces(options, [lost, lost])
  expect([reads, events]).toEqual([1, ['alert', 'alert']])
  await reportLostRaces(options, [lost])
  expect(events.slice(2)).toEqual(['alert', 'load_failed'])
})
