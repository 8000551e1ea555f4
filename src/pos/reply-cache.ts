/**
 * @module Answers retransmissions without the database. Identical requests in flight wait for the first, and later
 * copies get the same bytes for a moment.
 *
 * The table in the core finds candidates. A hit counts only when the digest of the whole request is the same. Only a
 * request with a right MAC is entered. A reversal makes this isolate forget its target. Another isolate may repeat the
 * first answer until its window ends, which starts with that answer.
 *
 * An answer has a card number, so it goes by age, and not by the number of later ones. A kept answer is a copy of its
 * own, which is wiped when it goes.
 */

import type { Proof } from '../admission/callers.ts'
import type { Core } from '../core/instance.ts'
import type { WaitUntil } from '../pipeline/types.ts'

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

/** The byte that says that a frame cannot be read. */
export const NAK = Uint8Array.of(0x15)

interface Kept {
  readonly digest: string
  readonly messageKey: string
  readonly body: Uint8Array<ArrayBuffer>
  /** Milliseconds since the epoch. */
  readonly at: number
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

/** The age in milliseconds at which an answer goes. No copy is answered with it then (`DUPLICATE_WINDOW_SECONDS`). */
export const KEPT_MS = 3000

/**
 * The time in milliseconds after which a sweep looks for old answers. Sweeps begin at most `KEPT_MS` apart while answers
 * come. So each answer is `KEPT_MS` old at some sweep, and gone after this time, also when no further request arrives.
 */
export const SWEEP_MS = 2 * KEPT_MS

export interface Answers {
  /**
   * Runs `exchange`, unless an identical request is in flight or was just answered. `digest` is the HMAC of `bytes`, and
   * `deadlineMs` the longest time in flight.
   */
  once(
    bytes: Uint8Array,
    digest: string,
    exchange: () => Promise<TerminalReply>,
    waitUntil: WaitUntil,
    deadlineMs?: number,
  ): Promise<TerminalReply>
  /** The answers in memory. */
  readonly size: number
}

/** `now`: milliseconds since the epoch. */
interface AnswersOptions {
  readonly core: Pick<Core, 'duplicates'>
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** The cache of one isolate. */
export function createAnswers({ core, now, sleep }: AnswersOptions): Answers {
  const inFlight = new Map<string, InFlight>()
  /** In the order of their age, the oldest first. */
  const kept = new Map<number, Kept>()
  let sweptAt = Number.NEGATIVE_INFINITY

  const isInFlight = ({ since, deadlineMs }: InFlight) => Math.abs(now() - since) < deadlineMs
  const nowSeconds = () => Math.floor(now() / 1000)

  function find(bytes: Uint8Array, digest: string): TerminalReply | undefined {
    const answer = kept.get(core.duplicates.lookup(bytes, nowSeconds()))
    return answer?.digest === digest ? { status: 200, body: answer.body.slice() } : undefined
  }

  function keep(bytes: Uint8Array, answer: Omit<Kept, 'at'>): void {
    const handle = core.duplicates.insert(bytes, nowSeconds())
    drop(handle)
    kept.set(handle, { ...answer, body: answer.body.slice(), at: now() })
    const oldest = kept.keys().next().value
    if (kept.size > KEPT && oldest !== undefined) drop(oldest)
  }

  function drop(handle: number): void {
    kept.get(handle)?.body.fill(0)
    kept.delete(handle)
  }

  /** Forgets every entry of the message. A copy may have another framing, or bytes behind it. */
  function forget(messageKey: string): void {
    for (const [handle, answer] of kept) if (answer.messageKey === messageKey) drop(handle)
  }

  /** Drops what is too old, and what a clock that jumped back makes later than now. */
  function dropOld(): void {
    for (const [handle, { at }] of kept) {
      if (Math.abs(now() - at) < KEPT_MS) break
      drop(handle)
    }
    // Requests that were cut off never end by themselves.
    for (const [old, one] of inFlight) {
      if (isInFlight(one)) break
      inFlight.delete(old)
    }
  }

  /** Begins a sweep, unless one began less than `KEPT_MS` ago. */
  function sweepLater(waitUntil: WaitUntil): void {
    if (Math.abs(now() - sweptAt) < KEPT_MS) return
    sweptAt = now()
    waitUntil(sleep(SWEEP_MS).then(dropOld))
  }

  return {
    get size() {
      return kept.size
    },
    async once(bytes, digest, exchange, waitUntil, deadlineMs = IN_FLIGHT_MS) {
      dropOld()
      const first = inFlight.get(digest)
      if (first !== undefined && isInFlight(first)) return first.reply
      const answered = find(bytes, digest)
      if (answered !== undefined) return answered
      const mine: InFlight = { since: now(), reply: exchange(), deadlineMs }
      inFlight.delete(digest)
      inFlight.set(digest, mine)
      try {
        const { messageKey, reversedKeys = [], ...reply } = await mine.reply
        for (const reversedKey of reversedKeys) forget(reversedKey)
        if (messageKey !== undefined) {
          keep(bytes, { digest, messageKey, body: reply.body })
          sweepLater(waitUntil)
        }
        return reply
      } finally {
        if (inFlight.get(digest) === mine) inFlight.delete(digest)
      }
    },
  }
}
