/** @module The changes of a world while its messages run: settings, keys, states, master keys, and quotas of refusals. */

import { Administrator } from './administrator.ts'
import type { Harness } from './harness.ts'
import type { MerchantClient } from './merchant-client.ts'
import type { Random } from './platform/random.ts'
import { dayOf, spendQuota } from './quota.ts'
import { Thief } from './thief.ts'

const DAY = 86_400_000
/** An isolate's clock may be in the day before. */
const FIRST_OF_DAY = 20 * 60_000

export interface ChangesOptions {
  readonly random: Random
  readonly clients: readonly MerchantClient[]
  /** Mean time between two actions of one actor, in milliseconds. */
  readonly pause: number
}

export class Changes {
  readonly actors: (Administrator | Thief)[] = []
  readonly #harness: Harness
  readonly #options: ChangesOptions
  readonly #administrators: Administrator[]

  constructor(harness: Harness, options: ChangesOptions) {
    this.#harness = harness
    this.#options = options
    const { terminals, context } = harness
    const { random } = options
    const common = {
      merchants: [...new Set(terminals.map((terminal) => terminal.options.merchantId))],
      terminals,
      pause: options.pause * random.pick([1, 3, 10]),
      keep: (secret: string) => harness.keepSecret(secret),
    }
    this.#administrators = ['administrator-1', 'administrator-2'].map(
      (name) => new Administrator(context, { ...common, name, random: random.fork() }),
    )
    this.actors.push(...this.#administrators)
  }

  /** In half of the worlds every sender has a few refusals left today, and someone with a stolen key spends them. */
  spendQuotas(): void {
    const { scheduler, storage, terminals, context } = this.#harness
    const { random, clients } = this.#options
    if (!random.chance(0.5) || scheduler.now % DAY < FIRST_OF_DAY) return
    const day = dayOf(scheduler.now)
    const owners = terminals.flatMap(({ options }) => [
      `terminal:${options.terminalId}`,
      `keys:${options.merchantId}`,
    ])
    const left = new Map([...new Set(owners)].map((sender) => [sender, random.below(8)]))
    for (const [sender, most] of left) spendQuota(storage, sender, day, most)
    this.#harness.quota = { left, day }
    this.actors.push(...clients.map((client) => new Thief(context, client)))
  }

  start(size: number): void {
    for (const actor of this.actors) actor.start(size / 2, this.#options.pause)
  }

  /** How often each change was committed. */
  counts(): Record<string, number> {
    const one = (sql: string) => Number(this.#harness.storage.rows<{ n: number }>(sql)[0]?.n)
    return {
      settings: one(`select count(*) as n from journal where message_key like 'merchant:%'`),
      keysMade: one('select count(*) as n from api_key') - this.#harness.context.spareKeys.size,
      keysRevoked: one('select count(*) as n from api_key where revoked_at is not null'),
      provisions: one(`select count(*) as n from journal where message_key like 'api|admin|provision|%'`),
      beyondQuota: one('select total(refused) as n from refusal_count'),
    }
  }

  /** As it was at first, without faults. */
  async restore(): Promise<void> {
    await this.#administrators[0]?.restore()
  }
}
