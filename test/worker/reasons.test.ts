/**
 * @module Every reason for a refusal at the POS door, in the order of the guards. The tests check field 39,
 * the texts in field 63, the sign-on request in the header, and whether the answer is signed. Then pairs of
 * faults show the order.
 */

import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type DeclineReason, REFUSALS } from '../../src/domain/decline-reason.ts'
import { posMessageKey } from '../../src/domain/message-key.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { macOf, openTerminal, sell, type TestTerminal, textsOf } from './terminal.ts'
import { watchD1, writesJournal } from './watched-d1.ts'

let isolate: s.Isolate
beforeAll(async () => {
  isolate = await s.openIsolate()
})

type Open = (options?: Parameters<typeof openTerminal>[1]) => Promise<TestTerminal>
type Exchange = readonly [TestTerminal, s.Reply]

const OTHER_MID = '543210987654321'
const WRONG_KEY: s.Key = { algorithm: 'cup-ecb', mak: '7'.repeat(16) }
const UNKNOWN_SALE = { original: '000099', rrn: '0'.repeat(12) }

/** Sends one message and returns the terminal with the reply. */
const send = async (
  terminal: TestTerminal,
  message: Parameters<TestTerminal['send']>[0],
  key?: s.Key | null,
): Promise<Exchange> => [terminal, await terminal.send(message, key === undefined ? {} : { key })]

const voidOf = (names: { original: string; rrn: string }, more: Partial<s.VoidNames> = {}) =>
  s.aVoid({ stan: '000009', ...names, ...more })

async function settle(terminal: TestTerminal, debit: [number, number], credit: [number, number] = [0, 0]) {
  const reply = await terminal.send(s.aSettlement({ stan: '000090' }, s.totalsOf(...debit, ...credit)))
  expect(reply.fields.get(48)?.[30]).toBe('1')
}

async function blocked(open: Open, planted = true) {
  const terminal = await open({ hasKey: planted })
  await s.provision(isolate, { state: 'stolen', tmk: undefined }, terminal)
  return terminal
}

/** A void that is valid except for `more`. */
async function voidWith(open: Open, more: Partial<s.VoidNames>): Promise<Exchange> {
  const terminal = await open()
  return send(terminal, voidOf(await sell(terminal, '000001'), more))
}

async function foreignVoid(open: Open, mid: string, more: Partial<s.VoidNames> = {}): Promise<Exchange> {
  const { rrn } = await sell(await open(), '000001')
  return send(await open({ mid }), voidOf({ ...UNKNOWN_SALE, rrn }, more))
}

async function declinedSale(open: Open, more: Partial<s.VoidNames> = {}): Promise<Exchange> {
  const terminal = await open()
  const sale = await terminal.send(s.aSale({ stan: '000001', amount: 1251 }))
  const names = { original: '000001', rrn: sale.fields.get(37) ?? '', amount: 1251 }
  return send(terminal, voidOf(names, more))
}

async function reversedSale(open: Open): Promise<[TestTerminal, Awaited<ReturnType<typeof sell>>]> {
  const terminal = await open()
  const sale = await sell(terminal, '000001')
  await terminal.send(s.aReversal('sale', { stan: '000001' }))
  return [terminal, sale]
}

async function lateVoid(open: Open, more: Partial<s.VoidNames>): Promise<Exchange> {
  const terminal = await open()
  const sale = await sell(terminal, '000001')
  const afterCutOff = await s.openIsolate()
  afterCutOff.clock.now = Date.UTC(2026, 5, 1, 15, 0)
  return [terminal, await terminal.send(voidOf(sale, more), { to: afterCutOff })]
}

/** Another isolate writes to the terminal's journal just before each of our commits. */
async function loseEveryRace(open: Open): Promise<Exchange> {
  const terminal = await open()
  const watched = watchD1(env.DB)
  const slow = await s.openIsolate({ database: watched.database })
  let stan = 0
  watched.watch.before = async (trip) => {
    if (writesJournal(trip)) await sell(terminal, `0001${String(++stan).padStart(2, '0')}`)
  }
  return [terminal, await terminal.send(s.aSale({ stan: '000001' }), { to: slow })]
}

/** A void whose acquirer does not answer, with a function that moves the clock by a minute. */
async function pendingVoid(open: Open) {
  const terminal = await open()
  const acquirer = scriptedAcquirer()
  const forwarding: s.Isolate = await s.openIsolate({
    acquirer: acquirer.port,
    sleep: async (ms) => {
      forwarding.clock.now += ms
    },
  })
  const sale = await sell(terminal, '000001')
  acquirer.script = { void: SILENT, inquiry: SILENT }
  await terminal.send(voidOf(sale), { to: forwarding })
  await forwarding.settle()
  const minute = async () => {
    forwarding.clock.now += 60_000
    await recover(forwarding.services, 0)
  }
  return { terminal, sale, minute }
}

async function pendingOriginal(open: Open): Promise<Exchange> {
  const { terminal, sale } = await pendingVoid(open)
  return send(terminal, voidOf(sale, { stan: '000010' }))
}

async function voidGivenUp(open: Open): Promise<Exchange> {
  const { terminal, sale, minute } = await pendingVoid(open)
  await minute()
  return send(terminal, voidOf(sale))
}

/** A row without an entry has the key of the sale, so the entry breaks a unique index each time. */
async function unrecordable(open: Open): Promise<Exchange> {
  const terminal = await open()
  const { mid, tid } = terminal
  const key = { merchantId: mid, terminalId: tid, batchNumber: '000001', stan: '000009' }
  await env.DB.prepare(
    `insert into sale (id_raw, message_key, merchant_id, amount, currency_code, rrn_raw, is_declined, sold_at)
     values (randomblob(16), ?, ?, 1, '156', '000000000001', 1, 0)`,
  )
    .bind(posMessageKey(key, 'sale'), mid)
    .run()
  return send(terminal, s.aSale({ stan: '000009' }))
}

const sandbox = async (open: Open, amount: number): Promise<Exchange> =>
  send(await open(), s.aSale({ stan: '000001', amount }))

type Row = readonly [DeclineReason, string, 'right' | 'none', (open: Open) => Promise<Exchange>]

/** Reason, field 39, MAC of the answer, and a way to provoke it. */
const TABLE: readonly Row[] = [
  [
    'unsupported_transaction',
    '40',
    'none',
    async (open) => send(await open(), { ...s.aSale({ stan: '000001' }), mti: '0100' }),
  ],
  [
    'terminal_unknown',
    '97',
    'none',
    async (open) => {
      const terminal = await open()
      return [
        terminal,
        await s.send(isolate, s.from(s.aSale({ stan: '000001' }), { ...terminal, tid: 'NOWHERE1' })),
      ]
    },
  ],
  [
    'merchant_unknown',
    '03',
    'right',
    async (open) => {
      const terminal = await open()
      return [
        terminal,
        await s.send(isolate, s.from(s.aSale({ stan: '000001' }), { ...terminal, mid: OTHER_MID })),
      ]
    },
  ],
  [
    'terminal_not_allowed',
    '58',
    'right',
    async (open) => send(await blocked(open), s.aSale({ stan: '000001' })),
  ],
  [
    'key_not_established',
    '77',
    'none',
    async (open) => send(await open({ hasKey: false }), s.aSale({ stan: '000001' })),
  ],
  ['mac_mismatch', 'A0', 'none', async (open) => send(await open(), s.aSale({ stan: '000001' }), WRONG_KEY)],
  ['format_error', '30', 'right', (open) => voidWith(open, { more: { 22: undefined } })],
  [
    'key_reused_with_different_content',
    '94',
    'right',
    async (open) => {
      const terminal = await open()
      await sell(terminal, '000001')
      return send(terminal, s.aSale({ stan: '000001', amount: 4321 }))
    },
  ],
  [
    'message_reversed',
    '12',
    'right',
    async (open) => {
      const terminal = await open()
      await terminal.send(s.aReversal('sale', { stan: '000001' }))
      return send(terminal, s.aSale({ stan: '000001' }))
    },
  ],
  [
    'message_archived',
    '94',
    'right',
    async (open) => {
      const terminal = await open()
      const names = { terminalId: terminal.tid, batchNumber: '000001', stan: '000001' }
      await env.DB.prepare('insert into archived (name, segment) values (?, 1)')
        .bind(posMessageKey(names, 'sale'))
        .run()
      return send(terminal, s.aSale({ stan: '000001' }))
    },
  ],
  ['batch_mismatch', '77', 'right', (open) => voidWith(open, { batch: '000009' })],
  ['original_not_found', '25', 'right', async (open) => send(await open(), voidOf(UNKNOWN_SALE))],
  ['terminal_differs', '25', 'right', (open) => foreignVoid(open, s.MID)],
  ['merchant_differs', '25', 'right', (open) => foreignVoid(open, OTHER_MID)],
  ['reference_differs', '25', 'right', (open) => voidWith(open, { rrn: '999999999999' })],
  ['card_differs', '14', 'right', (open) => voidWith(open, { more: { 2: '4111111111111111' } })],
  ['original_not_approved', '12', 'right', (open) => declinedSale(open)],
  [
    'original_reversed',
    '25',
    'right',
    async (open) => {
      const [terminal, sale] = await reversedSale(open)
      return send(terminal, voidOf(sale))
    },
  ],
  [
    'original_already_voided',
    '12',
    'right',
    async (open) => {
      const terminal = await open()
      const sale = await sell(terminal, '000001')
      await terminal.send(s.aVoid({ stan: '000002', ...sale }))
      return send(terminal, voidOf(sale))
    },
  ],
  ['outcome_pending', '09', 'right', pendingOriginal],
  [
    'original_settled',
    '12',
    'right',
    async (open) => {
      const terminal = await open()
      const sale = await sell(terminal, '000001')
      await settle(terminal, [1234, 1])
      return send(terminal, voidOf(sale, { batch: '000002', more: { 61: '000001000001' } }))
    },
  ],
  [
    'reversal_too_late',
    '22',
    'right',
    async (open) => {
      const terminal = await open()
      await sell(terminal, '000001')
      await settle(terminal, [1234, 1])
      return send(terminal, s.aReversal('sale', { stan: '000001' }))
    },
  ],
  [
    'reversal_too_old',
    '22',
    'right',
    async (open) => {
      const mid = 'LATEREVERSAL000'
      const terminal = await open({ mid })
      await s.ask(isolate, await s.bearerKey(null), 'PUT', `/v1/merchants/${mid}`, {
        lateReversals: 'refuse',
      })
      await terminal.send(voidOf(await sell(terminal, '000001')))
      await sell(terminal, '000003')
      return send(terminal, s.aReversal('void', { stan: '000009' }))
    },
  ],
  ['window_expired', '12', 'right', (open) => lateVoid(open, {})],
  ['amount_differs', '64', 'right', (open) => voidWith(open, { amount: 1200 })],
  ['currency_differs', 'A1', 'right', (open) => voidWith(open, { more: { 49: '840' } })],
  ['issuer_declined', '05', 'right', (open) => sandbox(open, 1205)],
  ['insufficient_funds', '51', 'right', (open) => sandbox(open, 1251)],
  ['card_expired', '54', 'right', (open) => sandbox(open, 1254)],
  ['pin_incorrect', '55', 'right', (open) => sandbox(open, 1255)],
  ['limit_exceeded', '61', 'right', (open) => sandbox(open, 1261)],
  ['issuer_unavailable', '91', 'right', (open) => sandbox(open, 1291)],
  ['acquirer_silent', '68', 'right', voidGivenUp],
  ['not_recorded', '96', 'right', unrecordable],
]

/** Reasons after which the terminal must sign on: nibble 6 of the header (protocol.md §1.1). */
const SIGN_ON: readonly DeclineReason[] = ['key_not_established', 'mac_mismatch', 'batch_mismatch']

/** Without a known terminal its encoding is unknown too. */
const WITHOUT_TERMINAL: readonly DeclineReason[] = ['unsupported_transaction', 'terminal_unknown']

describe.each([
  ['gbk', 'short'],
  ['ascii', 'long'],
] as const)('reasons in %s, %s', (textEncoding, texts) => {
  it.each(TABLE)('%s is %s', async (reason, responseCode, mac, arrange) => {
    const open: Open = (options = {}) =>
      openTerminal(isolate, { ...options, body: { textEncoding, texts, ...options.body } as object })
    const [terminal, reply] = await arrange(open)
    expect(reply.status).toBe(200)
    expect(reply.fields.get(39)).toBe(responseCode)
    expect(reply.header).toBe(SIGN_ON.includes(reason) ? '602203000000' : '602200000000')
    expect(macOf(reply, terminal.key)).toBe(mac)
    const { zh, en, adviceZh, adviceEn } = REFUSALS[reason]
    const chinese = textEncoding === 'gbk' || WITHOUT_TERMINAL.includes(reason)
    const [words, advice] = chinese ? [zh, adviceZh] : [en, adviceEn]
    const isLong = texts === 'long' && !WITHOUT_TERMINAL.includes(reason)
    expect(textsOf(reply, chinese ? 'gbk' : 'ascii')).toEqual([words, isLong ? advice : ''])
    if (!isLong) expect(reply.fields.get(63)).toHaveLength(2 * 63)
    expect(reply.fields.has(38)).toBe(false)
  })
})

it('cover every reason', () => {
  const reasons = TABLE.map(([reason]) => reason)
  const notOfTerminals = ['in_progress', 'approval_required', 'reason_required']
  expect([...reasons, ...notOfTerminals].sort()).toEqual(Object.keys(REFUSALS).sort())
})

it('returns no answer to a message that lost every race, because it may still be decided otherwise', async () => {
  const [, reply] = await loseEveryRace((options) => openTerminal(isolate, options))
  expect([reply.status, reply.bytes.length]).toEqual([503, 0])
})

/** Two faults at once: the first guard gives the reason. */
const PAIRS: readonly (readonly [DeclineReason, DeclineReason, (open: Open) => Promise<Exchange>])[] = [
  [
    'unsupported_transaction',
    'mac_mismatch',
    async (open) => send(await open(), { ...s.aSale({ stan: '000001' }), mti: '0100' }, WRONG_KEY),
  ],
  [
    'merchant_unknown',
    'terminal_not_allowed',
    async (open) => {
      const terminal = await blocked(open)
      return [
        terminal,
        await s.send(isolate, s.from(s.aSale({ stan: '000001' }), { ...terminal, mid: OTHER_MID })),
      ]
    },
  ],
  [
    'terminal_unknown',
    'key_not_established',
    async (open) => send(await blocked(open, false), s.aSale({ stan: '000001' })),
  ],
  [
    'terminal_unknown',
    'mac_mismatch',
    async (open) => send(await blocked(open), s.aSale({ stan: '000001' }), WRONG_KEY),
  ],
  [
    'key_not_established',
    'mac_mismatch',
    async (open) => send(await open({ hasKey: false }), s.aSale({ stan: '000001' }), WRONG_KEY),
  ],
  [
    'mac_mismatch',
    'format_error',
    async (open) => send(await open(), s.aSale({ stan: '000001', more: { 4: undefined } }), WRONG_KEY),
  ],
  [
    'format_error',
    'key_reused_with_different_content',
    async (open) => {
      const terminal = await open()
      await sell(terminal, '000001')
      return send(terminal, s.aSale({ stan: '000001', more: { 22: undefined } }))
    },
  ],
  [
    'key_reused_with_different_content',
    'message_reversed',
    async (open) => {
      const [terminal] = await reversedSale(open)
      return send(terminal, s.aSale({ stan: '000001', amount: 4321 }))
    },
  ],
  [
    'message_reversed',
    'batch_mismatch',
    async (open) => {
      const terminal = await open()
      await terminal.send(s.aReversal('sale', { stan: '000001', batch: '000009' }))
      return send(terminal, s.aSale({ stan: '000001', batch: '000009' }))
    },
  ],
  [
    'batch_mismatch',
    'original_not_found',
    async (open) => send(await open(), voidOf(UNKNOWN_SALE, { batch: '000009' })),
  ],
  [
    'terminal_differs',
    'card_differs',
    (open) => foreignVoid(open, s.MID, { more: { 2: '4111111111111111' } }),
  ],
  ['merchant_differs', 'card_differs', (open) => foreignVoid(open, OTHER_MID, { amount: 1 })],
  [
    'reference_differs',
    'card_differs',
    (open) => voidWith(open, { rrn: '999999999999', more: { 2: '4111111111111111' } }),
  ],
  [
    'card_differs',
    'original_not_approved',
    (open) => declinedSale(open, { more: { 2: '4111111111111111' } }),
  ],
  ['original_not_approved', 'amount_differs', (open) => declinedSale(open, { amount: 1 })],
  [
    'original_reversed',
    'original_settled',
    async (open) => {
      const [terminal, sale] = await reversedSale(open)
      await sell(terminal, '000002')
      await settle(terminal, [1234, 1])
      return send(terminal, voidOf(sale, { batch: '000002', more: { 61: '000001000001' } }))
    },
  ],
  [
    'original_already_voided',
    'original_settled',
    async (open) => {
      const terminal = await open()
      const sale = await sell(terminal, '000001')
      await terminal.send(s.aVoid({ stan: '000002', ...sale }))
      await settle(terminal, [1234, 1], [1234, 1])
      return send(terminal, voidOf(sale, { batch: '000002', more: { 61: '000001000001' } }))
    },
  ],
  [
    'original_settled',
    'window_expired',
    async (open) => {
      const terminal = await open()
      const sale = await sell(terminal, '000001')
      await settle(terminal, [1234, 1])
      const afterCutOff = await s.openIsolate()
      afterCutOff.clock.now = Date.UTC(2026, 5, 1, 15, 0)
      const message = voidOf(sale, { batch: '000002', more: { 61: '000001000001' } })
      return [terminal, await terminal.send(message, { to: afterCutOff })]
    },
  ],
  ['window_expired', 'amount_differs', (open) => lateVoid(open, { amount: 1 })],
  ['amount_differs', 'currency_differs', (open) => voidWith(open, { amount: 1, more: { 49: '840' } })],
]

describe('the order of the guards', () => {
  it.each(PAIRS)('%s before %s', async (first, _second, arrange) => {
    const [, reply] = await arrange((options) => openTerminal(isolate, options))
    expect(reply.fields.get(39)).toBe(REFUSALS[first].responseCode)
    expect(textsOf(reply, 'gbk')[0]).toBe(REFUSALS[first].zh)
  })
})
