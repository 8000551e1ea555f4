/**
 * @module SIGKILL at random moments under racing sales, voids, reversals and settlements, and what is left of them: kill, start
 * again on the same files, say everything again until all of it is answered (and be killed in the middle of that, too), then
 * once more in a fresh process, and compare.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { loadCore } from '../../src/cli/core.ts'
import { seeded } from '../support/micro-random.ts'
import { audit } from './audit.ts'
import { closeChapter, messagesOf, newChapter, openBooks, tellChapters } from './chapter.ts'
import { countsAndFirst, type Violation } from './judge.ts'
import { openMouth } from './mouth.ts'
import { type Rig, startRig } from './rig.ts'
import { seed as seedRig } from './seed.ts'

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
  const books = await openBooks(core, rig, terminalIds)
  const mouth = openMouth(merchantKey, random, () => rig)

  /** Kills `after` milliseconds of `work`, unless that is done before; true if everything was answered. */
  async function killIn(after: number, work: Promise<boolean>): Promise<boolean> {
    await Promise.race([sleep(after), work])
    report.kills += 1
    await rig.kill()
    const done = await work
    // Every time while the journal is short; a whole rebuild of a long one takes longer than all the rest.
    if (report.kills <= 30 || report.kills % 50 === 0)
      for (const what of (await audit(dir)).faults) report.violations.push({ fault: 'torn', what })
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
    const tell = (paced: boolean) => tellChapters(chapters, mouth, paced)
    const since = performance.now()
    const telling = tell(true).then((done) => {
      if (done) usual = (usual * 3 + (performance.now() - since)) / 4
      return done
    })
    await killIn(random.below(1000) * 0.0012 * usual, telling)
    report.cutOff += messagesOf(chapters).filter(({ heard }) => heard.length === 0).length
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
    rig = await start()
    await tell(false)
    for (const chapter of chapters) report.violations.push(...(await closeChapter(rig, chapter)))
    const all = messagesOf(chapters)
    report.messages += all.length
    report.sent = mouth.sent
    report.voids += all.filter(({ kind }) => kind === 'void' || kind === 'api_void').length
    progress(`${report.kills} kills, ${report.messages} messages, ${report.cutOff} cut off`)
  }
  await rig.stop()
  return report
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
    ...countsAndFirst(violations),
  ]
}
