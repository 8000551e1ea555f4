/**
 * @module Messages of every kind whose entry a rule of a table forbids. Each gets an answer that does not change while the rule
 * stands, and an alert. Each message about money has a case. When the rule is gone, the pipeline works as before.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { acquirerKey } from '../../src/domain/message-key.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { Request } from '../../src/pipeline/decide.ts'
import type { Outcome } from '../../src/pipeline/types.ts'
import { keyOf, MID, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import type { Knowledge } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'

const SALE = keyOf('000001', 'sale')
const sale = { kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' } as const
const provision = { kind: 'provision', window: 'business_day' } as const
const aVoid = { kind: 'void', stan: 2, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' } as const
const reversal = { kind: 'reversal', of: 'sale', ago: 0, off: 0, card: 'right' } as const

let service: TestService
afterEach(() => service.close())

/** The senders know one sale of 100, and no more. */
const knowledge: Knowledge = {
  open: '000001',
  now: 0,
  debit: [100, 1],
  credit: [0, 0],
  find: (of) => ({
    key: of === 'void' ? keyOf('000002', 'void') : SALE,
    kind: of === 'void' ? 'void' : 'sale',
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '',
  }),
}

async function send(command: Command, number = 1): Promise<string> {
  const prepared = messageFor(command, knowledge, number)
  if (prepared === null) throw new Error('no message')
  return resultOf(await service.send(messageOf(prepared)))
}

/** The reason of the answer, or the kind of the outcome. */
function resultOf(outcome: Outcome): string {
  if (outcome.kind === 'answered') return outcome.answer.reason ?? 'approved'
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind
}

const forbid = (rule: string): void => {
  service.rows(
    `create trigger rule before ${rule} begin select raise(abort, 'CHECK constraint failed: rule'); end`,
  )
}
const allow = (): void => void service.rows('drop trigger rule')

const alerts = () =>
  service.logged
    .splice(0)
    .filter(({ event }) => event === 'alert')
    .map(({ detail }) => detail.why)
const cases = () =>
  service.rows('select message_key, state, case_reason, case_opened_at from acquirer_message')
const entries = () => service.rows('select count(*) as n from journal where terminal_id = ?', TID)[0]?.n

interface Forbidden {
  readonly before: readonly Command[]
  readonly command: Command
  readonly rule: string
  /** The answer, and that of a copy after the rule is gone. */
  readonly after: string
}

const WITH_A_CASE: Readonly<Record<string, Forbidden>> = {
  sale: { before: [], command: sale, rule: 'insert on sale', after: 'not_recorded' },
  'captured sale': {
    before: [],
    command: { kind: 'captured_sale', stan: 1, batch: 'open', amount: 100, status: 'approved', rrn: 1 },
    rule: 'insert on sale',
    after: 'not_recorded',
  },
  void: { before: [sale], command: aVoid, rule: 'insert on void', after: 'not_recorded' },
  'reversal of a sale': {
    before: [sale],
    command: reversal,
    rule: 'insert on reversal',
    after: 'not_recorded',
  },
  'reversal of a void': {
    before: [sale, aVoid],
    command: { ...reversal, of: 'void' },
    rule: 'insert on reversal',
    after: 'not_recorded',
  },
}

const WITHOUT: Readonly<Record<string, Forbidden>> = {
  settlement: {
    before: [sale],
    command: { kind: 'settle', stan: 5, batch: 'open', off: 0, isSigned: true },
    rule: `insert on batch when new.batch_number = '000002'`,
    after: 'approved',
  },
  'end of an upload': {
    before: [sale],
    command: { kind: 'upload', stan: 5, batch: 'open', what: 'mismatch', isSigned: true },
    rule: `insert on batch when new.batch_number = '000002'`,
    after: 'approved',
  },
  'provisioning of a terminal': {
    before: [],
    command: provision,
    rule: 'update on terminal',
    after: 'approved',
  },
}

describe('without an acquirer, a message whose entry breaks a rule', () => {
  beforeEach(async () => {
    service = new TestService(sandbox)
    expect(await send(provision, 0)).toBe('approved')
  })

  async function prepare({ before, rule }: Forbidden): Promise<void> {
    for (const command of before) expect(await send(command)).toBe('approved')
    forbid(rule)
    service.logged.length = 0
  }

  it.each(Object.entries(WITH_A_CASE))('is refused for ever, with one case: %s', async (_, forbidden) => {
    await prepare(forbidden)
    for (let copies = 0; copies < 2; copies++) expect(await send(forbidden.command)).toBe('not_recorded')
    expect(cases()).toMatchObject([{ state: 'declined', case_reason: 'not_recorded' }])
    expect(alerts()).toEqual(['not_recorded', 'case_opened'])
    allow()
    expect(await send(forbidden.command)).toBe(forbidden.after)
    expect(await send({ ...sale, stan: 9 })).toBe('approved')
  })

  it.each(Object.entries(WITHOUT))('is refused while the rule stands: %s', async (_, forbidden) => {
    await prepare(forbidden)
    const before = entries()
    for (let copies = 0; copies < 2; copies++) {
      expect(await send(forbidden.command)).toBe('not_recorded')
      expect(alerts()).toEqual(['not_recorded'])
    }
    expect(entries()).toBe(before)
    expect(cases()).toEqual([])
    allow()
    expect(await send(forbidden.command)).toBe(forbidden.after)
  })
})

describe('with an acquirer, a message whose entry breaks a rule', () => {
  beforeEach(async () => {
    service = new TestService(scriptedAcquirer().port)
    expect(await send(provision, 0)).toBe('approved')
    service.logged.length = 0
  })

  const acquirer = (event: 'acquirer_approved' | 'overdue') => send({ kind: 'acquirer', ago: 0, event })
  const reconcile = () =>
    send({ kind: 'reconciliation', ago: 0, status: 'approved', off: 0, age: -service.now })

  it.each([
    ['event of the acquirer', () => acquirer('acquirer_approved')],
    ['line of the acquirer’s list', reconcile],
  ])('opens a case that says what the acquirer has: %s', async (_, sent) => {
    expect(await send(sale)).toBe('pending')
    forbid('insert on sale')
    for (let copies = 0; copies < 2; copies++) expect(await sent()).toBe('pending')
    const statement = service.rows('select state, case_reason, acquirer_status from acquirer_message')
    expect(statement).toEqual([
      { state: 'pending', case_reason: 'not_recorded', acquirer_status: 'approved' },
    ])
    // Each copy is an alert, because the rule still stands.
    expect(alerts()).toEqual(['not_recorded', 'case_opened', 'not_recorded'])
    allow()
    expect(await sent()).toBe('approved')
  })

  it('leaves the case open: decision of a person', async () => {
    expect(await send(sale)).toBe('pending')
    service.now += 200_000
    expect(await acquirer('overdue')).toBe('pending')
    expect(alerts()).toEqual(['case_opened'])
    forbid('update on acquirer_message when new.case_closed_at is not null')
    const decision = { kind: 'case', ago: 0, resolution: 'undone' } as const
    for (let copies = 0; copies < 2; copies++) expect(await send(decision)).toBe('pending')
    expect(service.rows('select case_reason, case_closed_at from acquirer_message')).toEqual([
      { case_reason: 'not_recorded', case_closed_at: null },
    ])
    expect(alerts()).toEqual(['not_recorded', 'case_opened', 'not_recorded'])
    allow()
    expect(await send(decision)).toBe('acquirer_silent')
  })

  it('is refused: a line about a message that only the acquirer has', async () => {
    const names = { merchantId: MID, terminalId: TID, batchNumber: '000001', acquirerStan: '000777' }
    const none = { currencyCode: null, acquirerRrn: null, authorizationCode: null, original: null }
    const messageKey = acquirerKey({ ...names, kind: 'sale' })
    const request: Request = {
      kind: 'reconciliation',
      door: 'json',
      merchantId: MID,
      messageKey,
      contentFingerprint: '',
      request: {},
      sender: NO_SENDER,
      record: { ...names, ...none, kind: 'sale', state: 'approved', amount: 100 },
      asOf: service.now,
    }
    forbid('insert on acquirer_message')
    const line = () => service.send(messageOf({ request, load: { terminalId: TID, messageKey } }))
    expect(resultOf(await line())).toBe('not_recorded')
    expect(alerts()).toEqual(['not_recorded'])
    allow()
    expect(resultOf(await line())).toBe('pending')
  })
})
