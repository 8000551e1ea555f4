/**
 * @module The service with an acquirer that is a Worker of its own, reached through a service binding. The
 * tests check frames on the wire, MACs and the books on both sides.
 */

import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it } from 'vitest'
import type { AcquirerRequest } from '../../src/acquirer/port.ts'
import { sendOver } from '../../src/acquirer/send.ts'
import type { Environment } from '../../src/create-services.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { faultOf, rows } from './book.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

const BEHIND: Partial<Environment> = {
  ACQUIRER: 'https',
  ACQUIRER_SERVICE: env.ACQUIRER_SERVICE,
  ACQUIRER_MAC_KEY: '0123456789ABCDEF',
}

const control = (path: string, body?: object) =>
  env.ACQUIRER_SERVICE.fetch(`http://acquirer${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

afterEach(() => control('/faults', {}))

interface Entry {
  readonly kind: string
  readonly terminalId: string
  readonly state: string
  readonly amount: number
  readonly stan: string
}

/** The acquirer's books of one terminal. */
async function booksOf(tid: string): Promise<Entry[]> {
  const response = await env.ACQUIRER_SERVICE.fetch('http://acquirer/ledger')
  const { items } = (await response.json()) as { items: Entry[] }
  return items.filter(({ terminalId }) => terminalId === tid)
}

const theirs = async (terminal: TestTerminal) =>
  (await booksOf(terminal.tid)).map(({ kind, stan, amount, state }) => `${kind} ${stan} ${amount} ${state}`)

const ours = async (terminal: TestTerminal) =>
  (
    await rows(
      'select kind, acquirer_stan, amount, state from acquirer_record where terminal_id = ? order by (select rowid from journal where journal.message_key = acquirer_record.message_key)',
      terminal.tid,
    )
  ).map(({ kind, acquirer_stan, amount, state }) => `${kind} ${acquirer_stan} ${amount} ${state}`)

describe('the port, over a service binding', () => {
  it('sells, voids, reverses and inquires', async () => {
    const { acquirer } = (await s.openIsolate(BEHIND)).services
    const sale: AcquirerRequest = {
      kind: 'sale',
      of: 'sale',
      merchantId: s.MID,
      terminalId: 'PORT0001',
      batchNumber: '000001',
      acquirerStan: '000101',
      amount: 1234,
      currencyCode: '156',
      original: null,
      cardFields: new Map([
        [2, s.PAN],
        [22, '072'],
      ]),
    }
    const sold = await acquirer.ask(sale)
    if (sold.kind !== 'approved' || sold.rrn === null) throw new Error('the sale was not approved')
    const { rrn, authorizationCode } = sold
    const undo: AcquirerRequest = {
      ...sale,
      kind: 'void',
      of: 'void',
      acquirerStan: '000102',
      original: { batchNumber: '000001', stan: '000101', rrn, authorizationCode },
      cardFields: null,
    }
    const voided = await acquirer.ask(undo)
    expect(voided).toMatchObject({ kind: 'approved', rrn: expect.stringMatching(/^\d{12}$/) })
    expect(await acquirer.ask({ ...undo, kind: 'inquiry' })).toEqual(voided)
    expect(await acquirer.ask({ ...undo, kind: 'reversal' })).toMatchObject({ kind: 'approved' })
    expect(await acquirer.ask({ ...undo, kind: 'inquiry' })).toEqual({
      kind: 'declined',
      reason: 'message_reversed',
    })
    expect(await acquirer.ask({ ...undo, acquirerStan: '000999', kind: 'inquiry' })).toEqual({
      kind: 'not_found',
    })
    expect((await booksOf('PORT0001')).map(({ state }) => state)).toEqual(['approved', 'reversed'])
  })

  it('times out on a late acquirer', async () => {
    await control('/faults', { script: [{ fault: 'late_answer' }] })
    const { services } = await s.openIsolate(BEHIND)
    const frame = s.frameOf(await s.openIsolate(), s.aSale({ stan: '000001' }), {
      algorithm: 'cup-ecb',
      mak: '0123456789ABCDEF',
    })
    const late = sendOver(env.ACQUIRER_SERVICE.fetch.bind(env.ACQUIRER_SERVICE), 'http://acquirer/', 200)
    const start = Date.now()
    expect(await late(frame)).toBeNull()
    expect(Date.now() - start).toBeLessThan(5_000)
    expect(services.acquirer.isRemote).toBe(true)
  })

  it('rejects a wrong setting at the start, by name', async () => {
    const wrong = [
      [{ ...BEHIND, ACQUIRER: 'ftp' }, 'ACQUIRER: expected sandbox, book or https'],
      [{ ACQUIRER: 'https', ACQUIRER_MAC_KEY: '0123456789ABCDEF' }, 'ACQUIRER_URL: expected'],
      [{ ...BEHIND, ACQUIRER_MAC_KEY: 'DEADBEEF' }, 'ACQUIRER_MAC_KEY: expected 16 hex digits'],
      [{ ...BEHIND, ACQUIRER_RECOVERY: 'hope' }, 'ACQUIRER_RECOVERY: expected inquiry or repeat'],
    ] as const
    for (const [settings, message] of wrong) await expect(s.openIsolate(settings)).rejects.toThrow(message)
  })
})

describe('a terminal whose sales and voids are forwarded to an acquirer', () => {
  /** Waits move the test clock and take no time. */
  async function open(
    settings: Partial<Environment> = {},
  ): Promise<{ terminal: TestTerminal; isolate: s.Isolate; waits: readonly number[] }> {
    const waits: number[] = []
    const isolate: s.Isolate = await s.openIsolate({
      ...BEHIND,
      ...settings,
      sleep: async (ms) => {
        waits.push(ms)
        isolate.clock.now += ms
      },
    })
    return { terminal: await openTerminal(isolate), isolate, waits }
  }
  const voidOf = (sale: Awaited<ReturnType<typeof sell>>) => s.aVoid({ stan: '000002', ...sale })

  it('has them in both books', async () => {
    const { terminal } = await open()
    const sale = await sell(terminal, '000001')
    expect((await terminal.send(voidOf(sale))).fields.get(39)).toBe('00')
    expect((await terminal.send(s.aSale({ stan: '000003', amount: 1251 }))).fields.get(39)).toBe('51')
    expect(await theirs(terminal)).toEqual(await ours(terminal))
    expect((await terminal.send(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    expect(await faultOf(terminal.tid)).toBeNull()
  })

  const FAULTS = ['drop_request', 'drop_answer', 'other_stan', 'bad_mac', 'half_frame', 'code_96', 'code_98']

  it.each(FAULTS)(
    'waits for the second try of a void that met %s, and gets the right answer',
    async (fault) => {
      const { terminal, waits } = await open()
      const sale = await sell(terminal, '000001')
      await control('/faults', { script: [{ on: 'void', fault }] })
      expect((await terminal.send(voidOf(sale))).fields.get(39)).toBe('00')
      expect(waits).toContain(1_000)
      expect(waits).not.toContain(4_000)
      expect(await theirs(terminal)).toEqual(await ours(terminal))
    },
  )

  it.each(['51', '54', '05'])(
    'gets the decline %s of a sale that has no MAC, by an inquiry',
    async (code) => {
      const { terminal, isolate, waits } = await open()
      await control('/faults', { declines: 'unsigned' })
      const reply = await terminal.send(s.aSale({ stan: '000001', amount: 1200 + Number(code) }))
      expect([reply.status, reply.fields.get(39)]).toEqual([200, code])
      expect(waits).toContain(1_000)
      expect(waits).not.toContain(4_000)
      expect(isolate.logged).toContainEqual(
        expect.objectContaining({ event: 'acquirer_unknown', why: 'no MAC' }),
      )
      expect(await theirs(terminal)).toEqual(await ours(terminal))
    },
  )

  it('gets the decline of a void that has no MAC, by an inquiry', async () => {
    const { terminal } = await open()
    const sale = await sell(terminal, '000001')
    await control('/faults', { declines: 'unsigned', script: [{ on: 'void', code: '57' }] })
    const reply = await terminal.send(voidOf(sale))
    expect([reply.status, reply.fields.get(39)]).toEqual([200, '05'])
    expect(await theirs(terminal)).toEqual(await ours(terminal))
  })

  it.each(FAULTS)(
    'that waits for the first try only gets no answer to a void that met %s, and the right one once it is found',
    async (fault) => {
      const { terminal, isolate } = await open({ ACQUIRER_DEADLINE: '0' })
      const sale = await sell(terminal, '000001')
      await control('/faults', { script: [{ on: 'void', fault }] })
      const noAnswer = await terminal.send(voidOf(sale))
      expect([noAnswer.status, noAnswer.bytes.length]).toEqual([503, 0])
      await isolate.settle()
      await recover(isolate.services, isolate.services.now() + 1)
      expect((await terminal.send(voidOf(sale))).fields.get(39)).toBe('00')
      expect(await theirs(terminal)).toEqual(await ours(terminal))
    },
  )

  it('does not get a forged decline as an answer', async () => {
    const { terminal, isolate } = await open({ ACQUIRER_DEADLINE: '0' })
    const sale = await sell(terminal, '000001')
    await control('/faults', {
      script: [
        { on: 'void', fault: 'bad_mac' },
        { on: 'inquiry', fault: 'bad_mac' },
      ],
    })
    expect((await terminal.send(voidOf(sale))).status).toBe(503)
    await isolate.settle()
    expect(await theirs(terminal)).toEqual(await ours(terminal))
    expect((await ours(terminal)).at(-1)).toMatch(/^void .* approved$/)
  })

  it('cannot forward a PIN: the sale is refused, and nothing is sent to the acquirer', async () => {
    const { terminal } = await open()
    const pin = { 26: '12', 52: '0123456789ABCDEF', 53: '2600000000000000' }
    expect((await terminal.send(s.aSale({ stan: '000001', more: pin }))).fields.get(39)).toBe('40')
    const track = { 2: undefined, 35: `${'6'.repeat(20)}`, 53: '2610000000000000' }
    expect((await terminal.send(s.aSale({ stan: '000002', more: track }))).fields.get(39)).toBe('40')
    expect(await theirs(terminal)).toEqual([])
  })
})
