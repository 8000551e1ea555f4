/**
 * @module Late reversals (semantics.md, Late reversals): who may undo an approved void long after its answer, by JSON and by terminal, with
 * and without an acquirer.
 */

import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { recover } from '../../src/pipeline/recover.ts'
import { journalOf } from './book.ts'
import { aSale, openOffice, openWithAcquirer, voidsOf } from './merchant-client.ts'
import { SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

let isolate: s.Isolate
let admin: string
beforeAll(async () => {
  admin = await s.bearerKey(null)
})
beforeEach(async () => {
  isolate = await s.openIsolate()
})

let merchants = 0
const freshMid = () => `L${String(++merchants).padStart(14, '0')}`

const wait = async (ms: number): Promise<void> => {
  isolate.clock.now += ms
}

const SECOND = 1000
const MINUTE = 60 * SECOND

const rule = (mid: string, rules: object) => s.ask(isolate, admin, 'PUT', `/v1/merchants/${mid}`, rules)

const alertsOf = ({ logged }: s.Isolate) =>
  logged.filter(({ event, why }) => event === 'alert' && why === 'void.reversed_late')

describe('a merchant’s key', () => {
  const openOfficeOf = async () => {
    const terminal = await openTerminal(isolate, { mid: freshMid() })
    const key = await s.bearerKey(terminal.mid)
    const undo = (
      sale: { saleId: string; amount: number },
      name: string,
      more: object = {},
      bearer = key,
    ) => {
      const body = { saleId: sale.saleId, amount: sale.amount, idempotencyKey: 'void', ...more }
      return s.ask(isolate, bearer, 'POST', '/v1/reversals', body, { 'idempotency-key': name })
    }
    const sale = await aSale(terminal)
    const voided = await openOffice(isolate, key).void(sale, 'void')
    expect(voided.status).toBe(201)
    return { terminal, key, undo, sale, voidId: String(voided.body.id) }
  }

  it('undoes its void up to the last millisecond of 120 seconds', async () => {
    const { undo, sale } = await openOfficeOf()
    isolate.clock.now += 120 * SECOND
    expect((await undo(sale, 'a')).body).toMatchObject({ state: 'reversed' })
    expect(await voidsOf(sale)).toEqual(['reversed'])
  })

  it('is refused one millisecond later, nothing is written, and its key stays free', async () => {
    const { terminal, undo, sale } = await openOfficeOf()
    const entries = (await journalOf(terminal.tid)).length
    isolate.clock.now += 120 * SECOND + 1
    for (const more of [{}, { reason: 'wrong customer' }])
      expect(await undo(sale, 'a', more)).toMatchObject({
        status: 403,
        body: { reason: 'approval_required', certainty: 'FINAL', doNext: 'ask_supervisor' },
      })
    expect(await voidsOf(sale)).toEqual(['approved'])
    expect(await journalOf(terminal.tid)).toHaveLength(entries)
    isolate.clock.now -= SECOND
    expect((await undo(sale, 'a')).body).toMatchObject({ state: 'reversed' })
  })

  it('gets its first answer again at any time', async () => {
    const { undo, sale } = await openOfficeOf()
    const first = await undo(sale, 'a')
    isolate.clock.now += 60 * MINUTE
    expect((await undo(sale, 'a')).text).toBe(first.text)
    // Nothing is in effect any more, so there is nothing to approve.
    expect((await undo(sale, 'b')).body).toMatchObject({ state: 'reversed' })
  })

  it('needs no approval for a void that was never seen', async () => {
    const { undo, sale } = await openOfficeOf()
    isolate.clock.now += 60 * MINUTE
    expect((await undo(sale, 'a', { idempotencyKey: 'unseen' })).body).toMatchObject({ state: 'tombstoned' })
  })

  it('an administrator undoes the void later with a reason, and without one it is refused', async () => {
    const { terminal, undo, sale, voidId } = await openOfficeOf()
    isolate.clock.now += 120 * SECOND + 1
    expect(await undo(sale, 'a', {}, admin)).toMatchObject({
      status: 422,
      body: { reason: 'reason_required', certainty: 'FINAL', doNext: 'nothing' },
    })
    expect(await voidsOf(sale)).toEqual(['approved'])
    const reason = '顾客已取走商品: the goods were taken'
    const undone = await undo(sale, 'a', { reason }, admin)
    expect(undone).toMatchObject({ status: 200, body: { state: 'reversed', voidId } })
    expect(await voidsOf(sale)).toEqual(['reversed'])
    expect((await journalOf(terminal.tid)).at(-1)?.body).toContain(reason)
    expect((await undo(sale, 'a', { reason }, admin)).text).toBe(undone.text)
    expect(await undo(sale, 'a', { reason: 'another' }, admin)).toMatchObject({
      body: { reason: 'key_reused_with_different_content' },
    })
  })

  it('an administrator gives a reason for the void of a merchant in time too, and the refusal leaves the key free', async () => {
    const { undo, sale } = await openOfficeOf()
    expect((await undo(sale, 'told', {}, admin)).body.reason).toBe('reason_required')
    expect(await voidsOf(sale)).toEqual(['approved'])
    expect((await undo(sale, 'told', { reason: 'by telephone' }, admin)).body.state).toBe('reversed')
  })

  it.each(['6225000000000014', 'card 6225-0000-0000-0014'])('a reason may not hold %s', async (reason) => {
    const { undo, sale } = await openOfficeOf()
    expect(await undo(sale, 'a', { reason }, admin)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/reason' }] },
    })
  })
})

describe('a terminal', () => {
  const VOID = '000002'

  async function openVoided(rules: object = {}): Promise<TestTerminal> {
    const terminal = await openTerminal(isolate, { mid: freshMid() })
    await rule(terminal.mid, rules)
    const sale = await sell(terminal, '000001')
    expect((await terminal.send(s.aVoid({ stan: VOID, ...sale }))).fields.get(39)).toBe('00')
    return terminal
  }
  const reverse = (terminal: TestTerminal) => terminal.send(s.aReversal('void', { stan: VOID }))
  const codeOf = async (terminal: TestTerminal) => (await reverse(terminal)).fields.get(39)
  const late = async (terminal: TestTerminal) =>
    (await s.ask(isolate, await s.bearerKey(terminal.mid), 'GET', '/v1/late-reversals')).body.items as {
      reversedLate: boolean
      state: string
    }[]

  const LATE: readonly (readonly [string, (terminal: TestTerminal) => Promise<unknown>])[] = [
    ['a later sale', (terminal) => sell(terminal, '000003')],
    [
      'a later sale that was declined',
      (terminal) => terminal.send(s.aSale({ stan: '000003', amount: 1251 })),
    ],
    [
      'a later void',
      async (terminal) => terminal.send(s.aVoid({ stan: '000004', original: '000099', rrn: '000000000099' })),
    ],
    ['10 minutes and a millisecond', () => wait(10 * MINUTE + 1)],
  ]
  const IN_TIME: readonly (readonly [string, (terminal: TestTerminal) => Promise<unknown>])[] = [
    ['exactly 10 minutes', () => wait(10 * MINUTE)],
    ['another reversal', async (terminal) => terminal.send(s.aReversal('sale', { stan: '000077' }))],
    [
      'a captured sale of the terminal',
      async ({ mid, tid }) => {
        const sale = { merchantId: mid, terminalId: tid, batchNumber: '000001', stan: '000005', amount: 100 }
        const captured = await s.ask(isolate, await s.bearerKey(mid), 'POST', '/v1/sales', sale)
        expect(captured.status).toBe(201)
      },
    ],
  ]

  it.each(LATE)('reverses a void after %s: it is done, with an alert, and is listed', async (_, then) => {
    const terminal = await openVoided()
    await then(terminal)
    expect(await codeOf(terminal)).toBe('00')
    expect(alertsOf(isolate)).toMatchObject([{ terminalId: terminal.tid, stan: VOID }])
    expect(await late(terminal)).toMatchObject([{ reversedLate: true, state: 'reversed' }])
    // A copy gets the first answer, and there is one alert.
    expect(await codeOf(terminal)).toBe('00')
    expect(alertsOf(isolate)).toHaveLength(1)
  })

  it.each(IN_TIME)(
    'reverses a void after %s without an alert, also if late ones are refused',
    async (_, then) => {
      const terminal = await openVoided({ lateReversals: 'refuse' })
      await then(terminal)
      expect(await codeOf(terminal)).toBe('00')
      expect([alertsOf(isolate), await late(terminal)]).toEqual([[], []])
    },
  )

  it.each(LATE)('gets 22 after %s if its merchant refuses, and its copies too', async (_, then) => {
    const terminal = await openVoided({ lateReversals: 'refuse' })
    await then(terminal)
    const first = await reverse(terminal)
    expect(first.fields.get(39)).toBe('22')
    await rule(terminal.mid, { lateReversals: 'allow' })
    isolate.clock.now += MINUTE
    expect((await reverse(terminal)).fields).toEqual(first.fields)
    expect([alertsOf(isolate), await late(terminal)]).toEqual([[], []])
  })

  it('gets its first answer after the merchant begins to refuse', async () => {
    const terminal = await openVoided()
    expect(await codeOf(terminal)).toBe('00')
    await sell(terminal, '000003')
    await rule(terminal.mid, { lateReversals: 'refuse' })
    expect(await codeOf(terminal)).toBe('00')
  })

  it('reverses a sale at any time: the rule is about voids', async () => {
    const terminal = await openTerminal(isolate, { mid: freshMid() })
    await rule(terminal.mid, { lateReversals: 'refuse' })
    await sell(terminal, '000001')
    await sell(terminal, '000003')
    isolate.clock.now += 60 * MINUTE
    expect((await terminal.send(s.aReversal('sale', { stan: '000001' }))).fields.get(39)).toBe('00')
  })
})

describe('with an acquirer', () => {
  async function openForwarded(rules: object, script: object = {}) {
    const acquirer = scriptedAcquirer()
    const behind = await openWithAcquirer(acquirer)
    const terminal = await openTerminal(behind, { mid: freshMid() })
    await rule(terminal.mid, rules)
    const sale = await sell(terminal, '000001')
    acquirer.script = script
    await terminal.send(s.aVoid({ stan: '000002', ...sale }))
    await behind.settle()
    return { acquirer, behind, terminal }
  }
  const codeOf = async (terminal: TestTerminal) =>
    (await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)

  it('a late reversal of a forwarded void is done at both sides, or refused', async () => {
    for (const [lateReversals, code] of [
      ['allow', '00'],
      ['refuse', '22'],
    ]) {
      const { acquirer, behind, terminal } = await openForwarded({ lateReversals })
      await sell(terminal, '000003')
      expect(await codeOf(terminal)).toBe(code)
      await behind.settle()
      expect(acquirer.kinds().includes('reversal')).toBe(code === '00')
      expect(alertsOf(behind)).toHaveLength(code === '00' ? 1 : 0)
    }
  })

  it('a reversal of a void without an outcome is never late', async () => {
    const silent = { void: SILENT, inquiry: SILENT }
    const { acquirer, behind, terminal } = await openForwarded(
      { lateReversals: 'refuse', decideWithin: 'window' },
      silent,
    )
    behind.clock.now += 20 * MINUTE
    await recover(behind.services, 0)
    expect(await codeOf(terminal)).toBe('00')
    acquirer.script = {}
    await behind.settle()
    expect(alertsOf(behind)).toEqual([])
  })
})
