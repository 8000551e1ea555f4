/**
 * @module SIGKILL at random moments under racing sales, voids, reversals and settlements. After each kill it
 * restarts on the same files and repeats every message until all have answers. Then it compares in a fresh
 * process.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { loadCore } from '../../src/cli/lib/core.ts'
import { type Random, seeded } from '../support/micro-random.ts'
import { discrepancies, type RigAcquirer, startAcquirer } from './acquirer.ts'
import { audit } from './audit.ts'
import { type Client, openClient } from './client.ts'
import { faultsOfInquiries } from './inquire.ts'
import type { Violation } from './judge.ts'
import { countBy, type KillReport, newReport } from './kill-report.ts'
import { type Neighbour, type Rig, type RigOptions, startNeighbour, startRig } from './rig.ts'
import { seed as seedRig } from './seed.ts'
import {
  type Book,
  closeSession,
  messagesOf,
  newSession,
  openBooks,
  runSessions,
  type Session,
} from './session.ts'

export interface KillOptions {
  readonly dir: string
  readonly kills: number
  readonly seed: number
  /** Terminals that sell at once, and sales of each between two kills. */
  readonly terminals?: number
  /** With an acquirer that has faults of its own. Otherwise the sandbox. */
  readonly withAcquirer?: boolean
  /** Ends with a kill after which the clock is not moved. Takes up to four minutes. */
  readonly realTime?: boolean
  readonly sales?: number
  readonly progress?: (line: string) => void
}

/** Shares of the messages to the acquirer. None of them causes a wait. */
const ACQUIRER_FAULTS = {
  drop_request: 0.03,
  drop_answer: 0.05,
  twice: 0.03,
  other_stan: 0.01,
  bad_mac: 0.02,
  half_frame: 0.01,
  code_91: 0.01,
  code_96: 0.02,
}

const UNSETTLED = "state in ('pending', 'undoing', 'reversing')"

/** Shares of D1's calls, except for the last repetition. */
const D1_FAULTS = { before: 0.03, after: 0.03, overload: 0.01, late: 0.03, lateMs: 200 }

/** The limit until everything is answered after a kill, in milliseconds of this machine. */
const STUCK_MS = 60_000
/** With an acquirer and an unmoved clock: `decideBy`, and a cron's minute. */
const DECIDED_MS = 240_000
const CRON_MS = 60_000

export async function runKills(options: KillOptions): Promise<KillReport> {
  const acquirer = options.withAcquirer ? await startAcquirer(options.seed) : null
  await acquirer?.faults(ACQUIRER_FAULTS, options.seed)
  const run = new Run(options, acquirer)
  try {
    await run.open()
    while (run.hasMore()) await run.epoch()
    if (options.realTime && run.report.violations.length === 0) await run.inRealTime()
    return run.report
  } finally {
    await run.close()
    await acquirer?.close()
  }
}

class Run {
  readonly report = newReport()
  readonly #options: KillOptions
  readonly #acquirer: RigAcquirer | null
  readonly #random: Random
  #rig: Rig | undefined
  /** One more process of the service, over the D1 of the other. */
  #neighbour: Neighbour | undefined
  #client: Client | undefined
  #books: Book[] = []
  #races = 0
  /** Milliseconds that audits took. No request waits meanwhile. */
  #auditMs = 0
  /** The length of a race without a kill, in milliseconds. Kills are spread over it. */
  #raceMs = 200

  constructor(options: KillOptions, acquirer: RigAcquirer | null) {
    this.#options = options
    this.#acquirer = acquirer
    this.#random = seeded(options.seed)
  }

  async open(): Promise<void> {
    await this.#startAlone()
    const { merchantKey, terminalIds } = await seedRig(this.rig, this.#options.terminals ?? 12)
    this.#books = await openBooks(await loadCore(), this.rig, terminalIds)
    this.#client = openClient(merchantKey, this.#random, () => this.#urls())
  }

  get rig(): Rig {
    if (this.#rig === undefined) throw new Error('not open')
    return this.#rig
  }

  #urls(): URL[] {
    return [...this.rig.urls, ...(this.#neighbour === undefined ? [] : [this.#neighbour.url])]
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('not open')
    return this.#client
  }

  hasMore(): boolean {
    return this.report.kills < this.#options.kills && this.report.violations.length === 0
  }

  /** A race, a kill in it, kills in the repetitions, and the comparison. */
  async epoch(): Promise<void> {
    const sessions = await this.#race()
    const deadline = performance.now() - this.#auditMs + STUCK_MS
    for (let round = 0; performance.now() - this.#auditMs < deadline; round++) {
      if (this.#acquirer !== null) await this.#advanceClock(round)
      this.client.skipsAnswered = round > 0
      const again = runSessions(sessions, this.client, false)
      if (this.#random.below(2 + 2 * round) === 0 && this.hasMore()) {
        this.report.killsInRecovery += 1
        await this.#killIn(this.#random.below(1000) * 0.0005 * this.#raceMs, again)
      } else if ((await again) && !(await this.#isUnsettled())) break
      await sleep(50)
    }
    await this.#verify(sessions)
  }

  /** One more kill, with a late acquirer. The clock is not moved: the recovery runs once a minute. */
  async inRealTime(): Promise<void> {
    await this.#acquirer?.faults(
      { ...ACQUIRER_FAULTS, late_request: 0.05, late_answer: 0.05 },
      this.#options.seed,
    )
    const sessions = await this.#race()
    const since = performance.now()
    this.client.skipsAnswered = true
    for (let cron = 0; performance.now() - since < DECIDED_MS; ) {
      if (performance.now() - since > cron * CRON_MS) {
        void this.rig.control.scheduled(cron % 2).catch(() => undefined)
        cron += 1
      }
      if ((await runSessions(sessions, this.client, false)) && !(await this.#isUnsettled())) break
      await sleep(1000)
    }
    this.report.decidedIn = Math.round((performance.now() - since) / 1000)
    await this.#verify(sessions)
  }

  async close(): Promise<void> {
    await this.#neighbour?.kill()
    await this.#rig?.stop()
  }

  #settings(): RigOptions {
    const { dir } = this.#options
    const acquirer = this.#acquirer
    return {
      dir,
      isolates: 2,
      ...(acquirer === null ? {} : { vars: acquirer.vars, acquirerPort: acquirer.port }),
    }
  }

  /** Without a neighbour, and over a D1 without faults. */
  async #startAlone(): Promise<void> {
    this.#rig = await startRig(this.#settings())
  }

  async #startAll(): Promise<void> {
    const faults = { ...D1_FAULTS, seed: this.#random.below(2 ** 31) }
    this.#rig = await startRig({ ...this.#settings(), faults })
    await this.#startNeighbour()
  }

  async #startNeighbour(): Promise<void> {
    this.#neighbour = await startNeighbour(this.#settings(), this.rig)
  }

  async #killAll(): Promise<void> {
    await Promise.all([this.rig.kill(), this.#neighbour?.kill()])
    this.#neighbour = undefined
  }

  async #race(): Promise<Session[]> {
    await this.rig.control.faults({ ...D1_FAULTS, seed: this.#random.below(2 ** 31) })
    await this.#startNeighbour()
    const { sales = 3 } = this.#options
    // The messages depend on the seed alone, not on other draws.
    const planning = seeded(this.#options.seed + ++this.#races)
    const sessions = this.#books.map((book) => newSession(book, planning, sales))
    this.client.skipsAnswered = false
    // Every other time the sales precede the race, so that it is one of voids.
    const scenarios = sessions.flatMap((session) => session.scenarios)
    if (this.#random.below(2) === 0)
      await Promise.all(scenarios.map((scenario) => scenario.begin(this.client)))
    this.client.hangsUp = true
    const since = performance.now()
    const running = runSessions(sessions, this.client, true).then((done) => {
      if (done) this.#raceMs = (this.#raceMs * 3 + (performance.now() - since)) / 4
    })
    await this.#killIn(this.#random.below(1000) * 0.0012 * this.#raceMs, running)
    this.client.hangsUp = false
    this.report.cutOff += messagesOf(sessions).filter(({ received }) => received.length === 0).length
    return sessions
  }

  /** Kills after `after` ms of `work`, or at its end, and restarts: the neighbour, or all with D1. */
  async #killIn(after: number, work: Promise<unknown>): Promise<void> {
    const { report } = this
    await Promise.race([sleep(after), work])
    report.kills += 1
    if (this.#random.below(2) === 0) {
      report.killsOfOne += 1
      await this.#neighbour?.kill()
      await work
      await this.#startNeighbour()
      return
    }
    await this.#killAll()
    await work
    // Every time while the journal is short. The rebuild of a long one takes longer than everything else.
    if (report.kills <= 30 || report.kills % 250 === 0) {
      const since = performance.now()
      const { faults } = await audit(this.#options.dir)
      this.#auditMs += performance.now() - since
      report.violations.push(...faults.map((what): Violation => ({ fault: 'torn', what })))
    }
    await this.#startAll()
    const since = performance.now()
    const headers = { authorization: `Bearer ${this.client.merchantKey}` }
    await fetch(new URL('/v1/voids/none', this.rig.url), { headers })
    report.restarts.push(this.rig.startedIn + performance.now() - since)
  }

  /**
   * Makes the whole outbox due and runs the recovery beside running ones. A kill may cut it off. Every third
   * time the clock moves so far that a message unknown to the acquirer is given up.
   */
  async #advanceClock(round: number): Promise<void> {
    await this.rig.control.query(
      `update acquirer_message set next_at = 0, claimed_at = claimed_at - ?1, decide_by = decide_by - ?1
       where next_at is not null`,
      round % 3 === 2 ? 60_000 : 0,
    )
    void this.rig.control.scheduled(round % 2).catch(() => undefined)
  }

  /** Whether a message at the acquirer is still unsettled. */
  async #isUnsettled(): Promise<boolean> {
    return (
      (await this.rig.control.query(`select 1 from acquirer_record where ${UNSETTLED} limit 1`)).length > 0
    )
  }

  /** Sends everything again to a fresh process, whose memory is empty, and compares. */
  async #verify(sessions: readonly Session[]): Promise<void> {
    const { report } = this
    this.client.skipsAnswered = false
    await this.#killAll()
    await this.#acquirer?.deliverLate()
    await this.#startAlone()
    await runSessions(sessions, this.client, false)
    if (this.#acquirer !== null) {
      const rows = await this.rig.control.query('select * from acquirer_record')
      report.acquirer = countBy(rows.map(({ kind, state }) => `${kind} ${state}`))
      for (const what of discrepancies(await this.#acquirer.ledger(), rows))
        report.violations.push({ fault: 'torn', what })
    }
    for (const session of sessions)
      report.violations.push(...(await closeSession(this.rig, session, this.#acquirer === null)))
    const all = messagesOf(sessions)
    const inquirable = all.filter(({ reference }) => reference !== null)
    report.inquiries += inquirable.length
    for (const what of await faultsOfInquiries(this.rig.url, this.client.merchantKey, inquirable))
      report.violations.push({ fault: 'changed', what })
    report.messages += all.length
    report.voids += all.filter(({ kind }) => kind === 'void' || kind === 'api_void').length
    report.sent = this.client.sent
    const { kills, messages, cutOff } = report
    this.#options.progress?.(`${kills} kills, ${messages} messages, ${cutOff} cut off`)
  }
}
