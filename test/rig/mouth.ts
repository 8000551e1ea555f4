/** @module How messages reach the service, whichever processes of it run now, and what is noted of them on the way. */

import type { Random } from '../support/micro-random.ts'
import type { Said } from './said.ts'

export interface Mouth {
  /** Says it to the next isolate and notes what was heard. True where anything was, now or before. */
  tell(said: Said): Promise<boolean>
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

export function openMouth(merchantKey: string, random: Random, urls: () => readonly URL[]): Mouth {
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
    async tell(said) {
      if (this.skipsAnswered && said.heard.length > 0) return true
      sent += 1
      const impatient = this.hangsUp && random.below(15) === 0
      const heard = await said.say(url(), impatient ? AbortSignal.timeout(random.below(40)) : undefined)
      if (heard === null) return false
      // Only what differs from what was heard last adds anything.
      if (said.heard.at(-1)?.text !== heard.text) said.heard.push(heard)
      return true
    },
    get sent() {
      return sent
    },
  }
}
