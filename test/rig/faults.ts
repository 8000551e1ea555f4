/**
 * @module A D1 that fails one call in five. The tests count the tries until a void is final, for a terminal
 * and for a back office with one key. No void is done twice or refused without a reason.
 */

import { loadCore } from '../../src/cli/lib/core.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { type Random, seeded } from '../support/micro-random.ts'
import type { Attempt } from './attempt.ts'
import { audit } from './audit.ts'
import { type Client, openClient } from './client.ts'
import type { Counts } from './d1.ts'
import { checkScenario, countsAndFirst, rowsSince, type Violation } from './judge.ts'
import { startRig } from './rig.ts'
import { newScenario, type Plan, type Scenario } from './scenario.ts'
import { seed as seedRig } from './seed.ts'
import { type Book, openBooks } from './session.ts'

export interface FaultOptions {
  readonly dir: string
  readonly voids: number
  readonly seed: number
}

export interface FaultReport {
  /** For the POS door and the JSON API: the number of voids that were final with the first, second, … try. */
  readonly finalWith: Readonly<Record<'void' | 'api_void', number[]>>
  calls: Counts | null
  readonly violations: Violation[]
}

/** Shares of D1's calls. */
const FAULTS = { before: 0.1, after: 0.1, overload: 0.02 }

const TERMINALS = 24
/** More tries than this are a fault. */
const MOST_TRIES = 50

/** One void, or two that race. */
function planOf({ below }: Random): Plan {
  const door = () => (below(2) === 0 ? 'void' : 'api_void') as 'void' | 'api_void'
  const voids = Array.from({ length: below(4) === 0 ? 2 : 1 }, () => ({ kind: door(), at: 0, copies: 1 }))
  const amount = (1 + below(900)) * 100
  return { amount, card: testCard(1), voids, reverseVoidAt: null, reverseSaleAt: null, reversesAtOnce: false }
}

export async function runFaults({ dir, voids, seed }: FaultOptions): Promise<FaultReport> {
  const random = seeded(seed)
  const report: FaultReport = { finalWith: { void: [], api_void: [] }, calls: null, violations: [] }
  let rig = await startRig({ dir, isolates: 2 })
  const { merchantKey, terminalIds } = await seedRig(rig, TERMINALS)
  const books = await openBooks(await loadCore(), rig, terminalIds)
  const client = openClient(merchantKey, random, () => rig.urls)
  client.skipsAnswered = true
  const tries = new Map<Attempt, number>()
  const countingClient: Client = {
    ...client,
    async run(attempt) {
      if (attempt.received.length === 0) tries.set(attempt, (tries.get(attempt) ?? 0) + 1)
      return client.run(attempt)
    },
  }
  await rig.control.faults({ ...FAULTS, seed })
  await rig.control.counts()
  const plans: Plan[] = []
  for (let left = voids; left > 0; left -= plans.at(-1)?.voids.length ?? 1) plans.push(planOf(random))
  const scenarios = await Promise.all(books.map((book) => runAll(book, countingClient, plans)))
  report.calls = await rig.control.counts()
  for (const [attempt, count] of tries) {
    if (attempt.kind !== 'void' && attempt.kind !== 'api_void') continue
    const finals = report.finalWith[attempt.kind]
    finals[count - 1] = (finals[count - 1] ?? 0) + 1
  }
  // Everything again, to a new process and a D1 without faults.
  await rig.kill()
  report.violations.push(...(await audit(dir)).faults.map((what): Violation => ({ fault: 'torn', what })))
  rig = await startRig({ dir, isolates: 2 })
  client.skipsAnswered = false
  for (const [i, { terminal }] of books.entries()) {
    const rows = await rowsSince(rig.control, terminal.state.terminalId, '000001', '000000')
    for (const scenario of scenarios[i] ?? []) {
      await scenario.run(client, false)
      report.violations.push(...checkScenario(scenario, rows, true))
    }
  }
  await rig.stop()
  return report
}

/** Takes plans from the list and runs each until all of it is answered. */
async function runAll({ terminal }: Book, client: Client, plans: Plan[]): Promise<Scenario[]> {
  const scenarios: Scenario[] = []
  for (let plan = plans.pop(); plan !== undefined; plan = plans.pop()) {
    const scenario = newScenario(terminal, plan)
    for (let left = MOST_TRIES; left > 0 && !(await scenario.run(client, false)); left--);
    scenarios.push(scenario)
  }
  return scenarios
}

/** The share of voids that were final within this number of tries. */
export function finalWithin({ finalWith }: FaultReport, tries: number): number {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + (count ?? 0), 0)
  const all = [finalWith.void, finalWith.api_void]
  return sum(all.map((counts) => sum(counts.slice(0, tries)))) / sum(all.map(sum))
}

/** A table, and the violations. */
export function linesOf(report: FaultReport): string[] {
  const { finalWith, calls, violations } = report
  const row = (name: string, cells: readonly unknown[]) =>
    [name.padEnd(14), ...cells.map((cell) => String(cell ?? 0).padStart(8))].join('')
  const longest = Math.max(finalWith.void.length, finalWith.api_void.length)
  const columns = Array.from({ length: longest }, (_, i) => i)
  return [
    row(
      'final with try',
      columns.map((i) => i + 1),
    ),
    row(
      'terminal',
      columns.map((i) => finalWith.void[i]),
    ),
    row(
      'JSON',
      columns.map((i) => finalWith.api_void[i]),
    ),
    row(
      'together, %',
      columns.map((i) => (100 * finalWithin(report, i + 1)).toFixed(2)),
    ),
    `D1: ${JSON.stringify(calls)}`,
    ...countsAndFirst(violations),
  ]
}
