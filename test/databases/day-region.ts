/** @module A region of two databases with a scripted acquirer behind it, around the end of the acquirer's day. */

import { inEachDatabase } from '../../src/pipeline/databases.ts'
import { settleDays } from '../../src/pipeline/settle-days.ts'
import { AcquirerSimulator } from '../../src/simulator/acquirer.ts'
import { type Plan, type ScriptStep, seededRandom } from '../../src/simulator/faults.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { watchedCore } from '../support/load-core.ts'
import { AT_HOME, MERCHANTS, MOVED, Region } from './region.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const MAC_KEY = '0123456789ABCDEF'
export const ZONE_KEY = '8899AABBCCDDEEFF0011223344556677'
export const SILENT: Plan = { rates: { drop_request: 1 }, script: [] }
export const script = (...steps: ScriptStep[]): Plan => ({ rates: {}, script: steps })

type Name = typeof AT_HOME | typeof MOVED

/** The date of a time: YYYY-MM-DD in UTC. */
export const dateAt = (at: number): string => new Date(at).toISOString().slice(0, 10)

const simulate = (zoneKey?: string, cutOffMinutes = 23 * 60): AcquirerSimulator =>
  new AcquirerSimulator({
    core: watchedCore().core,
    macProfile: 'cup-ecb',
    macKey: Buffer.from(MAC_KEY, 'hex'),
    ...(zoneKey === undefined ? {} : { zoneKey: Buffer.from(zoneKey, 'hex') }),
    random: seededRandom(1),
    cutOffMinutes,
  })

export class DayRegion extends Region {
  simulator = simulate()
  /** Milliseconds that the acquirer's clock is ahead. */
  ahead = 0
  /** Runs while a request is on its way to the acquirer, or its answer on its way back. */
  onWay: (side: 'there' | 'back') => void = () => {}
  /** The MTI and bytes of each request. */
  readonly sent: { readonly mti: string; readonly bytes: Uint8Array }[] = []
  /** 23:00 in China: the end of the first day, and its date. */
  end = 0
  first = ''
  readonly #terminals = new Map<Name, VirtualTerminal>()
  #voids = 0

  /** An isolate whose acquirer ends its day at 23:00 in China. */
  openIsolate(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.open({
      ACQUIRER: 'https',
      ACQUIRER_MAC_KEY: MAC_KEY,
      ACQUIRER_CUTOFF: '23:00',
      ...settings,
      ACQUIRER_SERVICE: { fetch: async (_, init) => this.#pass(Uint8Array.from(init.body as Uint8Array)) },
    })
  }

  #pass(bytes: Uint8Array): Response {
    this.sent.push({ mti: Buffer.from(bytes.subarray(13, 15)).toString('hex'), bytes })
    this.onWay('there')
    const { answer, delayMs } = this.simulator.receive(bytes, this.clock.now + this.ahead)
    this.onWay('back')
    return answer === null || delayMs > 0
      ? new Response(null, { status: 504 })
      : new Response(Uint8Array.from(answer))
  }

  /** Two merchants, each in a database of its own, with a terminal that is signed on. */
  async begin(): Promise<void> {
    await this.openIsolate()
    for (const merchantId of [AT_HOME, MOVED] as const) {
      const terminal = this.terminal(merchantId)
      this.#terminals.set(merchantId, terminal)
      await this.provision(merchantId)
      await terminal.signOn()
    }
    this.end = Math.floor((this.clock.now + 9 * HOUR) / DAY) * DAY + 15 * HOUR
    this.first = dateAt(this.end)
  }

  /** Another acquirer, whose MAC keys come from sign-ons. */
  async beginSignOns(): Promise<void> {
    this.simulator = simulate(ZONE_KEY)
    await this.openIsolate({ ACQUIRER_ZONE_KEY: ZONE_KEY })
  }

  /** Another acquirer, whose day ends at midnight in China. */
  async beginAtMidnight(): Promise<void> {
    this.simulator = simulate(undefined, 24 * 60)
    await this.openIsolate({ ACQUIRER_CUTOFF: '00:00' })
    this.end += HOUR
  }

  run = (): Promise<void> => settleDays(inEachDatabase(this.services))

  /** Runs the cron each minute until then. */
  async until(at: number): Promise<void> {
    while (this.clock.now + MINUTE <= at) {
      this.clock.now += MINUTE
      await this.run()
    }
  }

  /** Runs the cron once, so many minutes after the end of the first day. */
  async runAt(minutes: number): Promise<void> {
    this.clock.now = this.end + minutes * MINUTE
    await this.run()
  }

  terminalOf(merchantId: Name): VirtualTerminal {
    const terminal = this.#terminals.get(merchantId)
    if (terminal === undefined) throw new Error('no terminal')
    return terminal
  }

  /** Returns the RRN. */
  async sale(merchantId: Name, amount: number): Promise<string> {
    const terminal = this.terminalOf(merchantId)
    await terminal.sale(amount, testCard(1))
    return terminal.state.log.at(-1)?.rrn ?? ''
  }

  /** Reverses the last message of a terminal. */
  async reverseLast(merchantId: Name): Promise<void> {
    const terminal = this.terminalOf(merchantId)
    await terminal.reverse(terminal.state.log.at(-1)?.stan)
  }

  /** By JSON, the sale with this RRN. */
  async voidOf(merchantId: Name, rrn: string): Promise<void> {
    const { database, key } = MERCHANTS[merchantId]
    const [found] = this.storages[database].rows('select id, amount from sale where rrn = ?', rrn)
    const body = { saleId: found?.id, amount: found?.amount }
    await this.json(key, 'POST', '/v1/voids', body, { 'idempotency-key': `void-${++this.#voids}` })
  }

  days = () =>
    this.storages[0].rows<{ day: string; currency_code: string; own: string; result: string | null }>(
      'select * from acquirer_settlement order by day, currency_code',
    )

  /** The day, and debit amount, count, credit amount and count of Annul. */
  own = () => this.days().map((row) => [row.day, ...JSON.parse(row.own)])
  results = () => this.days().map(({ day, result }) => [day, result])
  settlements = () => this.sent.filter(({ mti }) => mti.startsWith('05'))
  alerts = (why: string) => this.logged.filter((line) => line.event === 'alert' && line.why === why)
}
