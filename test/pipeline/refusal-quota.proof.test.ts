/**
 * @module The quota of refusals through the pipeline, from a terminal and by JSON: its boundary, races, an attack, and the counts. An
 * approval is never affected.
 */

import { beforeEach, describe, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { KEYS_QUOTA, TERMINAL_QUOTA, utcDay } from '../../src/domain/refusal-quota.ts'
import type { Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { forgetRefusals } from '../../src/store/refusal-counts.ts'
import { keyOf, MID, NOW, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import type { Knowledge } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { sizeOf } from '../proofs.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { LOST, TestService } from '../support/test-service.ts'

/** The sale that voids name. */
const SALE = { kind: 'sale', amount: 100, isAnswered: true, rrn: '000000000002' } as const
const DAY = utcDay(NOW)
const DAY_MS = 86_400_000
const CREDENTIAL = 'ab'.repeat(32)

/** A message of the terminal `tid`. The model knows one terminal, so its number is exchanged. */
function message(command: Command, tid = TID, id = '', number = 1): PipelineMessage {
  const sale = { ...SALE, key: keyOf('000001', 'sale'), id }
  const knowledge: Knowledge = {
    open: '000001',
    now: 0,
    debit: [0, 0],
    credit: [0, 0],
    find: (of) => (of === 'sale' ? sale : undefined),
  }
  const prepared = messageFor(command, knowledge, number)
  if (prepared === null) throw new Error('no message')
  return messageOf(JSON.parse(JSON.stringify(prepared).replaceAll(TID, tid)))
}

const sell = (stan: number, tid = TID) =>
  message({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' }, tid)
/** `off`: by how much the amount is wrong. */
const aVoid = (stan: number, off: number, tid = TID) =>
  message({ kind: 'void', stan, batch: 'open', ago: 0, by: 'key', off, card: 'right' }, tid)

/** A void by the JSON API, with a bearer key. */
function officeVoid(key: number, off: number, id: string): PipelineMessage {
  const command: Command = { kind: 'json_void', key, ago: 0, off, currency: '156' }
  const { load, verify } = message(command, TID, id)
  return { load: { ...load, credential: CREDENTIAL }, verify }
}

function resultOf(outcome: Outcome): string {
  if (outcome.kind === 'answered') return outcome.answer.reason ?? 'approved'
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind
}

let service: TestService
const send = async (sent: PipelineMessage): Promise<string> => resultOf(await service.send(sent))
const entries = (): number =>
  service.rows<{ n: number }>("select count(*) as n from journal where terminal_id not like 'merchant:%'")[0]
    ?.n ?? 0
const counts = () => service.rows('select key, day, written, refused from refusal_count order by key, day')
const alerts = () => service.logged.filter(({ event }) => event === 'alert').map(({ detail }) => detail)
const setCount = (key: string, written: number, day = DAY) =>
  service.rows('insert or replace into refusal_count values (?, ?, ?, 0)', key, day, written)
/** An answer does not wait for the count of its refusal. */
const written = () => new Promise((resolve) => setTimeout(resolve, 10))
const idOfSale = (): string => String(service.rows('select id from sale')[0]?.id)

/** Each sale of terminal n is sold, so that a void of it can be approved. */
async function open(tids: readonly string[]): Promise<void> {
  for (const tid of tids) {
    const provision = message({ kind: 'provision', window: 'business_day' }, tid, '', Number(tid))
    expect(await send(provision)).toBe('approved')
    expect(await send(sell(1, tid))).toBe('approved')
  }
}

beforeEach(async () => {
  service = new TestService(sandbox)
  await open([TID])
  service.rows(INSERT_API_KEY, ...apiKeyRow(CREDENTIAL, MID))
})

const DOORS = [
  {
    door: 'a terminal',
    key: `terminal:${TID}`,
    quota: TERMINAL_QUOTA,
    refused: (n: number) => aVoid(100 + n, n),
    approved: () => aVoid(2, 0),
  },
  {
    door: 'the JSON API',
    key: `keys:${MID}`,
    quota: KEYS_QUOTA,
    refused: (n: number) => officeVoid(100 + n, n, idOfSale()),
    approved: () => officeVoid(2, 0, idOfSale()),
  },
]

describe.each(DOORS)('refusals of $door', ({ key, quota, refused, approved }) => {
  it('are counted one by one, each with its entry', async () => {
    const before = entries()
    for (let n = 1; n <= 3; n++) expect(await send(refused(n))).toBe('amount_differs')
    expect(entries()).toBe(before + 3)
    expect(counts()).toEqual([{ key, day: DAY, written: 3, refused: 0 }])
    expect(await send(refused(3))).toBe('amount_differs')
    expect(counts()).toEqual([{ key, day: DAY, written: 3, refused: 0 }])
  })

  it('end at the quota: the next ones get the same reason, without an entry', async () => {
    setCount(key, quota - 1)
    const before = entries()
    for (let n = 1; n <= 4; n++) expect(await send(refused(n))).toBe('amount_differs')
    expect(entries()).toBe(before + 1)
    expect(counts()).toEqual([{ key, day: DAY, written: quota, refused: 3 }])
    expect(alerts()).toEqual([{ why: 'refusals_over_quota', sender: key }])
  })

  it('do not hold up an approval, in whichever number', async () => {
    setCount(key, quota * 2)
    const before = entries()
    expect(await send(approved())).toBe('approved')
    expect(entries()).toBe(before + 1)
    expect(counts()).toEqual([{ key, day: DAY, written: quota * 2, refused: 0 }])
    expect(await send(approved())).toBe('approved')
    expect(entries()).toBe(before + 1)
    expect(await service.faultOfJournal()).toBeNull()
  })

  it('begin anew on the next UTC day, and another sender has a quota of its own', async () => {
    setCount(key, quota)
    setCount(key === `keys:${MID}` ? 'keys:admin' : 'terminal:99999999', quota)
    service.now = (DAY + 1) * DAY_MS - 1
    // The reason follows the hour.
    expect(await send(refused(1))).not.toBe('approved')
    expect(counts()).toContainEqual({ key, day: DAY, written: quota, refused: 1 })
    service.now++
    const before = entries()
    expect(await send(refused(2))).not.toBe('approved')
    expect(entries()).toBe(before + 1)
    expect(counts()).toContainEqual({ key, day: DAY + 1, written: 1, refused: 0 })
  })

  it('leave a copy free: it is decided again', async () => {
    setCount(key, quota)
    const copy = refused(1)
    expect(await send(copy)).toBe('amount_differs')
    setCount(key, 0)
    const before = entries()
    expect(await send(copy)).toBe('amount_differs')
    expect(await send(copy)).toBe('amount_differs')
    expect(entries()).toBe(before + 1)
  })

  it('are counted once when their commit is sent again, whatever became of the first', async () => {
    for (const applied of [true, false]) {
      let failed = false
      service.fault = (_, { statements }) => {
        const isCommit = statements.some(({ sql }) => sql.includes('insert into "incoming"'))
        if (!isCommit || failed) return null
        failed = true
        return { error: LOST, applied }
      }
      expect(await send(refused(applied ? 1 : 2))).toBe('amount_differs')
    }
    expect(counts()).toEqual([{ key, day: DAY, written: 2, refused: 0 }])
  })

  it('get their answer although their count fails', async () => {
    setCount(key, quota)
    service.fault = (_, { statements }) =>
      statements.some(({ sql }) => sql.includes('refused + excluded'))
        ? { error: LOST, applied: false }
        : null
    expect(await send(refused(1))).toBe('amount_differs')
    expect(counts()).toEqual([{ key, day: DAY, written: quota, refused: 0 }])
    expect(service.logged).toEqual([{ event: 'count_failed', detail: { error: LOST, refusals: 1 } }])
  })

  it.each([1, 4])('64 at once over %i isolates never pass the quota, and none is lost', async (isolates) => {
    const services = [
      service,
      ...Array.from({ length: isolates - 1 }, () => new TestService(sandbox, service)),
    ]
    setCount(key, quota - 10)
    const before = entries()
    const results = await Promise.all(
      services.map((one, i) =>
        one.sendTogether(
          Array.from({ length: 64 }, (_, n) => n)
            .filter((n) => n % isolates === i)
            .map((n) => refused(1 + n)),
        ),
      ),
    )
    await written()
    const reasons = results.flat().map(resultOf)
    // A message that loses its head eight times gets `in_progress`, and is in no count.
    const lost = reasons.filter((reason) => reason === 'in_progress').length
    expect(reasons.filter((reason) => reason === 'amount_differs')).toHaveLength(64 - lost)
    expect(entries()).toBe(before + 10)
    expect(counts()).toEqual([{ key, day: DAY, written: quota, refused: 64 - lost - 10 }])
    const alerts = services.flatMap(({ logged }) => logged).filter(({ event }) => event === 'alert')
    expect(alerts.map(({ detail }) => detail.why).sort()).toEqual([
      ...Array.from({ length: lost }, () => 'lost_races'),
      'refusals_over_quota',
    ])
  })
})

describe('one bearer key over 16 terminals', () => {
  const TIDS = Array.from({ length: 16 }, (_, n) => String(20_000_000 + n))

  it.each([1, 4, 16])('64 at once over %i isolates never pass its quota', async (isolates) => {
    await open(TIDS)
    const services = [
      service,
      ...Array.from({ length: isolates - 1 }, () => new TestService(sandbox, service)),
    ]
    setCount(`keys:${MID}`, KEYS_QUOTA - 10)
    const before = entries()
    const refused = (n: number): PipelineMessage => {
      const { load, verify } = aVoid(100 + n, 1, TIDS[n % TIDS.length])
      return { load: { ...load, credential: CREDENTIAL }, verify }
    }
    const results = await Promise.all(
      services.map((one, i) =>
        one.sendTogether(
          Array.from({ length: 64 }, (_, n) => n)
            .filter((n) => n % isolates === i)
            .map(refused),
        ),
      ),
    )
    await written()
    const reasons = results.flat().map(resultOf)
    const lost = reasons.filter((reason) => reason === 'in_progress').length
    expect(reasons.filter((reason) => reason === 'amount_differs')).toHaveLength(64 - lost)
    const [count] = counts()
    expect(count?.written).toBeLessThanOrEqual(KEYS_QUOTA)
    expect(entries() - before).toBe(Number(count?.written) - (KEYS_QUOTA - 10))
    expect(Number(count?.refused)).toBe(64 - lost - (entries() - before))
  })
})

it('an attack grows the journal by the rest of the quota and no more', async () => {
  const voids = sizeOf('pipeline/refusal-quota')
  const rest = (voids * 2) / 3
  setCount(`terminal:${TID}`, TERMINAL_QUOTA - rest)
  const before = entries()
  const together = voids / 15
  for (let from = 0; from < voids; from += together) {
    const attack = Array.from({ length: together }, (_, n) => aVoid(1000 + from + n, 1))
    expect(new Set((await service.sendTogether(attack)).map(resultOf))).toEqual(new Set(['amount_differs']))
  }
  await written()
  expect(entries()).toBe(before + rest)
  expect(counts()).toEqual([
    { key: `terminal:${TID}`, day: DAY, written: TERMINAL_QUOTA, refused: voids - rest },
  ])
  expect(alerts()).toEqual([{ why: 'refusals_over_quota', sender: `terminal:${TID}` }])
  expect(await send(aVoid(2, 0))).toBe('approved')
  expect(await service.faultOfJournal()).toBeNull()
})

it('a sale in another currency counts, a decline of the acquirer and a tombstone do not', async () => {
  setCount(`terminal:${TID}`, TERMINAL_QUOTA - 1)
  const foreign = (stan: number) =>
    message({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '840' })
  expect([await send(foreign(50)), await send(foreign(51))]).toEqual(['currency_differs', 'currency_differs'])
  expect(counts()).toMatchObject([{ written: TERMINAL_QUOTA, refused: 1 }])
  const before = entries()
  const declined = message({ kind: 'sale', stan: 52, batch: 'open', amount: 151, currency: '156' })
  expect(await send(declined)).toBe('insufficient_funds')
  const tombstone = message({ kind: 'reversal', of: 'void', ago: 0, off: 0, card: 'right' })
  expect(await send(tombstone)).toBe('approved')
  expect(entries()).toBe(before + 2)
  expect(counts()).toMatchObject([{ written: TERMINAL_QUOTA, refused: 1 }])
})

it('old counts are deleted, and those of the last days stay', async () => {
  for (let day = DAY - 5; day <= DAY; day++) setCount(`terminal:${TID}`, 1, day)
  await forgetRefusals(service.options.db, DAY - 2)
  expect(counts().map(({ day }) => day)).toEqual([DAY - 2, DAY - 1, DAY])
})

it('an approved void takes the statements that it took: the count is part of two of them', async () => {
  const trips: number[] = []
  service.fault = (_, { statements }) => {
    trips.push(statements.length)
    return null
  }
  expect(await send(aVoid(2, 0))).toBe('approved')
  // The isolate has the state of the sale. Commit: append, void, batch, terminal, confirm.
  expect(trips).toEqual([5])
})
