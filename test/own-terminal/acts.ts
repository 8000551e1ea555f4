/** @module Acts of a merchant, in any order. Each act expects the answers that its terminal must get. */

import { expect } from 'vitest'
import { newItem } from '../support/own-terminal/book.ts'
import { financialMessage, type OwnFields } from '../support/own-terminal/messages.ts'
import type { Day } from './day.ts'

type Act = (day: Day) => Promise<void>

const NO_CARD: OwnFields = Object.fromEntries(
  [2, 14, 23, 26, 35, 52, 53, 55].map((number) => [number, undefined]),
)

/** Fields that a void may lack under every profile. Without field 37 the card must be in clear. */
const STRICT_FORMS: readonly OwnFields[] = [
  {},
  { 38: undefined },
  { 37: undefined },
  { 37: '000000000000', 38: undefined },
  { 61: undefined },
  { 61: '000000000000' },
  NO_CARD,
  { ...NO_CARD, 61: undefined },
]
const NO_AMOUNT: OwnFields = { 4: undefined }
const TRACE_ALONE: OwnFields = { ...NO_CARD, 37: undefined, 38: undefined }

/** The forms of the profile of the terminal. */
const voidFormsOf = ({ terminal }: Day): readonly OwnFields[] =>
  terminal.settings.voidForms === 'strict'
    ? STRICT_FORMS
    : [...STRICT_FORMS, NO_AMOUNT, TRACE_ALONE, { ...TRACE_ALONE, 4: undefined }]

/** Acts that each day has. */
export const ALWAYS: Readonly<Record<string, Act>> = {
  async 'a sale whose answer is lost'(day) {
    const sale = await day.lostSale('answer')
    await day.refused('25', sale)
    expect(sale.state).toBe('reversed')
  },

  async 'a void whose answer is lost'(day) {
    const sale = await day.sold()
    day.faultOnce('answer')
    const lost = await day.terminal.voidSale(sale)
    expect(lost.state).toBe('open')
    await day.voided(sale, day.one(voidFormsOf(day)))
    expect(lost.state).toBe('reversed')
  },

  async 'a void by the office'(day) {
    const sale = await day.sold()
    await day.voidByOffice(sale)
    await day.refused('12', sale)
  },
}

/** Acts of which a day has some. */
export const SOMETIMES: Readonly<Record<string, Act>> = {
  async 'many sales, and voids of every form'(day) {
    for (const form of voidFormsOf(day)) await day.voided(await day.sold(), form)
  },

  async 'a decline of the issuer'(day) {
    const sale = await day.terminal.sale(151, day.card())
    expect([sale.state, sale.code]).toEqual(['refused', '51'])
    await day.refused('12', sale)
  },

  async 'a service that does not know the outcome'(day) {
    const before = day.site.silent.length
    const sale = await day.terminal.sale(198, day.card())
    expect(day.site.silent.length).toBeGreaterThan(before)
    await day.sold()
    // A repeat may come when the service has asked the acquirer again.
    const { repeats } = day.terminal.settings
    const isKnown = repeats && day.site.acquirer !== null && sale.state === 'approved'
    expect(isKnown ? 'reversed' : sale.state).toBe('reversed')
  },

  async 'a sale that is lost on its way'(day) {
    const sale = await day.lostSale('request')
    await day.sold()
    expect(sale.state).toBe('reversed')
  },

  async 'an answer with a wrong MAC'(day) {
    const sale = await day.lostSale('mac')
    expect(day.terminal.pending?.reason).toBe('A0')
    expect(day.terminal.faults.splice(0).filter((fault) => fault !== 'the MAC is wrong')).toEqual([])
    await day.sold()
    expect(sale.state).toBe('reversed')
  },

  async 'a repeat that is answered'(day) {
    day.site.faults.push(day.terminal.settings.repeats ? 'answer' : null)
    const sale = await day.sold()
    day.site.faults.push(day.terminal.settings.repeats ? 'request' : null)
    await day.voided(sale)
  },

  async 'messages that arrive twice'(day) {
    day.site.faults.push('twice', 'twice')
    await day.voided(await day.sold())
  },

  async 'a void that is lost on its way'(day) {
    const sale = await day.sold()
    day.faultOnce('request')
    const lost = await day.terminal.voidSale(sale)
    await day.sold()
    expect(lost.state).toBe('reversed')
    await day.voided(sale, day.one(voidFormsOf(day)))
  },

  async 'forms of a void that the profile does not have'(day) {
    const sale = await day.sold()
    await day.refused('30', sale, { 37: undefined, 61: undefined })
    if (day.terminal.settings.voidForms === 'strict') {
      await day.refused('30', sale, NO_AMOUNT)
      await day.refused('14', sale, TRACE_ALONE)
    }
    await day.voided(sale)
  },

  async 'a second void'(day) {
    const sale = await day.sold()
    await day.voided(sale)
    await day.refused('12', sale)
  },

  async 'a void of a sale that is not there'(day) {
    const { batch } = day.terminal
    const card = day.card('manual')
    await day.refused('25', newItem({ kind: 'sale', batch, stan: '888888', amount: 100, card }))
  },

  async 'voids that are not those of the sale'(day) {
    const sale = await day.sold({ ...day.card('manual'), pan: '6225000000000014' })
    await day.refused('14', sale, {}, { pan: '6225000000000022', entry: 'manual' })
    await day.refused('64', sale, { 4: '000009999999' })
    await day.refused('25', sale, { 37: '000000000001' })
    await day.refused('25', sale, { 38: 'ZZZZZZ' })
    await day.voided(sale)
  },

  async 'another batch'(day) {
    const { batch } = day.terminal
    day.terminal.batch = '000777'
    const sale = await day.terminal.sale(day.amount(), day.card())
    expect([sale.code, day.terminal.batch]).toEqual(['77', batch])
    await day.sold()
  },

  async 'another MAC key'(day) {
    const { macKey } = day.terminal
    day.terminal.macKey = macKey?.map((byte) => byte ^ 0x80) ?? null
    const sale = await day.terminal.sale(day.amount(), day.card())
    expect(sale.code).toBe('A0')
    await day.sold()
  },

  async 'a reversal under another MAC key'(day) {
    const sale = await day.lostSale('answer')
    day.terminal.macKey = day.terminal.macKey?.map((byte) => byte ^ 0x80) ?? null
    await day.sold()
    expect(sale.state).toBe('reversed')
  },

  async 'a trace number that was used'(day) {
    const { stan, amount } = await day.sold()
    const sale = await day.terminal.sale(amount + 1, day.card(), { 11: stan })
    expect([sale.state, sale.code]).toEqual(['refused', '94'])
  },

  async 'a void by the office that the office reverses'(day) {
    const sale = await day.sold()
    const key = await day.voidByOffice(sale)
    await day.refused('12', sale)
    await day.unvoidByOffice(sale, key)
    await day.voided(sale)
  },

  async 'a printer without paper'(day) {
    const sale = await day.sold()
    expect([await day.terminal.undo(sale), sale.state]).toEqual([true, 'reversed'])
    await day.refused('25', sale)
  },

  async 'a printer without paper for a void'(day) {
    const sale = await day.sold()
    const voided = await day.voided(sale)
    expect([await day.terminal.undo(voided), voided.state]).toEqual([true, 'reversed'])
    await day.voided(sale)
  },

  async 'a reversal that is not answered'(day) {
    const sale = await day.lostSale('answer')
    day.site.faults.push('request', 'answer', 'request')
    const next = await day.terminal.sale(day.amount(), day.card())
    expect([next.code, sale.state, day.terminal.pending?.item]).toEqual(['line', 'open', sale])
    await day.sold()
    expect(sale.state).toBe('reversed')
  },

  async 'a sale that another system captured'(day) {
    const { terminal } = day
    // The ledger of an acquirer has no sale of another system.
    if (day.site.acquirer !== null) return
    const { merchantId, terminalId } = terminal.settings
    const { batch } = terminal
    const card = day.card('manual')
    const item = newItem({ kind: 'sale', batch, stan: terminal.takeTrace(), amount: day.amount(), card })
    const sale = { merchantId, terminalId, batchNumber: batch, stan: item.stan, amount: item.amount }
    const { rrn } = await day.site.json('POST', '/v1/sales', { ...sale, pan: card.pan }, [201])
    Object.assign(item, { state: 'approved', code: '00', rrn })
    terminal.book.push(item)
    await day.voided(item)
  },

  async 'the greatest amounts'(day) {
    const greatest = 999_999_999_999
    const sale = await day.terminal.sale(greatest, day.card())
    expect((await day.terminal.sale(greatest, day.card())).code).toBe('00')
    await day.voided(sale)
  },

  async 'a repeat much later'(day) {
    const { settings, macKey } = day.terminal
    const sale = await day.sold()
    const voided = await day.voided(sale)
    day.site.service.clock.now += 3_600_000
    for (const item of [voided, sale]) {
      const copy = { ...financialMessage(settings, item, day.site.now()), mti: '0201' }
      const { code, answer } = await day.terminal.send(copy, macKey)
      expect([code, answer?.fields.get(37), answer?.fields.get(38)]).toEqual([
        '00',
        item.rrn,
        item.authorization,
      ])
    }
  },

  async 'a late reversal of a void'(day) {
    const sale = await day.sold()
    const voided = await day.voided(sale)
    await day.sold()
    day.site.service.clock.now += 1_200_000
    expect([await day.terminal.undo(voided), voided.state]).toEqual([true, 'reversed'])
    const path = `/v1/late-reversals?merchantId=${day.terminal.settings.merchantId}`
    const { items } = await day.site.json('GET', path, undefined, [200])
    expect((items as { rrn: string }[]).filter(({ rrn }) => rrn === voided.rrn)).toHaveLength(1)
  },

  async 'a sign-on without an answer'(day) {
    day.site.faults.push('answer', 'request', 'answer')
    await expect(day.terminal.signOn()).rejects.toThrow('no answer')
    // The keys of before still work.
    await day.sold()
  },

  async 'an echo and a sign-off'(day) {
    expect((await day.terminal.manage('301')).code).toBe('00')
    expect((await day.terminal.manage('002')).code).toBe('00')
    await day.terminal.signOn()
    await day.sold()
  },
}
