/** @module A message that may be sent any number of times, and all its answers. */

import { REFUSALS } from '../../src/domain/decline-reason.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { answerTexts, type Exchange } from '../../src/terminal/exchange.ts'
import type { TerminalState } from '../../src/terminal/state.ts'
import { type JsonAnswer, sendJson } from './http.ts'
import type { TestTerminal } from './terminal.ts'

export type Verdict =
  | 'approved'
  /** Refused, and the refusal is in the journal. */
  | 'declined'
  /** A copy of a reversed message. */
  | 'reversed'
  /** Refused for its batch: nothing is written. */
  | 'out_of_batch'
  /** An answer that no terminal and no client may accept. */
  | 'wrong'

export interface Received {
  readonly verdict: Verdict
  /** The answer's bytes in hex, or its JSON. */
  readonly text: string
  /** The answer in short, for a report. */
  readonly summary: string
  readonly rrn: string | null
  readonly authorizationCode: string | null
}

export interface Attempt {
  readonly kind: 'sale' | 'void' | 'api_void' | 'reversal' | 'settlement'
  readonly name: string
  /** The query of its inquiry, or null when there is none. */
  readonly reference: string | null
  /** The reversed message, if this is a reversal. */
  readonly target: Attempt | null
  readonly received: Received[]
  /** Null without a conclusive answer. After `hangUp` the sender does not wait. */
  send(url: URL, hangUp?: AbortSignal): Promise<Received | null>
}

/** The first conclusive answer. */
export const firstOf = ({ received }: Attempt): Received | undefined => received[0]
export const lastOf = ({ received }: Attempt): Received | undefined => received.at(-1)
export const wasApproved = ({ received }: Attempt): boolean =>
  received.some(({ verdict }) => verdict === 'approved')

/** Every answer to one message, in order. */
export const historyOf = ({ name, received }: Attempt): string =>
  `${name}: ${received.map(({ verdict, summary }) => `${verdict} (${summary})`).join(', then ')}`

/** Unknown, busy or unreachable. Any other status is a fault. */
const isNoAnswer = (noAnswer: string): boolean => !/^HTTP (?!429|503)/.test(noAnswer)

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
    summary: [responseCode, fault, ...texts.slice(0, 1)].filter(Boolean).join(' '),
    rrn: received?.fields.get(37) ?? null,
    authorizationCode: received?.fields.get(38) ?? null,
  }
}

const wrong = (summary: string): Received => ({
  verdict: 'wrong',
  text: summary,
  summary,
  rrn: null,
  authorizationCode: null,
})

const referenceOf = ({ merchantId, terminalId, batchNumber }: TerminalState, kind: string, stan: string) =>
  new URLSearchParams({ merchantId, terminalId, batchNumber, stan, kind }).toString()

/** A frame from a terminal. */
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
      const { exchange, noAnswer } = await terminal.send(frame, url, hangUp)
      if (exchange.answer !== null) return receivedOf(exchange)
      return noAnswer === null || isNoAnswer(noAnswer) ? null : wrong(noAnswer)
    },
  }
}

/** A void by the JSON API, or the reversal of one. */
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
      const answer = await sendJson(new URL(path, url), init, hangUp)
      return answer === null ? null : receivedOfJson(answer)
    },
  }
}

function receivedOfJson({ status, text, json }: JsonAnswer): Received | null {
  const { reason = json.state ?? '', rrn = null } = json
  const received = { text, summary: `${status} ${reason}`, rrn, authorizationCode: null }
  // A reversal's state may change with the acquirer. Its own identity never changes.
  if (status === 200) return { ...received, verdict: 'approved', text: `${rrn} ${json.receivedAt}` }
  // The sale that a cut took away may still come, so the service calls it PENDING. Here it never comes.
  if (reason === 'original_not_found') return { ...received, verdict: 'declined' }
  if (json.certainty !== 'FINAL') return [202, 409, 429, 503].includes(status) ? null : wrong(text)
  if (status === 201) return { ...received, verdict: 'approved' }
  return { ...received, verdict: reason === 'message_reversed' ? 'reversed' : 'declined' }
}
