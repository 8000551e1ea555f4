/**
 * @module SIGKILL at random moments under racing sales, voids, reversals and settlements, and what is left of them: kill, start
 * again on the same files, say everything again until all of it is answered (and be killed in the middle of that, too), then
 * once more in a fresh process, and compare.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { loadCore } from '../../src/cli/core.ts'
import { NO_TOTALS, settlementTotals } from '../../src/domain/money.ts'
import type { Totals } from '../../src/domain/types.ts'
import { settlementRequest, uploadEndRequest } from '../../src/terminal/messages.ts'
import { takeStan } from '../../src/terminal/state.ts'
import { type Random, seeded } from '../support/micro-random.ts'
import { audit } from './audit.ts'
import { type Fault, judgeBatch, judgeStory, rowsSince, totalsOf, type Violation } from './judge.ts'
import { type Rig, startRig } from './rig.ts'
import { type Said, saying, wasApproved } from './said.ts'
import { seed as seedRig } from './seed.ts'
import { type Mouth, newStory, type Story } from './story.ts'
import { openTill, type Till } from './till.ts'

export interface KillOptions {
  readonly dir: string
  readonly kills: number
  readonly seed: number
  /** Terminals that sell at once, and sales of each between two kills. */
  readonly terminals?: number
  readonly sales?: number
  readonly progress?: (line: string) => void
}

export interface KillReport {
  kills: number
  /** Of them while what an earlier one had cut off was being said again. */
  killsInRecovery: number
  /** Different messages, and how often one was sent. */
  messages: number
  sent: number
  voids: number
  /** Messages that a kill left without an answer. */
  cutOff: number
  /** Milliseconds from the start of a process to its first good answer, each. */
  readonly restarts: number[]
  readonly violations: Violation[]
}

/** How long everything may take to be answered after a kill, milliseconds. */
const STUCK_MS = 60_000
const FAULTS: readonly Fault[] = ['lost', 'double', 'changed', 'torn', 'stuck', 'wrong']

/** A terminal, and its open batch by what was acknowledged before the stories of today. */
interface Book {
  readonly till: Till
  totals: Totals
}

/** What one terminal says between two kills. */
interface Chapter {
  readonly book: Book
  readonly batchNumber: string
  readonly firstStan: string
  readonly stories: readonly Story[]
  readonly settlement: Said | null
  readonly settleAt: number
  readonly signsOn: boolean
}

export async function runKills(options: KillOptions): Promise<KillReport> {
  const { dir, kills, terminals = 12, sales = 3, progress = () => undefined } = options
  const random = seeded(options.seed)
  const report: KillReport = {
    kills: 0,
    killsInRecovery: 0,
    messages: 0,
    sent: 0,
    voids: 0,
    cutOff: 0,
    restarts: [],
    violations: [],
  }
  const core = await loadCore()
  const start = () => startRig({ dir, isolates: 2 })
  let rig: Rig = await start()
  const { merchantKey, terminalIds } = await seedRig(rig, terminals)
  const books: Book[] = []
  for (const id of terminalIds) books.push({ till: await openTill(core, id, rig.url), totals: NO_TOTALS })

  let turn = 0
  const mouth: Mouth = {
    merchantKey,
    random,
    url: () => rig.urls[turn++ % rig.urls.length] ?? rig.url,
    async tell(said) {
      report.sent += 1
      const heard = await said.say(mouth.url())
      if (heard === null) return false
      // Only what differs from what was heard last adds anything.
      if (said.heard.at(-1)?.text !== heard.text) said.heard.push(heard)
      return true
    },
  }

  /** Kills `after` milliseconds of `work`, unless that is done before; true if everything was answered. */
  async function killIn(after: number, work: Promise<boolean>): Promise<boolean> {
    await Promise.race([sleep(after), work])
    report.kills += 1
    await rig.kill()
    const done = await work
    rig = await start()
    const since = performance.now()
    await fetch(new URL('/v1/voids/none', rig.url), { headers: { authorization: `Bearer ${merchantKey}` } })
    report.restarts.push(rig.startedIn + performance.now() - since)
    return done
  }

  /** How long a race lasts when it is left alone, milliseconds: kills are spread over it. */
  let usual = 200
  while (report.kills < kills && report.violations.length === 0) {
    const chapters = books.map((book) => newChapter(book, mouth, sales))
    const tell = async (paced: boolean) =>
      (await Promise.all(chapters.map((chapter) => tellChapter(chapter, mouth, paced)))).every(Boolean)
    const since = performance.now()
    const telling = tell(true).then((done) => {
      if (done) usual = (usual * 3 + (performance.now() - since)) / 4
      return done
    })
    await killIn(random.below(1000) * 0.0012 * usual, telling)
    report.cutOff += unanswered(chapters)
    const deadline = performance.now() + STUCK_MS
    let settled = false
    while (!settled && performance.now() < deadline) {
      if (random.below(2) === 0 && report.kills < kills) {
        report.killsInRecovery += 1
        await killIn(random.below(1000) * 0.0005 * usual, tell(false))
      } else settled = await tell(false)
      if (!settled) await sleep(50)
    }
    // In a fresh process nothing is answered from memory.
    await rig.kill()
    const faults = report.kills % 100 < 3 || report.kills >= kills ? await audit(dir) : []
    for (const what of faults) report.violations.push({ fault: 'torn', what })
    rig = await start()
    await tell(false)
    for (const chapter of chapters) report.violations.push(...(await judge(rig, chapter)))
    const all = chapters.flatMap(({ stories }) => stories.flatMap((story) => story.all))
    report.messages += all.length
    report.voids += all.filter(({ kind }) => kind === 'void' || kind === 'api_void').length
    progress(`${report.kills} kills, ${report.messages} messages, ${report.cutOff} cut off`)
  }
  await rig.stop()
  return report
}

function newChapter(book: Book, mouth: Mouth, sales: number): Chapter {
  const { till, totals } = book
  const { state } = till
  const { below } = mouth.random
  const firstStan = String(state.nextStan).padStart(6, '0')
  const stories = Array.from({ length: sales }, () => newStory(till, mouth))
  return {
    book,
    batchNumber: state.batchNumber,
    firstStan,
    stories,
    settlement: totals.debitCount > 0 && below(8) === 0 ? settlementOf(till, totals, mouth.random) : null,
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

const unanswered = (chapters: readonly Chapter[]): number =>
  chapters
    .flatMap(({ stories }) => stories.flatMap(({ all }) => all))
    .filter(({ heard }) => heard.length === 0).length

/** Judges what a terminal said, and opens the book of the batch that it has now. */
async function judge({ control }: Rig, chapter: Chapter): Promise<Violation[]> {
  const { book, batchNumber, firstStan, stories, settlement } = chapter
  const { terminalId } = book.till.state
  const rows = await rowsSince(control, terminalId, batchNumber, firstStan)
  const found = stories.flatMap((story) => judgeStory(story, rows, settlement !== null))
  const today = totalsOf(stories)
  const totals = {
    debitAmount: book.totals.debitAmount + today.debitAmount,
    debitCount: book.totals.debitCount + today.debitCount,
    creditAmount: book.totals.creditAmount + today.creditAmount,
    creditCount: book.totals.creditCount + today.creditCount,
  }
  found.push(...judgeBatch(`${terminalId} batch ${batchNumber}`, totals, rows.batch))
  const isClosed = rows.batch?.state === 'closed'
  if (settlement !== null && wasApproved(settlement) && !isClosed)
    found.push({ fault: 'lost', what: `${settlement.name}: settled, and the batch is open` })
  if (isClosed) {
    const [open] = await control.query('select batch_number from terminal where terminal_id = ?', terminalId)
    book.till.state.batchNumber = String(open?.batch_number)
  }
  book.totals = isClosed ? NO_TOTALS : totals
  return found
}

/** Figures of a run, a line each. */
export function linesOf(report: KillReport): string[] {
  const { kills, killsInRecovery, messages, sent, voids, cutOff, restarts, violations } = report
  const sorted = restarts.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)
  return [
    `${kills} kills, ${killsInRecovery} of them in the middle of a recovery`,
    `${messages} messages (${voids} voids) sent ${sent} times, ${cutOff} cut off without an answer`,
    `first good answer after a start: median ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    FAULTS.map((fault) => `${fault} ${violations.filter((one) => one.fault === fault).length}`).join(', '),
    ...violations.slice(0, 10).map(({ fault, what }) => `${fault}: ${what}`),
  ]
}
