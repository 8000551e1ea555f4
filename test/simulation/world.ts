/** @module One world, drawn from one seed: isolates, terminals, back offices, faults. Then it runs without faults, and every rule is checked. */

import type { Declines } from '../../src/acquirer/profile.ts'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { Attacker } from './attacker.ts'
import { captureFor } from './captured-sales.ts'
import { Changes } from './changes.ts'
import { checkOverdue } from './check-overdue.ts'
import { checkAgreed, unsettledAtAcquirer } from './checks.ts'
import { addCounts } from './coverage.ts'
import { drawAcquirerPlan, drawFaultRates, FaultPlan, NO_FAULT_RATES } from './fault-plan.ts'
import {
  drawAbsentEchoes,
  drawForgeries,
  drawLateReversals,
  drawStart,
  formsOf,
  streamOf,
} from './further.ts'
import { Harness, MASTER_KEY } from './harness.ts'
import { drawKeyChanges, type KeyChanges } from './key-changes.ts'
import { drawLateOffice, type LateOffice } from './late-office.ts'
import { MerchantClient } from './merchant-client.ts'
import { drawPadForger, type PadForger } from './pad-forger.ts'
import { PLATFORM } from './platform/isolate.ts'
import { Random } from './platform/random.ts'
import type { Report, WorldOptions } from './report.ts'
import { DEADLINE_MS } from './terminal-options.ts'

const MINUTE = 60_000
/** The stream of draws of the changes. Without them a seed gives the same world. */
const CHANGES = 8
/** The stream of draws of the forms of messages. A terminal of other forms sends the same messages at the same times. */
const FORMS = 9
/** The streams of draws of declines without a MAC, and of the limits of an invocation. */
const [DECLINES, LIMITS] = [10, 11]
const MOST_SKEW = 10 * MINUTE

export class World {
  readonly #seed: number
  readonly #isMild: boolean
  readonly #hasAcquirer: boolean
  readonly #random: Random
  readonly #faultPlan: FaultPlan
  readonly #harness: Harness
  readonly #merchantClients: MerchantClient[] = []
  readonly #attacker: Attacker
  /** Whether the acquirer signs its declines. */
  readonly #declines: Declines
  readonly #keyChanges: KeyChanges | null
  readonly #further: readonly (LateOffice | PadForger)[]
  /** Null in a world without changes. */
  readonly #changes: Changes | null
  /** Mean time between two actions of one actor. */
  readonly #pause: number
  /** The longest delay of work by a wrong clock. */
  #clockLag = 0

  constructor({ seed, module, trace, isMild = false }: WorldOptions) {
    this.#seed = seed
    this.#isMild = isMild
    const random = new Random(seed)
    this.#random = random
    const faultPlan = new FaultPlan(random.fork(), NO_FAULT_RATES, isMild)
    this.#faultPlan = faultPlan
    const acquirer = random.pick(['sandbox', 'book', 'https', 'https', 'https'] as const)
    this.#hasAcquirer = acquirer === 'https'
    const [changes, declines] = [new Random(seed, CHANGES), new Random(seed, DECLINES)]
    const isChanging = !isMild && changes.chance(0.5)
    this.#declines = declines.pick(['signed', 'unsigned'])
    const believes = declines.pick(['signed', 'unsigned'] as const)
    this.#keyChanges = acquirer === 'https' && !isMild ? drawKeyChanges(seed) : null
    const limits = new Random(seed, LIMITS)
    const forges = drawForgeries(seed, believes, isMild)
    this.#harness = new Harness({
      seed: random.next(),
      module,
      start: drawStart(random),
      acquirer,
      recovery: random.pick(['inquiry', 'inquiry', 'repeat']),
      declines: believes,
      absentEchoes: drawAbsentEchoes(seed),
      forges: (kind) => faultPlan.rates !== NO_FAULT_RATES && forges(kind),
      lateReversals: drawLateReversals(seed),
      zoneKey: this.#keyChanges?.zoneKey,
      isolates: random.between(1, 3),
      planTrip: () => faultPlan.planTrip(),
      planAcquirer: () => faultPlan.planAcquirer(),
      planCopies: (isolates) => faultPlan.planCopies(isolates),
      pauseFaults: () => {
        if (isMild) faultPlan.pauses++
        return () => {
          if (isMild) faultPlan.pauses--
        }
      },
      losesPower: () => faultPlan.strikes('powerCut'),
      // The paid plan, the free plan, and less than any plan gives.
      queries: {
        limit: limits.pick(isMild ? [1000, 80, 50] : [1000, 60, 45, 35]),
        isSet: limits.chance(0.5),
      },
      onRefusal: () => faultPlan.note('queryLimit'),
      trace,
      isChanging,
    })
    this.#harness.scheduler.delayProbability = random.pick([0, 0, 0.02, 0.2])
    this.#pause = random.pick([200, 3000, 30_000])
    const { context } = this.#harness
    this.#attacker = new Attacker(context)
    const isCaptured = acquirer === 'book'
    this.#addActors(isCaptured ? captureFor(context, limits, streamOf(seed, 'lists')) : null)
    const late = { masterKey: MASTER_KEY, isCaptured, pause: 2 * this.#pause }
    const drawn = [isMild ? null : drawLateOffice(context, seed, late), drawPadForger(context, seed)]
    this.#further = drawn.filter((actor) => actor !== null)
    this.#changes = isChanging
      ? new Changes(this.#harness, { random: changes, clients: this.#merchantClients, pause: this.#pause })
      : null
  }

  /** An uncaught error ends the world. */
  fail(error: unknown): void {
    this.#harness.fail(error)
  }

  async run(): Promise<Report> {
    const harness = this.#harness
    const isMild = this.#isMild
    let violation: string | null = null
    try {
      await harness.phase('provisioning', () => this.#provision())
      this.#faultPlan.rates = drawFaultRates(this.#random, isMild)
      harness.acquirer.simulator.follow({
        ...drawAcquirerPlan(this.#random, isMild),
        declines: this.#declines,
      })
      await harness.phase('chaos', () => this.#chaos())
      this.#faultPlan.rates = NO_FAULT_RATES
      for (const isolate of harness.isolates) isolate.skew = 0
      if (this.#hasAcquirer && !isMild && this.#random.chance(0.4))
        await harness.phase('the acquirer does not answer', () => this.#acquirerOutage())
      harness.acquirer.simulator.follow(NO_FAULTS)
      await harness.phase('calm', () => this.#calm())
      await harness.check()
    } catch (error) {
      violation = harness.describe(error)
    }
    const report = {
      seed: this.#seed,
      voids: harness.book.count('void'),
      open: harness.book.open(),
      steps: harness.scheduler.steps,
      violation,
    }
    const transcript = harness.scheduler.digest()
    const counts = this.#counts()
    harness.storage.close()
    return { ...report, transcript, counts }
  }

  #addActors(captureSales: ReturnType<typeof captureFor> | null): void {
    const random = this.#random
    const pause = this.#pause
    const cards = Array.from({ length: 3 }, () => testCard(random.below(1000)))
    const forms = new Random(this.#seed, FORMS)
    const further = formsOf(this.#seed)
    const merchants = random.between(1, 2)
    for (let m = 1; m <= merchants; m++) {
      const merchantId = `10000000000000${m}`
      this.#harness.addBearerKey(merchantId)
      for (let t = random.between(1, 3); t > 0; t--)
        this.#harness.openTerminal({
          merchantId,
          terminalId: `T${m}00000${t}`,
          macProfile: random.chance(0.6) ? 'cup-ecb' : random.pick(MAC_PROFILES),
          settlementMac: random.chance(0.5),
          ...further(cards),
          sendsLeast: forms.chance(0.3),
          weights: {
            sale: 8,
            void: 10,
            reverse: 2,
            settle: random.pick([0, 1, 3]),
            signOn: 1,
            resend: 2,
            echo: 1,
          },
          // A short deadline makes the terminal reverse while its message is still running.
          deadline: this.#isMild ? DEADLINE_MS : random.pick([2_000, 10_000, DEADLINE_MS]),
          pause,
          captureSales,
        })
      for (let s = random.between(1, 3); s > 0; s--) {
        const name = `client-${m}-${s}`
        this.#merchantClients.push(
          new MerchantClient(this.#harness.context, { name, merchantId, masterKey: MASTER_KEY, pause }),
        )
      }
    }
  }

  async #provision(): Promise<void> {
    this.#harness.addBearerKey(null)
    for (const terminal of this.#harness.terminals) await this.#harness.provision(terminal)
    this.#changes?.spendQuotas()
  }

  async #chaos(): Promise<void> {
    const size = this.#random.between(20, 60)
    const { terminals, scheduler } = this.#harness
    for (const terminal of terminals) terminal.start(size)
    for (const merchantClient of this.#merchantClients) merchantClient.start(size)
    this.#attacker.start(size / 2, this.#pause)
    this.#changes?.start(size)
    for (const actor of this.#further) actor.start(size, this.#pause)
    this.#disturb()
    this.#keyChanges?.start(this.#harness, 20 * this.#pause, () => this.#faultPlan.rates !== NO_FAULT_RATES)
    this.#tick()
    const others = [...this.#further, ...(this.#changes?.actors ?? [])]
    const all = [...terminals, ...this.#merchantClients, this.#attacker, ...others]
    while (!all.every(({ isDone }) => isDone)) await scheduler.sleep(1000)
  }

  /** Isolates die, and clocks jump, at any moment. */
  #disturb(): void {
    const { scheduler, isolates } = this.#harness
    const random = this.#random.fork()
    const mean = random.pick([0, 0, 10, 60]) * this.#pause
    const skews = !this.#isMild && random.chance(0.3)
    if (skews) this.#clockLag = MOST_SKEW
    const next = () => {
      scheduler.after(random.delay(mean), PLATFORM, 'disturbed', () => {
        if (this.#faultPlan.rates === NO_FAULT_RATES) return
        if (this.#faultPlan.pauses > 0) return next()
        const isolate = random.pick(isolates)
        if (skews && random.chance(0.5)) isolate.skew = random.between(-MOST_SKEW, MOST_SKEW)
        else isolate.crash()
        next()
      })
    }
    if (mean > 0) next()
  }

  /** Usually one cron run a minute, sometimes none, sometimes two at once. */
  #tick(): void {
    const { scheduler, isolates } = this.#harness
    const times =
      this.#faultPlan.rates === NO_FAULT_RATES || this.#isMild ? 1 : this.#random.pick([0, 1, 1, 2])
    for (let i = 0; i < times; i++) this.#random.pick(isolates).cron()
    scheduler.after(MINUTE, PLATFORM, 'cron', () => this.#tick())
  }

  async #calm(): Promise<void> {
    const { scheduler, terminals, storage } = this.#harness
    // Messages under way arrive or are lost.
    await scheduler.sleep(10 * MINUTE + this.#clockLag)
    checkOverdue(storage, scheduler.now)
    await this.#changes?.restore()
    for (const terminal of terminals) await terminal.finish()
    await this.#settleAll()
    await this.#harness.resendAll(() => this.#random.chance(0.15))
  }

  /** Only the acquirer fails. Cases must be opened in time. */
  async #acquirerOutage(): Promise<void> {
    const { acquirer, scheduler, storage, terminals } = this.#harness
    acquirer.simulator.follow({ rates: { drop_request: 1 }, script: [] })
    for (const terminal of terminals) terminal.start(4)
    while (!terminals.every(({ isDone }) => isDone)) await scheduler.sleep(1000)
    await scheduler.sleep(8 * MINUTE + this.#clockLag)
    checkOverdue(storage, scheduler.now)
  }

  /**
   * Until the acquirer and we agree, or only a person can help. A case is retried each hour, so three hours
   * suffice.
   */
  async #settleAll(): Promise<void> {
    const { scheduler, storage } = this.#harness
    for (let minutes = 0; minutes < 190 && unsettledAtAcquirer(storage).length > 0; minutes++)
      await scheduler.sleep(MINUTE)
    checkAgreed(storage)
    await scheduler.sleep(MINUTE)
  }

  #counts(): Record<string, number> {
    const kinds = [
      Object.fromEntries(this.#harness.kinds.counts),
      Object.fromEntries(this.#faultPlan.counts),
      this.#changes?.counts(),
      this.#keyChanges?.counts,
    ]
    const counts: Record<string, number> = Object.assign({}, ...kinds)
    addCounts(counts, this.#harness)
    return counts
  }
}
