/**
 * @module A message on which both sides agree has no row at the acquirer (acquirer-record.ts). Its number stays used, and a row with
 * any unusual column stays. `model/settled.proof.test.ts` compares whole days.
 */

import { isDeepStrictEqual } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import type { Message as Command } from '../model/commands.ts'
import type { Knowledge, KnownMessage } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { type Row, Storage } from '../simulation/platform/d1.ts'
import { TestService } from '../support/test-service.ts'
import { NO, scriptedAcquirer } from '../worker/scripted-acquirer.ts'

describe('a row at the acquirer', () => {
  const SALE = `insert into sale (id_raw, message_key, merchant_id, amount, currency_code, rrn_raw, authorization_code_raw, is_declined, sold_at)
    values (x'01', '12345678000001000002s', '123456789012345', 100, '156', 77, 424242, 0, 5000)`
  const VOID = `insert into void (id_raw, message_key, sale_id_raw, amount, rrn_raw, voided_at)
    values (x'02', '12345678000001000003v', x'01', 100, 88, 6000)`
  const MESSAGE: Row = {
    merchant_id: '123456789012345',
    terminal_id: '12345678',
    batch_number: '000001',
    acquirer_stan: '654321',
    amount: 100,
    currency_code: '156',
    acquirer_rrn: '000000000099',
    state_raw: 'pending',
    case_reason: null,
    case_opened_at: null,
    case_closed_at: null,
    acquirer_status: null,
    acquirer_amount: null,
    attempts: 0,
    next_at: 1,
  }
  const OF_SALE: Row = {
    ...MESSAGE,
    message_key: '12345678000001000002s',
    kind: 'sale',
    original_batch_number: null,
    original_stan: null,
    original_rrn: null,
    original_authorization_code: null,
    rrn: '000000000077',
    claimed_at: 5000,
    decide_by: 185_000,
    moved_at: 5000,
  }
  const OF_VOID: Row = {
    ...MESSAGE,
    message_key: '12345678000001000003v',
    kind: 'void',
    original_batch_number: '000001',
    original_stan: '000002',
    original_rrn: '000000000077',
    original_authorization_code: '424242',
    rrn: '000000000088',
    claimed_at: 6000,
    decide_by: 186_000,
    moved_at: 6000,
  }
  const AGREES = `update acquirer_message set state_raw = null, acquirer_status = 'approved', next_at = null, moved_at = moved_at + 1250`

  const settling = new Storage()
  const keeping = new Storage()
  keeping.rows('drop trigger settle')

  /** The records after both sides agreed, and the number of rows. Null when no such row can be. */
  function agreed(message: Row, keepsRows: boolean): { records: Row[]; rows: number } | null {
    const storage = keepsRows ? keeping : settling
    for (const table of ['acquirer_message', 'sale', 'void']) storage.rows(`delete from ${table}`)
    for (const insert of [SALE, VOID]) storage.rows(insert)
    try {
      const names = Object.keys(message)
      storage.rows(
        `insert into acquirer_message (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
        ...Object.values(message),
      )
    } catch {
      return null
    }
    storage.rows(AGREES)
    const records = storage.rows('select * from acquirer_record').map((row) => ({ ...row }))
    const rows = storage.rows('select 1 from acquirer_message').length
    return { records, rows }
  }

  const VALUES = [null, '', 'ACQR00000001', '000000', '000007', '000000000001', '12345678', 0, 1, -1, 7000]
  /** These move to the sale or void, so they may have any value. */
  const MOVES = ['acquirer_stan', 'acquirer_rrn', 'moved_at']
  /** The update sets these. */
  const SET = ['state_raw', 'acquirer_status', 'next_at']

  it.each([
    ['sale', OF_SALE],
    ['void', OF_VOID],
  ])('of a %s goes when both sides agree, and its record stays', (_, message) => {
    const kept = agreed(message, true)
    expect(kept?.rows).toBe(1)
    expect(agreed(message, false)).toEqual({ records: kept?.records, rows: 0 })
    expect(kept?.records).toMatchObject([{ state: 'approved', acquirer_stan: '654321', attempts: 0 }])
  })

  it.each([
    ['sale', OF_SALE],
    ['void', OF_VOID],
  ])('of a %s stays when any column has another value, and no record ever changes', (_, message) => {
    const usual = agreed(message, true)
    const stayed = new Set<string>()
    let tried = 0
    for (const [name, value] of Object.entries(message))
      for (const other of VALUES.filter((one) => one !== value && !SET.includes(name))) {
        const changed = { ...message, [name]: other }
        const kept = agreed(changed, true)
        if (kept === null || isDeepStrictEqual(kept, usual)) continue
        tried++
        const found = agreed(changed, false)
        expect([name, other, found?.records]).toEqual([name, other, kept.records])
        if (found?.rows === 1) stayed.add(name)
        else expect(MOVES, `${name} = ${other}`).toContain(name)
      }
    expect(tried).toBeGreaterThan(100)
    const columns = Object.keys(message).filter((name) => ![...MOVES, ...SET].includes(name))
    expect(columns.filter((name) => !stayed.has(name))).toEqual([])
  })
})

describe('a settled message', () => {
  const acquirer = scriptedAcquirer()
  let service: TestService
  let number = 0

  const known = (of: 'sale' | 'void', { message_key, id, rrn }: Row): KnownMessage => ({
    key: String(message_key),
    kind: of,
    amount: 100,
    isAnswered: true,
    id: String(id),
    rrn: String(rrn),
  })
  const find: Knowledge['find'] = (of, ago) => {
    const table = of === 'void' ? 'void' : 'sale'
    const row = service.rows(`select * from ${table} order by rowid`).at(-1 - ago)
    return row === undefined ? undefined : known(table, row)
  }

  function message(command: Command): PipelineMessage {
    const prepared = messageFor(
      command,
      { open: '000001', now: service.now, debit: [0, 0], credit: [0, 0], find },
      ++number,
    )
    if (prepared === null) throw new Error('no message')
    return messageOf(prepared)
  }
  const send = async (command: Command) => (await service.sendTogether([message(command)]))[0]
  const sale = (stan: number) =>
    ({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' }) as const
  const aVoid = (stan: number) =>
    ({ kind: 'void', stan, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' }) as const
  const capture = (stan: unknown) =>
    send({
      kind: 'captured_sale',
      stan: Number(stan),
      batch: 'open',
      amount: 100,
      status: 'approved',
      rrn: 9,
    })
  const records = (kind: 'sale' | 'void') =>
    service.rows(`select * from acquirer_record where kind = ? order by claimed_at, rrn`, kind)
  const rowsLeft = () => service.rows('select message_key, state from acquirer_message')

  /** The next claims draw these numbers at the acquirer, then new ones. */
  function draws(...stans: unknown[]): void {
    const { generated } = service.options
    Object.assign(service.options, {
      generated: (merchantId: string) => {
        const made = generated(merchantId)
        return stans.length === 0 ? made : { ...made, acquirerStan: String(stans.shift()) }
      },
    })
  }

  beforeEach(async () => {
    acquirer.script = {}
    service = new TestService(acquirer.port)
    await service.send(message({ kind: 'provision', window: 'business_day' }))
    expect(await send(sale(1))).toMatchObject({ kind: 'answered', answer: { reason: null } })
    expect(rowsLeft()).toEqual([])
  })

  it('keeps its number: a sale with that number takes another, a void may have it', async () => {
    const [{ acquirer_stan: used } = {}] = records('sale')
    draws(used, used, used)
    expect(await send(sale(2))).toMatchObject({ kind: 'answered', answer: { reason: null } })
    const stans = records('sale').map(({ acquirer_stan }) => acquirer_stan)
    expect([stans.length, new Set(stans).size]).toEqual([2, 2])
    draws(used)
    expect(await send(aVoid(3))).toMatchObject({ kind: 'answered', answer: { reason: null } })
    expect(records('void')).toMatchObject([{ acquirer_stan: used, state: 'approved' }])
    expect(rowsLeft()).toEqual([])
  })

  it('keeps its number as a void, and after a decline', async () => {
    await send(aVoid(2))
    acquirer.script = { sale: NO }
    expect(await send(sale(3))).toMatchObject({ answer: { reason: 'issuer_declined' } })
    expect(rowsLeft()).toEqual([])
    acquirer.script = {}
    const declined = records('sale').find(({ state }) => state === 'declined')
    const [{ acquirer_stan: ofVoid } = {}] = records('void')
    draws(declined?.acquirer_stan)
    await send(sale(4))
    draws(ofVoid)
    await send(aVoid(5))
    for (const kind of ['sale', 'void'] as const) {
      const stans = records(kind).map(({ acquirer_stan }) => acquirer_stan)
      expect(new Set(stans).size).toBe(kind === 'sale' ? 3 : 2)
    }
  })

  it('refuses a captured sale with its number, and a claim takes no number of a captured sale', async () => {
    const [{ acquirer_stan: used } = {}] = records('sale')
    const refused = { answer: { reason: 'key_reused_with_different_content' }, entry: null }
    expect(await capture(used)).toMatchObject(refused)
    expect(await capture(40)).toMatchObject({ answer: { reason: null } })
    draws('000040')
    expect(await send(sale(2))).toMatchObject({ answer: { reason: null } })
    expect(records('sale').map(({ acquirer_stan }) => acquirer_stan)).not.toContain('000040')
  })

  it('does not change by a late answer, and its copy gets the first answer', async () => {
    const before = records('sale')
    const first = await send(sale(1))
    for (const event of ['acquirer_declined', 'acquirer_approved', 'acquirer_undone', 'give_up'] as const) {
      service.now += 60_000
      expect(await service.send(message({ kind: 'acquirer', ago: 0, event }))).toMatchObject({
        kind: 'answered',
        replayed: true,
        answer: first?.kind === 'answered' ? first.answer : null,
      })
    }
    expect([records('sale'), rowsLeft()]).toEqual([before, []])
  })

  it('gets its row back with its void when it is reversed, and both are reversed at the acquirer', async () => {
    service.now += 1_000
    await send(aVoid(2))
    const [[soldBefore], [voidBefore]] = [records('sale'), records('void')]
    service.now += 1_000
    const reversal = { kind: 'reversal', of: 'sale', ago: 0, off: 0, card: 'right' } as const
    expect(await service.send(message(reversal))).toMatchObject({ answer: { reason: null } })
    const moved = {
      state: 'reversing',
      state_raw: 'reversing',
      moved_at: service.now,
      decide_by: service.now + 180_000,
      next_at: service.now,
    }
    expect(records('sale')).toEqual([{ ...soldBefore, ...moved }])
    expect(records('void')).toEqual([{ ...voidBefore, ...moved }])
    expect(rowsLeft()).toHaveLength(2)
    for (const { message_key } of rowsLeft()) {
      const of = {
        key: String(message_key),
        kind: 'void',
        amount: 100,
        isAnswered: true,
        id: '',
        rrn: '',
      } as const
      const undone = { kind: 'acquirer', ago: 0, event: 'acquirer_undone' } as const
      const prepared = messageFor(
        undone,
        { open: '000001', now: service.now, debit: [0, 0], credit: [0, 0], find: () => of },
        ++number,
      )
      if (prepared !== null) await service.send(messageOf(prepared))
    }
    expect(rowsLeft().map(({ state }) => state)).toEqual(['reversed', 'reversed'])
    expect(records('sale')).toMatchObject([
      { acquirer_rrn: soldBefore?.acquirer_rrn, acquirer_status: 'reversed' },
    ])
  })
})
