/**
 * @module One world: some isolates, terminals and back offices, and the weather, all drawn from one seed. It runs until everyone
 * has done what they came for, then calms down, and everything is held against what must be.
 */

import { MAC_PROFILES } from '../../src/domain/types.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { checkAgreed, checkOverdue, owedToHost } from './checks.ts'
import { feedFor } from './feed.ts'
import { Lab, MASTER_KEY } from './lab.ts'
import { PLATFORM } from './platform/isolate.ts'
import { Random } from './platform/random.ts'
import { Shop } from './shop.ts'
import { Stranger } from './stranger.ts'
import { PATIENCE_MS } from './till.ts'
import { CALM, drawClimate, drawHostPlan, Weather } from './weather.ts'

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
  readonly #hasHost: boolean
  readonly #random: Random
  readonly #weather: Weather
  readonly #lab: Lab
  readonly #shops: Shop[] = []
  readonly #stranger: Stranger
  /** Mean time between two actions of one actor. */
  readonly #pause: number
  /** How long what was put off by a wrong clock may lie. */
  #behind = 0

  constructor({ seed, module, trace, isMild = false }: WorldOptions) {
    this.#seed = seed
    this.#isMild = isMild
    const random = new Random(seed)
    this.#random = random
    const weather = new Weather(random.fork(), CALM, isMild)
    this.#weather = weather
    const acquirer = random.pick(['sandbox', 'book', 'https', 'https', 'https'] as const)
    this.#hasHost = acquirer === 'https'
    this.#lab = new Lab({
      seed: random.next(),
      module,
      start: drawStart(random),
      acquirer,
      recovery: random.pick(['inquiry', 'inquiry', 'repeat']),
      isolates: random.between(1, 3),
      planTrip: () => weather.planTrip(),
      planHost: () => weather.planHost(),
      planCopies: (isolates) => weather.planCopies(isolates),
      spare: () => {
        if (isMild) weather.spared++
        return () => {
          if (isMild) weather.spared--
        }
      },
      losesPower: () => weather.strikes('powerCut'),
      trace,
    })
    this.#lab.scheduler.yields = random.pick([0, 0, 0.02, 0.2])
    this.#pause = random.pick([200, 3000, 30_000])
    this.#stranger = new Stranger(this.#lab.stage)
    this.#people(acquirer === 'book' ? feedFor(this.#lab.stage) : null)
  }

  /** What no one caught ends the world. */
  fail(error: unknown): void {
    this.#lab.fail(error)
  }

  async run(): Promise<Report> {
    const lab = this.#lab
    const isMild = this.#isMild
    let violation: string | null = null
    try {
      await lab.phase('provisioning', () => this.#provision())
      this.#weather.climate = drawClimate(this.#random, isMild)
      lab.host.simulator.follow(drawHostPlan(this.#random, isMild))
      await lab.phase('chaos', () => this.#chaos())
      this.#weather.climate = CALM
      for (const isolate of lab.isolates) isolate.skew = 0
      if (this.#hasHost && !isMild && this.#random.chance(0.4))
        await lab.phase('the host is silent', () => this.#silence())
      lab.host.simulator.follow(NO_FAULTS)
      await lab.phase('calm', () => this.#calm())
      await lab.check()
    } catch (error) {
      violation = lab.describe(error)
    }
    const { steps } = lab.scheduler
    const report = {
      seed: this.#seed,
      voids: lab.book.count('void'),
      open: lab.book.open(),
      steps,
      violation,
    }
    const transcript = lab.scheduler.digest()
    const counts = this.#counts()
    lab.storage.close()
    return { ...report, transcript, counts }
  }

  #people(feed: ReturnType<typeof feedFor> | null): void {
    const random = this.#random
    const pause = this.#pause
    const cards = Array.from({ length: 3 }, () => testCard(random.below(1000)))
    const merchants = random.between(1, 2)
    for (let m = 1; m <= merchants; m++) {
      const merchantId = `10000000000000${m}`
      this.#lab.enterBearer(merchantId)
      for (let t = random.between(1, 3); t > 0; t--)
        this.#lab.openTill({
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
          patience: this.#isMild ? PATIENCE_MS : random.pick([2_000, 10_000, PATIENCE_MS]),
          pause,
          feed,
        })
      for (let s = random.between(1, 3); s > 0; s--) {
        const name = `shop-${m}-${s}`
        this.#shops.push(new Shop(this.#lab.stage, { name, merchantId, masterKey: MASTER_KEY, pause }))
      }
    }
  }

  async #provision(): Promise<void> {
    this.#lab.enterBearer(null)
    for (const till of this.#lab.tills) await this.#lab.provision(till)
  }

  async #chaos(): Promise<void> {
    const size = this.#random.between(20, 60)
    const { tills, scheduler } = this.#lab
    for (const till of tills) till.start(size)
    for (const shop of this.#shops) shop.start(size)
    this.#stranger.start(size / 2, this.#pause)
    this.#disturb()
    this.#tick()
    while (![...tills, ...this.#shops, this.#stranger].every(({ isDone }) => isDone))
      await scheduler.sleep(1000)
  }

  /** Isolates die, and clocks jump, at any moment. */
  #disturb(): void {
    const { scheduler, isolates } = this.#lab
    const random = this.#random.fork()
    const mean = random.pick([0, 0, 10, 60]) * this.#pause
    const skews = !this.#isMild && random.chance(0.3)
    if (skews) this.#behind = MOST_SKEW
    const next = () => {
      scheduler.after(random.delay(mean), PLATFORM, 'disturbed', () => {
        if (this.#weather.climate === CALM) return
        if (this.#weather.spared > 0) return next()
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
    const { scheduler, isolates } = this.#lab
    const times = this.#weather.climate === CALM || this.#isMild ? 1 : this.#random.pick([0, 1, 1, 2])
    for (let i = 0; i < times; i++) this.#random.pick(isolates).cron()
    scheduler.after(MINUTE, PLATFORM, 'cron', () => this.#tick())
  }

  async #calm(): Promise<void> {
    const { scheduler, tills, storage } = this.#lab
    // What is still on its way arrives, or is lost.
    await scheduler.sleep(10 * MINUTE + this.#behind)
    checkOverdue(storage, scheduler.now)
    for (const till of tills) await till.finish()
    await this.#agree()
    await this.#lab.askAgain(() => this.#random.chance(0.15))
  }

  /** All is well but for the host. A person must know in time. */
  async #silence(): Promise<void> {
    const { host, scheduler, storage, tills } = this.#lab
    host.simulator.follow({ rates: { drop_request: 1 }, script: [] })
    for (const till of tills) till.start(4)
    while (!tills.every(({ isDone }) => isDone)) await scheduler.sleep(1000)
    await scheduler.sleep(8 * MINUTE + this.#behind)
    checkOverdue(storage, scheduler.now)
  }

  /** Until the host and we agree, or only a person can help. A case is looked at each hour: three hours are enough. */
  async #agree(): Promise<void> {
    const { scheduler, storage } = this.#lab
    for (let minutes = 0; minutes < 190 && owedToHost(storage).length > 0; minutes++)
      await scheduler.sleep(MINUTE)
    checkAgreed(storage)
    await scheduler.sleep(MINUTE)
  }

  #counts(): Record<string, number> {
    const counts = Object.fromEntries(this.#weather.counts)
    for (const { lives } of this.#lab.isolates) counts.crashes = (counts.crashes ?? 0) + lives - 1
    const forwarded = this.#lab.storage.rows<{ state: string; cases: number }>(
      'select state, case_reason is not null as cases from host_message',
    )
    for (const { state, cases } of forwarded) {
      counts[`host ${state}`] = (counts[`host ${state}`] ?? 0) + 1
      counts.cases = (counts.cases ?? 0) + cases
    }
    for (const { dropped } of this.#lab.tills) counts.dropped = (counts.dropped ?? 0) + dropped.length
    return counts
  }
}
