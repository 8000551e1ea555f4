/** @module Looks at one idle terminal after the other while the load runs: its chain in the database, and the totals of its batch. */

import { type JournalRow, verifyChain } from '../../src/store/journal.ts'
import type { Row } from '../rig/control.ts'
import { sameTotals } from './check-books.ts'
import type { Fleet } from './fleet.ts'
import type { LoadLedger } from './ledger.ts'

const EVERY_MS = 500

export interface Watch {
  /** Ends after the look that is in progress. */
  ended(): Promise<void>
}

export function watchBooks(fleet: Fleet, ledger: LoadLedger, rows: (sql: string) => Promise<Row[]>): Watch {
  let looking: Promise<void> | undefined
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined
    })
  }, EVERY_MS)

  async function look(): Promise<void> {
    const terminal = fleet.take('inquiry')
    if (terminal === undefined) return
    try {
      const { terminalId, batchNumber } = terminal.state
      await lookAtChain(terminalId)
      const totals = ledger.totalsOf(terminalId, batchNumber)
      const [row] = await rows(
        `select * from batch where terminal_id = '${terminalId}' and batch_number = '${batchNumber}'`,
      )
      if (totals !== null) sameTotals(ledger, `${terminalId} ${batchNumber}`, totals, row)
    } finally {
      fleet.release(terminal)
    }
  }

  async function lookAtChain(terminalId: string): Promise<void> {
    const entries = await rows(
      `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body
       from journal where terminal_id = '${terminalId}' order by seq`,
    )
    const [head] = await rows(`select head_seq, head_hash from terminal where terminal_id = '${terminalId}'`)
    const fault = await verifyChain(entries as unknown as JournalRow[], {
      seq: Number(head?.head_seq),
      hash: String(head?.head_hash),
    })
    ledger.check(
      'chains of the journal',
      fault === null,
      () => `${terminalId}: entry ${fault?.seq} ${fault?.why}`,
    )
  }

  return {
    async ended() {
      clearInterval(timer)
      await looking
    },
  }
}
