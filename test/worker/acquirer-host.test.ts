/**
 * @module The service with a host behind it that is a Worker of its own, reached through a service binding: frames on the
 * wire, MACs and books on both sides.
 */

import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../src/create-services.ts'
import type { HostQuestion } from '../../src/host/port.ts'
import { sendOver } from '../../src/host/send.ts'
import { recover } from '../../src/recover.ts'
import { faultOf, rows } from './book.ts'
import * as s from './support.ts'
import { openTill, sell, type Till } from './till.ts'

const BEHIND: Partial<Environment> = {
  ACQUIRER: 'https',
  ACQUIRER_HOST: env.ACQUIRER_HOST,
  ACQUIRER_MAC_KEY: '0123456789ABCDEF',
}

const control = (path: string, body?: object) =>
  env.ACQUIRER_HOST.fetch(`http://host${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

afterEach(() => control('/faults', {}))

interface Entry {
  readonly of: string
  readonly terminalId: string
  readonly state: string
  readonly amount: number
  readonly stan: string
}

/** The host's books of one terminal. */
async function booksOf(tid: string): Promise<Entry[]> {
  const response = await env.ACQUIRER_HOST.fetch('http://host/ledger')
  const { items } = (await response.json()) as { items: Entry[] }
  return items.filter(({ terminalId }) => terminalId === tid)
}

const theirs = async (till: Till) =>
  (await booksOf(till.tid)).map(({ of, stan, amount, state }) => `${of} ${stan} ${amount} ${state}`)

const ours = async (till: Till) =>
  (
    await rows(
      'select kind, host_stan, amount, state from host_message where terminal_id = ? order by rowid',
      till.tid,
    )
  ).map(({ kind, host_stan, amount, state }) => `${kind} ${host_stan} ${amount} ${state}`)

describe('the port, over a service binding', () => {
  it('sells, voids, reverses and inquires', async () => {
    const { acquirer } = (await s.openIsolate(BEHIND)).services
    const sale: HostQuestion = {
      kind: 'sale',
      of: 'sale',
      merchantId: s.MID,
      terminalId: 'PORT0001',
      batchNumber: '000001',
      hostStan: '000101',
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
    const undo: HostQuestion = {
      ...sale,
      kind: 'void',
      of: 'void',
      hostStan: '000102',
      original: { batchNumber: '000001', hostStan: '000101', rrn, authorizationCode },
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
    expect(await acquirer.ask({ ...undo, hostStan: '000999', kind: 'inquiry' })).toEqual({
      kind: 'not_found',
    })
    expect((await booksOf('PORT0001')).map(({ state }) => state)).toEqual(['approved', 'reversed'])
  })

  it('gives up on a host that is late', async () => {
    await control('/faults', { script: [{ fault: 'late_answer' }] })
    const { services } = await s.openIsolate(BEHIND)
    const frame = s.frameOf(await s.openIsolate(), s.aSale({ stan: '000001' }), {
      algorithm: 'cup-ecb',
      mak: '0123456789ABCDEF',
    })
    const late = sendOver(env.ACQUIRER_HOST.fetch.bind(env.ACQUIRER_HOST), 'http://host/', 200)
    const start = Date.now()
    expect(await late(frame)).toBeNull()
    expect(Date.now() - start).toBeLessThan(5_000)
    expect(services.acquirer.isRemote).toBe(true)
  })

  it('is refused at the start where a setting is wrong, by name', async () => {
    const wrong = [
      [{ ...BEHIND, ACQUIRER: 'ftp' }, 'ACQUIRER: expected sandbox, book or https'],
      [{ ACQUIRER: 'https', ACQUIRER_MAC_KEY: '0123456789ABCDEF' }, 'ACQUIRER_URL: expected'],
      [{ ...BEHIND, ACQUIRER_MAC_KEY: 'DEADBEEF' }, 'ACQUIRER_MAC_KEY: expected 16 hex digits'],
      [{ ...BEHIND, ACQUIRER_RECOVERY: 'hope' }, 'ACQUIRER_RECOVERY: expected inquiry or repeat'],
    ] as const
    for (const [settings, message] of wrong) await expect(s.openIsolate(settings)).rejects.toThrow(message)
  })
})

describe('a terminal whose sales and voids go on to a host', () => {
  /** Waits take no time of the test's, but of its clock. */
  async function open(): Promise<{ till: Till; isolate: s.Isolate }> {
    const isolate: s.Isolate = await s.openIsolate({
      ...BEHIND,
      sleep: async (ms) => {
        isolate.clock.now += ms
      },
    })
    return { till: await openTill(isolate), isolate }
  }
  const voidOf = (sale: Awaited<ReturnType<typeof sell>>) => s.aVoid({ stan: '000002', ...sale })

  it('has them in both books', async () => {
    const { till } = await open()
    const sale = await sell(till, '000001')
    expect((await till.say(voidOf(sale))).fields.get(39)).toBe('00')
    expect((await till.say(s.aSale({ stan: '000003', amount: 1251 }))).fields.get(39)).toBe('51')
    expect(await theirs(till)).toEqual(await ours(till))
    expect((await till.say(s.aReversal('void', { stan: '000002' }))).fields.get(39)).toBe('00')
    expect(await faultOf(till.tid)).toBeNull()
  })

  it.each(['drop_request', 'drop_answer', 'other_stan', 'bad_mac', 'half_frame', 'code_96', 'code_98'])(
    'hears nothing of a void that met %s, and the truth once it is found',
    async (fault) => {
      const { till, isolate } = await open()
      const sale = await sell(till, '000001')
      await control('/faults', { script: [{ on: 'void', fault }] })
      const silence = await till.say(voidOf(sale))
      expect([silence.status, silence.bytes.length]).toEqual([503, 0])
      await isolate.settle()
      await recover(isolate.services, isolate.services.now() + 1)
      expect((await till.say(voidOf(sale))).fields.get(39)).toBe('00')
      expect(await theirs(till)).toEqual(await ours(till))
    },
  )

  it('is told no more than is so where a decline is forged', async () => {
    const { till, isolate } = await open()
    const sale = await sell(till, '000001')
    await control('/faults', {
      script: [
        { on: 'void', fault: 'bad_mac' },
        { on: 'inquiry', fault: 'bad_mac' },
      ],
    })
    expect((await till.say(voidOf(sale))).status).toBe(503)
    await isolate.settle()
    expect(await theirs(till)).toEqual(await ours(till))
    expect((await ours(till)).at(-1)).toMatch(/^void .* approved$/)
  })

  it('cannot send a PIN on: the sale is refused, and the host never hears of it', async () => {
    const { till } = await open()
    const pin = { 26: '12', 52: '0123456789ABCDEF', 53: '2600000000000000' }
    expect((await till.say(s.aSale({ stan: '000001', more: pin }))).fields.get(39)).toBe('40')
    const track = { 2: undefined, 35: `${'6'.repeat(20)}`, 53: '2610000000000000' }
    expect((await till.say(s.aSale({ stan: '000002', more: track }))).fields.get(39)).toBe('40')
    expect(await theirs(till)).toEqual([])
  })
})
