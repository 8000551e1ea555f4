/** @module The ledger of a load: each rule broken once by an answer of the test, and the totals of what stands. */

import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { LoadLedger, type LoadMessage, type ReceivedAnswer } from './ledger.ts'

const entry = (kind: 'sale' | 'void', stan: number, amount = 1200): LogEntry => ({
  kind,
  batchNumber: '000001',
  stan: String(stan).padStart(6, '0'),
  amount,
  pan: testCard(1),
  status: 'unanswered',
})

const approval = (rrn: string): ReceivedAnswer => ({
  isApproved: true,
  code: '00',
  rrn,
  bytes: Buffer.from(`approved ${rrn}`),
})
const refusal = (code: string): ReceivedAnswer => ({
  isApproved: false,
  code,
  rrn: '999999999999',
  bytes: Buffer.from(code),
})

function day({ graceMs = 0 } = {}) {
  const ledger = new LoadLedger({ graceMs })
  const sale = ledger.enter('T1', entry('sale', 1), null)
  ledger.answered(sale, approval('000000000001'), 10)
  const newVoid = (stan: number): LoadMessage => ledger.enter('T1', entry('void', stan), sale)
  return { ledger, sale, newVoid, broken: () => ledger.violations.map(({ invariant }) => invariant) }
}

/** A sale and one that the service has not seen. Both are reversed at 50. */
function reversedDay(options = {}) {
  const { ledger, sale, broken } = day(options)
  const late = ledger.enter('T1', entry('sale', 8), null)
  for (const message of [sale, late]) {
    ledger.reversing(message)
    ledger.reversed(message, 50)
  }
  return { ledger, sale, late, broken }
}

describe('the ledger', () => {
  it('accepts a day without a fault', () => {
    const { ledger, sale, newVoid, broken } = day()
    const [one, other] = [newVoid(2), newVoid(3)]
    ledger.answered(one, approval('000000000002'), 20)
    ledger.answered(one, approval('000000000002'), 30)
    ledger.answered(other, refusal('12'), 40)
    ledger.reversing(one)
    ledger.reversed(one, 50)
    ledger.answered(one, refusal('12'), 60)
    const third = newVoid(4)
    ledger.answered(third, approval('000000000004'), 70)
    expect(broken()).toEqual([])
    expect([sale, one, other, third].map((message) => ledger.stands(message))).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(ledger.totals()).toEqual(
      new Map([['T1 000001', { debitAmount: 1200, debitCount: 1, creditAmount: 1200, creditCount: 1 }]]),
    )
  })

  it('finds a second live void of a sale', () => {
    const { ledger, newVoid, broken } = day()
    ledger.answered(newVoid(2), approval('000000000002'), 20)
    ledger.answered(newVoid(3), approval('000000000003'), 20)
    expect(broken()).toEqual(['one live void per sale'])
  })

  it('finds a void of a reversed sale', () => {
    const { ledger, sale, newVoid, broken } = day()
    ledger.reversing(sale)
    ledger.reversed(sale, 20)
    ledger.answered(newVoid(2), approval('000000000002'), 30)
    expect(broken()).toEqual(['one live void per sale'])
  })

  it.each([
    ['other bytes', approval('000000000009')],
    ['a refusal', refusal('25')],
  ])('finds a copy that gets %s', (_, answer) => {
    const { ledger, sale, broken } = day()
    ledger.answered(sale, answer, 20)
    expect(broken()).toEqual(['same message, same answer'])
  })

  it('finds an approval after a refusal', () => {
    const { ledger, broken } = day()
    const declined = ledger.enter('T1', entry('sale', 7), null)
    ledger.answered(declined, refusal('51'), 20)
    ledger.answered(declined, refusal('51'), 30)
    expect(broken()).toEqual([])
    ledger.answered(declined, approval('000000000007'), 40)
    expect(broken()).toEqual(['same message, same answer'])
  })

  it('finds an approval after the reversal, of a message that came before it or after it', () => {
    const { ledger, sale, late, broken } = reversedDay()
    // Sent before the reversal was answered: either answer may come.
    ledger.answered(sale, approval('000000000001'), 49)
    expect(broken()).toEqual([])
    ledger.answered(sale, approval('000000000001'), 50)
    ledger.answered(late, approval('000000000008'), 51)
    expect(broken()).toEqual(['a reversed message has no effect', 'a reversed message has no effect'])
  })

  it('lets another isolate repeat an answer for a while, and never approve what it has not seen', () => {
    const { ledger, sale, late, broken } = reversedDay({ graceMs: 7000 })
    ledger.answered(sale, approval('000000000001'), 7049)
    expect(broken()).toEqual([])
    ledger.answered(sale, approval('000000000001'), 7050)
    ledger.answered(late, approval('000000000008'), 60)
    expect(broken()).toEqual(['a reversed message has no effect', 'a reversed message has no effect'])
  })

  it('finds a reference number that two messages have', () => {
    const { ledger, broken } = day()
    ledger.answered(ledger.enter('T2', entry('sale', 1), null), approval('000000000001'), 20)
    expect(broken()).toEqual(['a reference number names one message'])
  })

  it('has no totals while an outcome is missing', () => {
    const { ledger, sale } = day()
    expect(ledger.totals().get('T1 000001')).not.toBeNull()
    ledger.reversing(sale)
    expect([ledger.stands(sale), ledger.totals().get('T1 000001')]).toEqual([null, null])
    ledger.enter('T2', entry('sale', 1), null)
    expect(ledger.totals().get('T2 000001')).toBeNull()
  })

  it('counts every violation, and keeps the words of a hundred', () => {
    const { ledger } = day()
    for (let nth = 0; nth < 150; nth++) ledger.check('totals of the batch', false, () => `${nth}`)
    expect([ledger.violationCount, ledger.violations.length]).toEqual([150, 100])
    expect(ledger.checked['totals of the batch']).toBe(150)
  })
})
