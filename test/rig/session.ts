/**
 * @module The messages of a rig's terminals in one session: several scenarios each, sometimes with a
 * settlement or a sign-on among them.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Core } from '../../src/core/instance.ts'
import { NO_TOTALS, settlementTotals } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/totals.ts'

import { settlementRequest, uploadEndRequest } from '../../src/terminal/messages.ts'
import { takeStan } from '../../src/terminal/state.ts'
import type { Random } from '../support/micro-random.ts'
import { type Attempt, attemptOf, wasApproved } from './attempt.ts'
import type { Client } from './client.ts'
import { checkBatch, checkScenario, rowsSince, totalsOf, type Violation } from './judge.ts'
import type { Rig } from './rig.ts'
import { drawPlan, newScenario, type Scenario } from './scenario.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

/** A terminal, and its open batch by the messages acknowledged before the session. */
export interface Book {
  readonly terminal: TestTerminal
  totals: Totals
}

/** The messages of one terminal. */
export interface Session {
  readonly book: Book
  readonly batchNumber: string
  readonly firstStan: string
  readonly scenarios: readonly Scenario[]
  readonly settlement: Attempt | null
  readonly settleAt: number
  readonly signsOnAgain: boolean
}

export async function openBooks(core: Core, { url }: Rig, terminalIds: readonly string[]): Promise<Book[]> {
  const books: Book[] = []
  for (const id of terminalIds) books.push({ terminal: await openTerminal(core, id, url), totals: NO_TOTALS })
  return books
}

export function newSession(book: Book, random: Random, sales: number): Session {
  const { terminal, totals } = book
  const { state } = terminal
  const { below } = random
  const firstStan = String(state.nextStan).padStart(6, '0')
  const scenarios = Array.from({ length: sales }, () => newScenario(terminal, drawPlan(random)))
  return {
    book,
    batchNumber: state.batchNumber,
    firstStan,
    scenarios,
    settlement: totals.debitCount > 0 && below(8) === 0 ? settlementOf(terminal, totals, random) : null,
    settleAt: below(60),
    signsOnAgain: below(10) === 0,
  }
}

/** By totals that the running scenarios may have changed, or by the end of an upload, which always closes. */
function settlementOf(terminal: TestTerminal, totals: Totals, { below }: Random): Attempt {
  const { state } = terminal
  const stan = takeStan(state)
  const message =
    below(3) > 0
      ? settlementRequest(state, stan, settlementTotals(totals, { domestic: '0', foreign: '0' }))
      : uploadEndRequest(state, stan, '202', totals.debitCount)
  return attemptOf(terminal, 'settlement', stan, terminal.frame(message))
}

/** Runs them all at once. True when everything was answered. */
export async function runSessions(
  sessions: readonly Session[],
  client: Client,
  paced: boolean,
): Promise<boolean> {
  return (await Promise.all(sessions.map((session) => runSession(session, client, paced)))).every(Boolean)
}

async function runSession(session: Session, client: Client, paced: boolean): Promise<boolean> {
  const { scenarios, settlement, settleAt, signsOnAgain, book } = session
  const settle = async () => {
    if (settlement === null) return true
    if (paced) await sleep(settleAt)
    return client.run(settlement)
  }
  const signOn = signsOnAgain && paced ? book.terminal.signOnUnused(client.url()) : undefined
  const running = await Promise.all([...scenarios.map((scenario) => scenario.run(client, paced)), settle()])
  await signOn
  return running.every(Boolean)
}

/** All messages of some sessions. */
export const messagesOf = (sessions: readonly Session[]): Attempt[] =>
  sessions.flatMap(({ scenarios, settlement }) => [
    ...scenarios.flatMap(({ all }) => all),
    ...(settlement === null ? [] : [settlement]),
  ])

/**
 * Checks a terminal's messages and its batch. `mustVoid`: no acquirer can refuse and every void names its
 * sale by its answer, so a sale without a conflict must be voided.
 */
export async function checkSession(
  { control }: Rig,
  session: Session,
  mustVoid: boolean,
): Promise<{ violations: Violation[]; totals: Totals; isClosed: boolean }> {
  const { book, batchNumber, firstStan, scenarios, settlement } = session
  const { terminalId } = book.terminal.state
  const rows = await rowsSince(control, terminalId, batchNumber, firstStan)
  const violations = scenarios.flatMap((scenario) =>
    checkScenario(scenario, rows, mustVoid && settlement === null),
  )
  const today = totalsOf(scenarios)
  const totals = {
    debitAmount: book.totals.debitAmount + today.debitAmount,
    debitCount: book.totals.debitCount + today.debitCount,
    creditAmount: book.totals.creditAmount + today.creditAmount,
    creditCount: book.totals.creditCount + today.creditCount,
  }
  violations.push(...checkBatch(`${terminalId} batch ${batchNumber}`, totals, rows.batch))
  const isClosed = rows.batch?.state === 'closed'
  if (settlement !== null && wasApproved(settlement) && !isClosed)
    violations.push({ fault: 'lost', what: `${settlement.name}: settled, but the batch is open` })
  return { violations, totals, isClosed }
}

/** Checks a finished session, and opens the book of the terminal's present batch. */
export async function closeSession(rig: Rig, session: Session, mustVoid: boolean): Promise<Violation[]> {
  const { book } = session
  const { violations, totals, isClosed } = await checkSession(rig, session, mustVoid)
  book.totals = isClosed ? NO_TOTALS : totals
  if (isClosed) {
    const { state } = book.terminal
    const [open] = await rig.control.query(
      'select batch_number from terminal where terminal_id = ?',
      state.terminalId,
    )
    state.batchNumber = String(open?.batch_number)
  }
  return violations
}
