/** @module Settles the batch of each terminal: the service compares its totals with those of the ledger. */

import { NO_TOTALS, settlementTotals } from '../../src/domain/money.ts'
import type { LoadLedger } from './ledger.ts'
import type { LoadTerminal } from './load-terminal.ts'

const AT_ONCE = 8
/** The codes in field 48 of the answer: both halves are equal. */
const EQUAL = '11'

export async function settleAll(ledger: LoadLedger, terminals: readonly LoadTerminal[]): Promise<void> {
  const all = ledger.totals()
  const left = [...terminals]
  async function work(): Promise<void> {
    for (let terminal = left.pop(); terminal !== undefined; terminal = left.pop()) {
      const { terminalId, batchNumber } = terminal.state
      const totals = all.get(`${terminalId} ${batchNumber}`)
      if (totals === null) continue
      const field48 = settlementTotals(totals ?? NO_TOTALS, { domestic: '0', foreign: '0' })
      const codes = await terminal.line.settleBatch(field48)
      // Without an answer, or while the acquirer still decides, nothing was compared.
      if (codes === null || !/^[12]{2}$/.test(codes)) continue
      ledger.check(
        'totals of the batch',
        codes === EQUAL,
        () => `${terminalId} ${batchNumber}: the settlement answers ${codes} to ${field48}`,
      )
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
