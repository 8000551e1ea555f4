/**
 * @module The grid of crash points. It crosses every boundary that a message passes, every fault that can
 * strike there, and {its first time, a copy of it, against a competitor}. Each cell is a world of its own.
 * After the recovery every rule must hold.
 */

import { testCard } from '../../src/terminal/test-cards.ts'
import { Boundaries, type Boundary, type Strike } from './boundaries.ts'
import { must } from './checks.ts'
import { Power } from './context.ts'
import { Harness, MASTER_KEY } from './harness.ts'
import { MerchantClient } from './merchant-client.ts'
import { PLATFORM } from './platform/isolate.ts'
import { running } from './platform/scheduler.ts'
import type { TestTerminal } from './terminal.ts'

export const MODES = ['first', 'copy', 'competing'] as const
export type Mode = (typeof MODES)[number]

const MINUTE = 60_000
const START = Date.UTC(2026, 5, 1, 2, 18)
const MERCHANT = '123456789012345'
/** The second isolate serves the owner with this name. */
const COMPETITOR = 'competitor'

interface Setup {
  readonly testTerminal: TestTerminal
  readonly merchantClient: MerchantClient
  /** Sells, and returns the STAN of the sale. */
  sell(): Promise<string>
  /** Voids a sale by its STAN, and returns the void's STAN. */
  voidOf(saleStan: string): Promise<string>
  /** Loses the next request on its way. */
  loseNext(): void
  plannedVoidOf(saleStan: string): ReturnType<MerchantClient['planVoid']>
}

/** The struck message, the same message again, and a competing one. */
interface Steps {
  first(): Promise<unknown>
  copy(): Promise<unknown>
  compete(): Promise<unknown>
}

type Play = (setup: Setup) => Promise<Steps>

const PLAYS: Readonly<Record<string, Play>> = {
  sale: async ({ testTerminal }) => {
    const first = () => testTerminal.terminal.sale(1000, testTerminal.options.cards[0] ?? '')
    const again = () => testTerminal.terminal.resend(testTerminal.lastFrame ?? new Uint8Array(0))
    return { first, copy: again, compete: again }
  },
  void: async (setup) => {
    const { testTerminal, merchantClient } = setup
    const sale = await setup.sell()
    const planned = setup.plannedVoidOf(sale)
    return {
      first: () => testTerminal.terminal.voidSale(sale),
      copy: () => testTerminal.terminal.resend(testTerminal.lastFrame ?? new Uint8Array(0)),
      compete: () => merchantClient.void(planned),
    }
  },
  'sale against its reversal': async ({ testTerminal }) => {
    const first = () => testTerminal.terminal.sale(1000, testTerminal.options.cards[0] ?? '')
    const again = () => testTerminal.terminal.resend(testTerminal.lastFrame ?? new Uint8Array(0))
    return {
      first,
      copy: again,
      compete: () => testTerminal.terminal.reverse(testTerminal.state.log.at(-1)?.stan),
    }
  },
  'void against its reversal': async (setup) => {
    const { testTerminal } = setup
    const sale = await setup.sell()
    const again = () => testTerminal.terminal.resend(testTerminal.lastFrame ?? new Uint8Array(0))
    const compete = () => testTerminal.terminal.reverse(testTerminal.state.log.at(-1)?.stan)
    return { first: () => testTerminal.terminal.voidSale(sale), copy: again, compete }
  },
  'void, JSON': async (setup) => {
    const { testTerminal, merchantClient } = setup
    const sale = await setup.sell()
    const planned = setup.plannedVoidOf(sale)
    const first = () => merchantClient.void(planned)
    return { first, copy: first, compete: () => testTerminal.terminal.voidSale(sale) }
  },
  'reversal of a void': async (setup) => {
    const { testTerminal } = setup
    const voided = await setup.voidOf(await setup.sell())
    const frame = testTerminal.lastFrame ?? new Uint8Array(0)
    const first = () => testTerminal.terminal.reverse(voided)
    return { first, copy: first, compete: () => testTerminal.terminal.resend(frame) }
  },
  'reversal before the void': async (setup) => {
    const { testTerminal } = setup
    const sale = await setup.sell()
    setup.loseNext()
    await testTerminal.terminal.voidSale(sale)
    const frame = testTerminal.lastFrame ?? new Uint8Array(0)
    const first = () => testTerminal.terminal.reverse(testTerminal.state.log.at(-1)?.stan)
    return { first, copy: first, compete: () => testTerminal.terminal.resend(frame) }
  },
  'reversal of a sale': async (setup) => {
    const { testTerminal, merchantClient } = setup
    const sale = await setup.sell()
    const planned = setup.plannedVoidOf(sale)
    const first = () => testTerminal.terminal.reverse(sale)
    return { first, copy: first, compete: () => merchantClient.void(planned) }
  },
  'reversal of a voided sale': async (setup) => {
    const { testTerminal } = setup
    const sale = await setup.sell()
    await setup.voidOf(sale)
    const frame = testTerminal.lastFrame ?? new Uint8Array(0)
    const first = () => testTerminal.terminal.reverse(sale)
    return { first, copy: first, compete: () => testTerminal.terminal.resend(frame) }
  },
  'reversal of a void, JSON': async (setup) => {
    const { merchantClient } = setup
    const planned = setup.plannedVoidOf(await setup.sell())
    await merchantClient.void(planned)
    const first = () => merchantClient.reverse(planned)
    return { first, copy: first, compete: () => merchantClient.void(planned) }
  },
  'reversal before the void, JSON': async (setup) => {
    const { merchantClient } = setup
    const planned = setup.plannedVoidOf(await setup.sell())
    const first = () => merchantClient.reverse(planned)
    return { first, copy: first, compete: () => merchantClient.void(planned) }
  },
  settlement: async (setup) => {
    const { testTerminal, merchantClient } = setup
    await setup.voidOf(await setup.sell())
    const planned = setup.plannedVoidOf(await setup.sell())
    const first = () => testTerminal.terminal.settle()
    return { first, copy: first, compete: () => merchantClient.void(planned) }
  },
}

export const PLAY_NAMES = Object.keys(PLAYS)
export const ACQUIRERS = ['sandbox', 'https'] as const

export interface Cell {
  readonly play: string
  readonly acquirer: (typeof ACQUIRERS)[number]
  readonly mode: Mode
  /** The number of the struck boundary; −1: none. */
  readonly at: number
  readonly strike: Strike | null
}

export interface Outcome {
  readonly met: readonly Boundary[]
  readonly violation: string | null
}

export async function runCell(
  module: WebAssembly.Module,
  cell: Cell,
  trace?: (line: string) => void,
): Promise<Outcome> {
  const isCompetitor = () => running.getStore()?.owner.name === COMPETITOR
  const requestLoss = { next: false }
  const boundaries: Boundaries = new Boundaries(() => harness.acquirer)
  const harness = new Harness({
    seed: 1,
    module,
    start: START,
    acquirer: cell.acquirer,
    recovery: 'inquiry',
    isolates: 2,
    planTrip: (isolate, trip) => boundaries.planTrip(isolate, trip),
    planAcquirer: (isolate) => boundaries.planAcquirer(isolate),
    planCopies: ([one, two]) => {
      const isolate = isCompetitor() ? two : one
      if (isolate === undefined) throw new Error('there are two isolates')
      const isLost = requestLoss.next
      requestLoss.next = false
      return [{ isolate, there: 1, back: 1, fate: isLost ? 'request lost' : 'done' }]
    },
    onAnswer: (isolate) => boundaries.onAnswer(isolate),
    losesPower: () => false,
    trace,
  })
  let violation: string | null = null
  try {
    await harness.phase('play', () => runSteps(harness, boundaries, requestLoss, cell))
    await harness.check()
  } catch (error) {
    violation = harness.describe(error)
  }
  harness.storage.close()
  return { met: boundaries.met, violation }
}

interface RequestLoss {
  next: boolean
}

async function runSteps(
  harness: Harness,
  boundaries: Boundaries,
  requestLoss: RequestLoss,
  { play, mode, at, strike }: Cell,
): Promise<void> {
  const { scheduler, isolates } = harness
  const [isolate] = isolates
  const begin = PLAYS[play]
  if (begin === undefined || isolate === undefined) throw new Error(`no play ${play}`)
  const setup = await openSetup(harness, requestLoss)
  const steps = await begin(setup)
  let competitor: Promise<void> | null = null
  const compete = () => {
    competitor = new Promise((resolve, reject) => {
      scheduler.as(new Power(COMPETITOR), () => steps.compete().then(() => resolve(), reject))
    })
  }
  if (mode === 'copy') {
    await steps.first()
    isolate.crash()
  }
  boundaries.watch(isolate, at, strike, mode === 'competing' ? compete : null)
  await (mode === 'copy' ? steps.copy() : steps.first())
  // The background work after the answer can be struck as well.
  await scheduler.sleep(20_000)
  boundaries.stop()
  await competitor
  await scheduler.sleep(MINUTE)
  await setup.testTerminal.finish()
  await recovered(harness)
  await harness.resendAll(() => true)
}

async function openSetup(harness: Harness, requestLoss: RequestLoss): Promise<Setup> {
  harness.addBearerKey(null)
  harness.addBearerKey(MERCHANT)
  const testTerminal = harness.openTerminal({
    merchantId: MERCHANT,
    terminalId: 'T0000001',
    macProfile: 'cup-ecb',
    settlementMac: true,
    weights: { sale: 1, void: 0, reverse: 0, settle: 0, signOn: 0, resend: 0, echo: 0 },
    cards: [testCard(1)],
    pause: 0,
    captureSales: null,
  })
  const { context, scheduler } = harness
  const merchantClient = new MerchantClient(context, {
    name: 'client',
    merchantId: MERCHANT,
    masterKey: MASTER_KEY,
    pause: 0,
  })
  await harness.provision(testTerminal)
  await testTerminal.terminal.signOn()
  tick(harness)
  const latest = () => testTerminal.state.log.at(-1)?.stan ?? ''
  return {
    testTerminal,
    merchantClient,
    sell: async () => {
      const done = await testTerminal.terminal.sale(1000, testTerminal.options.cards[0] ?? '')
      must(done.ok && done.value.outcome === 'approved', 'the earlier sale is not approved')
      return latest()
    },
    voidOf: async (saleStan) => {
      const done = await testTerminal.terminal.voidSale(saleStan)
      must(done.ok && done.value.outcome === 'approved', 'the earlier void is not approved')
      return latest()
    },
    loseNext: () => {
      requestLoss.next = true
    },
    plannedVoidOf: (saleStan) => {
      const { rrn = '', amount = 0 } = testTerminal.state.log.find(({ stan }) => stan === saleStan) ?? {}
      scheduler.note(`sale ${saleStan} is ${rrn}`)
      return merchantClient.planVoid({ merchantId: MERCHANT, terminalId: 'T0000001', rrn, amount })
    },
  }
}

function tick(harness: Harness): void {
  harness.scheduler.after(MINUTE, PLATFORM, 'cron', () => {
    for (const isolate of harness.isolates) isolate.cron()
    tick(harness)
  })
}

/** Waits until nothing is queued at the acquirer. */
async function recovered({ scheduler, storage }: Harness): Promise<void> {
  for (let minutes = 0; minutes < 10; minutes++) {
    await scheduler.sleep(MINUTE)
    if (storage.rows('select 1 from acquirer_message where next_at is not null').length === 0) return
  }
}
