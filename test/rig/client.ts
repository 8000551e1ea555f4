/** @module Sends attempts to the running processes of the service and records the answers. */

import type { Random } from '../support/micro-random.ts'
import type { Attempt } from './attempt.ts'

export interface Client {
  /** Sends it to the next isolate and records the answer. True when it has an answer, now or from before. */
  run(attempt: Attempt): Promise<boolean>
  /** Whether some requests are cut off before their answer. */
  hangsUp: boolean
  /** Whether answered attempts are skipped. */
  skipsAnswered: boolean
  /** The address of the next isolate. */
  url(): URL
  readonly merchantKey: string
  /** The number of requests. */
  readonly sent: number
}

export function openClient(merchantKey: string, random: Random, urls: () => readonly URL[]): Client {
  let index = 0
  let sent = 0
  const url = () => {
    const now = urls()
    const next = now[index++ % now.length]
    if (next === undefined) throw new Error('no process runs')
    return next
  }
  return {
    merchantKey,
    url,
    hangsUp: false,
    skipsAnswered: false,
    async run(attempt) {
      if (this.skipsAnswered && attempt.received.length > 0) return true
      sent += 1
      const hangsUpNow = this.hangsUp && random.below(15) === 0
      const received = await attempt.send(
        url(),
        hangsUpNow ? AbortSignal.timeout(random.below(40)) : undefined,
      )
      if (received === null) return false
      // Records only an answer that differs from the last one.
      if (attempt.received.at(-1)?.text !== received.text) attempt.received.push(received)
      return true
    },
    get sent() {
      return sent
    },
  }
}
