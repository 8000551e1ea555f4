/** @module A message that may be said any number of times, and all that was ever heard of it. */

import { REFUSALS } from '../../src/domain/decline-reason.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { answerTexts, type Exchange } from '../../src/terminal/exchange.ts'
import type { TerminalState } from '../../src/terminal/state.ts'
import { askJson, type JsonAnswer } from './ask.ts'
import type { TestTerminal } from './terminal.ts'

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

export interface Received {
  readonly verdict: Verdict
  /** The answer's bytes in hex, or its JSON. */
  readonly text: string
  /** What the answer says of itself, for a report. */
  readonly words: string
  readonly rrn: string | null
  readonly authorizationCode: string | null
}

export interface Attempt {
  readonly kind: 'sale' | 'void' | 'api_void' | 'reversal' | 'settlement'
  readonly name: string
  /** How one inquires after it; null where one cannot. */
  readonly reference: string | null
  /** Of a reversal: what it undoes. */
  readonly target: Attempt | null
  readonly received: Received[]
  /** Null where nothing came that says anything. `hangUp`: after that no one listens. */
  send(url: URL, hangUp?: AbortSignal): Promise<Received | null>
}

/** What was first heard, silence apart. */
export const firstOf = ({ received }: Attempt): Received | undefined => received[0]
export const lastOf = ({ received }: Attempt): Received | undefined => received.at(-1)
export const wasApproved = ({ received }: Attempt): boolean =>
  received.some(({ verdict }) => verdict === 'approved')

/** Everything heard of one message, in order. */
export const historyOf = ({ name, received }: Attempt): string =>
  `${name}: ${received.map(({ verdict, words }) => `${verdict} (${words})`).join(', then ')}`

/** A service that does not know or cannot take more, and one that is gone. Any other status says that something is wrong. */
const isSilence = (silence: string): boolean => !/^HTTP (?!429|503)/.test(silence)

const REVERSED = REFUSALS.message_reversed.zh

function receivedOf({ outcome, received, answer, responseCode, fault }: Exchange): Received {
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

const wrong = (words: string): Received => ({
  verdict: 'wrong',
  text: words,
  words,
  rrn: null,
  authorizationCode: null,
})

const referenceOf = ({ merchantId, terminalId, batchNumber }: TerminalState, kind: string, stan: string) =>
  new URLSearchParams({ merchantId, terminalId, batchNumber, stan, kind }).toString()

/** A frame, said by a till. */
export function attemptOf(
  terminal: TestTerminal,
  kind: Attempt['kind'],
  stan: string,
  frame: Uint8Array,
  target: Attempt | null = null,
): Attempt {
  return {
    kind,
    name: `${terminal.state.terminalId} ${kind} ${stan}`,
    reference: kind === 'sale' || kind === 'void' ? referenceOf(terminal.state, kind, stan) : null,
    target,
    received: [],
    async send(url, hangUp) {
      const { exchange, silence } = await terminal.send(frame, url, hangUp)
      if (exchange.answer !== null) return receivedOf(exchange)
      return silence === null || isSilence(silence) ? null : wrong(silence)
    },
  }
}

/** A void by the JSON door, or the reversal of one. */
export function jsonAttempt(
  bearer: string,
  key: string,
  body: object,
  target: Attempt | null = null,
): Attempt {
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
    received: [],
    async send(url, hangUp) {
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      const answer = await askJson(new URL(path, url), init, hangUp)
      return answer === null ? null : receivedOfJson(answer)
    },
  }
}

function receivedOfJson({ status, text, json }: JsonAnswer): Received | null {
  const { reason = json.state ?? '', rrn = null } = json
  const received = { text, words: `${status} ${reason}`, rrn, authorizationCode: null }
  // A reversal says, from one time to the next, how far the acquirer is; what it is itself never changes.
  if (status === 200) return { ...received, verdict: 'approved', text: `${rrn} ${json.receivedAt}` }
  if (json.certainty !== 'FINAL') return [202, 409, 429, 503].includes(status) ? null : wrong(text)
  if (status === 201) return { ...received, verdict: 'approved' }
  return { ...received, verdict: reason === 'message_reversed' ? 'reversed' : 'declined' }
}
