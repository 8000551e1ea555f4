/** @module What a rig's terminals say in one go: each some stories, now and then a settlement in the middle of them, or a sign-on. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Core } from '../../src/core/instance.ts'
import { NO_TOTALS, settlementTotals } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/types.ts'
import { settlementRequest, uploadEndRequest } from '../../src/terminal/messages.ts'
import { takeStan } from '../../src/terminal/state.ts'
import type { Random } from '../support/micro-random.ts'
import { judgeBatch, judgeStory, rowsSince, totalsOf, type Violation } from './judge.ts'
import type { Mouth } from './mouth.ts'
import type { Rig } from './rig.ts'
import { type Said, saying, wasApproved } from './said.ts'
import { drawPlan, newStory, type Story } from './story.ts'
import { openTill, type Till } from './till.ts'

/** A terminal, and its open batch by what was acknowledged before the chapter. */
export interface Book {
  readonly till: Till
  totals: Totals
}

/** What one terminal says. */
export interface Chapter {
  readonly book: Book
  readonly batchNumber: string
  readonly firstStan: string
  readonly stories: readonly Story[]
  readonly settlement: Said | null
  readonly settleAt: number
  readonly signsOn: boolean
}

export async function openBooks(core: Core, { url }: Rig, terminalIds: readonly string[]): Promise<Book[]> {
  const books: Book[] = []
  for (const id of terminalIds) books.push({ till: await openTill(core, id, url), totals: NO_TOTALS })
  return books
}

export function newChapter(book: Book, random: Random, sales: number): Chapter {
  const { till, totals } = book
  const { state } = till
  const { below } = random
  const firstStan = String(state.nextStan).padStart(6, '0')
  const stories = Array.from({ length: sales }, () => newStory(till, drawPlan(random)))
  return {
    book,
    batchNumber: state.batchNumber,
    firstStan,
    stories,
    settlement: totals.debitCount > 0 && below(8) === 0 ? settlementOf(till, totals, random) : null,
    settleAt: below(60),
    signsOn: below(10) === 0,
  }
}

/** By totals that the stories of today may already have changed, or by the end of an upload, which closes in any case. */
function settlementOf(till: Till, totals: Totals, { below }: Random): Said {
  const { state } = till
  const stan = takeStan(state)
  const message =
    below(3) > 0
      ? settlementRequest(state, stan, settlementTotals(totals, { domestic: '0', foreign: '0' }))
      : uploadEndRequest(state, stan, '202', totals.debitCount)
  return saying(till, 'settlement', stan, till.frame(message))
}

/** Tells them all at once; true where everything was answered. */
export async function tellChapters(
  chapters: readonly Chapter[],
  mouth: Mouth,
  paced: boolean,
): Promise<boolean> {
  return (await Promise.all(chapters.map((chapter) => tellChapter(chapter, mouth, paced)))).every(Boolean)
}

async function tellChapter(chapter: Chapter, mouth: Mouth, paced: boolean): Promise<boolean> {
  const { stories, settlement, settleAt, signsOn, book } = chapter
  const settle = async () => {
    if (settlement === null) return true
    if (paced) await sleep(settleAt)
    return mouth.tell(settlement)
  }
  const signOn = signsOn && paced ? book.till.signOnInVain(mouth.url()) : undefined
  const told = await Promise.all([...stories.map((story) => story.tell(mouth, paced)), settle()])
  await signOn
  return told.every(Boolean)
}

/** All that was said in some chapters. */
export const messagesOf = (chapters: readonly Chapter[]): Said[] =>
  chapters.flatMap(({ stories, settlement }) => [
    ...stories.flatMap(({ all }) => all),
    ...(settlement === null ? [] : [settlement]),
  ])

/**
 * Judges what a terminal said, and what its batch comes to. `mustVoid`: no host can refuse and every void names its sale as it
 * was answered, so that a sale that nothing speaks against must be voided.
 */
export async function judgeChapter(
  { control }: Rig,
  chapter: Chapter,
  mustVoid: boolean,
): Promise<{ violations: Violation[]; totals: Totals; isClosed: boolean }> {
  const { book, batchNumber, firstStan, stories, settlement } = chapter
  const { terminalId } = book.till.state
  const rows = await rowsSince(control, terminalId, batchNumber, firstStan)
  const violations = stories.flatMap((story) => judgeStory(story, rows, mustVoid && settlement === null))
  const today = totalsOf(stories)
  const totals = {
    debitAmount: book.totals.debitAmount + today.debitAmount,
    debitCount: book.totals.debitCount + today.debitCount,
    creditAmount: book.totals.creditAmount + today.creditAmount,
    creditCount: book.totals.creditCount + today.creditCount,
  }
  violations.push(...judgeBatch(`${terminalId} batch ${batchNumber}`, totals, rows.batch))
  const isClosed = rows.batch?.state === 'closed'
  if (settlement !== null && wasApproved(settlement) && !isClosed)
    violations.push({ fault: 'lost', what: `${settlement.name}: settled, and the batch is open` })
  return { violations, totals, isClosed }
}

/** Judges a chapter that is over, and opens the book of the batch that the terminal has now. */
export async function closeChapter(rig: Rig, chapter: Chapter, mustVoid: boolean): Promise<Violation[]> {
  const { book } = chapter
  const { violations, totals, isClosed } = await judgeChapter(rig, chapter, mustVoid)
  book.totals = isClosed ? NO_TOTALS : totals
  if (isClosed) {
    const { state } = book.till
    const [open] = await rig.control.query(
      'select batch_number from terminal where terminal_id = ?',
      state.terminalId,
    )
    state.batchNumber = String(open?.batch_number)
  }
  return violations
}
