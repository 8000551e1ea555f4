import { describe, expect, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { Send } from '../../src/iso8583/frame.ts'
import type { Exchange } from '../../src/terminal/exchange.ts'
import type { TerminalOptions } from '../../src/terminal/session.ts'
import { newTerminalState, type TerminalState } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { hasRightMac, MERCHANT, readFrame, responseTo, type Script, TERMINAL, TMK } from './fake-acquirer.ts'

const core = await loadCore()
const CARD = testCard(1)

type Step = Script | 'lost'

interface DayOptions extends Pick<TerminalOptions, 'settlementMac' | 'sendsLeast'> {
  readonly signOn?: boolean
  readonly frame?: 'serial'
}

/** A signed-on terminal over a scripted acquirer: one step per message, then plain approvals. */
async function openDay(options: DayOptions = {}) {
  const { signOn = true, ...rest } = options
  const steps: Step[] = []
  const requests: Uint8Array[] = []
  const exchanges: Exchange[] = []
  const saved: TerminalState[] = []
  const send: Send = async (frame) => {
    requests.push(frame)
    const step = steps.shift() ?? {}
    return step === 'lost' ? null : responseTo(frame, step)
  }
  let clock = 0
  const terminal = new VirtualTerminal({
    core,
    send,
    now: () => (clock += 7),
    tmk: TMK,
    state: newTerminalState(MERCHANT, TERMINAL, 'cup-ecb'),
    save: (state) => saved.push(structuredClone(state)),
    observe: (exchange) => exchanges.push(exchange),
    ...rest,
  })
  if (signOn) await terminal.signOn()
  const sent = () => requests.map((frame) => readFrame(frame))
  const last = () => readFrame(requests.at(-1) ?? new Uint8Array())
  return { terminal, steps, requests, exchanges, saved, sent, last }
}

const unwrap = <T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!result.ok) throw new Error(`refused: ${result.error}`)
  return result.value
}

describe('sign-on', () => {
  test('reads the batch number and keys, and stores the keys wrapped', async () => {
    const { terminal, sent } = await openDay()
    expect(sent()[0]?.fields.get(60)).toBe('00000001003')
    expect(terminal.state.batchNumber).toBe('000007')
    expect(terminal.state.keys?.layout).toBe('003')
    expect(JSON.stringify(terminal.state)).not.toContain('3333333333333333')
  })

  test('is rejected by the terminal when a check value differs', async () => {
    const { terminal, steps } = await openDay({ signOn: false })
    steps.push({ fields: { 62: '00'.repeat(40) } })
    const exchange = await terminal.signOn()
    expect(exchange).toMatchObject({ outcome: 'invalid', fault: 'check value of the PIN key differs' })
    expect(terminal.state.keys).toBeNull()
  })

  test('with a field 62 of another length keeps the old keys', async () => {
    const { terminal, steps } = await openDay()
    const { keys } = terminal.state
    steps.push({ fields: { 62: '00'.repeat(24) } })
    expect(await terminal.signOn()).toMatchObject({
      outcome: 'invalid',
      fault: expect.stringContaining('40 bytes expected, 24'),
    })
    expect(terminal.state.keys).toBe(keys)
  })

  test('precedes every message that needs a MAC', async () => {
    const { terminal, requests } = await openDay({ signOn: false })
    expect(await terminal.sale(100, CARD)).toEqual({ ok: false, error: 'not_signed_on' })
    expect(await terminal.voidSale('000001')).toEqual({ ok: false, error: 'not_signed_on' })
    expect(requests).toHaveLength(0)
  })

  test('with another batch number clears the log', async () => {
    const { terminal, steps } = await openDay()
    await terminal.sale(1234, CARD)
    steps.push({ fields: { 60: '00000008003' } })
    await terminal.signOn()
    expect(terminal.state).toMatchObject({ batchNumber: '000008', log: [] })
  })
})

describe('messages', () => {
  test('a sale has the fields of protocol.md §3.3 and a right MAC', async () => {
    const { terminal, requests, last } = await openDay()
    expect(unwrap(await terminal.sale(1234, CARD))).toMatchObject({
      outcome: 'approved',
      milliseconds: 7,
    })
    expect([...last().fields.keys()]).toEqual([2, 3, 4, 11, 14, 22, 23, 25, 41, 42, 49, 60, 64])
    expect(last().fields.get(60)).toBe('2200000700060')
    expect(hasRightMac(requests.at(-1) ?? new Uint8Array())).toBe(true)
  })

  test('a void names the sale in 37, 38 and 61 and has its own STAN', async () => {
    const { terminal, last } = await openDay()
    await terminal.sale(1234, CARD)
    await terminal.voidSale('000002')
    const { mti, fields } = last()
    expect([mti, fields.get(3), fields.get(11)]).toEqual(['0200', '200000', '000003'])
    expect([fields.get(37), fields.get(38), fields.get(61)]).toEqual([
      '101530000002',
      '123456',
      '000007000002',
    ])
    expect(fields.get(4)).toBe('000000001234')
  })

  test('the reversal of a void has its STAN and the fields of §3.5, never 26, 35, 36, 37, 52', async () => {
    const { terminal, steps, last } = await openDay()
    await terminal.sale(1234, CARD)
    steps.push('lost')
    await terminal.voidSale('000002')
    await terminal.reverse()
    const { mti, fields } = last()
    expect([mti, fields.get(11), fields.get(39), fields.get(61)]).toEqual([
      '0400',
      '000003',
      '98',
      '000007000002',
    ])
    expect([...fields.keys()]).toEqual([2, 3, 4, 11, 14, 22, 23, 25, 38, 39, 41, 42, 49, 60, 61, 64])
  })

  test('that sends the least has a void named by field 61, and reversals of four fields; a repeat is a 0401', async () => {
    const { terminal, steps, sent } = await openDay({ sendsLeast: true })
    await terminal.sale(1234, CARD)
    steps.push('lost', 'lost')
    await terminal.voidSale('000002')
    await terminal.sale(100, CARD)
    const [undone, repeated] = sent().filter(({ mti }) => mti.startsWith('04'))
    const least = sent().find(({ fields }) => fields.get(3) === '200000')
    expect([...(least?.fields.keys() ?? [])]).toEqual([3, 11, 22, 25, 41, 42, 49, 60, 61, 64])
    expect([undone?.mti, ...(undone?.fields.keys() ?? [])]).toEqual(['0400', 11, 41, 42, 60, 64])
    expect([repeated?.mti, ...(repeated?.fields.keys() ?? [])]).toEqual(['0401', 11, 41, 42, 60, 64])
    expect(terminal.state.pending).toBeNull()
  })

  test('the reversal of a sale has no field 61', async () => {
    const { terminal, last } = await openDay()
    await terminal.sale(1234, CARD)
    await terminal.reverse('000002', '96')
    expect([last().fields.has(61), last().fields.get(39)]).toEqual([false, '96'])
  })

  test('an echo has no STAN, a sign-off has one', async () => {
    const { terminal, sent } = await openDay()
    await terminal.echo()
    await terminal.signOff()
    expect(
      sent()
        .slice(1)
        .map(({ fields }) => [...fields.keys()]),
    ).toEqual([
      [41, 42, 60],
      [11, 41, 42, 60],
    ])
  })

  test('use serial frames on a serial terminal', async () => {
    const { requests } = await openDay({ frame: 'serial' })
    expect(requests[0]?.[0]).toBe(0x02)
  })

  test('never use STAN 000000', async () => {
    const { terminal, last } = await openDay()
    terminal.state.nextStan = 999_999
    await terminal.sale(1, CARD)
    expect(last().fields.get(11)).toBe('999999')
    await terminal.sale(1, CARD)
    expect(last().fields.get(11)).toBe('000001')
  })
})

describe('the terminal’s checks of an answer', () => {
  const cases: [string, Script, string][] = [
    ['another MTI', { mti: '0230' }, 'MTI 0230 does not answer 0200'],
    ['another processing code', { fields: { 3: '200000' } }, "field 3 is not the request's"],
    ['another STAN', { fields: { 11: '000009' } }, "field 11 is not the request's"],
    ['another terminal', { fields: { 41: '87654321' } }, "field 41 is not the request's"],
    ['another merchant', { fields: { 42: '543210987654321' } }, "field 42 is not the request's"],
    ['another amount', { fields: { 4: '000000001235' } }, "field 4 is not the request's"],
    ['no response code', { fields: { 39: null } }, 'field 39 is missing'],
    ['an approval without a MAC', { fields: { 64: null } }, 'approved without a MAC'],
    ['a wrong MAC', { badMac: true }, 'the MAC is wrong'],
  ]
  test.each(cases)('%s is invalid, and the reversal stays pending', async (_, script, fault) => {
    const { terminal, steps } = await openDay()
    steps.push(script)
    expect(unwrap(await terminal.sale(1234, CARD))).toMatchObject({ outcome: 'invalid', fault })
    expect(terminal.state.pending).toMatchObject({ stan: '000002' })
    expect(terminal.state.log[0]?.status).toBe('unanswered')
  })

  test('reverses after a wrong MAC with reason A0, otherwise with 98', async () => {
    const { terminal, steps, last } = await openDay()
    steps.push({ badMac: true })
    await terminal.sale(1234, CARD)
    await terminal.reverse()
    expect(last().fields.get(39)).toBe('A0')
  })

  test('accepts a decline without a MAC, clears the reversal and ignores another merchant in it', async () => {
    const { terminal, steps } = await openDay()
    steps.push({ fields: { 39: '51', 64: null, 42: '543210987654321' } })
    expect(unwrap(await terminal.sale(1234, CARD))).toMatchObject({
      outcome: 'declined',
      responseCode: '51',
    })
    expect(terminal.state).toMatchObject({ pending: null, log: [{ status: 'declined' }] })
  })

  test('reads the request for a new sign-on in the header', async () => {
    const { terminal, steps } = await openDay()
    steps.push({ fields: { 39: 'A0', 64: null }, requirement: 3 })
    expect(unwrap(await terminal.sale(1234, CARD))).toMatchObject({
      outcome: 'declined',
      signOnAgain: true,
    })
  })

  test('reject bytes that are not a message', async () => {
    const terminal = new VirtualTerminal({
      core,
      send: async () => Uint8Array.of(0x15),
      now: () => 0,
      tmk: TMK,
      state: newTerminalState(MERCHANT, TERMINAL, 'cup-ecb'),
    })
    expect(await terminal.echo()).toMatchObject({ outcome: 'invalid', received: null })
  })
})

describe('the pending reversal', () => {
  test('is stored before the message leaves', async () => {
    const { terminal, saved } = await openDay()
    saved.length = 0
    await terminal.sale(1234, CARD)
    expect(saved[0]).toMatchObject({ pending: { stan: '000002', reason: '98', attempts: 0 } })
    expect(saved.at(-1)?.pending).toBeNull()
  })

  test('is sent before the next transaction, which follows when it is done', async () => {
    const { terminal, steps, sent } = await openDay()
    steps.push('lost')
    await terminal.sale(1234, CARD)
    expect(unwrap(await terminal.sale(5000, CARD)).outcome).toBe('approved')
    expect(sent().map(({ mti, fields }) => [mti, fields.get(11)])).toEqual([
      ['0800', '000001'],
      ['0200', '000002'],
      ['0400', '000002'],
      ['0200', '000003'],
    ])
    expect(terminal.state.log.map(({ status }) => status)).toEqual(['reversed', 'approved'])
  })

  test.each(['25', '12'])('ends with %s too', async (responseCode) => {
    const { terminal, steps } = await openDay()
    steps.push('lost', { fields: { 39: responseCode, 64: null } })
    await terminal.sale(1234, CARD)
    expect((await terminal.settle()).ok).toBe(true)
    expect(terminal.state.pending).toBeNull()
  })

  test('is sent three times, then dropped together with the next transaction', async () => {
    const { terminal, steps, sent } = await openDay()
    steps.push('lost', 'lost', { fields: { 39: '96', 64: null } }, { badMac: true })
    await terminal.sale(1234, CARD)
    expect(await terminal.sale(5000, CARD)).toEqual({ ok: false, error: 'reversal_failed' })
    const reversals = sent().filter(({ mti }) => mti === '0400')
    expect(reversals.map(({ fields }) => fields.get(39))).toEqual(['98', '06', '06'])
    expect(sent().at(-1)?.mti).toBe('0400')
    expect(terminal.state.pending).toBeNull()
    expect(unwrap(await terminal.sale(5000, CARD)).outcome).toBe('approved')
  })

  test('survives a change of batch, so that it can still be built', async () => {
    const { terminal, steps, sent } = await openDay()
    await terminal.sale(1234, CARD)
    steps.push('lost', { fields: { 60: '00000008003' } })
    await terminal.voidSale('000002')
    await terminal.signOn()
    await terminal.sale(1, CARD)
    const reversal = sent().find(({ mti }) => mti === '0400')
    expect(reversal?.fields.get(60)).toBe('2300000700060')
    expect(reversal?.fields.get(61)).toBe('000007000002')
  })
})

describe('the log', () => {
  test('decides what can be voided', async () => {
    const { terminal, steps } = await openDay()
    await terminal.sale(1234, CARD)
    steps.push({ fields: { 39: '51', 64: null } })
    await terminal.sale(1251, CARD)
    expect(await terminal.voidSale('000009')).toEqual({ ok: false, error: 'not_in_log' })
    expect(await terminal.voidSale('000003')).toEqual({ ok: false, error: 'sale_not_approved' })
    await terminal.voidSale('000002')
    expect(await terminal.voidSale('000002')).toEqual({ ok: false, error: 'already_voided' })
    expect(await terminal.voidSale('000004')).toEqual({ ok: false, error: 'not_a_sale' })
    expect(await terminal.reverse()).toEqual({ ok: false, error: 'nothing_to_reverse' })
  })

  test('lets a sale be voided again after its void was reversed', async () => {
    const { terminal, last } = await openDay()
    await terminal.sale(1234, CARD)
    await terminal.voidSale('000002')
    await terminal.reverse('000003')
    expect(unwrap(await terminal.voidSale('000002')).outcome).toBe('approved')
    expect(last().fields.get(11)).toBe('000004')
  })
})

describe('settlement', () => {
  const half = (debit: string, credit: string) => debit + credit
  const ZEROS = '0'.repeat(30)

  test('counts a voided sale in debit, its void in credit, and reversed items in neither', async () => {
    const { terminal, sent } = await openDay()
    await terminal.sale(1234, CARD)
    await terminal.sale(5000, CARD)
    await terminal.sale(700, CARD)
    await terminal.voidSale('000002')
    await terminal.reverse('000004', '96')
    expect(unwrap(await terminal.settle())).toMatchObject({ outcome: 'approved', responseCode: '11' })
    const settlement = sent().find(({ mti }) => mti === '0500')
    const debit = '000000006234002'
    const credit = '000000001234001'
    expect(settlement?.fields.get(48)).toBe(`${half(debit, credit)}0${ZEROS}0`)
    expect(settlement?.fields.has(64)).toBe(false)
    expect(sent().at(-1)).toMatchObject({ mti: '0320' })
    expect(sent().at(-1)?.fields.get(60)).toBe('00000007207')
    expect(terminal.state).toMatchObject({ batchNumber: '000008', log: [] })
  })

  test('uploads items in groups of eight when the totals differ, ends with 202, and opens the next batch', async () => {
    const { terminal, steps, sent } = await openDay()
    for (let i = 1; i <= 9; i++) await terminal.sale(i, CARD)
    steps.push({ fields: { 48: `${ZEROS}2${ZEROS}1` } })
    expect(unwrap(await terminal.settle())).toMatchObject({ outcome: 'declined', responseCode: '21' })
    const uploads = sent().slice(-3)
    expect(uploads.map(({ mti, fields }) => [mti, fields.get(60)])).toEqual([
      ['0320', '00000007201'],
      ['0320', '00000007201'],
      ['0320', '00000007202'],
    ])
    expect(uploads[0]?.fields.get(48)).toHaveLength(322)
    expect(uploads[1]?.fields.get(48)).toBe(`0100000010${CARD.padStart(20, '0')}000000000009`)
    expect(uploads[2]?.fields.get(48)).toBe('0009')
    expect(terminal.state.batchNumber).toBe('000008')
  })

  test.each<Step>(['lost', { fields: { 39: '77' } }])(
    'keeps the batch open when the upload is not accepted',
    async (step) => {
      const { terminal, steps } = await openDay()
      await terminal.sale(1, CARD)
      steps.push({ fields: { 48: `${ZEROS}2${ZEROS}1` } }, step)
      await terminal.settle()
      expect(terminal.state).toMatchObject({ batchNumber: '000007', log: [{ stan: '000002' }] })
    },
  )

  test('repeats an unanswered settlement with the same STAN', async () => {
    const { terminal, steps, sent } = await openDay()
    await terminal.sale(1, CARD)
    steps.push('lost')
    expect(unwrap(await terminal.settle()).outcome).toBe('unanswered')
    await terminal.settle()
    const stans = sent()
      .filter(({ mti }) => mti === '0500')
      .map(({ fields }) => fields.get(11))
    expect(stans).toEqual(['000003', '000003'])
  })

  test('keeps the batch when there is nothing to settle', async () => {
    const { terminal, sent } = await openDay()
    await terminal.settle()
    expect(sent().at(-1)?.mti).toBe('0500')
    expect(terminal.state.batchNumber).toBe('000007')
  })

  test('carries a MAC when the profile needs one, and accepts only an answer with a right MAC', async () => {
    const { terminal, requests, steps } = await openDay({ settlementMac: true })
    await terminal.sale(1, CARD)
    steps.push({ fields: { 64: null } })
    expect(unwrap(await terminal.settle())).toMatchObject({
      outcome: 'invalid',
      fault: 'approved without a MAC',
    })
    await terminal.settle()
    expect(requests.slice(-3).every(hasRightMac)).toBe(true)
    expect(terminal.state.batchNumber).toBe('000008')
  })
})

test('resend sends the same bytes and changes nothing in the log', async () => {
  const { terminal, requests, exchanges } = await openDay()
  const first = unwrap(await terminal.sale(1234, CARD))
  const before = structuredClone(terminal.state)
  const second = await terminal.resend(first.request)
  expect(requests.at(-1)).toEqual(first.request)
  expect(second).toMatchObject({ operation: 'resend', outcome: 'approved' })
  expect(terminal.state).toEqual(before)
  expect(exchanges.at(-1)).toBe(second)
})

test('detects a master key other than the sign-on’s, without a byte of it in the error', async () => {
  const { terminal } = await openDay()
  const other = new VirtualTerminal({
    core,
    send: async () => null,
    now: () => 0,
    tmk: new Uint8Array(16),
    state: terminal.state,
  })
  await expect(other.sale(1, CARD)).rejects.toThrow('working keys: check value of the PIN key differs')
})
