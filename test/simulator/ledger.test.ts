import { describe, expect, it } from 'vitest'
import { Ledger, type Posting } from '../../src/simulator/ledger.ts'

/** 2026-06-01T02:18:00Z: 10:18 in China. */
const NOW = Date.UTC(2026, 5, 1, 2, 18)
const HOUR = 3_600_000

const sale = (change: Partial<Posting> = {}): Posting => ({
  of: 'sale',
  merchantId: '123456789012345',
  terminalId: '12345678',
  batchNumber: '000001',
  stan: '000001',
  amount: 1234,
  currencyCode: '156',
  original: null,
  ...change,
})
const undo = (change: Partial<Posting> = {}): Posting => ({
  ...sale(),
  of: 'void',
  stan: '000002',
  original: { batchNumber: '000001', stan: '000001' },
  ...change,
})

function books(cutOffMinutes: number | null = 23 * 60) {
  const ledger = new Ledger(cutOffMinutes)
  const at = { now: NOW }
  return {
    ledger,
    at,
    post: (posting: Posting, declined: string | null = null) =>
      ledger.post(posting, at.now, declined).responseCode,
    reverse: (posting: Posting) => ledger.reverse(posting, at.now).responseCode,
    inquire: (posting: Posting) => ledger.inquire(posting).responseCode,
    states: () => Array.from(ledger.items(), ({ of, stan, state }) => `${of} ${stan} ${state}`),
  }
}

describe('sales and voids', () => {
  it('stand once they are approved', () => {
    const b = books()
    expect([b.post(sale()), b.post(undo())]).toEqual(['00', '00'])
    expect([b.inquire(sale()), b.inquire(undo())]).toEqual(['00', '00'])
    expect(b.states()).toEqual(['sale 000001 approved', 'void 000002 approved'])
  })

  it('return the first answer to a copy, and are booked once', () => {
    const b = books()
    expect([b.post(sale()), b.post(sale(), '51'), b.post(undo()), b.post(undo())]).toEqual([
      '00',
      '00',
      '00',
      '00',
    ])
    expect(b.post(sale({ stan: '000009' }), '51')).toBe('51')
    expect(b.post(sale({ stan: '000009' }))).toBe('51')
    expect(b.states()).toHaveLength(3)
  })

  it('are refused under a known identity with different content', () => {
    const b = books()
    b.post(sale())
    b.post(undo())
    expect(b.post(sale({ amount: 1 }))).toBe('94')
    expect(b.post(sale({ currencyCode: '840' }))).toBe('94')
    expect(b.post(undo({ original: { batchNumber: '000001', stan: '000007' } }))).toBe('94')
  })

  it('with the same STAN are two messages, also for another terminal, merchant or batch', () => {
    const b = books()
    b.post(sale())
    for (const other of [
      { terminalId: '12345679' },
      { merchantId: '123456789012346' },
      { batchNumber: '000002' },
    ])
      expect(b.post(sale(other))).toBe('00')
    expect(b.post(undo({ stan: '000001' }))).toBe('00')
    expect(b.states()).toHaveLength(5)
  })

  const REFUSED: readonly (readonly [
    string,
    string,
    (b: ReturnType<typeof books>) => void,
    Partial<Posting>,
  ])[] = [
    ['no sale', '25', () => undefined, {}],
    ['no reference', '25', (b) => b.post(sale()), { original: null }],
    ['a sale of another terminal', '25', (b) => b.post(sale({ terminalId: '87654321' })), {}],
    ['a declined sale', '12', (b) => b.post(sale(), '51'), {}],
    ['a reversed sale', '25', (b) => [b.post(sale()), b.reverse(sale())], {}],
    ['a sale that was reversed before it arrived', '25', (b) => b.reverse(sale()), {}],
    ['a voided sale', '12', (b) => [b.post(sale()), b.post(undo({ stan: '000003' }))], {}],
    ['a sale of an earlier day', '12', (b) => [b.post(sale()), b.ledger.cutOff()], {}],
    ['another amount', '64', (b) => b.post(sale()), { amount: 1233 }],
    ['another currency', 'A1', (b) => b.post(sale()), { currencyCode: '840' }],
  ]
  it.each(REFUSED)('a void of %s is refused with %s, and its copy too', (_, code, before, change) => {
    const b = books()
    before(b)
    expect([b.post(undo(change)), b.post(undo(change))]).toEqual([code, code])
    expect(b.inquire(undo(change))).toBe(code)
  })
})

describe('reversals', () => {
  it('of a void let the sale stand again', () => {
    const b = books()
    b.post(sale())
    b.post(undo())
    expect([b.reverse(undo()), b.reverse(undo())]).toEqual(['00', '00'])
    expect([b.inquire(undo()), b.inquire(sale())]).toEqual(['12', '00'])
    expect(b.post(undo())).toBe('12')
    expect(b.post(undo({ stan: '000003' }))).toBe('00')
  })

  it('of a sale undo its void too', () => {
    const b = books()
    b.post(sale())
    b.post(undo())
    expect(b.reverse(sale())).toBe('00')
    expect(b.states()).toEqual(['sale 000001 reversed', 'void 000002 reversed'])
    expect([b.reverse(undo()), b.post(sale()), b.post(undo())]).toEqual(['00', '12', '12'])
  })

  it('of an unseen message write a tombstone', () => {
    const b = books()
    expect([b.reverse(sale()), b.reverse(sale())]).toEqual(['00', '00'])
    expect([b.post(sale()), b.inquire(sale())]).toEqual(['12', '12'])
    expect(b.states()).toEqual(['sale 000001 tombstone'])
  })

  it('of a declined message change nothing', () => {
    const b = books()
    b.post(sale(), '51')
    expect([b.reverse(sale()), b.inquire(sale()), b.post(sale())]).toEqual(['00', '51', '51'])
  })

  it('with another amount are refused', () => {
    const b = books()
    b.post(sale())
    expect([b.reverse(sale({ amount: 1 })), b.inquire(sale())]).toEqual(['64', '00'])
  })

  it('of a void that is not live leave the live void unchanged', () => {
    const b = books()
    b.post(sale())
    b.post(undo())
    b.reverse(undo())
    b.post(undo({ stan: '000003' }))
    b.reverse(undo())
    expect(b.inquire(undo({ stan: '000003' }))).toBe('00')
    expect(b.post(undo({ stan: '000004' }))).toBe('12')
  })
})

describe('the business day', () => {
  it('ends on request, and earlier items stay and are shown', () => {
    const b = books(null)
    b.post(sale())
    b.post(undo())
    b.ledger.cutOff()
    expect([b.reverse(sale()), b.reverse(undo())]).toEqual(['22', '22'])
    expect([b.inquire(sale()), b.inquire(undo()), b.post(sale()), b.post(undo())]).toEqual([
      '00',
      '00',
      '00',
      '00',
    ])
    expect(b.states()).toEqual(['sale 000001 approved', 'void 000002 approved'])
    expect(b.reverse(sale({ stan: '000008' }))).toBe('00')
  })

  it('a message that was reversed before the end stays reversed', () => {
    const b = books(null)
    b.post(sale())
    b.reverse(sale())
    b.ledger.cutOff()
    expect(b.reverse(sale())).toBe('00')
  })

  it('ends at 23:00 in China, to the millisecond, and never goes back', () => {
    const b = books()
    const today = b.ledger.dayAt(NOW)
    expect(today).toBe(Date.UTC(2026, 5, 1) / 86_400_000)
    const cutOff = Date.UTC(2026, 5, 1, 15)
    expect(b.ledger.dayAt(cutOff - 1)).toBe(today)
    expect(b.ledger.dayAt(cutOff)).toBe(today + 1)
    expect(b.ledger.dayAt(NOW)).toBe(today + 1)
    b.ledger.cutOff()
    expect(b.ledger.dayAt(NOW + 12 * HOUR)).toBe(today + 2)
    expect(b.ledger.dayAt(cutOff + 24 * HOUR)).toBe(today + 3)
  })

  it('ends only on request when there is no clock', () => {
    const b = books(null)
    expect(b.ledger.dayAt(NOW + 1000 * HOUR)).toBe(b.ledger.dayAt(NOW))
  })
})
