/** @module What a rig's terminals say in one go: each some stories, now and then a settlement in the middle of them, or a sign-on. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Core } from '../../src/core/instance.ts'
import { NO_TOTALS, settlementTotals } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/types.ts'
import { settlementRequest, uploadEndRequest } from '../../src/terminal/messages.ts'
import { takeStan } from '../../src/terminal/state.ts'
import type { Random } from '../support/micro-random.ts'
import { type Attempt, attemptOf, wasApproved } from './attempt.ts'
import type { Client } from './client.ts'
import { checkBatch, checkScenario, rowsSince, totalsOf, type Violation } from './judge.ts'
import type { Rig } from './rig.ts'
import { drawPlan, newScenario, type Scenario } from './scenario.ts'
import { openTerminal, type TestTerminal } from './terminal.ts'

/** A terminal, and its open batch by what was acknowledged before the chapter. */
export interface Book {
  readonly terminal: TestTerminal
  totals: Totals
}

/** What one terminal says. */
export interface Session {
  readonly book: Book
  readonly batchNumber: string
  readonly firstStan: string
  readonly stories: readonly Scenario[]
  readonly settlement: Attempt | null
  readonly settleAt: number
  readonly signsOn: boolean
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
  const stories = Array.from({ length: sales }, () => newScenario(terminal, drawPlan(random)))
  return {
    book,
    batchNumber: state.batchNumber,
    firstStan,
    stories,
    settlement: totals.debitCount > 0 && below(8) === 0 ? settlementOf(terminal, totals, random) : null,
    settleAt: below(60),
    signsOn: below(10) === 0,
  }
}

/** By totals that the stories of today may already have changed, or by the end of an upload, which closes in any case. */
function settlementOf(terminal: TestTerminal, totals: Totals, { below }: Random): Attempt {
  const { state } = terminal
  const stan = takeStan(state)
  const message =
    below(3) > 0
      ? settlementRequest(state, stan, settlementTotals(totals, { domestic: '0', foreign: '0' }))
      : uploadEndRequest(state, stan, '202', totals.debitCount)
  return attemptOf(terminal, 'settlement', stan, terminal.frame(message))
}

/** Tells them all at once; true where everything was answered. */
export async function runSessions(
  sessions: readonly Session[],
  client: Client,
  paced: boolean,
): Promise<boolean> {
  return (await Promise.all(sessions.map((session) => runSession(session, client, paced)))).every(Boolean)
}

async function runSession(session: Session, client: Client, paced: boolean): Promise<boolean> {
  const { stories, settlement, settleAt, signsOn, book } = session
  const settle = async () => {
    if (settlement === null) return true
    if (paced) await sleep(settleAt)
    return client.run(settlement)
  }
  const signOn = signsOn && paced ? book.terminal.signOnInVain(client.url()) : undefined
  const running = await Promise.all([...stories.map((scenario) => scenario.run(client, paced)), settle()])
  await signOn
  return running.every(Boolean)
}

/** All that was said in some chapters. */
export const messagesOf = (sessions: readonly Session[]): Attempt[] =>
  sessions.flatMap(({ stories, settlement }) => [
    ...stories.flatMap(({ all }) => all),
    ...(settlement === null ? [] : [settlement]),
  ])

/**
 * Judges what a terminal said, and what its batch comes to. `mustVoid`: no acquirer can refuse and every void names its sale as it
 * was answered, so that a sale that nothing speaks against must be voided.
 */
export async function checkSession(
  { control }: Rig,
  session: Session,
  mustVoid: boolean,
): Promise<{ violations: Violation[]; totals: Totals; isClosed: boolean }> {
  const { book, batchNumber, firstStan, stories, settlement } = session
  const { terminalId } = book.terminal.state
  const rows = await rowsSince(control, terminalId, batchNumber, firstStan)
  const violations = stories.flatMap((scenario) =>
    checkScenario(scenario, rows, mustVoid && settlement === null),
  )
  const today = totalsOf(stories)
  const totals = {
    debitAmount: book.totals.debitAmount + today.debitAmount,
    debitCount: book.totals.debitCount + today.debitCount,
    creditAmount: book.totals.creditAmount + today.creditAmount,
    creditCount: book.totals.creditCount + today.creditCount,
  }
  violations.push(...checkBatch(`${terminalId} batch ${batchNumber}`, totals, rows.batch))
  const isClosed = rows.batch?.state === 'closed'
  if (settlement !== null && wasApproved(settlement) && !isClosed)
    violations.push({ fault: 'lost', what: `${settlement.name}: settled, and the batch is open` })
  return { violations, totals, isClosed }
}

/** Judges a chapter that is over, and opens the book of the batch that the terminal has now. */
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
