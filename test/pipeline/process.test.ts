/**
 * @module Failures in the pipeline: each message of a set gets its own outcome, and an unknown outcome stays
 * unknown.
 */

import { beforeEach, describe, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { acquirerKey } from '../../src/domain/message-key.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { keyOf, MID, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import type { Knowledge } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { LOST, TestService } from '../support/test-service.ts'

const KNOWLEDGE: Knowledge = {
  open: '000001',
  now: 0,
  debit: [0, 0],
  credit: [0, 0],
  find: () => ({
    key: keyOf('000001', 'sale'),
    kind: 'sale',
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '000000000002',
  }),
}

const message = (command: Command, number = 1): PipelineMessage => {
  const prepared = messageFor(command, KNOWLEDGE, number)
  if (prepared === null) throw new Error('no message')
  return messageOf(prepared)
}

const sale = (stan: number, amount = 100): PipelineMessage =>
  message({ kind: 'sale', stan, batch: 'open', amount, currency: '156' })
const aVoid = (stan: number): PipelineMessage =>
  message({ kind: 'void', stan, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' })

/** The outcome in short. */
const resultOf = async (outcome: ReturnType<TestService['send']>): Promise<string> => {
  const result = await outcome
  return result.kind === 'answered' ? (result.answer.reason ?? 'approved') : result.kind
}
const resultsOf = async (outcomes: ReturnType<TestService['sendTogether']>): Promise<string[]> =>
  Promise.all((await outcomes).map((outcome) => resultOf(Promise.resolve(outcome))))

let service: TestService
const events = (): string[] => service.logged.map(({ event }) => event)
const entries = (): unknown =>
  service.rows("select count(*) as n from journal where terminal_id not like 'merchant:%'")[0]?.n

beforeEach(async () => {
  service = new TestService(sandbox)
  expect(await resultOf(service.send(message({ kind: 'provision', window: 'business_day' }, 0)))).toBe(
    'approved',
  )
  service.trips = 0
})

describe('a load that fails', () => {
  it('leaves every message of its set unprocessed', async () => {
    service.fault = () => ({ error: LOST, applied: false })
    expect(await resultsOf(service.sendTogether([sale(1), sale(2)]))).toEqual(['unavailable', 'unavailable'])
    expect(service.logged[0]).toEqual({ event: 'load_failed', detail: { error: LOST } })
    service.fault = () => null
    expect(entries()).toBe(1)
    expect(await resultOf(service.send(sale(1)))).toBe('approved')
  })

  it('on a row that does not parse affects only that row’s message', async () => {
    await service.send(sale(1))
    service.rows(`update journal set body = '{' where message_key = ?`, keyOf('000001', 'sale'))
    expect(await resultsOf(service.sendTogether([sale(9), sale(1), sale(2)]))).toEqual([
      'approved',
      'unavailable',
      'approved',
    ])
    expect(await resultOf(service.send(sale(1)))).toBe('unavailable')
  })
})

describe('a message that cannot be decided', () => {
  it('does not affect the others in its set', async () => {
    const broken: PipelineMessage = {
      load: { terminalId: TID },
      verify: () => Promise.reject(new Error('broken')),
    }
    expect(await resultsOf(service.sendTogether([sale(9), broken, sale(1)]))).toEqual([
      'approved',
      'unavailable',
      'approved',
    ])
    expect(service.logged).toEqual([{ event: 'decide_failed', detail: { error: 'broken' } }])
  })

  it('returns unavailable for an unknown terminal, although the message was verified', async () => {
    const other = { ...sale(1), load: { terminalId: '99999999' } }
    expect(await resultOf(service.send(other))).toBe('unavailable')
  })

  it('returns unknown and writes nothing when the acquirer gives no answer', async () => {
    expect(await resultOf(service.send(sale(1, 198)))).toBe('unknown')
    expect(entries()).toBe(1)
  })
})

it('returns refused or denied with its reason, and with the terminal when it is known', async () => {
  const verify = async () => ({ kind: 'refused', found: null, reason: 'mac_mismatch' }) as const
  const known = await service.send({ load: { terminalId: TID }, verify })
  expect(known).toMatchObject({
    kind: 'refused',
    reason: 'mac_mismatch',
    context: { terminal: { status: 'active' } },
  })
  const unknown = await service.send({ load: { terminalId: '99999999' }, verify })
  expect(unknown).toEqual({ kind: 'refused', reason: 'mac_mismatch', context: null })
  expect(await service.send({ load: {}, verify: async () => ({ kind: 'denied', found: null }) })).toEqual({
    kind: 'denied',
  })
  expect(service.logged).toEqual([])
})

describe('a commit', () => {
  it.each([false, true])('repeats after two lost connections (applied %s)', async (applied) => {
    service.fault = (number) => (number === 2 || number === 3 ? { error: LOST, applied } : null)
    expect(await resultOf(service.send(sale(1)))).toBe('approved')
    expect(service.trips).toBe(4)
    expect(service.rows('select debit_amount, debit_count from batch')).toMatchObject([
      { debit_amount: 100, debit_count: 1 },
    ])
    expect(await service.faultOfJournal()).toBeNull()
  })

  it.each([false, true])('returns unknown when the connection stays lost (applied %s)', async (applied) => {
    service.fault = (number) => (number > 1 ? { error: LOST, applied } : null)
    expect(await resultsOf(service.sendTogether([sale(1)]))).toEqual(['unknown'])
    expect(service.trips).toBe(4)
    expect(service.logged).toEqual([{ event: 'commit_failed', detail: { error: LOST, messages: 1 } }])
    service.fault = () => null
    expect(entries()).toBe(applied ? 2 : 1)
    const again = await service.send(sale(1))
    expect(again).toMatchObject({ kind: 'answered', replayed: applied })
  })

  it('returns unknown at once after any other database error', async () => {
    service.fault = (number) =>
      number === 2 ? { error: 'D1_ERROR: D1 DB is overloaded.', applied: false } : null
    expect(await resultOf(service.send(sale(1)))).toBe('unknown')
    expect(service.trips).toBe(2)
  })

  it('that breaks a constraint is refused with a case after eight tries, and does not affect the others', async () => {
    await service.send(message({ kind: 'provision', window: 'business_day' }, 2))
    const other = otherTerminal()
    await service.send(other.provision)
    expect(await resultsOf(service.sendTogether([other.sale, sale(9), sale(2, 0)]))).toEqual([
      'approved',
      'approved',
      'not_recorded',
    ])
    expect(events().filter((event) => event === 'commit_failed').length).toBeGreaterThanOrEqual(8)
    const alerts = service.logged.filter(({ event }) => event === 'alert').map(({ detail }) => detail.why)
    expect(alerts).toEqual(['not_recorded', 'case_opened'])
    const cases = 'select kind, state, case_reason, next_at from acquirer_record'
    const opened = [{ kind: 'sale', state: 'declined', case_reason: 'not_recorded', next_at: null }]
    expect(service.rows(cases)).toEqual(opened)
    // A copy gets the same answer, and opens no second case.
    expect(await resultOf(service.send(sale(2, 0)))).toBe('not_recorded')
    expect(service.rows(cases)).toEqual(opened)
    expect(await resultOf(service.send(sale(3)))).toBe('approved')
  })

  it('that loses the race for the head decides again on the winner’s state', async () => {
    await service.send(sale(1))
    const rival = new TestService(sandbox, service)
    let rivalSent = false
    const racing: PipelineMessage = {
      ...aVoid(3),
      verify: async (loaded) => {
        if (!rivalSent) expect(await resultOf(rival.send(aVoid(2)))).toBe('approved')
        rivalSent = true
        return aVoid(3).verify(loaded)
      },
    }
    expect(await resultOf(service.send(racing))).toBe('original_already_voided')
    expect(service.rows('select state from void')).toEqual([{ state: 'approved' }])
    expect(await service.faultOfJournal()).toBeNull()
  })

  it('that keeps losing the race returns in_progress', async () => {
    const rival = new TestService(sandbox, service)
    let stan = 100
    const loser: PipelineMessage = {
      ...sale(1),
      verify: async (loaded) => {
        await rival.send(sale(++stan))
        return sale(1).verify(loaded)
      },
    }
    expect(await service.send(loser)).toMatchObject({ kind: 'refused', reason: 'in_progress', context: {} })
    expect(stan).toBe(108)
    expect(entries()).toBe(9)
    expect(await resultOf(service.send(sale(1)))).toBe('approved')
  })
})

it('a set holds one message per terminal, and the next one decides on its result', async () => {
  await service.send(sale(1))
  service.trips = 0
  // The first message runs alone, because the pipeline is free.
  const results = await resultsOf(service.sendTogether([sale(2), aVoid(3), aVoid(4), aVoid(3)]))
  expect(results).toEqual(['approved', 'approved', 'original_already_voided', 'approved'])
  expect(service.rows('select count(*) as n from void')).toEqual([{ n: 1 }])
})

it('the first message under a new key set makes the set current', async () => {
  const { load, verify } = sale(1)
  const request: PipelineMessage = {
    load,
    verify: async (loaded) => {
      const verdict = await verify(loaded)
      return verdict.kind === 'verified' ? { ...verdict, keyVersion: 4 } : verdict
    },
  }
  expect(await resultOf(service.send(request))).toBe('approved')
  expect(service.rows('select key_version from terminal')).toEqual([{ key_version: 4 }])
})

it('stores a record that only the acquirer has, and sends no inquiry for it', async () => {
  const reference = { merchantId: MID, terminalId: TID, batchNumber: '000001', acquirerStan: '000777' }
  const none = { currencyCode: null, acquirerRrn: null, authorizationCode: null, original: null }
  const record = { ...reference, kind: 'sale', state: 'approved', amount: 100, ...none } as const
  const messageKey = acquirerKey({ ...reference, kind: 'sale' })
  const content = { messageKey, contentFingerprint: '', request: {}, sender: NO_SENDER }
  const identity = { door: 'json', merchantId: MID, ...content } as const
  const request = { ...identity, kind: 'reconciliation', record, asOf: 0 } as const
  const reconciliation: PipelineMessage = {
    load: { terminalId: TID },
    verify: async () => ({ kind: 'verified', found: null, request }),
  }
  expect(await service.send(reconciliation)).toMatchObject({
    kind: 'pending',
    isNew: true,
    forwarded: { state: 'approved' },
  })
  expect(service.rows('select state, next_at, case_reason from acquirer_record')).toEqual([
    { state: 'approved', next_at: null, case_reason: 'only_acquirer' },
  ])
  expect(service.logged).toMatchObject([
    { event: 'alert', detail: { why: 'case_opened', reason: 'only_acquirer' } },
  ])
})

it('runs messages without a terminal independently', async () => {
  const other: PipelineMessage = {
    load: {},
    verify: async () => ({ kind: 'refused', found: null, reason: 'original_not_found' }),
  }
  expect(await resultsOf(service.sendTogether([sale(9), other, other]))).toEqual([
    'approved',
    'refused',
    'refused',
  ])
})

/** A second terminal of the same merchant. */
function otherTerminal(): { provision: PipelineMessage; sale: PipelineMessage } {
  const rename = ({ load, verify }: PipelineMessage): PipelineMessage => {
    const renamed = (text: string) => text.replaceAll('12345678|', '87654321|')
    return {
      load: {
        ...load,
        terminalId: '87654321',
        ...(load.messageKey === undefined ? {} : { messageKey: renamed(load.messageKey) }),
      },
      verify: async (loaded) => {
        const verdict = await verify(loaded)
        if (verdict.kind !== 'verified') return verdict
        const request = {
          ...verdict.request,
          terminalId: '87654321',
          messageKey: renamed(verdict.request.messageKey),
        }
        return { ...verdict, request: request as typeof verdict.request }
      },
    }
  }
  return {
    provision: rename(message({ kind: 'provision', window: 'business_day' }, 3)),
    sale: rename(sale(1)),
  }
}
