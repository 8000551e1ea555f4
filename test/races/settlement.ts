/**
 * @module A void against the settlement of its batch. The terminal's totals include the void or not. The
 * batch closes only on our totals, so the void is in them or is refused.
 */

import { nextBatchNumber, settlementTotals } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/totals.ts'

import { MATCHED } from '../../src/terminal/exchange.ts'
import { settlementRequest, voidRequest } from '../../src/terminal/messages.ts'
import { openBatch, takeStan, totalsOf } from '../../src/terminal/state.ts'
import { must } from '../simulation/checks.ts'
import type { RaceAnswer, RaceHarness } from './harness.ts'

/** The domestic half differs. */
const DIFFERS = '21'
/** A message of the batch is undecided at the acquirer. */
const UNDECIDED = '09'
/** The batch that a void names is no longer open. */
const CLOSED = '77'

export async function settlementRace(harness: RaceHarness): Promise<void> {
  const { random, testTerminal, terminal } = harness
  const { state } = testTerminal
  const sale = await harness.sell(100 * random.between(1, 9999))
  const without = totalsOf(state)
  const within = { ...without, creditAmount: sale.amount, creditCount: 1 }
  const expected = random.chance(0.5) ? within : without
  const undone = harness.newVoid(sale)
  const frames = [
    harness.frame(voidRequest(state, undone, sale)),
    harness.frame(settlementRequest(state, takeStan(state), field48(expected))),
  ]
  if (random.chance(0.5)) frames.push(...frames)
  if (random.chance(0.5)) frames.reverse()
  const received = await Promise.all(frames.map((frame) => harness.send(frame)))
  const voids = received.filter(({ exchange }) => exchange.sent.mti === '0200')
  const settlements = received.filter(({ exchange }) => exchange.sent.mti === '0500')

  const voided = voids.some(({ code }) => code === '00')
  const closed = settlements.some(({ code }) => code === MATCHED)
  const stands = voided ? within : without
  must(sameCode(voids), 'two copies of the void got different answers')
  for (const { code } of voids) must(code === '00' || (code === CLOSED && closed), `the void got ${code}`)
  for (const answer of settlements) {
    must([MATCHED, DIFFERS, UNDECIDED].includes(answer.code), `the settlement got ${answer.code}`)
    if (answer.code === MATCHED) must(expected === stands, 'the batch closed on totals that are not ours')
    if (answer.code === DIFFERS)
      must(totalsIn(answer) !== field48(expected).slice(0, 30), 'equal totals were reported as different')
  }
  must(isBatch(harness, state.batchNumber, stands, closed), 'the batch does not match the answers')

  harness.count('races')
  harness.count(`the void ${voided ? 'approved' : 'refused'}, the batch ${closed ? 'closed' : 'open'}`)
  if (voided) state.log.push({ ...undone, status: 'approved' })
  if (closed) openBatch(state, nextBatchNumber(state.batchNumber))
  else must((await terminal.settle()).ok && state.log.length === 0, 'the batch did not close in the end')
}

const field48 = (totals: Totals): string => settlementTotals(totals, { domestic: '0', foreign: '0' })

/** The totals in a settlement's answer. */
const totalsIn = ({ exchange }: RaceAnswer): string => exchange.received?.fields.get(48)?.slice(0, 30) ?? ''

const sameCode = (received: readonly RaceAnswer[]): boolean =>
  received.every(({ code }) => code === received[0]?.code)

function isBatch(harness: RaceHarness, number: string, totals: Totals, closed: boolean): boolean {
  const [row] = harness.rows(
    'select state, debit_amount, debit_count, credit_amount, credit_count from batch where batch_number = ?',
    number,
  )
  return (
    row?.state === (closed ? 'closed' : 'open') &&
    row.debit_amount === totals.debitAmount &&
    row.debit_count === totals.debitCount &&
    row.credit_amount === totals.creditAmount &&
    row.credit_count === totals.creditCount
  )
}
