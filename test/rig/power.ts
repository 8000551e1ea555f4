/**
 * @module Loss of power: a rig under load is stopped at any moment and its files are copied. In each copy the
 * write-ahead log is cut at a random byte, or gets noise at its end. The database must open, be an earlier
 * state of the stopped one (nothing torn, nothing twice), and continue: everything is sent again and
 * answered. After noise alone nothing acknowledged may be missing.
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
import { appendNoise, cutWal, type Wal, walOf } from './wal.ts'

export interface PowerOptions {
  readonly dir: string
  readonly cuts: number
  readonly seed: number
  /** Every so many cuts are not only audited but also started and tested with messages. */
  readonly startEvery?: number
  readonly progress?: (line: string) => void
}

export interface PowerReport {
  cuts: number
  /** Cuts at a random byte. The others are noise at the end. */
  midway: number
  started: number
  /** The largest number of entries that a cut lost. */
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
  let target = rig
  const { merchantKey, terminalIds } = await seedRig(rig, TERMINALS)
  const books = await openBooks(await loadCore(), rig, terminalIds)
  const client = openClient(merchantKey, random, () => target.urls)
  let sessionMs = 200
  for (let stop = 1; report.cuts < cuts && report.violations.length === 0; stop++) {
    const planning = seeded(options.seed + stop)
    const sessions = books.map((book) => newSession(book, planning, SALES))
    const before = walOf(join(live, 'data/annul'))
    const since = performance.now()
    const session = runSessions(sessions, client, true)
    await Promise.race([sleep(random.below(1000) * 0.001 * sessionMs), session])
    // A stop before the first write of the session would leave nothing to cut.
    while (!hasGrown(walOf(join(live, 'data/annul')), before)) await sleep(5)
    const stopped = join(dir, 'stopped')
    rmSync(stopped, { recursive: true, force: true })
    process.kill(rig.pid, 'SIGSTOP')
    cpSync(join(live, 'data'), join(stopped, 'data'), { recursive: true })
    const acknowledged = receivedOf(messagesOf(sessions))
    process.kill(rig.pid, 'SIGCONT')
    const whole = await audit(stopped)
    await session
    sessionMs = (sessionMs * 3 + (performance.now() - since)) / 4
    const received = receivedOf(messagesOf(sessions))

    for (let i = 0; i < CUTS_PER_STOP && report.cuts < cuts; i++) {
      const cut = join(dir, 'cut')
      rmSync(cut, { recursive: true, force: true })
      mkdirSync(cut)
      cpSync(join(stopped, 'data'), join(cut, 'data'), { recursive: true })
      const kept = damage(walOf(join(cut, 'data/annul')), before, random, report)
      report.cuts += 1
      const { faults, hashes } = await audit(cut)
      const lost = whole.hashes.size - hashes.size
      report.entriesLost = Math.max(report.entriesLost, lost)
      if (kept && lost > 0) faults.push(`${lost} entries are gone`)
      if ([...hashes].some((hash) => !whole.hashes.has(hash)))
        faults.push('not an earlier state of the stopped database')
      report.violations.push(...faults.map((what): Violation => ({ fault: 'torn', what })))
      if (faults.length > 0 || report.cuts % startEvery > 0) continue
      report.started += 1
      cpSync(join(live, 'bundle'), join(cut, 'bundle'), { recursive: true })
      restore(kept ? acknowledged : new Map(), messagesOf(sessions))
      // Sent twice, the second time to a fresh process, whose memory is empty.
      for (const round of ['first', 'again']) {
        target = await startRig({ dir: cut, isolates: 2 })
        if (!(await runSessions(sessions, client, false)))
          report.violations.push({ fault: 'stuck', what: `${round}: not everything was answered` })
        if (round === 'first') await target.kill()
      }
      for (const session of sessions)
        report.violations.push(...(await checkSession(target, session, false)).violations)
      await target.kill()
      target = rig
      restore(received, messagesOf(sessions))
    }
    await rig.kill()
    rig = await startRig({ dir: live, isolates: 2 })
    target = rig
    await runSessions(sessions, client, false)
    for (const session of sessions) report.violations.push(...(await closeSession(rig, session, true)))
    progress(`${report.cuts} cuts`)
  }
  await rig.stop()
  return report
}

const hasGrown = (wal: Wal, before: Wal): boolean => wal.salt !== before.salt || wal.end > before.end

/** Cuts the log in the part that the session wrote, or adds noise at its end. True when nothing was lost. */
function damage(wal: Wal, before: Wal, random: Random, report: PowerReport): boolean {
  if (random.below(3) === 0) {
    appendNoise(wal, random.bytes(1 + random.below(10_000)))
    return true
  }
  const from = Math.max(wal.checkpointed, wal.salt === before.salt ? before.end : 0)
  const length = from + random.below(wal.end - from + 1)
  cutWal(wal, length)
  report.midway += 1
  return length === wal.end
}

type ReceivedBy = ReadonlyMap<Attempt, readonly Received[]>

const receivedOf = (messages: readonly Attempt[]): ReceivedBy =>
  new Map(messages.map((attempt) => [attempt, [...attempt.received]]))

/** Resets the answers of the attempts to these. */
function restore(received: ReceivedBy, messages: readonly Attempt[]): void {
  for (const attempt of messages)
    attempt.received.splice(0, attempt.received.length, ...(received.get(attempt) ?? []))
}

/** Figures of a run, one per line. */
export function linesOf({ cuts, midway, started, entriesLost, violations }: PowerReport): string[] {
  return [
    `${cuts} cuts, ${midway} of them anywhere in the last writes, the others noise at the end`,
    `${started} started and tested with messages; at most ${entriesLost} entries gone`,
    ...countsAndFirst(violations),
  ]
}
