/**
 * @module The grid of crash points: every place at which a message on its way can be struck × everything that can strike it there
 * × {its first time, a copy of it, against a competitor}. Each cell is a world of its own; when it has recovered, everything
 * must hold that must hold.
 */

import { testCard } from '../../src/terminal/test-cards.ts'
import { Boundaries, type Place, type Strike } from './boundaries.ts'
import { must } from './checks.ts'
import { Lab, MASTER_KEY } from './lab.ts'
import { PLATFORM } from './platform/isolate.ts'
import { running } from './platform/scheduler.ts'
import { Shop } from './shop.ts'
import { Power } from './stage.ts'
import type { Till } from './till.ts'

export const MODES = ['first', 'copy', 'competing'] as const
export type Mode = (typeof MODES)[number]

const MINUTE = 60_000
const START = Date.UTC(2026, 5, 1, 2, 18)
const MERCHANT = '123456789012345'
/** Whoever has this name is served by the second isolate. */
const COMPETITOR = 'competitor'

interface Scene {
  readonly till: Till
  readonly shop: Shop
  /** Sells, and gives the trace number of the sale. */
  sell(): Promise<string>
  /** Voids a sale by its trace number, and gives that of the void. */
  voidOf(saleStan: string): Promise<string>
  /** The next request is lost on its way. */
  loseNext(): void
  knownSale(saleStan: string): ReturnType<Shop['want']>
}

/** What is done beforehand; then what is struck, the same once more, and whoever comes in its way. */
interface Act {
  first(): Promise<unknown>
  copy(): Promise<unknown>
  compete(): Promise<unknown>
}

type Play = (scene: Scene) => Promise<Act>

const PLAYS: Readonly<Record<string, Play>> = {
  sale: async ({ till }) => {
    const first = () => till.terminal.sale(1000, till.options.cards[0] ?? '')
    const again = () => till.terminal.resend(till.lastFrame ?? new Uint8Array(0))
    return { first, copy: again, compete: again }
  },
  void: async (scene) => {
    const { till, shop } = scene
    const sale = await scene.sell()
    const known = scene.knownSale(sale)
    return {
      first: () => till.terminal.voidSale(sale),
      copy: () => till.terminal.resend(till.lastFrame ?? new Uint8Array(0)),
      compete: () => shop.void(known),
    }
  },
  'sale against its reversal': async ({ till }) => {
    const first = () => till.terminal.sale(1000, till.options.cards[0] ?? '')
    const again = () => till.terminal.resend(till.lastFrame ?? new Uint8Array(0))
    return { first, copy: again, compete: () => till.terminal.reverse(till.state.log.at(-1)?.stan) }
  },
  'void against its reversal': async (scene) => {
    const { till } = scene
    const sale = await scene.sell()
    const again = () => till.terminal.resend(till.lastFrame ?? new Uint8Array(0))
    const compete = () => till.terminal.reverse(till.state.log.at(-1)?.stan)
    return { first: () => till.terminal.voidSale(sale), copy: again, compete }
  },
  'void, JSON': async (scene) => {
    const { till, shop } = scene
    const sale = await scene.sell()
    const known = scene.knownSale(sale)
    const first = () => shop.void(known)
    return { first, copy: first, compete: () => till.terminal.voidSale(sale) }
  },
  'reversal of a void': async (scene) => {
    const { till } = scene
    const voided = await scene.voidOf(await scene.sell())
    const frame = till.lastFrame ?? new Uint8Array(0)
    const first = () => till.terminal.reverse(voided)
    return { first, copy: first, compete: () => till.terminal.resend(frame) }
  },
  'reversal before the void': async (scene) => {
    const { till } = scene
    const sale = await scene.sell()
    scene.loseNext()
    await till.terminal.voidSale(sale)
    const frame = till.lastFrame ?? new Uint8Array(0)
    const first = () => till.terminal.reverse(till.state.log.at(-1)?.stan)
    return { first, copy: first, compete: () => till.terminal.resend(frame) }
  },
  'reversal of a sale': async (scene) => {
    const { till, shop } = scene
    const sale = await scene.sell()
    const known = scene.knownSale(sale)
    const first = () => till.terminal.reverse(sale)
    return { first, copy: first, compete: () => shop.void(known) }
  },
  'reversal of a voided sale': async (scene) => {
    const { till } = scene
    const sale = await scene.sell()
    await scene.voidOf(sale)
    const frame = till.lastFrame ?? new Uint8Array(0)
    const first = () => till.terminal.reverse(sale)
    return { first, copy: first, compete: () => till.terminal.resend(frame) }
  },
  'reversal of a void, JSON': async (scene) => {
    const { shop } = scene
    const known = scene.knownSale(await scene.sell())
    await shop.void(known)
    const first = () => shop.reverse(known)
    return { first, copy: first, compete: () => shop.void(known) }
  },
  'reversal before the void, JSON': async (scene) => {
    const { shop } = scene
    const known = scene.knownSale(await scene.sell())
    const first = () => shop.reverse(known)
    return { first, copy: first, compete: () => shop.void(known) }
  },
  settlement: async (scene) => {
    const { till, shop } = scene
    await scene.voidOf(await scene.sell())
    const known = scene.knownSale(await scene.sell())
    const first = () => till.terminal.settle()
    return { first, copy: first, compete: () => shop.void(known) }
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
  const boundaries: Boundaries = new Boundaries(() => lab.host)
  const lab = new Lab({
    seed: 1,
    module,
    start: START,
    acquirer: cell.acquirer,
    recovery: 'inquiry',
    isolates: 2,
    planTrip: (isolate, trip) => boundaries.planTrip(isolate, trip),
    planHost: (isolate) => boundaries.planHost(isolate),
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
    await lab.phase('play', () => perform(lab, boundaries, losing, cell))
    await lab.check()
  } catch (error) {
    violation = lab.describe(error)
  }
  lab.storage.close()
  return { met: boundaries.met, violation }
}

interface Losing {
  next: boolean
}

async function perform(
  lab: Lab,
  boundaries: Boundaries,
  losing: Losing,
  { play, mode, at, strike }: Cell,
): Promise<void> {
  const { scheduler, isolates } = lab
  const [isolate] = isolates
  const begin = PLAYS[play]
  if (begin === undefined || isolate === undefined) throw new Error(`no play ${play}`)
  const scene = await openScene(lab, losing)
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
  await scene.till.finish()
  await recovered(lab)
  await lab.askAgain(() => true)
}

async function openScene(lab: Lab, losing: Losing): Promise<Scene> {
  lab.enterBearer(null)
  lab.enterBearer(MERCHANT)
  const till = lab.openTill({
    merchantId: MERCHANT,
    terminalId: 'T0000001',
    macProfile: 'cup-ecb',
    settlementMac: true,
    habits: { sale: 1, void: 0, reverse: 0, settle: 0, signOn: 0, resend: 0, echo: 0 },
    cards: [testCard(1)],
    pause: 0,
    feed: null,
  })
  const { stage, scheduler } = lab
  const shop = new Shop(stage, { name: 'shop', merchantId: MERCHANT, masterKey: MASTER_KEY, pause: 0 })
  await lab.provision(till)
  await till.terminal.signOn()
  tick(lab)
  const latest = () => till.state.log.at(-1)?.stan ?? ''
  return {
    till,
    shop,
    sell: async () => {
      const done = await till.terminal.sale(1000, till.options.cards[0] ?? '')
      must(done.ok && done.value.outcome === 'approved', 'the sale before is not approved')
      return latest()
    },
    voidOf: async (saleStan) => {
      const done = await till.terminal.voidSale(saleStan)
      must(done.ok && done.value.outcome === 'approved', 'the void before is not approved')
      return latest()
    },
    loseNext: () => {
      losing.next = true
    },
    knownSale: (saleStan) => {
      const { rrn = '', amount = 0 } = till.state.log.find(({ stan }) => stan === saleStan) ?? {}
      scheduler.note(`sale ${saleStan} is ${rrn}`)
      return shop.want({ merchantId: MERCHANT, terminalId: 'T0000001', rrn, amount })
    },
  }
}

function tick(lab: Lab): void {
  lab.scheduler.after(MINUTE, PLATFORM, 'cron', () => {
    for (const isolate of lab.isolates) isolate.cron()
    tick(lab)
  })
}

/** Until nothing is owed to the host. */
async function recovered({ scheduler, storage }: Lab): Promise<void> {
  for (let minutes = 0; minutes < 10; minutes++) {
    await scheduler.sleep(MINUTE)
    if (storage.rows('select 1 from host_message where next_at is not null').length === 0) return
  }
}
