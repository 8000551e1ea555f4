/** @module How messages reach the service, whichever processes of it run now, and what is noted of them on the way. */

import type { Random } from '../support/micro-random.ts'
import type { Attempt } from './attempt.ts'

export interface Client {
  /** Says it to the next isolate and notes what was heard. True where anything was, now or before. */
  run(attempt: Attempt): Promise<boolean>
  /** Whether now and then no one waits for the answer. */
  hangsUp: boolean
  /** Whether what was answered is not said again. */
  skipsAnswered: boolean
  /** Of the next isolate. */
  url(): URL
  readonly merchantKey: string
  /** How often anything was said. */
  readonly sent: number
}

export function openClient(merchantKey: string, random: Random, urls: () => readonly URL[]): Client {
  let turn = 0
  let sent = 0
  const url = () => {
    const now = urls()
    const next = now[turn++ % now.length]
    if (next === undefined) throw new Error('nothing runs')
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
      const impatient = this.hangsUp && random.below(15) === 0
      const received = await attempt.send(
        url(),
        impatient ? AbortSignal.timeout(random.below(40)) : undefined,
      )
      if (received === null) return false
      // Only what differs from what was heard last adds anything.
      if (attempt.received.at(-1)?.text !== received.text) attempt.received.push(received)
      return true
    },
    get sent() {
      return sent
    },
  }
}
