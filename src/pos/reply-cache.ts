/**
 * @module Retransmissions that need no database: identical ones in flight join the first, and those answered a moment
 * ago get the same bytes again.
 *
 * The table in the core finds candidates; a hit is believed only when the digest of the whole request, kept with the
 * answer, is the same. Entered after the MAC was verified. A reversal makes this isolate forget what it reverses;
 * another may repeat the first answer until its window, which runs from that answer, ends.
 */

import type { Proof } from '../admission/callers.ts'
import type { Core } from '../core/instance.ts'

export interface TerminalReply {
  readonly status: 200 | 400 | 429 | 503
  readonly body: Uint8Array<ArrayBuffer>
  /** When to come again, in seconds. */
  readonly retryAfter?: number
  /** What the message proved of its sender; absent where nothing is known of that. */
  readonly proof?: Proof
  /** Set where the reply is an entry's and may be repeated. */
  readonly messageKey?: string
  /** The messages that this one reversed. */
  readonly reversedKeys?: readonly string[]
}

/** No answer: the terminal reverses, or tries again. */
export const SILENCE: TerminalReply = { status: 503, body: new Uint8Array(0) }

interface Kept {
  readonly digest: string
  readonly messageKey: string
  readonly body: Uint8Array<ArrayBuffer>
}

/** How long a copy joins the first: past that the first was cut off with the request that carried it. */
const IN_FLIGHT_MS = 12_000

/** Answers kept per isolate, a few hundred bytes each. */
const KEPT = 8192

export interface Answers {
  /** Runs `exchange` unless an identical request is in flight or was just answered. `digest`: HMAC of `bytes`. */
  once(bytes: Uint8Array, digest: string, exchange: () => Promise<TerminalReply>): Promise<TerminalReply>
}

export function createAnswers(core: Core, now: () => number): Answers {
  const inFlight = new Map<string, { readonly since: number; readonly reply: Promise<TerminalReply> }>()
  const kept = new Map<number, Kept>()

  const nowSeconds = () => Math.floor(now() / 1000)

  function find(bytes: Uint8Array, digest: string): TerminalReply | undefined {
    const answer = kept.get(core.duplicates.lookup(bytes, nowSeconds()))
    return answer?.digest === digest ? { status: 200, body: answer.body } : undefined
  }

  function keep(bytes: Uint8Array, answer: Kept): void {
    kept.set(core.duplicates.insert(bytes, nowSeconds()), answer)
    const oldest = kept.keys().next().value
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
  }

  /** Whatever bytes said it: the same message may have come in another framing, or with bytes behind it. */
  function forget(messageKey: string): void {
    for (const [handle, answer] of kept) if (answer.messageKey === messageKey) kept.delete(handle)
  }

  return {
    async once(bytes, digest, exchange) {
      const first = inFlight.get(digest)
      if (first !== undefined && now() - first.since < IN_FLIGHT_MS) return first.reply
      const answered = find(bytes, digest)
      if (answered !== undefined) return answered
      const mine = { since: now(), reply: exchange() }
      // Those that were cut off with their request never say that they are over.
      for (const [old, { since }] of inFlight) {
        if (now() - since < IN_FLIGHT_MS) break
        inFlight.delete(old)
      }
      inFlight.set(digest, mine)
      try {
        const { messageKey, reversedKeys = [], ...reply } = await mine.reply
        for (const reversedKey of reversedKeys) forget(reversedKey)
        if (messageKey !== undefined) keep(bytes, { digest, messageKey, body: reply.body })
        return reply
      } finally {
        if (inFlight.get(digest) === mine) inFlight.delete(digest)
      }
    },
  }
}
