/**
 * @module The grid of crash points: every place at which a message on its way can be struck × everything that can strike it there
 * × {its first time, a copy of it, against a competitor}. Each cell is a world of its own; when it has recovered, everything
 * must hold that must hold.
 */

import { testCard } from '../../src/terminal/test-cards.ts'
import { Boundaries, type Place, type Strike } from './boundaries.ts'
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
/** Whoever has this name is served by the second isolate. */
const COMPETITOR = 'competitor'

interface Scene {
  readonly testTerminal: TestTerminal
  readonly merchantClient: MerchantClient
  /** Sells, and gives the trace number of the sale. */
  sell(): Promise<string>
  /** Voids a sale by its trace number, and gives that of the void. */
  voidOf(saleStan: string): Promise<string>
  /** The next request is lost on its way. */
  loseNext(): void
  knownSale(saleStan: string): ReturnType<MerchantClient['want']>
}

/** What is done beforehand; then what is struck, the same once more, and whoever comes in its way. */
interface Act {
  first(): Promise<unknown>
  copy(): Promise<unknown>
  compete(): Promise<unknown>
}

type Play = (scene: Scene) => Promise<Act>

const PLAYS: Readonly<Record<string, Play>> = {
  sale: async ({ testTerminal }) => {
    const first = () => testTerminal.terminal.sale(1000, testTerminal.options.cards[0] ?? '')
    const again = () => testTerminal.terminal.resend(testTerminal.lastFrame ?? new Uint8Array(0))
    return { first, copy: again, compete: again }
  },
  void: async (scene) => {
    const { testTerminal, merchantClient } = scene
    const sale = await scene.sell()
    const known = scene.knownSale(sale)
    return {
      first: () => testTerminal.terminal.voidSale(sale),
      copy: () => testTerminal.terminal.resend(testTerminal.lastFrame ?? new Uint8Array(0)),
      compete: () => merchantClient.void(known),
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
  'void against its reversal': async (scene) => {
    const { testTerminal } = scene
    const sale = await scene.sell()
    const again = () => testTerminal.terminal.resend(testTerminal.lastFrame ?? new Uint8Array(0))
    const compete = () => testTerminal.terminal.reverse(testTerminal.state.log.at(-1)?.stan)
    return { first: () => testTerminal.terminal.voidSale(sale), copy: again, compete }
  },
  'void, JSON': async (scene) => {
    const { testTerminal, merchantClient } = scene
    const sale = await scene.sell()
    const known = scene.knownSale(sale)
    const first = () => merchantClient.void(known)
    return { first, copy: first, compete: () => testTerminal.terminal.voidSale(sale) }
  },
  'reversal of a void': async (scene) => {
    const { testTerminal } = scene
    const voided = await scene.voidOf(await scene.sell())
    const frame = testTerminal.lastFrame ?? new Uint8Array(0)
    const first = () => testTerminal.terminal.reverse(voided)
    return { first, copy: first, compete: () => testTerminal.terminal.resend(frame) }
  },
  'reversal before the void': async (scene) => {
    const { testTerminal } = scene
    const sale = await scene.sell()
    scene.loseNext()
    await testTerminal.terminal.voidSale(sale)
    const frame = testTerminal.lastFrame ?? new Uint8Array(0)
    const first = () => testTerminal.terminal.reverse(testTerminal.state.log.at(-1)?.stan)
    return { first, copy: first, compete: () => testTerminal.terminal.resend(frame) }
  },
  'reversal of a sale': async (scene) => {
    const { testTerminal, merchantClient } = scene
    const sale = await scene.sell()
    const known = scene.knownSale(sale)
    const first = () => testTerminal.terminal.reverse(sale)
    return { first, copy: first, compete: () => merchantClient.void(known) }
  },
  'reversal of a voided sale': async (scene) => {
    const { testTerminal } = scene
    const sale = await scene.sell()
    await scene.voidOf(sale)
    const frame = testTerminal.lastFrame ?? new Uint8Array(0)
    const first = () => testTerminal.terminal.reverse(sale)
    return { first, copy: first, compete: () => testTerminal.terminal.resend(frame) }
  },
  'reversal of a void, JSON': async (scene) => {
    const { merchantClient } = scene
    const known = scene.knownSale(await scene.sell())
    await merchantClient.void(known)
    const first = () => merchantClient.reverse(known)
    return { first, copy: first, compete: () => merchantClient.void(known) }
  },
  'reversal before the void, JSON': async (scene) => {
    const { merchantClient } = scene
    const known = scene.knownSale(await scene.sell())
    const first = () => merchantClient.reverse(known)
    return { first, copy: first, compete: () => merchantClient.void(known) }
  },
  settlement: async (scene) => {
    const { testTerminal, merchantClient } = scene
    await scene.voidOf(await scene.sell())
    const known = scene.knownSale(await scene.sell())
    const first = () => testTerminal.terminal.settle()
    return { first, copy: first, compete: () => merchantClient.void(known) }
  },
}

export const PLAY_NAMES = Object.keys(PLAYS)
export const ACQUIRERS = ['sandbox', 'https'] as const

export interface Cell {
  readonly play: string
  readonly acquirer: (typeof ACQUIRERS)[number]
  readonly mode: Mode
  /** Number of the boundary that is struck; −1: none. */
  readonly at: number
  readonly strike: Strike | null
}

export interface Outcome {
  readonly met: readonly Place[]
  readonly violation: string | null
}

export async function runCell(
  module: WebAssembly.Module,
  cell: Cell,
  trace?: (line: string) => void,
): Promise<Outcome> {
  const isCompetitor = () => running.getStore()?.owner.name === COMPETITOR
  const losing = { next: false }
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
      const isLost = losing.next
      losing.next = false
      return [{ isolate, there: 1, back: 1, fate: isLost ? 'request lost' : 'done' }]
    },
    answering: (isolate) => boundaries.answering(isolate),
    losesPower: () => false,
    trace,
  })
  let violation: string | null = null
  try {
    await harness.phase('play', () => perform(harness, boundaries, losing, cell))
    await harness.check()
  } catch (error) {
    violation = harness.describe(error)
  }
  harness.storage.close()
  return { met: boundaries.met, violation }
}

interface Losing {
  next: boolean
}

async function perform(
  harness: Harness,
  boundaries: Boundaries,
  losing: Losing,
  { play, mode, at, strike }: Cell,
): Promise<void> {
  const { scheduler, isolates } = harness
  const [isolate] = isolates
  const begin = PLAYS[play]
  if (begin === undefined || isolate === undefined) throw new Error(`no play ${play}`)
  const scene = await openScene(harness, losing)
  const act = await begin(scene)
  let competitor: Promise<void> | null = null
  const compete = () => {
    competitor = new Promise((resolve, reject) => {
      scheduler.as(new Power(COMPETITOR), () => act.compete().then(() => resolve(), reject))
    })
  }
  if (mode === 'copy') {
    await act.first()
    isolate.crash()
  }
  boundaries.watch(isolate, at, strike, mode === 'competing' ? compete : null)
  await (mode === 'copy' ? act.copy() : act.first())
  // What goes on behind the answer is struck as well.
  await scheduler.sleep(20_000)
  boundaries.stop()
  await competitor
  await scheduler.sleep(MINUTE)
  await scene.testTerminal.finish()
  await recovered(harness)
  await harness.askAgain(() => true)
}

async function openScene(harness: Harness, losing: Losing): Promise<Scene> {
  harness.enterBearer(null)
  harness.enterBearer(MERCHANT)
  const testTerminal = harness.openTerminal({
    merchantId: MERCHANT,
    terminalId: 'T0000001',
    macProfile: 'cup-ecb',
    settlementMac: true,
    habits: { sale: 1, void: 0, reverse: 0, settle: 0, signOn: 0, resend: 0, echo: 0 },
    cards: [testCard(1)],
    pause: 0,
    captureSales: null,
  })
  const { context, scheduler } = harness
  const merchantClient = new MerchantClient(context, {
    name: 'shop',
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
      must(done.ok && done.value.outcome === 'approved', 'the sale before is not approved')
      return latest()
    },
    voidOf: async (saleStan) => {
      const done = await testTerminal.terminal.voidSale(saleStan)
      must(done.ok && done.value.outcome === 'approved', 'the void before is not approved')
      return latest()
    },
    loseNext: () => {
      losing.next = true
    },
    knownSale: (saleStan) => {
      const { rrn = '', amount = 0 } = testTerminal.state.log.find(({ stan }) => stan === saleStan) ?? {}
      scheduler.note(`sale ${saleStan} is ${rrn}`)
      return merchantClient.want({ merchantId: MERCHANT, terminalId: 'T0000001', rrn, amount })
    },
  }
}

function tick(harness: Harness): void {
  harness.scheduler.after(MINUTE, PLATFORM, 'cron', () => {
    for (const isolate of harness.isolates) isolate.cron()
    tick(harness)
  })
}

/** Until nothing is owed to the acquirer. */
async function recovered({ scheduler, storage }: Harness): Promise<void> {
  for (let minutes = 0; minutes < 10; minutes++) {
    await scheduler.sleep(MINUTE)
    if (storage.rows('select 1 from acquirer_message where next_at is not null').length === 0) return
  }
}
