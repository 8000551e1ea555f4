/**
 * @module Answers retransmissions without the database. Identical requests in flight wait for the first, and later
 * copies get the same bytes for a moment.
 *
 * The table in the core finds candidates. A hit counts only when the digest of the whole request is the same. Only a
 * request with a right MAC is entered. A reversal makes this isolate forget its target. Another isolate may repeat the
 * first answer until its window ends, which starts with that answer.
 */

import type { Proof } from '../admission/callers.ts'
import type { Core } from '../core/instance.ts'

export interface TerminalReply {
  readonly status: 200 | 400 | 429 | 503
  readonly body: Uint8Array<ArrayBuffer>
  /** Seconds until the sender may retry. */
  readonly retryAfter?: number
  /** The proof of the sender; absent when nothing is known of it. */
  readonly proof?: Proof
  /** Present when the reply belongs to an entry and may be repeated. */
  readonly messageKey?: string
  /** The messages that this one reversed. */
  readonly reversedKeys?: readonly string[]
}

/** No answer: the terminal reverses or tries again. */
export const SILENCE: TerminalReply = { status: 503, body: new Uint8Array(0) }

interface Kept {
  readonly digest: string
  readonly messageKey: string
  readonly body: Uint8Array<ArrayBuffer>
}

/** Milliseconds in which a copy waits for the first. After that the first was cut off with its request. */
const IN_FLIGHT_MS = 12_000

interface InFlight {
  readonly since: number
  readonly reply: Promise<TerminalReply>
  readonly deadlineMs: number
}

/** The most answers in an isolate, a few hundred bytes each. */
const KEPT = 8192

export interface Answers {
  /**
   * Runs `exchange`, unless an identical request is in flight or was just answered. `digest` is the HMAC of `bytes`, and
   * `deadlineMs` the longest time in flight.
   */
  once(
    bytes: Uint8Array,
    digest: string,
    exchange: () => Promise<TerminalReply>,
    deadlineMs?: number,
  ): Promise<TerminalReply>
}

/** The cache of one isolate. `now`: milliseconds since the epoch. */
export function createAnswers(core: Core, now: () => number): Answers {
  const inFlight = new Map<string, InFlight>()
  const kept = new Map<number, Kept>()

  const isInFlight = ({ since, deadlineMs }: InFlight) => now() - since < deadlineMs
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

  /** Forgets every entry of the message. A copy may have another framing, or bytes behind it. */
  function forget(messageKey: string): void {
    for (const [handle, answer] of kept) if (answer.messageKey === messageKey) kept.delete(handle)
  }

  return {
    async once(bytes, digest, exchange, deadlineMs = IN_FLIGHT_MS) {
      const first = inFlight.get(digest)
      if (first !== undefined && isInFlight(first)) return first.reply
      const answered = find(bytes, digest)
      if (answered !== undefined) return answered
      const mine: InFlight = { since: now(), reply: exchange(), deadlineMs }
      // Requests that were cut off never end by themselves.
      for (const [old, one] of inFlight) {
        if (isInFlight(one)) break
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
