/** @module A message that may be said any number of times, and all that was ever heard of it. */

import { REFUSALS } from '../../src/domain/decline-reason.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { answerTexts, type Exchange } from '../../src/terminal/exchange.ts'
import type { TerminalState } from '../../src/terminal/state.ts'
import { askJson, type JsonAnswer } from './ask.ts'
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
  /** How one inquires after it; null where one cannot. */
  readonly reference: string | null
  /** Of a reversal: what it undoes. */
  readonly target: Said | null
  readonly heard: Heard[]
  /** Null where nothing came that says anything. `hangUp`: after that no one listens. */
  say(url: URL, hangUp?: AbortSignal): Promise<Heard | null>
}

/** What was first heard, silence apart. */
export const firstOf = ({ heard }: Said): Heard | undefined => heard[0]
export const lastOf = ({ heard }: Said): Heard | undefined => heard.at(-1)
export const wasApproved = ({ heard }: Said): boolean => heard.some(({ verdict }) => verdict === 'approved')

/** Everything heard of one message, in order. */
export const historyOf = ({ name, heard }: Said): string =>
  `${name}: ${heard.map(({ verdict, words }) => `${verdict} (${words})`).join(', then ')}`

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

const referenceOf = ({ merchantId, terminalId, batchNumber }: TerminalState, kind: string, stan: string) =>
  new URLSearchParams({ merchantId, terminalId, batchNumber, stan, kind }).toString()

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
    reference: kind === 'sale' || kind === 'void' ? referenceOf(till.state, kind, stan) : null,
    target,
    heard: [],
    async say(url, hangUp) {
      const { exchange, silence } = await till.say(frame, url, hangUp)
      if (exchange.answer !== null) return heardOf(exchange)
      return silence === null || isSilence(silence) ? null : wrong(silence)
    },
  }
}

/** A void by the JSON door, or the reversal of one. */
export function sayingJson(bearer: string, key: string, body: object, target: Said | null = null): Said {
  const headers = {
    authorization: `Bearer ${bearer}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  }
  const kind = target === null ? 'api_void' : 'reversal'
  const path = target === null ? '/v1/voids' : '/v1/reversals'
  return {
    kind,
    name: `${kind} ${key}`,
    reference: target === null ? new URLSearchParams({ idempotencyKey: key }).toString() : null,
    target,
    heard: [],
    async say(url, hangUp) {
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const answer = await askJson(new URL(path, url), init, hangUp)
      return answer === null ? null : heardOfJson(answer)
    },
  }
}

function heardOfJson({ status, text, json }: JsonAnswer): Heard | null {
  const { reason = json.status ?? '', rrn = null } = json
  const heard = { text, words: `${status} ${reason}`, rrn, authorizationCode: null }
  // A reversal says, from one time to the next, how far the host is; what it is itself never changes.
  if (status === 200) return { ...heard, verdict: 'approved', text: `${rrn} ${json.receivedAt}` }
  if (json.certainty !== 'FINAL') return [202, 409, 429, 503].includes(status) ? null : wrong(text)
  if (status === 201) return { ...heard, verdict: 'approved' }
  return { ...heard, verdict: reason === 'message_reversed' ? 'reversed' : 'declined' }
}
