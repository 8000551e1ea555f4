/**
 * @module Loss of power: a rig under load is stopped in the middle of whatever it does and its files are copied; of each copy the
 * write-ahead log is cut at a random byte, or ends in noise. The database must open, be a past of the one that was stopped
 * (nothing torn, nothing twice), and go on from there: everything is said again and answered. Where only noise was added,
 * nothing acknowledged may be missing either.
 */

import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadCore } from '../../src/cli/lib/core.ts'
import { type Random, seeded } from '../support/micro-random.ts'
import type { Attempt, Received } from './attempt.ts'
import { audit } from './audit.ts'
import { openClient } from './client.ts'
import { countsAndFirst, type Violation } from './judge.ts'
import { startRig } from './rig.ts'
import { seed as seedRig } from './seed.ts'
import { checkSession, closeSession, messagesOf, newSession, openBooks, runSessions } from './session.ts'
import { cutWal, scrawl, type Wal, walOf } from './wal.ts'

export interface PowerOptions {
  readonly dir: string
  readonly cuts: number
  readonly seed: number
  /** Every so many cuts are not only audited but started and talked to. */
  readonly startEvery?: number
  readonly progress?: (line: string) => void
}

export interface PowerReport {
  cuts: number
  /** Of them at a random byte; the others are noise behind the end. */
  midway: number
  started: number
  /** Entries that a cut took, at most. */
  entriesLost: number
  readonly violations: Violation[]
}

const TERMINALS = 6
const SALES = 2
const CUTS_PER_STOP = 10

export async function runPowerCuts(options: PowerOptions): Promise<PowerReport> {
  const { dir, cuts, startEvery = 1, progress = () => undefined } = options
  const random = seeded(options.seed)
  const report: PowerReport = { cuts: 0, midway: 0, started: 0, entriesLost: 0, violations: [] }
  const live = join(dir, 'live')
  let rig = await startRig({ dir: live, isolates: 2 })
  let talkingTo = rig
  const { merchantKey, terminalIds } = await seedRig(rig, TERMINALS)
  const books = await openBooks(await loadCore(), rig, terminalIds)
  const client = openClient(merchantKey, random, () => talkingTo.urls)
  let usual = 200
  for (let stop = 1; report.cuts < cuts && report.violations.length === 0; stop++) {
    const planning = seeded(options.seed + stop)
    const sessions = books.map((book) => newSession(book, planning, SALES))
    const before = walOf(join(live, 'data/annul'))
    const since = performance.now()
    const telling = runSessions(sessions, client, true)
    await Promise.race([sleep(random.below(1000) * 0.001 * usual), telling])
    const stopped = join(dir, 'stopped')
    rmSync(stopped, { recursive: true, force: true })
    process.kill(rig.pid, 'SIGSTOP')
    cpSync(join(live, 'data'), join(stopped, 'data'), { recursive: true })
    const acknowledged = receivedOf(messagesOf(sessions))
    process.kill(rig.pid, 'SIGCONT')
    const whole = await audit(stopped)
    await telling
    usual = (usual * 3 + (performance.now() - since)) / 4
    const running = receivedOf(messagesOf(sessions))

    for (let i = 0; i < CUTS_PER_STOP && report.cuts < cuts; i++) {
      const cut = join(dir, 'cut')
      rmSync(cut, { recursive: true, force: true })
      mkdirSync(cut)
      cpSync(join(stopped, 'data'), join(cut, 'data'), { recursive: true })
      const kept = spoil(walOf(join(cut, 'data/annul')), before, random, report)
      report.cuts += 1
      const { faults, hashes } = await audit(cut)
      const lost = whole.hashes.size - hashes.size
      report.entriesLost = Math.max(report.entriesLost, lost)
      if (kept && lost > 0) faults.push(`${lost} entries are gone`)
      if ([...hashes].some((hash) => !whole.hashes.has(hash)))
        faults.push('no past of the one that was stopped')
      report.violations.push(...faults.map((what): Violation => ({ fault: 'torn', what })))
      if (faults.length > 0 || report.cuts % startEvery > 0) continue
      report.started += 1
      cpSync(join(live, 'bundle'), join(cut, 'bundle'), { recursive: true })
      restore(kept ? acknowledged : new Map(), messagesOf(sessions))
      // Told twice, the second time to a fresh process, where nothing is answered from memory.
      for (const round of ['first', 'again']) {
        talkingTo = await startRig({ dir: cut, isolates: 2 })
        if (!(await runSessions(sessions, client, false)))
          report.violations.push({ fault: 'stuck', what: `${round}: not everything was answered` })
        if (round === 'first') await talkingTo.kill()
      }
      for (const session of sessions)
        report.violations.push(...(await checkSession(talkingTo, session, false)).violations)
      await talkingTo.kill()
      talkingTo = rig
      restore(running, messagesOf(sessions))
    }
    await rig.kill()
    rig = await startRig({ dir: live, isolates: 2 })
    talkingTo = rig
    await runSessions(sessions, client, false)
    for (const session of sessions) report.violations.push(...(await closeSession(rig, session, true)))
    progress(`${report.cuts} cuts`)
  }
  await rig.stop()
  return report
}

/** Cuts the log where the chapter wrote, or adds noise behind it; true where nothing was taken. */
function spoil(wal: Wal, before: Wal, random: Random, report: PowerReport): boolean {
  if (random.below(3) === 0) {
    scrawl(wal, random.bytes(1 + random.below(10_000)))
    return true
  }
  const from = Math.max(wal.carried, wal.salt === before.salt ? before.end : 0)
  const length = from + random.below(wal.end - from + 1)
  cutWal(wal, length)
  report.midway += 1
  return length === wal.end
}

type Allowances = ReadonlyMap<Attempt, readonly Received[]>

const receivedOf = (messages: readonly Attempt[]): Allowances =>
  new Map(messages.map((attempt) => [attempt, [...attempt.received]]))

/** As if this, and no more, had been heard. */
function restore(allowances: Allowances, messages: readonly Attempt[]): void {
  for (const attempt of messages)
    attempt.received.splice(0, attempt.received.length, ...(allowances.get(attempt) ?? []))
}

/** Figures of a run, a line each. */
export function linesOf({ cuts, midway, started, entriesLost, violations }: PowerReport): string[] {
  return [
    `${cuts} cuts, ${midway} of them anywhere in what was written last, the others noise behind it`,
    `${started} started and talked to; at most ${entriesLost} entries gone`,
    ...countsAndFirst(violations),
  ]
}
