/** @module A message that may be said any number of times, and all that was ever heard of it. */

import { REFUSALS } from '../../src/domain/decline-reason.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { answerTexts, type Exchange } from '../../src/terminal/exchange.ts'
import type { Till } from './till.ts'

export type Verdict =
  | 'approved'
  /** Refused, and the refusal stands in the journal. */
  | 'declined'
  /** A copy of what was reversed. */
  | 'reversed'
  /** Refused for its batch: nothing is written. */
  | 'out_of_batch'
  /** Nothing that a terminal or a client may believe. */
  | 'wrong'

export interface Heard {
  readonly verdict: Verdict
  /** The answer's bytes in hex, or its JSON. */
  readonly text: string
  /** What the answer says of itself, for a report. */
  readonly words: string
  readonly rrn: string | null
  readonly authorizationCode: string | null
}

export interface Said {
  readonly kind: 'sale' | 'void' | 'api_void' | 'reversal' | 'settlement'
  readonly name: string
  /** Of a reversal: what it undoes. */
  readonly target: Said | null
  readonly heard: Heard[]
  /** Null where nothing came that says anything. */
  say(url: URL): Promise<Heard | null>
}

/** What was first heard, silence apart. */
export const firstOf = ({ heard }: Said): Heard | undefined => heard[0]
export const lastOf = ({ heard }: Said): Heard | undefined => heard.at(-1)
export const wasApproved = ({ heard }: Said): boolean => heard.some(({ verdict }) => verdict === 'approved')

/** A service that does not know or cannot take more, and one that is gone. Any other status says that something is wrong. */
const isSilence = (silence: string): boolean => !/^HTTP (?!429|503)/.test(silence)

const REVERSED = REFUSALS.message_reversed.zh

function heardOf({ outcome, received, answer, responseCode, fault }: Exchange): Heard {
  const texts = answerTexts(received)
  const verdict: Verdict =
    outcome === 'approved'
      ? 'approved'
      : outcome !== 'declined'
        ? 'wrong'
        : texts.some((text) => text.startsWith(REVERSED))
          ? 'reversed'
          : responseCode === '77'
            ? 'out_of_batch'
            : 'declined'
  return {
    verdict,
    text: toHex(answer ?? new Uint8Array(0)),
    words: [responseCode, fault, ...texts.slice(0, 1)].filter(Boolean).join(' '),
    rrn: received?.fields.get(37) ?? null,
    authorizationCode: received?.fields.get(38) ?? null,
  }
}

const wrong = (words: string): Heard => ({
  verdict: 'wrong',
  text: words,
  words,
  rrn: null,
  authorizationCode: null,
})

/** A frame, said by a till. */
export function saying(
  till: Till,
  kind: Said['kind'],
  stan: string,
  frame: Uint8Array,
  target: Said | null = null,
): Said {
  return {
    kind,
    name: `${till.state.terminalId} ${kind} ${stan}`,
    target,
    heard: [],
    async say(url) {
      const { exchange, silence } = await till.say(frame, url)
      if (exchange.answer !== null) return heardOf(exchange)
      return silence === null || isSilence(silence) ? null : wrong(silence)
    },
  }
}

/** A void by the JSON door. */
export function sayingJson(bearer: string, key: string, body: object): Said {
  const headers = {
    authorization: `Bearer ${bearer}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  }
  return {
    kind: 'api_void',
    name: `api_void ${key}`,
    target: null,
    heard: [],
    async say(url) {
      const answer = await ask(new URL('/v1/voids', url), {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      if (answer === null) return null
      const { status, text, json } = answer
      const { reason = '', rrn = null } = json
      if (json.certainty !== 'FINAL') return [202, 409, 429, 503].includes(status) ? null : wrong(text)
      const verdict =
        status === 201 ? 'approved' : reason === 'message_reversed' ? 'reversed' : ('declined' as const)
      return { verdict, text, words: `${status} ${reason}`, rrn, authorizationCode: null }
    },
  }
}

interface JsonAnswer {
  readonly status: number
  readonly text: string
  readonly json: { readonly [name: string]: string | undefined }
}

/** Null where the connection broke. */
export async function ask(url: URL, init: RequestInit): Promise<JsonAnswer | null> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) })
    const text = await response.text()
    return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} }
  } catch {
    return null
  }
}
