/** @module Settles the batch of each terminal: the service compares its totals with those of the ledger. */

import { settlementTotals } from '../../src/domain/money.ts'
import { inTurns } from './in-turns.ts'
import type { LoadLedger } from './ledger.ts'
import type { LoadTerminal } from './load-terminal.ts'

const AT_ONCE = 8
/** The codes in field 48 of the answer: both halves are equal. */
const EQUAL = '11'

export async function settleAll(ledger: LoadLedger, terminals: readonly LoadTerminal[]): Promise<void> {
  await inTurns(terminals, AT_ONCE, async ({ state, line }) => {
    const { terminalId, batchNumber } = state
    const totals = ledger.totalsOf(terminalId, batchNumber)
    if (totals === null) return
    const field48 = settlementTotals(totals, { domestic: '0', foreign: '0' })
    const codes = await line.settleBatch(field48)
    // Without an answer, or while the acquirer still decides, nothing was compared.
    if (codes === null || !/^[12]{2}$/.test(codes)) return
    ledger.check(
      'totals of the batch',
      codes === EQUAL,
      () => `${terminalId} ${batchNumber}: the settlement answers ${codes} to ${field48}`,
    )
  })
}
