/**
 * @module Answers to copies without the database: a copy in flight joins the first message, and a later copy gets the same
 * bytes again for a short window.
 *
 * The duplicate table of the core finds candidates. A hit counts only when the digest of the whole request is the same. An answer
 * enters the cache after its MAC was verified. A reversal removes the answer that it reverses from this isolate's cache. Another
 * isolate may repeat that answer until its window ends.
 */

import type { Proof } from '../admission/callers.ts'
import type { Core } from '../core/instance.ts'

export interface TerminalReply {
  readonly status: 200 | 400 | 429 | 503
  readonly body: Uint8Array<ArrayBuffer>
  /** `Retry-After`, in seconds. */
  readonly retryAfter?: number
  /** What the message proved about its sender; absent where that is unknown. */
  readonly proof?: Proof
  /** Set where the reply comes from a journal entry and may be repeated. */
  readonly messageKey?: string
  /** Keys of the messages that this one reversed. */
  readonly reversedKeys?: readonly string[]
}

/** No answer: the terminal reverses or retries. */
export const SILENCE: TerminalReply = { status: 503, body: new Uint8Array(0) }

interface Kept {
  readonly digest: string
  readonly messageKey: string
  readonly body: Uint8Array<ArrayBuffer>
}

/** How long a copy may join the first message, in milliseconds. After that the first was lost with its request. */
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

  /** By key, not by bytes: the same message may arrive in another framing, or with trailing bytes. */
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
      // An exchange that was lost with its request never removes itself.
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
