import { describe, expect, it } from 'vitest'
import { httpsAcquirer } from '../../src/acquirer/https.ts'
import { sendOver } from '../../src/acquirer/send.ts'
import { createSimulator, type LedgerEntry } from '../../src/simulator/app.ts'
import { aSale, aVoid, core, HEADER, inquiryOf, macKeyFor, START, TPDU } from '../acquirer/https-harness.ts'

function open() {
  const sleeps: number[] = []
  const signing = { core, macProfile: 'cup-ecb', macKey: macKeyFor('cup-ecb') } as const
  const simulator = createSimulator({
    ...signing,
    now: () => START,
    sleep: async (ms) => void sleeps.push(ms),
  })
  const ask = (method: string, path: string, body?: unknown) =>
    simulator(
      new Request(`http://acquirer${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
  const ledger = async () =>
    (await (await ask('GET', '/ledger')).json()) as { businessDay: number; items: LedgerEntry[] }
  const acquirer = httpsAcquirer({
    ...signing,
    tpdu: TPDU,
    header: HEADER,
    recovery: 'inquiry',
    send: sendOver(async (url, init) => simulator(new Request(url, init)), 'http://acquirer/anywhere'),
  })
  return { ask, ledger, acquirer, sleeps }
}

describe('the simulated acquirer over HTTP', () => {
  it('accepts frames at any path and shows its books', async () => {
    const { acquirer, ledger } = open()
    const saleAnswer = await acquirer.ask(aSale())
    expect(await acquirer.ask(aVoid())).toMatchObject({ kind: 'approved' })
    const { businessDay, items } = await ledger()
    expect(items).toEqual([
      {
        kind: 'sale',
        merchantId: '123456789012345',
        terminalId: '12345678',
        batchNumber: '000007',
        stan: '000101',
        amount: 1234,
        currency: '156',
        original: null,
        state: 'approved',
        responseCode: '00',
        rrn: '700000000001',
        authorizationCode: '001001',
        businessDay,
        voidedBy: '000102',
      },
      expect.objectContaining({
        kind: 'void',
        stan: '000102',
        original: { batchNumber: '000007', stan: '000101' },
      }),
    ])
    expect(saleAnswer).toMatchObject({ rrn: items[0]?.rrn, authorizationCode: items[0]?.authorizationCode })
    expect(JSON.stringify(items)).not.toContain('6225')
  })

  it('starts and ends faults on request', async () => {
    const { ask, acquirer, sleeps } = open()
    expect((await ask('POST', '/faults', { script: [{ on: 'void', fault: 'drop_answer' }] })).status).toBe(
      204,
    )
    await acquirer.ask(aSale())
    expect(await acquirer.ask(aVoid())).toEqual({ kind: 'unknown', why: 'no answer' })
    expect(await acquirer.ask(inquiryOf(aVoid()))).toMatchObject({ kind: 'approved' })
    await ask('POST', '/faults', { rates: { late_answer: 1 }, seed: 3 })
    await acquirer.ask(inquiryOf(aVoid()))
    await ask('POST', '/faults', { rates: { late_request: 1 } })
    await acquirer.ask(inquiryOf(aVoid()))
    expect(sleeps.slice(-2)).toEqual([9_000, 9_000])
    await ask('POST', '/faults', { rates: { twice: 1 } })
    expect(await acquirer.ask(inquiryOf(aVoid()))).toMatchObject({ kind: 'approved' })
    await ask('POST', '/faults', {})
    expect(await acquirer.ask(inquiryOf(aVoid()))).toMatchObject({ kind: 'approved' })
  })

  it('ends its day and resets its books on request', async () => {
    const { ask, acquirer, ledger } = open()
    await acquirer.ask(aSale())
    const { businessDay } = await ledger()
    expect((await ask('POST', '/cut-off')).status).toBe(204)
    expect((await ledger()).businessDay).toBe(businessDay + 1)
    expect(await acquirer.ask(aVoid())).toMatchObject({ kind: 'declined' })
    expect((await ask('POST', '/reset')).status).toBe(204)
    expect(await ledger()).toEqual({ businessDay, items: [] })
  })

  it('rejects invalid requests', async () => {
    const { ask } = open()
    expect((await ask('POST', '/faults', { rates: { all: 1 } })).status).toBe(400)
    expect((await ask('POST', '/faults', { seed: 'x' })).status).toBe(400)
    expect((await ask('POST', '/faults', { script: [{ code: 22 }] })).status).toBe(400)
    expect((await ask('POST', '/faults', { rate: { twice: 1 } })).status).toBe(400)
    expect((await ask('POST', '/faults')).status).toBe(400)
    expect((await ask('GET', '/')).status).toBe(405)
    expect((await ask('POST', '/', 'noise')).status).toBe(504)
    expect((await ask('POST', '/', 'x'.repeat(5_000))).status).toBe(413)
  })
})
