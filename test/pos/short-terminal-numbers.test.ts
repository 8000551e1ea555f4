/**
 * @module Terminal numbers of 1 to 8 characters. Field 41 is ans 8, so a shorter number has blanks at its end on the wire. A person and a
 * program write it without them, and no JSON answer has them.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPLAYED } from '../../src/api/handler.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import { readJournal, replay } from '../../src/cli/lib/read-journal.ts'
import { parseFrame } from '../../src/iso8583/frame.ts'
import { unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { createSimulator, type LedgerEntry } from '../../src/simulator/app.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { MERCHANT, RecordedTerminal, Recorder } from '../integrate/recorder.ts'
import { openService, type Service } from '../integrate/service.ts'
import { holdToContract } from '../support/contract.ts'

const NUMBERS = ['1', 'T2', 'PO3', '0004', 'Five5', 'six006', 'SEVEN07', 'EIGHT008']
const MAC_KEY = '0123456789ABCDEF'
const OTHER_MERCHANT = '999999999999999'

/** Field 41 of a number, by hand. */
const onWire = (number: string): string => `${number}        `.slice(0, 8)

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Record<string, unknown>
}

let service: Service
let acquirer: (request: Request) => Promise<Response>
let recorder: Recorder
const lives = new Map<string, Life>()
/** Every body of the JSON API in this file. */
const bodies: string[] = []

async function ask(method: string, path: string, body?: unknown, key?: string): Promise<Reply> {
  const isLines = path.startsWith('/v1/reconciliations')
  const response = await service.fetch(path, {
    method,
    headers: {
      authorization: 'Bearer annul_example-key-of-an-administrator',
      'content-type': isLines ? 'application/x-ndjson' : 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: `${JSON.stringify(body)}\n` }),
  })
  const { status, headers } = response
  const text = await response.text()
  holdToContract(method, path, { status, headers, text })
  if (text !== '') bodies.push(text)
  return { status, headers, text, body: text === '' ? {} : JSON.parse(text) }
}

/** A terminal after its day. */
interface Life {
  readonly pos: RecordedTerminal
  readonly batch: string
  readonly sold: readonly { readonly stan: string; readonly rrn: string }[]
  /** Field 39 and field 41 of each answer, in order. */
  readonly answered: readonly (readonly [code: string | undefined, terminal: string | undefined])[]
  /** Field 41 of each request. */
  readonly sent: readonly (string | undefined)[]
  readonly voidId: string
}

/** Four sales: voided, reversed, voided by JSON, kept. The void of the first is reversed and sent again. */
async function live(number: string): Promise<Life> {
  const pos = new RecordedTerminal(recorder, { terminalId: number, tmk: EXAMPLE_TMK, macProfile: 'cup-ecb' })
  await pos.provision()
  const { terminal } = pos
  const answered: [string | undefined, string | undefined][] = []
  const sent: (string | undefined)[] = []
  type Done = Awaited<ReturnType<typeof terminal.sale>>
  const note = (done: Done) => {
    if (!done.ok) throw new Error(done.error)
    const { received, sent: request } = done.value
    answered.push([received?.fields.get(39), received?.fields.get(41)])
    sent.push(request.fields.get(41))
    return done.value
  }
  note({ ok: true, value: await terminal.signOn() })
  const { batchNumber: batch } = pos.state
  const sold: { stan: string; rrn: string }[] = []
  for (let i = 0; i < 4; i++) {
    const { sent: request, received } = note(await terminal.sale(1000 + i, testCard(i)))
    sold.push({ stan: request.fields.get(11) ?? '', rrn: received?.fields.get(37) ?? '' })
  }
  const [first, second, third] = sold
  const { sent: aVoid } = note(await terminal.voidSale(first?.stan ?? ''))
  note(await terminal.reverse(aVoid.fields.get(11)))
  note(await terminal.voidSale(first?.stan ?? ''))
  note(await terminal.reverse(second?.stan))
  const { body: sale } = await ask('GET', `/v1/sales/${third?.rrn}`)
  const { body: made, status } = await ask(
    'POST',
    '/v1/voids',
    { saleId: sale.id, amount: 1002 },
    `void-${number}`,
  )
  if (status !== 201) throw new Error(`void: ${status}`)
  return { pos, batch, sold, answered, sent, voidId: String(made.id) }
}

const lifeOf = (number: string): Life => {
  const found = lives.get(number)
  if (found === undefined) throw new Error(number)
  return found
}

beforeAll(async () => {
  const core = await loadCore()
  const clock = { now: () => 0 }
  acquirer = createSimulator({
    core,
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    now: () => clock.now(),
    sleep: async () => {},
  })
  service = await openService({
    ACQUIRER: 'https',
    ACQUIRER_MAC_KEY: MAC_KEY,
    ACQUIRER_SERVICE: { fetch: (url, init) => acquirer(new Request(url, init)) },
  })
  clock.now = () => service.clock.now
  recorder = new Recorder(service, core, { isNamed: false })
  for (const number of NUMBERS) lives.set(number, await live(number))
})

afterAll(() => service.close())

describe.each(NUMBERS)('terminal %s', (number) => {
  it('signs on, sells, voids and reverses, with blanks behind its number in field 41', () => {
    const { answered, sent } = lifeOf(number)
    expect(answered).toEqual(Array.from({ length: 9 }, () => ['00', onWire(number)]))
    expect(new Set(sent)).toEqual(new Set([onWire(number)]))
  })

  it('belongs to its merchant', async () => {
    const path = `/v1/merchants/${MERCHANT}/terminals/${number}`
    const { status, body } = await ask('PUT', path, { cardCheck: 'none' })
    expect([status, body.terminalId]).toEqual([200, number])
    await ask('PUT', `/v1/merchants/${OTHER_MERCHANT}`, {})
    const other = `/v1/merchants/${OTHER_MERCHANT}/terminals/${number}`
    expect((await ask('PUT', other, { cardCheck: 'none' })).body.reason).toBe('terminal_of_other_merchant')
  })

  it('is named so by its sales, voids and inquiries', async () => {
    const { batch, sold, voidId } = lifeOf(number)
    const [first, second, third, kept] = sold
    for (const [one, state] of [
      [first, 'voided'],
      [second, 'reversed'],
      [third, 'voided'],
      [kept, 'approved'],
    ] as const) {
      expect((await ask('GET', `/v1/sales/${one?.rrn}`)).body).toMatchObject({ terminalId: number, state })
      {
        const query = new URLSearchParams({
          ...{ merchantId: MERCHANT, terminalId: number, batchNumber: batch },
          ...{ stan: one?.stan ?? '', kind: 'sale' },
        })
        const { status, body } = await ask('GET', `/v1/inquiries?${query}`)
        expect([status, body.terminalId, body.rrn]).toEqual([200, number, one?.rrn])
      }
    }
    expect((await ask('GET', `/v1/voids/${voidId}`)).body).toMatchObject({ terminalId: number })
  })

  it('is named so by captured sales, their copies, refusals and reversals', async () => {
    const { batch } = lifeOf(number)
    const sale = (terminalId: string, stan: string, amount = 500) => ({
      ...{ merchantId: MERCHANT, terminalId, batchNumber: batch, stan, amount },
    })
    const first = await ask('POST', '/v1/sales', sale(number, '500001'))
    expect([first.status, first.body.terminalId]).toEqual([201, number])
    const copy = await ask('POST', '/v1/sales', sale(number, '500001'))
    expect([copy.status, copy.text]).toEqual([201, first.text])
    for (const [name, value] of Object.entries(REPLAYED)) expect(copy.headers.get(name)).toBe(value)
    const taken = await ask('POST', '/v1/sales', sale(number, '500001', 501))
    const location = String(taken.body.location)
    expect(new URLSearchParams(location.split('?')[1]).get('terminalId')).toBe(number)
    expect((await ask('GET', location)).body).toMatchObject({ saleId: first.body.id, terminalId: number })
    const undone = await ask('POST', '/v1/reversals', sale(number, '500001'), `undo-${number}`)
    expect(undone.body).toMatchObject({ saleId: first.body.id, state: expect.stringMatching(/^revers/) })
    const again = await ask('POST', '/v1/reversals', sale(number, '500001'), `undo-${number}`)
    expect(again.body).toMatchObject({ saleId: first.body.id })
  })

  it('is named so by the lists of the acquirer, with and without blanks', async () => {
    const response = await acquirer(new Request('https://acquirer/ledger'))
    const { items } = (await response.json()) as { items: LedgerEntry[] }
    const own = items.filter(({ terminalId }) => terminalId === number)
    expect(own.length).toBeGreaterThan(3)
    const asOf = new Date(service.clock.now).toISOString()
    for (const terminalId of [number, onWire(number)])
      for (const one of own) {
        const path = `/v1/reconciliations?asOf=${asOf}`
        // A line that agrees has no result.
        expect((await ask('POST', path, { ...one, terminalId })).text).toBe('')
        if (one.state !== 'approved') continue
        const { body } = await ask('POST', path, { ...one, terminalId, amount: one.amount + 1 })
        expect([body.terminalId, body.difference]).toEqual([number, 'amount'])
      }
    const { body } = await ask('GET', '/v1/acquirer-messages?limit=1000')
    const listed = body.items as { terminalId: string; stan: string }[]
    expect(listed.filter(({ terminalId }) => terminalId === number).length).toBe(own.length)
  })

  it('is named so by a case', async () => {
    const asOf = new Date(service.clock.now).toISOString()
    const { body: list } = await ask('GET', '/v1/acquirer-messages?limit=1000')
    const listed = list.items as Record<string, unknown>[]
    const one = listed.find(({ terminalId, state, kind }) => {
      return terminalId === number && state === 'approved' && kind === 'void'
    })
    const line = { ...one, terminalId: onWire(number), state: 'absent' }
    const { body } = await ask('POST', `/v1/reconciliations?asOf=${asOf}&apply=true`, line)
    expect(body).toMatchObject({ terminalId: number, difference: 'only_ours', applied: true })
    expect((await ask('GET', `/v1/cases/${one?.rrn}`)).body).toMatchObject({ terminalId: number })
  })

  it('settles, and its batch is listed by its number', async () => {
    const { pos, batch } = lifeOf(number)
    // The declared totals differ.
    pos.state.log = pos.state.log.slice(1)
    const settled = await pos.terminal.settle()
    expect(settled.ok && settled.value.sent.fields.get(41)).toBe(onWire(number))
    const found: unknown[] = []
    for (let next: unknown = ''; next !== null; ) {
      const cursor = next === '' ? '' : `&cursor=${encodeURIComponent(String(next))}`
      const page = await ask('GET', `/v1/batch-differences?limit=1${cursor}`)
      found.push(...(page.body.items as unknown[]))
      next = page.body.next
    }
    expect(found).toContainEqual(expect.objectContaining({ terminalId: number, batchNumber: batch }))
    expect(found.length).toBe(NUMBERS.indexOf(number) + 1)
  })
})

it('no other terminal is meant: the case of letters counts, and blanks before a number', async () => {
  for (const text of ['t2      ', ' T2     ', 'T 2     ', 'T2T2    ', '      T2', '        ']) {
    const fields = new Map([
      [11, '000077'],
      [41, text],
      [42, MERCHANT],
      [60, '00000001003'],
      [63, '303120'],
    ])
    const answer = await lifeOf('T2').pos.send({ mti: '0800', fields }, { mac: 'none' })
    const frame = parseFrame(answer ?? new Uint8Array(0), xorLrc)
    const message = frame.ok ? unpack(frame.value.body) : frame
    expect([text, message.ok && message.value.fields.get(39)]).toEqual([text, '97'])
  }
})

it('no body has a blank at the end of a terminal number', () => {
  const ends: string[] = []
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value)) {
      if (name === 'terminalId' && typeof member === 'string') ends.push(member)
      look(member)
    }
  }
  for (const body of bodies) look(JSON.parse(body))
  expect(new Set(ends)).toEqual(new Set(NUMBERS))
  expect(
    bodies.filter((body) => body.includes('T2 ') || body.includes('T2%20') || body.includes('T2+')),
  ).toEqual([])
})

it('the journal is sound, and has the eight characters as its streams', async () => {
  const execute = async (statements: readonly string[]) =>
    service.storage
      .apply({ statements: statements.map((sql) => ({ sql, params: [] })) })
      .map(({ results }) => results)
  const journal = await readJournal(execute, service.keyring)
  expect(journal.verified.filter(({ fault }) => fault !== null)).toEqual([])
  const streams = journal.verified.map(({ terminalId }) => terminalId)
  expect(streams.filter((name) => name.length === 8).toSorted()).toEqual(NUMBERS.map(onWire).toSorted())
  const { replica, fault } = await replay(journal)
  expect(fault).toBe(null)
  replica?.close()
})
