/** @module What a decision is made of, and the guards that every message shares. No I/O, no clock, no randomness. */

import { type DeclineReason, refusalOf } from './decline-reason.ts'
import type { RequestBase } from './requests.ts'
import type {
  AcquirerMessage,
  Answer,
  Batch,
  DraftEntry,
  Effects,
  EntryKind,
  JournalEntry,
  Merchant,
  Reversal,
  SaleState,
  Terminal,
} from './types.ts'
import { localFields } from './window.ts'

/** Everything a decision may depend on, as loaded in one batch. */
export interface LoadedState {
  readonly terminal: Terminal
  readonly merchant: Merchant
  /** The entry that already bears this message's key; of a forwarded message its outcome, or its claim before there is one. */
  readonly earlier: JournalEntry | null
  /** This message's claim, where it was forwarded, and where it stands with the acquirer. */
  readonly claim: JournalEntry | null
  readonly forwarded: AcquirerMessage | null
  /** The reversal that names this message. */
  readonly reversal: Reversal | null
  /** The sale that a void, or a reversal of a sale, is about. */
  readonly original: SaleState | null
  /** The entry that a reversal names (as `earlier`), and whether it was reversed before. */
  readonly target: JournalEntry | null
  readonly targetForwarded: AcquirerMessage | null
  readonly targetReversal: Reversal | null
  /** The batch that the message names, where it is known. */
  readonly namedBatch: Batch | null
  /** Whether something of the terminal is undecided at the acquirer and no case yet: its totals are not known. */
  readonly undecided: boolean
}

/** Fresh values a decision may use; made outside so that the decision stays a function of its arguments. */
export interface Generated {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** A new retrieval reference number, 12 digits. */
  readonly rrn: string
  /** A new authorisation code, 6 digits. */
  readonly authorizationCode: string
  /** A new opaque id for a sale or a void. */
  readonly id: string
  /** Six digits for field 11 towards the acquirer, not 000000. */
  readonly acquirerStan: string
  /** Field 63 for a reason in the terminal's encoding, hex. */
  readonly privateData: (reason: DeclineReason | null, encoding: Terminal['textEncoding']) => string
}

export type Decision =
  /** Write this entry, then answer from it. */
  | { readonly kind: 'commit'; readonly draft: DraftEntry }
  /** Answer from an entry that stands. */
  | { readonly kind: 'replay'; readonly entry: JournalEntry; readonly answer: Answer }
  /** The message was forwarded and its outcome is not known: nothing may be told. */
  | { readonly kind: 'pending'; readonly forwarded: AcquirerMessage; readonly claim: JournalEntry }
  /** Answer without writing: nothing was decided that must be remembered. */
  | { readonly kind: 'answer'; readonly answer: Answer }

type TerminalContext = Pick<LoadedState, 'terminal' | 'merchant'>

/** The decided fields of an answer at `supplies.now`. */
export function answerOf(
  context: TerminalContext,
  generated: Generated,
  reason: DeclineReason | null,
  more: Partial<Pick<Answer, 'authorizationCode' | 'totals' | 'rrn' | 'voidableUntil'>> = {},
): Answer {
  return {
    responseCode: reason === null ? '00' : refusalOf(reason).responseCode,
    reason,
    rrn: generated.rrn,
    authorizationCode: null,
    at: generated.now,
    ...localFields(generated.now, context.merchant),
    privateData: generated.privateData(reason, context.terminal.textEncoding),
    ...more,
  }
}

/** A decision to write: an approval with its effects, or a refusal that a retransmission must find again. */
export function commitOf(
  request: RequestBase & { kind: string },
  kind: EntryKind,
  context: TerminalContext,
  answer: Answer,
  effects: Effects,
): Extract<Decision, { kind: 'commit' }> {
  const draft: DraftEntry = {
    terminalId: context.terminal.terminalId,
    merchantId: request.merchantId,
    kind,
    messageKey: request.messageKey,
    contentFingerprint: request.contentFingerprint,
    door: request.door,
    request: request.request,
    answer,
    effects,
    at: answer.at,
  }
  return { kind: 'commit', draft }
}

/**
 * Identity (semantics.md): same key and content, the first answer again; same key, other content, refused. A message
 * that was reversed has no effect any more whichever of the two came first, so its copies are refused too.
 */
export function repeatedMessage(
  request: RequestBase,
  loadedState: LoadedState,
  generated: Generated,
): Decision | null {
  const { earlier, reversal } = loadedState
  const refuse = (reason: DeclineReason): Decision => ({
    kind: 'answer',
    answer: answerOf(loadedState, generated, reason),
  })
  if (earlier !== null && earlier.contentFingerprint !== request.contentFingerprint)
    return refuse('key_reused_with_different_content')
  if (reversal !== null) return refuse('message_reversed')
  if (earlier === null) return null
  const { answer } = earlier
  if (answer !== null) return { kind: 'replay', entry: earlier, answer }
  if (loadedState.forwarded === null) throw new Error('an entry without an answer is a claim')
  return { kind: 'pending', forwarded: loadedState.forwarded, claim: earlier }
}
