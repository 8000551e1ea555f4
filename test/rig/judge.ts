/**
 * @module The rules after every message was sent again to a fresh process and answered. Nothing acknowledged
 * is lost, nothing happened twice, and the same message has the same answer. The totals are those of the
 * acknowledged messages.
 */

import { NO_TOTALS } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/totals.ts'

import { type Attempt, firstOf, historyOf, lastOf, wasApproved } from './attempt.ts'
import type { Control, Row } from './control.ts'
import type { Scenario } from './scenario.ts'

type Fault = 'lost' | 'double' | 'changed' | 'torn' | 'stuck' | 'wrong'

const FAULTS: readonly Fault[] = ['lost', 'double', 'changed', 'torn', 'stuck', 'wrong']

export interface Violation {
  readonly fault: Fault
  readonly what: string
}

/** The count of each fault, and the first ten violations. */
export const countsAndFirst = (violations: readonly Violation[]): string[] => [
  FAULTS.map((fault) => `${fault} ${violations.filter((one) => one.fault === fault).length}`).join(', '),
  ...violations.slice(0, 10).map(({ fault, what }) => `${fault}: ${what}`),
]

/** Faults in the answers to one message alone. */
function checkAnswers(attempt: Attempt, reversals: readonly Attempt[]): Violation[] {
  const violation = (fault: Fault): Violation[] => [{ fault, what: historyOf(attempt) }]
  const first = firstOf(attempt)
  const last = lastOf(attempt)
  if (first === undefined || last === undefined) return violation('stuck')
  if (attempt.received.some(({ verdict }) => verdict === 'wrong')) return violation('wrong')
  // A settlement's answer is compared anew each time. `checkBatch` checks its result.
  if (attempt.kind === 'settlement') return []
  const mayEnd = attempt.kind !== 'reversal' && reversals.some(wasApproved)
  const outcomes = attempt.received.filter(({ verdict }) => verdict === 'approved' || verdict === 'declined')
  const ended = attempt.received.some(({ verdict }) => verdict === 'reversed')
  if (ended && !mayEnd) return violation(wasApproved(attempt) ? 'lost' : 'changed')
  if (new Set(outcomes.map(({ text }) => text)).size > 1)
    return violation(wasApproved(attempt) ? 'lost' : 'changed')
  if (outcomes.length > 0 && last.verdict === 'out_of_batch') return violation('lost')
  if (first.verdict === 'out_of_batch' && last.verdict === 'approved') return violation('changed')
  if (mayEnd && last.verdict === 'approved') return violation('double')
  return []
}

/** The reversals that end this message: its own, and for a void those of its sale. */
const reversalsOf = (scenario: Scenario, attempt: Attempt): Attempt[] =>
  scenario.all.filter(
    ({ target }) => target === attempt || (target === scenario.sale && attempt !== scenario.sale),
  )

const UNDECIDED = ['pending', 'undoing', 'reversing']

const isApproved = (attempt: Attempt): boolean => lastOf(attempt)?.verdict === 'approved'

/**
 * Compares the acknowledged sales and voids of a scenario with the stored rows. `mustVoid`: only a reversal
 * can have prevented the void of the sale.
 */
export function checkScenario(
  scenario: Scenario,
  { sales, voids }: { readonly sales: readonly Row[]; readonly voids: readonly Row[] },
  mustVoid: boolean,
): Violation[] {
  const { sale, stan, all } = scenario
  const violations = all.flatMap((attempt) => checkAnswers(attempt, reversalsOf(scenario, attempt)))
  const add = (fault: Fault, what: string) =>
    violations.push({ fault, what: `${what}; ${all.map(historyOf).join('; ')}` })
  const rows = sales.filter((row) => row.stan === stan && row.status === 'approved')
  const acknowledged = wasApproved(sale)
  // Approved without an answer and then reversed: a copy gets only the reversal.
  const reversed = lastOf(sale)?.verdict === 'reversed'
  if (rows.length > (acknowledged || reversed ? 1 : 0)) add('double', `${sale.name}: ${rows.length} rows`)
  if (acknowledged && rows[0]?.rrn !== firstOf(sale)?.rrn) add('lost', `${sale.name}: no row`)
  const ofSale = voids.filter((row) => row.sale_stan === stan)
  const live = ofSale.filter(({ state }) => state === 'approved').map(({ rrn }) => rrn)
  const open = ofSale.find(({ state }) => UNDECIDED.includes(String(state)))
  if (open !== undefined) add('stuck', `${sale.name}: a void is ${open.state}`)
  const approved = all.filter(
    (attempt) => attempt.kind !== 'reversal' && attempt !== sale && isApproved(attempt),
  )
  const rrns = approved.map((attempt) => lastOf(attempt)?.rrn ?? '')
  if (live.length > 1 || rrns.length > 1) add('double', `${sale.name}: ${live.length} live voids`)
  if (rrns.some((rrn) => !live.includes(rrn))) add('lost', `${sale.name}: an approved void is missing`)
  if (live.some((rrn) => !rrns.includes(String(rrn))))
    add('double', `${sale.name}: a void without an answer to any client`)
  const undone = all.some(({ kind }) => kind === 'reversal')
  const tried = all.some(({ kind }) => kind === 'void' || kind === 'api_void')
  if (mustVoid && isApproved(sale) && tried && !undone && live.length === 0)
    add('lost', `${sale.name}: voids were sent and none was done`)
  return violations
}

/** The batch's totals from the acknowledged messages. */
export function totalsOf(scenarios: readonly Scenario[]): Totals {
  const totals = { ...NO_TOTALS }
  for (const { sale, amount, all } of scenarios) {
    if (!isApproved(sale)) continue
    totals.debitAmount += amount
    totals.debitCount += 1
    if (!all.some((attempt) => attempt !== sale && attempt.kind !== 'reversal' && isApproved(attempt)))
      continue
    totals.creditAmount += amount
    totals.creditCount += 1
  }
  return totals
}

export function checkBatch(name: string, totals: Totals, batch: Row | undefined): Violation[] {
  const { debitAmount, debitCount, creditAmount, creditCount } = totals
  const expected = [debitAmount, debitCount, creditAmount, creditCount].join(' ')
  const names = ['debit_amount', 'debit_count', 'credit_amount', 'credit_count']
  const actual = names.map((column) => batch?.[column] ?? 0).join(' ')
  return actual === expected
    ? []
    : [{ fault: 'torn', what: `${name}: totals ${actual}, acknowledged ${expected}` }]
}

/** The rows of a terminal from a STAN of a batch on. */
export async function rowsSince({ query }: Control, terminalId: string, batchNumber: string, stan: string) {
  const [sales, voids, batches] = await Promise.all([
    query(
      'select * from sale where terminal_id = ? and batch_number = ? and stan >= ?',
      terminalId,
      batchNumber,
      stan,
    ),
    query(
      `select void.*, sale.stan as sale_stan from sale join void on void.sale_id = sale.id
       where sale.terminal_id = ? and sale.batch_number = ? and sale.stan >= ?`,
      terminalId,
      batchNumber,
      stan,
    ),
    query('select * from batch where terminal_id = ? and batch_number = ?', terminalId, batchNumber),
  ])
  return { sales, voids, batch: batches[0] }
}
