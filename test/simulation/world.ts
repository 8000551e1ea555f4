/**
 * @module One world: some isolates, terminals and back offices, and the weather, all drawn from one seed. It runs until everyone
 * has done what they came for, then calms down, and everything is held against what must be.
 */

import { MAC_PROFILES } from '../../src/domain/types.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { Attacker } from './attacker.ts'
import { captureFor } from './captured-sales.ts'
import { checkAgreed, checkOverdue, sentToAcquirer } from './checks.ts'
import { CALM, drawAcquirerPlan, drawClimate, FaultPlan } from './fault-plan.ts'
import { Harness, MASTER_KEY } from './harness.ts'
import { MerchantClient } from './merchant-client.ts'
import { PLATFORM } from './platform/isolate.ts'
import { Random } from './platform/random.ts'
import { DEADLINE_MS } from './terminal.ts'

export interface WorldOptions {
  readonly seed: number
  readonly module: WebAssembly.Module
  /** Faults that whoever keeps to the rules gets through: no terminal goes unanswered three times in a row. */
  readonly isMild?: boolean
  readonly trace?: (line: string) => void
}

export interface Report {
  readonly seed: number
  readonly voids: number
  /** Voids whose sender was not told what became of them, and did not undo them either. */
  readonly open: readonly string[]
  readonly steps: number
  /** SHA-256 of the transcript. */
  readonly transcript: string
  /** How often each fault struck. */
  readonly counts: Readonly<Record<string, number>>
  /** What was found to be wrong; null where nothing was. */
  readonly violation: string | null
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** How far an isolate's clock may be off. */
const MOST_SKEW = 10 * MINUTE

/** Some time in 2026, often shortly before the cut-off, which is at 15:00 UTC. */
function drawStart(random: Random): number {
  const day = Date.UTC(2026, 0, 1) + random.below(365) * DAY
  return day + (random.chance(0.2) ? 15 * 60 - random.below(20) : random.below(24 * 60)) * MINUTE
}

export class World {
  readonly #seed: number
  readonly #isMild: boolean
  readonly #hasAcquirer: boolean
  readonly #random: Random
  readonly #faultPlan: FaultPlan
  readonly #harness: Harness
  readonly #merchantClients: MerchantClient[] = []
  readonly #attacker: Attacker
  /** Mean time between two actions of one actor. */
  readonly #pause: number
  /** How long what was put off by a wrong clock may lie. */
  #behind = 0

  constructor({ seed, module, trace, isMild = false }: WorldOptions) {
    this.#seed = seed
    this.#isMild = isMild
    const random = new Random(seed)
    this.#random = random
    const faultPlan = new FaultPlan(random.fork(), CALM, isMild)
    this.#faultPlan = faultPlan
    const acquirer = random.pick(['sandbox', 'book', 'https', 'https', 'https'] as const)
    this.#hasAcquirer = acquirer === 'https'
    this.#harness = new Harness({
      seed: random.next(),
      module,
      start: drawStart(random),
      acquirer,
      recovery: random.pick(['inquiry', 'inquiry', 'repeat']),
      isolates: random.between(1, 3),
      planTrip: () => faultPlan.planTrip(),
      planAcquirer: () => faultPlan.planAcquirer(),
      planCopies: (isolates) => faultPlan.planCopies(isolates),
      spare: () => {
        if (isMild) faultPlan.spared++
        return () => {
          if (isMild) faultPlan.spared--
        }
      },
      losesPower: () => faultPlan.strikes('powerCut'),
      trace,
    })
    this.#harness.scheduler.yields = random.pick([0, 0, 0.02, 0.2])
    this.#pause = random.pick([200, 3000, 30_000])
    this.#attacker = new Attacker(this.#harness.context)
    this.#people(acquirer === 'book' ? captureFor(this.#harness.context) : null)
  }

  /** What no one caught ends the world. */
  fail(error: unknown): void {
    this.#harness.fail(error)
  }

  async run(): Promise<Report> {
    const harness = this.#harness
    const isMild = this.#isMild
    let violation: string | null = null
    try {
      await harness.phase('provisioning', () => this.#provision())
      this.#faultPlan.climate = drawClimate(this.#random, isMild)
      harness.acquirer.simulator.follow(drawAcquirerPlan(this.#random, isMild))
      await harness.phase('chaos', () => this.#chaos())
      this.#faultPlan.climate = CALM
      for (const isolate of harness.isolates) isolate.skew = 0
      if (this.#hasAcquirer && !isMild && this.#random.chance(0.4))
        await harness.phase('the acquirer is silent', () => this.#silence())
      harness.acquirer.simulator.follow(NO_FAULTS)
      await harness.phase('calm', () => this.#calm())
      await harness.check()
    } catch (error) {
      violation = harness.describe(error)
    }
    const { steps } = harness.scheduler
    const report = {
      seed: this.#seed,
      voids: harness.book.count('void'),
      open: harness.book.open(),
      steps,
      violation,
    }
    const transcript = harness.scheduler.digest()
    const counts = this.#counts()
    harness.storage.close()
    return { ...report, transcript, counts }
  }

  #people(captureSales: ReturnType<typeof captureFor> | null): void {
    const random = this.#random
    const pause = this.#pause
    const cards = Array.from({ length: 3 }, () => testCard(random.below(1000)))
    const merchants = random.between(1, 2)
    for (let m = 1; m <= merchants; m++) {
      const merchantId = `10000000000000${m}`
      this.#harness.enterBearer(merchantId)
      for (let t = random.between(1, 3); t > 0; t--)
        this.#harness.openTerminal({
          merchantId,
          terminalId: `T${m}00000${t}`,
          macProfile: random.chance(0.6) ? 'cup-ecb' : random.pick(MAC_PROFILES),
          settlementMac: random.chance(0.5),
          habits: {
            sale: 8,
            void: 10,
            reverse: 2,
            settle: random.pick([0, 1, 3]),
            signOn: 1,
            resend: 2,
            echo: 1,
          },
          cards,
          // An impatient one reverses while its message is still on the road.
          deadline: this.#isMild ? DEADLINE_MS : random.pick([2_000, 10_000, DEADLINE_MS]),
          pause,
          captureSales,
        })
      for (let s = random.between(1, 3); s > 0; s--) {
        const name = `shop-${m}-${s}`
        this.#merchantClients.push(
          new MerchantClient(this.#harness.context, { name, merchantId, masterKey: MASTER_KEY, pause }),
        )
      }
    }
  }

  async #provision(): Promise<void> {
    this.#harness.enterBearer(null)
    for (const terminal of this.#harness.terminals) await this.#harness.provision(terminal)
  }

  async #chaos(): Promise<void> {
    const size = this.#random.between(20, 60)
    const { terminals, scheduler } = this.#harness
    for (const terminal of terminals) terminal.start(size)
    for (const merchantClient of this.#merchantClients) merchantClient.start(size)
    this.#attacker.start(size / 2, this.#pause)
    this.#disturb()
    this.#tick()
    while (![...terminals, ...this.#merchantClients, this.#attacker].every(({ isDone }) => isDone))
      await scheduler.sleep(1000)
  }

  /** Isolates die, and clocks jump, at any moment. */
  #disturb(): void {
    const { scheduler, isolates } = this.#harness
    const random = this.#random.fork()
    const mean = random.pick([0, 0, 10, 60]) * this.#pause
    const skews = !this.#isMild && random.chance(0.3)
    if (skews) this.#behind = MOST_SKEW
    const next = () => {
      scheduler.after(random.delay(mean), PLATFORM, 'disturbed', () => {
        if (this.#faultPlan.climate === CALM) return
        if (this.#faultPlan.spared > 0) return next()
        const isolate = random.pick(isolates)
        if (skews && random.chance(0.5)) isolate.skew = random.between(-MOST_SKEW, MOST_SKEW)
        else isolate.crash()
        next()
      })
    }
    if (mean > 0) next()
  }

  /** Cron each minute, mostly: sometimes not at all, sometimes twice at once. */
  #tick(): void {
    const { scheduler, isolates } = this.#harness
    const times = this.#faultPlan.climate === CALM || this.#isMild ? 1 : this.#random.pick([0, 1, 1, 2])
    for (let i = 0; i < times; i++) this.#random.pick(isolates).cron()
    scheduler.after(MINUTE, PLATFORM, 'cron', () => this.#tick())
  }

  async #calm(): Promise<void> {
    const { scheduler, terminals, storage } = this.#harness
    // What is still on its way arrives, or is lost.
    await scheduler.sleep(10 * MINUTE + this.#behind)
    checkOverdue(storage, scheduler.now)
    for (const terminal of terminals) await terminal.finish()
    await this.#agree()
    await this.#harness.askAgain(() => this.#random.chance(0.15))
  }

  /** All is well but for the acquirer. A person must know in time. */
  async #silence(): Promise<void> {
    const { acquirer, scheduler, storage, terminals } = this.#harness
    acquirer.simulator.follow({ rates: { drop_request: 1 }, script: [] })
    for (const terminal of terminals) terminal.start(4)
    while (!terminals.every(({ isDone }) => isDone)) await scheduler.sleep(1000)
    await scheduler.sleep(8 * MINUTE + this.#behind)
    checkOverdue(storage, scheduler.now)
  }

  /** Until the acquirer and we agree, or only a person can help. A case is looked at each hour: three hours are enough. */
  async #agree(): Promise<void> {
    const { scheduler, storage } = this.#harness
    for (let minutes = 0; minutes < 190 && sentToAcquirer(storage).length > 0; minutes++)
      await scheduler.sleep(MINUTE)
    checkAgreed(storage)
    await scheduler.sleep(MINUTE)
  }

  #counts(): Record<string, number> {
    const counts = Object.fromEntries(this.#faultPlan.counts)
    for (const { lives } of this.#harness.isolates) counts.crashes = (counts.crashes ?? 0) + lives - 1
    const forwarded = this.#harness.storage.rows<{ state: string; cases: number }>(
      'select state, case_reason is not null as cases from acquirer_message',
    )
    for (const { state, cases } of forwarded) {
      counts[`acquirer ${state}`] = (counts[`acquirer ${state}`] ?? 0) + 1
      counts.cases = (counts.cases ?? 0) + cases
    }
    for (const { dropped } of this.#harness.terminals) counts.dropped = (counts.dropped ?? 0) + dropped.length
    return counts
  }
}
