/**
 * @module What must be so once everything was said again in a fresh process and answered: nothing acknowledged is lost, nothing
 * happened twice, the same message has the same answer, and the totals are those of what was acknowledged.
 */

import { NO_TOTALS } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/types.ts'
import type { Control, Row } from './control.ts'
import { firstOf, historyOf, lastOf, type Said, wasApproved } from './said.ts'
import type { Story } from './story.ts'

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
function judgeAnswers(said: Said, undoings: readonly Said[]): Violation[] {
  const found = (fault: Fault): Violation[] => [{ fault, what: historyOf(said) }]
  const first = firstOf(said)
  const last = lastOf(said)
  if (first === undefined || last === undefined) return found('stuck')
  if (said.heard.some(({ verdict }) => verdict === 'wrong')) return found('wrong')
  // What closes a batch, or does not, is compared anew each time; `judgeBatch` says what came of it.
  if (said.kind === 'settlement') return []
  const mayEnd = said.kind !== 'reversal' && undoings.some(wasApproved)
  const kept = said.heard.filter(({ verdict }) => verdict === 'approved' || verdict === 'declined')
  const ended = said.heard.some(({ verdict }) => verdict === 'reversed')
  if (ended && !mayEnd) return found(wasApproved(said) ? 'lost' : 'changed')
  if (new Set(kept.map(({ text }) => text)).size > 1) return found(wasApproved(said) ? 'lost' : 'changed')
  if (kept.length > 0 && last.verdict === 'out_of_batch') return found('lost')
  if (first.verdict === 'out_of_batch' && last.verdict === 'approved') return found('changed')
  if (mayEnd && last.verdict === 'approved') return found('double')
  return []
}

/** The reversals that end this message: its own, and of a void those of its sale. */
const undoingsOf = (story: Story, said: Said): Said[] =>
  story.all.filter(({ target }) => target === said || (target === story.sale && said !== story.sale))

const UNDECIDED = ['pending', 'undoing', 'reversing']

const standing = (said: Said): boolean => lastOf(said)?.verdict === 'approved'

/**
 * What a story came to: sales and voids that stand by what was acknowledged, held against the rows that there are. `mustVoid`:
 * nothing but a reversal can have kept the sale from being voided.
 */
export function judgeStory(
  story: Story,
  { sales, voids }: { readonly sales: readonly Row[]; readonly voids: readonly Row[] },
  mustVoid: boolean,
): Violation[] {
  const { sale, stan, all } = story
  const found = all.flatMap((said) => judgeAnswers(said, undoingsOf(story, said)))
  const told = (fault: Fault, what: string) =>
    found.push({ fault, what: `${what}; ${all.map(historyOf).join('; ')}` })
  const rows = sales.filter((row) => row.stan === stan && row.status === 'approved')
  const acknowledged = wasApproved(sale)
  // Approved unheard and then reversed: a copy is told of the reversal only.
  const reversed = lastOf(sale)?.verdict === 'reversed'
  if (rows.length > (acknowledged || reversed ? 1 : 0))
    told('double', `${sale.name}: ${rows.length} rows of it`)
  if (acknowledged && rows[0]?.rrn !== firstOf(sale)?.rrn) told('lost', `${sale.name}: no row of it`)
  const ofSale = voids.filter((row) => row.sale_stan === stan)
  const live = ofSale.filter(({ state }) => state === 'approved').map(({ rrn }) => rrn)
  const open = ofSale.find(({ state }) => UNDECIDED.includes(String(state)))
  if (open !== undefined) told('stuck', `${sale.name}: a void is ${open.state}`)
  const approved = all.filter((said) => said.kind !== 'reversal' && said !== sale && standing(said))
  const rrns = approved.map((said) => lastOf(said)?.rrn ?? '')
  if (live.length > 1 || rrns.length > 1) told('double', `${sale.name}: ${live.length} live voids`)
  if (rrns.some((rrn) => !live.includes(rrn))) told('lost', `${sale.name}: an approved void is not there`)
  if (live.some((rrn) => !rrns.includes(String(rrn))))
    told('double', `${sale.name}: a void that no one was told of`)
  const undone = all.some(({ kind }) => kind === 'reversal')
  const tried = all.some(({ kind }) => kind === 'void' || kind === 'api_void')
  if (mustVoid && standing(sale) && tried && !undone && live.length === 0)
    told('lost', `${sale.name}: voids, and none was done`)
  return found
}

/** The batch's totals by what was acknowledged. */
export function totalsOf(stories: readonly Story[]): Totals {
  const totals = { ...NO_TOTALS }
  for (const { sale, amount, all } of stories) {
    if (!standing(sale)) continue
    totals.debitAmount += amount
    totals.debitCount += 1
    if (!all.some((said) => said !== sale && said.kind !== 'reversal' && standing(said))) continue
    totals.creditAmount += amount
    totals.creditCount += 1
  }
  return totals
}

export function judgeBatch(name: string, totals: Totals, batch: Row | undefined): Violation[] {
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
