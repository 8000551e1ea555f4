/**
 * @module Someone with a stolen bearer key. It sends voids for a wrong amount as fast as it can, which spends the quota of
 * refusals of its merchant.
 */

import { type ActorContext, Power } from './context.ts'
import type { MerchantClient } from './merchant-client.ts'

export class Thief {
  isDone = false
  readonly #context: ActorContext
  readonly #merchantClient: MerchantClient

  constructor(context: ActorContext, merchantClient: MerchantClient) {
    this.#context = context
    this.#merchantClient = merchantClient
  }

  /** Several at once, because isolates that race must not write more than the quota. */
  start(messages: number, pause: number): void {
    const { scheduler, random, act } = this.#context
    act(new Power('thief'), async () => {
      for (let left = messages; left > 0; left -= 4) {
        await scheduler.sleep(random.delay(pause))
        const sales = Array.from({ length: 4 }, () => this.#merchantClient.pick()).filter(
          (sale) => sale !== undefined,
        )
        const voids = sales.map((sale) => ({
          ...this.#merchantClient.planVoid(sale),
          amount: sale.amount + 1,
        }))
        await Promise.all(voids.map((planned) => this.#merchantClient.void(planned)))
      }
      this.isDone = true
    })
  }
}
