/** @module One load: registers terminals, compares with the floors, loads, waits for every outcome, and checks all rules. */

import { setTimeout as sleep } from 'node:timers/promises'
import { loadCore } from '../../src/cli/lib/core.ts'
import { seeded } from '../support/micro-random.ts'
import { arrivals } from './arrivals.ts'
import { checkBooks } from './check-books.ts'
import { compareFloors, type FloorFigures } from './compare-floors.ts'
import { type Driven, drive } from './drive.ts'
import { findKnee, type RampStep, whyNot } from './find-knee.ts'
import { Fleet } from './fleet.ts'
import { inTurns } from './in-turns.ts'
import { LoadLedger } from './ledger.ts'
import type { LoadHarness } from './load-harness.ts'
import type { LoadTerminal } from './load-terminal.ts'
import { type Measured, Measurements } from './measurements.ts'
import { drawKind } from './mix.ts'
import type { LoadOptions } from './options.ts'
import { probeFloors } from './probe-floors.ts'
import { provisionTerminals } from './provision.ts'
import { type LoadReport, percentileOf, reportOf } from './report.ts'
import { openSender } from './sender.ts'
import { settleAll } from './settle-all.ts'
import type { Target } from './target.ts'
import { watchBooks } from './watch-books.ts'

export interface Progress {
  /** A finished step. */
  step(line: string): void
  /** The live line. */
  live(line: string): void
}

const LIVE_MS = 500
/** Seconds of a step of a ramp, and the factor between two. */
const STEP_SECONDS = 3
const FACTOR = 1.25
/** Tries for an outcome after the load, about 200 ms apart. */
const SETTLE_TRIES = { sandbox: 10, https: 60 } as const
/** Tries for a copy of an answered message. */
const REPEAT_TRIES = 5
/** Terminals at once after the load. More would only be refused. */
const AT_ONCE = 32
/** The digits of a terminal number, in base 36, that name the run. */
const RUN_DIGITS = 3

export async function runLoad(target: Target, options: LoadOptions, progress: Progress): Promise<LoadReport> {
  const at = new Date().toISOString()
  const core = await loadCore()
  const random = seeded(options.seed)
  const ledger = new LoadLedger({ graceMs: target.graceMs })
  const run = random
    .below(36 ** RUN_DIGITS)
    .toString(36)
    .toUpperCase()
    .padStart(RUN_DIGITS, '0')
  const senders = [openSender(target.url, options.connections), openSender(target.url, 1)] as const
  const now = () => performance.now()
  const common = { core, ledger, random, merchantKeys: target.merchantKeys, now, sleep }
  const newHarness = (sender: number, more: Pick<LoadHarness, 'lose' | 'isStorm'>): LoadHarness => ({
    ...common,
    ...more,
    sender: senders[sender] ?? senders[0],
    record: () => undefined,
  })
  const register = async (harness: LoadHarness, letter: string, count: number): Promise<LoadTerminal[]> => {
    const terminals = await provisionTerminals({
      harness,
      target,
      count,
      prefix: run + letter,
      progress: (done) => progress.live(`terminals ${done} of ${count}`),
    })
    progress.step(`${count} terminals registered and signed on`)
    return terminals
  }

  const harness = newHarness(0, options)
  const terminals = await register(harness, 'L', options.terminals)
  const beside: LoadTerminal[] = []
  let floors: FloorFigures | null = null
  if (target.slowDown !== null) await target.slowDown(options.d1Ms)
  if (target.floors !== null && options.floors > 0) {
    progress.live('the floors')
    const harnesses = [
      newHarness(1, { lose: 0, isStorm: false }),
      newHarness(0, { lose: 0, isStorm: false }),
    ] as const
    const fleets = [
      await register(harnesses[0], 'A', 20),
      await register(harnesses[1], 'T', options.connections),
    ] as const
    beside.push(...fleets.flat())
    floors = await compare(target.floors, harnesses, fleets, options)
  }

  const fleet = new Fleet(terminals)
  await target.counts?.()
  const before = ledger.messages.length
  const start = now()
  const measurements = new Measurements(start)
  const probes = new Measurements(start)
  const probe = target.floors === null ? null : probeFloors(target.floors, (one) => probes.record(one), now)
  const watch = target.rows !== null && target.hasQuickRows ? watchBooks(fleet, ledger, target.rows) : null
  const steps: RampStep[] = []
  const driven: Driven[] = []
  let step = new Measurements(start)
  harness.record = (measured) => {
    measurements.record(measured)
    step.record(measured)
  }
  const shown = liveLine(measurements, ledger, start)
  const timer = setInterval(() => progress.live(shown(now())), LIVE_MS)
  try {
    let next: Step | null = { rate: options.rate, seconds: options.isRamp ? STEP_SECONDS : options.duration }
    let isRepeated = false
    while (next !== null) {
      const since = now()
      step = new Measurements(since)
      driven.push(
        await drive({
          fleet,
          due: arrivals(next.rate, next.seconds),
          start: since,
          draw: () => drawKind(options.mix, random),
          now,
          sleep,
          ...(probe === null ? {} : { arrived: probe.arrived }),
        }),
      )
      if (!options.isRamp) break
      steps.push(stepOf(next.rate, step, (now() - since) / 1000))
      const holds = whyNot(steps) === null
      if (!holds && isRepeated) break
      // Other work on the machine may have spoilt it, so the step comes once more.
      if (!holds) steps.pop()
      isRepeated = !holds
      const left = options.duration - (now() - start) / 1000
      const rate: number = holds ? next.rate * FACTOR : next.rate
      next = left > 0 ? { rate, seconds: Math.min(STEP_SECONDS, left) } : null
    }
    await probe?.ended()
    await watch?.ended()
  } finally {
    clearInterval(timer)
  }
  const seconds = (now() - start) / 1000
  const counts = (await target.counts?.()) ?? null
  const messages = ledger.messages.length - before
  harness.record = () => undefined
  progress.step(`${measurements.answered} answers in ${seconds.toFixed(1)} s`)
  const { acquirer } = options
  await checkAll({ target, ledger, run, progress, acquirer, terminals: [...terminals, ...beside] })
  for (const sender of senders) sender.close()
  const sum = (of: (one: Driven) => number) => driven.reduce((total, one) => total + of(one), 0)
  return reportOf({
    target: target.name,
    options,
    at,
    seconds,
    arrivals: sum((one) => one.arrivals),
    dropped: sum((one) => one.dropped),
    driverLateMs: Math.max(...driven.map((one) => one.latestMs)),
    measurements,
    probes,
    ramp: steps,
    knee: findKnee(steps),
    floors,
    d1: counts === null ? null : { messages, ...counts },
    alerts: target.alerts(),
    ledger,
  })
}

interface Step {
  readonly rate: number
  readonly seconds: number
}

const stepOf = (rate: number, { answered, refused, lost, all }: Measurements, seconds: number): RampStep => ({
  rate,
  answered: answered / seconds,
  refused: refused / seconds,
  lost: lost / seconds,
  p50: percentileOf(all, 50),
  p99: percentileOf(all, 99),
})

async function compare(
  floorUrl: URL,
  harnesses: readonly [LoadHarness, LoadHarness],
  fleets: readonly [LoadTerminal[], LoadTerminal[]],
  { connections, floors: seconds }: LoadOptions,
): Promise<FloorFigures> {
  const senders = [openSender(floorUrl, 1), openSender(floorUrl, connections)] as const
  let measured: Measured[] = []
  for (const harness of harnesses) harness.record = (one) => void measured.push(one)
  try {
    return await compareFloors({
      alone: { fleet: new Fleet(fleets[0]), floors: senders[0] },
      together: { fleet: new Fleet(fleets[1]), floors: senders[1], connections },
      seconds,
      taken() {
        const taken = measured
        measured = []
        return taken
      },
      now: harnesses[0].now,
    })
  } finally {
    for (const harness of harnesses) harness.record = () => undefined
    for (const sender of senders) sender.close()
  }
}

interface Checking {
  readonly target: Target
  readonly ledger: LoadLedger
  readonly run: string
  readonly progress: Progress
  readonly terminals: readonly LoadTerminal[]
  readonly acquirer: LoadOptions['acquirer']
}

/** Waits for every outcome, then compares the ledger with the service: totals, rows, chains, and the acquirer. */
async function checkAll({ target, ledger, run, progress, terminals, acquirer }: Checking): Promise<void> {
  if (target.slowDown !== null) await target.slowDown(0)
  progress.live('outcomes that are missing')
  await inTurns(terminals, AT_ONCE, async (terminal) => {
    await terminal.settle(SETTLE_TRIES[acquirer])
    await terminal.repeat(REPEAT_TRIES)
  })
  progress.live('totals and rows')
  if (target.rows !== null) await checkBooks(ledger, target.rows, run)
  if (target.compareAcquirer !== null)
    for (const what of await target.compareAcquirer())
      ledger.check('rows of sales and voids', false, () => `at the acquirer: ${what}`)
  await settleAll(ledger, terminals)
  if (target.audit !== null) {
    progress.live('chains and tables')
    const faults = await target.audit()
    ledger.check('chains of the journal', faults.length === 0, () => faults.slice(0, 3).join('; '))
  }
  progress.step(`${checksOf(ledger)} checks, ${ledger.violationCount} violations`)
}

/** Returns the live line at a time. Its rate is that of the answers since the line before. */
function liveLine(measurements: Measurements, ledger: LoadLedger, start: number) {
  let before = { at: start, answered: 0 }
  return (at: number): string => {
    const { answered, refused, lost, all } = measurements
    const rate = (1000 * (answered - before.answered)) / Math.max(at - before.at, 1)
    before = { at, answered }
    return [
      `${((at - start) / 1000).toFixed(0)} s`,
      `${rate.toFixed(0)}/s`,
      `p50 ${percentileOf(all, 50).toFixed(1)} ms`,
      `p99 ${percentileOf(all, 99).toFixed(1)} ms`,
      `answered ${answered}, refused ${refused}, lost ${lost}`,
      `${checksOf(ledger)} checks, ${ledger.violationCount} violations`,
    ].join(' · ')
  }
}

const checksOf = ({ checked }: LoadLedger): number =>
  Object.values(checked).reduce((sum, count) => sum + count, 0)
