/**
 * @module What must be so once everything was said again in a fresh process and answered: nothing acknowledged is lost, nothing
 * happened twice, the same message has the same answer, and the totals are those of what was acknowledged.
 */

import { NO_TOTALS } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/types.ts'
import { type Attempt, firstOf, historyOf, lastOf, wasApproved } from './attempt.ts'
import type { Control, Row } from './control.ts'
import type { Scenario } from './scenario.ts'

type Fault = 'lost' | 'double' | 'changed' | 'torn' | 'stuck' | 'wrong'

const FAULTS: readonly Fault[] = ['lost', 'double', 'changed', 'torn', 'stuck', 'wrong']

export interface Violation {
  readonly fault: Fault
  readonly what: string
}

/** How many there are of each, and the first ten. */
export const countsAndFirst = (violations: readonly Violation[]): string[] => [
  FAULTS.map((fault) => `${fault} ${violations.filter((one) => one.fault === fault).length}`).join(', '),
  ...violations.slice(0, 10).map(({ fault, what }) => `${fault}: ${what}`),
]

/** What is wrong with the answers to one message, whatever the others are. */
function checkAnswers(attempt: Attempt, undoings: readonly Attempt[]): Violation[] {
  const found = (fault: Fault): Violation[] => [{ fault, what: historyOf(attempt) }]
  const first = firstOf(attempt)
  const last = lastOf(attempt)
  if (first === undefined || last === undefined) return found('stuck')
  if (attempt.received.some(({ verdict }) => verdict === 'wrong')) return found('wrong')
  // What closes a batch, or does not, is compared anew each time; `checkBatch` says what came of it.
  if (attempt.kind === 'settlement') return []
  const mayEnd = attempt.kind !== 'reversal' && undoings.some(wasApproved)
  const kept = attempt.received.filter(({ verdict }) => verdict === 'approved' || verdict === 'declined')
  const ended = attempt.received.some(({ verdict }) => verdict === 'reversed')
  if (ended && !mayEnd) return found(wasApproved(attempt) ? 'lost' : 'changed')
  if (new Set(kept.map(({ text }) => text)).size > 1) return found(wasApproved(attempt) ? 'lost' : 'changed')
  if (kept.length > 0 && last.verdict === 'out_of_batch') return found('lost')
  if (first.verdict === 'out_of_batch' && last.verdict === 'approved') return found('changed')
  if (mayEnd && last.verdict === 'approved') return found('double')
  return []
}

/** The reversals that end this message: its own, and of a void those of its sale. */
const undoingsOf = (scenario: Scenario, attempt: Attempt): Attempt[] =>
  scenario.all.filter(
    ({ target }) => target === attempt || (target === scenario.sale && attempt !== scenario.sale),
  )

const UNDECIDED = ['pending', 'undoing', 'reversing']

const standing = (attempt: Attempt): boolean => lastOf(attempt)?.verdict === 'approved'

/**
 * What a story came to: sales and voids that stand by what was acknowledged, held against the rows that there are. `mustVoid`:
 * nothing but a reversal can have kept the sale from being voided.
 */
export function checkScenario(
  scenario: Scenario,
  { sales, voids }: { readonly sales: readonly Row[]; readonly voids: readonly Row[] },
  mustVoid: boolean,
): Violation[] {
  const { sale, stan, all } = scenario
  const found = all.flatMap((attempt) => checkAnswers(attempt, undoingsOf(scenario, attempt)))
  const running = (fault: Fault, what: string) =>
    found.push({ fault, what: `${what}; ${all.map(historyOf).join('; ')}` })
  const rows = sales.filter((row) => row.stan === stan && row.status === 'approved')
  const acknowledged = wasApproved(sale)
  // Approved unheard and then reversed: a copy is told of the reversal only.
  const reversed = lastOf(sale)?.verdict === 'reversed'
  if (rows.length > (acknowledged || reversed ? 1 : 0))
    running('double', `${sale.name}: ${rows.length} rows of it`)
  if (acknowledged && rows[0]?.rrn !== firstOf(sale)?.rrn) running('lost', `${sale.name}: no row of it`)
  const ofSale = voids.filter((row) => row.sale_stan === stan)
  const live = ofSale.filter(({ state }) => state === 'approved').map(({ rrn }) => rrn)
  const open = ofSale.find(({ state }) => UNDECIDED.includes(String(state)))
  if (open !== undefined) running('stuck', `${sale.name}: a void is ${open.state}`)
  const approved = all.filter(
    (attempt) => attempt.kind !== 'reversal' && attempt !== sale && standing(attempt),
  )
  const rrns = approved.map((attempt) => lastOf(attempt)?.rrn ?? '')
  if (live.length > 1 || rrns.length > 1) running('double', `${sale.name}: ${live.length} live voids`)
  if (rrns.some((rrn) => !live.includes(rrn))) running('lost', `${sale.name}: an approved void is not there`)
  if (live.some((rrn) => !rrns.includes(String(rrn))))
    running('double', `${sale.name}: a void that no one was told of`)
  const undone = all.some(({ kind }) => kind === 'reversal')
  const tried = all.some(({ kind }) => kind === 'void' || kind === 'api_void')
  if (mustVoid && standing(sale) && tried && !undone && live.length === 0)
    running('lost', `${sale.name}: voids, and none was done`)
  return found
}

/** The batch's totals by what was acknowledged. */
export function totalsOf(stories: readonly Scenario[]): Totals {
  const totals = { ...NO_TOTALS }
  for (const { sale, amount, all } of stories) {
    if (!standing(sale)) continue
    totals.debitAmount += amount
    totals.debitCount += 1
    if (!all.some((attempt) => attempt !== sale && attempt.kind !== 'reversal' && standing(attempt))) continue
    totals.creditAmount += amount
    totals.creditCount += 1
  }
  return totals
}

export function checkBatch(name: string, totals: Totals, batch: Row | undefined): Violation[] {
  const { debitAmount, debitCount, creditAmount, creditCount } = totals
  const expected = [debitAmount, debitCount, creditAmount, creditCount].join(' ')
  const names = ['debit_amount', 'debit_count', 'credit_amount', 'credit_count']
  const is = names.map((column) => batch?.[column] ?? 0).join(' ')
  return is === expected ? [] : [{ fault: 'torn', what: `${name}: totals ${is}, acknowledged ${expected}` }]
}

/** Rows of a terminal since a STAN of a batch. */
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
