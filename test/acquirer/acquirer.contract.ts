/** @module The contract of every acquirer behind the port. */

import { describe, expect, it } from 'vitest'
import type { Acquirer, AcquirerResponse } from '../../src/acquirer/port.ts'
import { SANDBOX_OUTCOMES } from '../../src/acquirer/sandbox.ts'
import { aSale, aVoid, inquiryOf, originalOf, reversalOf } from './https-harness.ts'

export interface ContractOptions {
  /** The acquirer remembers its answers. Without books, our journal remembers them. */
  readonly keepsBooks: boolean
}

const kindOf = (answer: AcquirerResponse): string =>
  answer.kind === 'declined' ? answer.reason : answer.kind

/** `open` returns a new acquirer. */
export function acquirerContract(name: string, open: () => Acquirer, { keepsBooks }: ContractOptions): void {
  describe(name, () => {
    const { takesSales, isRemote } = open()

    it('describes itself', () => {
      const acquirer = open()
      expect(acquirer.receivingInstitution).toMatch(/^[ -~]{0,11}$/)
      expect(['inquiry', 'repeat']).toContain(acquirer.recovery)
      expect(isRemote).toBe(keepsBooks)
    })

    it(`${takesSales ? 'approves' : 'declines'} a sale`, async () => {
      expect(kindOf(await open().ask(aSale()))).toBe(takesSales ? 'approved' : 'unsupported_transaction')
    })

    if (takesSales)
      it.each(Object.entries(SANDBOX_OUTCOMES))('answers a sale of 1.%s: %s', async (digits, outcome) => {
        expect(kindOf(await open().ask(aSale({ amount: 100 + Number(digits) })))).toBe(outcome)
      })

    it('approves the void of a sale', async () => {
      const acquirer = open()
      await acquirer.ask(aSale())
      expect(kindOf(await acquirer.ask(aVoid()))).toBe('approved')
    })

    it('approves the reversal of a sale and of a void', async () => {
      const acquirer = open()
      await acquirer.ask(aSale())
      await acquirer.ask(aVoid())
      expect(kindOf(await acquirer.ask(reversalOf(aVoid())))).toBe('approved')
      expect(kindOf(await acquirer.ask(reversalOf(aSale())))).toBe('approved')
    })

    it('gives the same answer to the same request, at once and later', async () => {
      const acquirer = open()
      for (const sale of [aSale(), aSale({ acquirerStan: '000201', amount: 151 })]) {
        const answer = await acquirer.ask(sale)
        const original = originalOf(sale, answer)
        const undo = aVoid({
          acquirerStan: `0009${sale.acquirerStan.slice(4)}`,
          amount: sale.amount,
          original,
        })
        const undone = await acquirer.ask(undo)
        const inquiry = await acquirer.ask(inquiryOf(undo))
        expect(await acquirer.ask(sale)).toEqual(answer)
        expect(await acquirer.ask(undo)).toEqual(undone)
        expect(await acquirer.ask(inquiryOf(undo))).toEqual(inquiry)
        const reversed = await acquirer.ask(reversalOf(undo))
        expect(await acquirer.ask(reversalOf(undo))).toEqual(reversed)
      }
    })

    it('answers an inquiry with the answer to the message', async () => {
      const acquirer = open()
      for (const [i, [digits, outcome]] of Object.entries(SANDBOX_OUTCOMES).entries()) {
        const sale = aSale({ acquirerStan: `00030${i}`, amount: 100 + Number(digits) })
        const answer = kindOf(await acquirer.ask(sale))
        const inquiry = kindOf(await acquirer.ask(inquiryOf(sale)))
        if (!takesSales) expect(inquiry).toBe('not_found')
        else if (!keepsBooks) expect(inquiry).toBe(answer)
        // After a lost answer the books know the result. A 91 may mean the inquiry, so it does not count for
        // the message.
        else
          expect(inquiry).toBe(
            { unknown: 'approved', issuer_unavailable: 'unknown' }[outcome as string] ?? answer,
          )
      }
      const sold = await acquirer.ask(aSale())
      const undo = aVoid({ original: originalOf(aSale(), sold) })
      const voided = await acquirer.ask(undo)
      expect(await acquirer.ask(inquiryOf(undo))).toEqual(voided)
    })

    it('never throws, whatever the request', async () => {
      const acquirer = open()
      const invalid = [
        aSale({ amount: -1 }),
        aSale({ amount: 1e15 }),
        aSale({ amount: Number.NaN }),
        aSale({ merchantId: '商户' }),
        aSale({ terminalId: '123456789' }),
        aSale({ acquirerStan: '' }),
        aSale({ batchNumber: 'x' }),
        aSale({ cardFields: null }),
        aSale({ cardFields: new Map([[2, 'not digits']]) }),
        aSale({ cardFields: new Map([[52, 'no PIN block']]) }),
        aVoid({ original: null }),
        aVoid({ original: { batchNumber: '', stan: '', rrn: '', authorizationCode: '' } }),
      ]
      for (const request of invalid)
        for (const kind of ['sale', 'void', 'reversal', 'inquiry'] as const) {
          const answer = await acquirer.ask({ ...request, kind })
          expect(['approved', 'declined', 'not_found', 'unknown']).toContain(answer.kind)
          // Only an inquiry returns this.
          if (answer.kind === 'not_found') expect(kind).toBe('inquiry')
        }
    })

    if (!keepsBooks) return

    it('does not find a message that it never received', async () => {
      expect(await open().ask(inquiryOf(aSale()))).toEqual({ kind: 'not_found' })
      expect(await open().ask(inquiryOf(aVoid()))).toEqual({ kind: 'not_found' })
    })

    it('refuses a message that was reversed before it arrived', async () => {
      const acquirer = open()
      await acquirer.ask(aSale())
      expect(kindOf(await acquirer.ask(reversalOf(aVoid())))).toBe('approved')
      expect((await acquirer.ask(aVoid())).kind).toBe('declined')
      expect(kindOf(await acquirer.ask(inquiryOf(aVoid())))).toBe('message_reversed')
      // The sale stands, and another message may void it.
      expect(kindOf(await acquirer.ask(aVoid({ acquirerStan: '000103' })))).toBe('approved')
    })

    it('voids a sale once', async () => {
      const acquirer = open()
      await acquirer.ask(aSale())
      expect(kindOf(await acquirer.ask(aVoid()))).toBe('approved')
      expect((await acquirer.ask(aVoid({ acquirerStan: '000103' }))).kind).toBe('declined')
      await acquirer.ask(reversalOf(aVoid()))
      expect(kindOf(await acquirer.ask(aVoid({ acquirerStan: '000104' })))).toBe('approved')
    })

    it('returns its own references, also in an inquiry', async () => {
      const acquirer = open()
      const answer = await acquirer.ask(aSale())
      expect(answer).toMatchObject({
        rrn: expect.stringMatching(/^\d{12}$/),
        authorizationCode: expect.any(String),
      })
      expect(await acquirer.ask(inquiryOf(aSale()))).toEqual(answer)
    })
  })
}
