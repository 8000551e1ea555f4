/** @module The road when something on it fails: each message of a set hears what is so of itself, and no more is claimed than is known. */

import { beforeEach, describe, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { acquirerKey } from '../../src/domain/message-key.ts'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { keyOf, MID, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import { type Knowledge, messageFor, messageOf } from '../model/messages.ts'
import { House, LOST } from '../support/house.ts'

const KNOWS: Knowledge = {
  open: '000001',
  now: 0,
  debit: [0, 0],
  credit: [0, 0],
  remember: () => ({
    key: keyOf('000001', 'sale'),
    kind: 'sale',
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '000000000002',
  }),
}

const message = (command: Command, number = 1): PipelineMessage => {
  const asked = messageFor(command, KNOWS, number)
  if (asked === null) throw new Error('no message')
  return messageOf(asked)
}

const sale = (stan: number, amount = 100): PipelineMessage =>
  message({ kind: 'sale', stan, batch: 'open', amount, currency: '156' })
const aVoid = (stan: number): PipelineMessage =>
  message({ kind: 'void', stan, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' })

/** What was heard, in short. */
const received = async (outcome: ReturnType<House['send']>): Promise<string> => {
  const answered = await outcome
  return answered.kind === 'answered' ? (answered.answer.reason ?? 'approved') : answered.kind
}
const allReceived = async (outcomes: ReturnType<House['sendTogether']>): Promise<string[]> =>
  Promise.all((await outcomes).map((answered) => received(Promise.resolve(answered))))

let house: House
const events = (): string[] => house.logged.map(({ event }) => event)
const entries = (): unknown => house.rows('select count(*) as n from journal')[0]?.n

beforeEach(async () => {
  house = new House(sandbox)
  expect(await received(house.send(message({ kind: 'provision', window: 'business_day' }, 0)))).toBe(
    'approved',
  )
  house.trips = 0
})

describe('a load that fails', () => {
  it('leaves every message of its set as if it had not come', async () => {
    house.fault = () => ({ error: LOST, applied: false })
    expect(await allReceived(house.sendTogether([sale(1), sale(2)]))).toEqual(['unavailable', 'unavailable'])
    expect(house.logged[0]).toEqual({ event: 'load_failed', detail: { error: LOST } })
    house.fault = () => null
    expect(entries()).toBe(1)
    expect(await received(house.send(sale(1)))).toBe('approved')
  })

  it('over a row that does not parse is that message’s alone', async () => {
    await house.send(sale(1))
    house.rows(`update journal set body = '{' where message_key = ?`, keyOf('000001', 'sale'))
    expect(await allReceived(house.sendTogether([sale(9), sale(1), sale(2)]))).toEqual([
      'approved',
      'unavailable',
      'approved',
    ])
    expect(await received(house.send(sale(1)))).toBe('unavailable')
  })
})

describe('a message that cannot be decided', () => {
  it('takes no other of its set with it', async () => {
    const broken: PipelineMessage = {
      load: { terminalId: TID },
      verify: () => Promise.reject(new Error('broken')),
    }
    expect(await allReceived(house.sendTogether([sale(9), broken, sale(1)]))).toEqual([
      'approved',
      'unavailable',
      'approved',
    ])
    expect(house.logged).toEqual([{ event: 'decide_failed', detail: { error: 'broken' } }])
  })

  it('is not heard where its terminal is not known, though it was verified', async () => {
    const stray = { ...sale(1), load: { terminalId: '99999999' } }
    expect(await received(house.send(stray))).toBe('unavailable')
  })

  it('is unknown where the acquirer has no answer, and nothing is written', async () => {
    expect(await received(house.send(sale(1, 198)))).toBe('unknown')
    expect(entries()).toBe(1)
  })
})

it('who is refused or denied is told so, with the terminal where it is known', async () => {
  const verify = async () => ({ kind: 'refused', found: null, reason: 'mac_mismatch' }) as const
  const known = await house.send({ load: { terminalId: TID }, verify })
  expect(known).toMatchObject({
    kind: 'refused',
    reason: 'mac_mismatch',
    context: { terminal: { status: 'active' } },
  })
  const unknown = await house.send({ load: { terminalId: '99999999' }, verify })
  expect(unknown).toEqual({ kind: 'refused', reason: 'mac_mismatch', context: null })
  expect(await house.send({ load: {}, verify: async () => ({ kind: 'denied', found: null }) })).toEqual({
    kind: 'denied',
  })
  expect(house.logged).toEqual([])
})

describe('a commit', () => {
  it.each([false, true])('whose connection is lost twice is sent again (applied %s)', async (applied) => {
    house.fault = (number) => (number === 2 || number === 3 ? { error: LOST, applied } : null)
    expect(await received(house.send(sale(1)))).toBe('approved')
    expect(house.trips).toBe(4)
    expect(house.rows('select debit_amount, debit_count from batch')).toMatchObject([
      { debit_amount: 100, debit_count: 1 },
    ])
    expect(await house.faultOfJournal()).toBeNull()
  })

  it.each([false, true])('whose connection is lost for good is unknown (applied %s)', async (applied) => {
    house.fault = (number) => (number > 1 ? { error: LOST, applied } : null)
    expect(await allReceived(house.sendTogether([sale(1)]))).toEqual(['unknown'])
    expect(house.trips).toBe(4)
    expect(house.logged).toEqual([{ event: 'commit_failed', detail: { error: LOST, messages: 1 } }])
    house.fault = () => null
    expect(entries()).toBe(applied ? 2 : 1)
    const again = await house.send(sale(1))
    expect(again).toMatchObject({ kind: 'answered', replayed: applied })
  })

  it('that the database refuses otherwise is unknown at once', async () => {
    house.fault = (number) =>
      number === 2 ? { error: 'D1_ERROR: D1 DB is overloaded.', applied: false } : null
    expect(await received(house.send(sale(1)))).toBe('unknown')
    expect(house.trips).toBe(2)
  })

  it('that would break a constraint is told to wait after eight tries, and takes no other with it', async () => {
    await house.send(message({ kind: 'provision', window: 'business_day' }, 2))
    const other = otherTerminal()
    await house.send(other.provision)
    expect(await allReceived(house.sendTogether([other.sale, sale(9), sale(2, 0)]))).toEqual([
      'approved',
      'approved',
      'refused',
    ])
    expect(events().filter((event) => event === 'commit_failed').length).toBeGreaterThanOrEqual(8)
    expect(await received(house.send(sale(3)))).toBe('approved')
  })

  it('that loses its head goes round on what the winner left behind', async () => {
    await house.send(sale(1))
    const rival = new House(sandbox, house)
    let raced = false
    const racing: PipelineMessage = {
      ...aVoid(3),
      verify: async (loaded) => {
        if (!raced) expect(await received(rival.send(aVoid(2)))).toBe('approved')
        raced = true
        return aVoid(3).verify(loaded)
      },
    }
    expect(await received(house.send(racing))).toBe('original_already_voided')
    expect(house.rows('select state from void')).toEqual([{ state: 'approved' }])
    expect(await house.faultOfJournal()).toBeNull()
  })

  it('that loses its head to others again and again is told to wait', async () => {
    const rival = new House(sandbox, house)
    let stan = 100
    const loser: PipelineMessage = {
      ...sale(1),
      verify: async (loaded) => {
        await rival.send(sale(++stan))
        return sale(1).verify(loaded)
      },
    }
    expect(await house.send(loser)).toMatchObject({ kind: 'refused', reason: 'in_progress', context: {} })
    expect(stan).toBe(108)
    expect(entries()).toBe(9)
    expect(await received(house.send(sale(1)))).toBe('approved')
  })
})

it('a set holds one message of each terminal; the others of it decide on what that one left behind', async () => {
  await house.send(sale(1))
  house.trips = 0
  // The first leaves alone, since nothing is on the road.
  const answered = await allReceived(house.sendTogether([sale(2), aVoid(3), aVoid(4), aVoid(3)]))
  expect(answered).toEqual(['approved', 'approved', 'original_already_voided', 'approved'])
  expect(house.rows('select count(*) as n from void')).toEqual([{ n: 1 }])
})

it('the first message under a new key set makes it current', async () => {
  const { load, verify } = sale(1)
  const asked: PipelineMessage = {
    load,
    verify: async (loaded) => {
      const verdict = await verify(loaded)
      return verdict.kind === 'verified' ? { ...verdict, keyVersion: 4 } : verdict
    },
  }
  expect(await received(house.send(asked))).toBe('approved')
  expect(house.rows('select key_version from terminal')).toEqual([{ key_version: 4 }])
})

it('what only the acquirer has is written down, and nothing is asked about it', async () => {
  const names = { merchantId: MID, terminalId: TID, batchNumber: '000001', acquirerStan: '000777' }
  const none = { currencyCode: null, acquirerRrn: null, authorizationCode: null, original: null }
  const record = { ...names, kind: 'sale', state: 'approved', amount: 100, ...none } as const
  const messageKey = acquirerKey(names)
  const identity = { door: 'json', merchantId: MID, messageKey, contentFingerprint: '', request: {} } as const
  const request = { ...identity, kind: 'reconciliation', record, asOf: 0 } as const
  const asked: PipelineMessage = {
    load: { terminalId: TID },
    verify: async () => ({ kind: 'verified', found: null, request }),
  }
  expect(await house.send(asked)).toMatchObject({
    kind: 'pending',
    isNew: true,
    forwarded: { state: 'approved' },
  })
  expect(house.rows('select state, next_at, case_reason from acquirer_message')).toEqual([
    { state: 'approved', next_at: null, case_reason: 'only_acquirer' },
  ])
  expect(house.logged).toMatchObject([
    { event: 'alert', detail: { why: 'case_opened', reason: 'only_acquirer' } },
  ])
})

it('messages of no terminal stand each for itself', async () => {
  const stray: PipelineMessage = {
    load: {},
    verify: async () => ({ kind: 'refused', found: null, reason: 'original_not_found' }),
  }
  expect(await allReceived(house.sendTogether([sale(9), stray, stray]))).toEqual([
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
