/** @module The parts of a decision, and the guards that all messages share. No I/O, no clock, no randomness. */

import type { ArchivedMessage } from './archived-message.ts'
import { type DeclineReason, refusalOf } from './decline-reason.ts'
import type { Need } from './guard.ts'
import type { RequestBase } from './requests.ts'
import type { Reversal } from './reversal.ts'
import type {
  AcquirerMessage,
  Answer,
  Batch,
  DraftEntry,
  Effects,
  EntryKind,
  JournalEntry,
  Merchant,
  SaleState,
  Terminal,
} from './types.ts'
import { localFields } from './window.ts'

/** The refusals of a sender that are in the journal (refusal-quota.ts), as loaded. */
export interface SenderRefusals {
  readonly key: string
  /** The UTC day of the load, in days since the epoch. */
  readonly day: number
  readonly written: number
}

/** The totals in a 0500 whose batch stays open. They are kept beside the journal, because they may come without a MAC. */
export interface DeclaredTotals {
  /** Field 48, 62 digits. */
  readonly totals: string
  readonly isSigned: boolean
}

/** All state that a decision may depend on, loaded in one batch. */
export interface LoadedState {
  readonly terminal: Terminal
  readonly merchant: Merchant
  /** The entry with this message's key. For a forwarded message it is the outcome, or the claim before there is one. */
  readonly earlier: JournalEntry | null
  /** The claim of this message, when it was forwarded, and the message at the acquirer. */
  readonly claim: JournalEntry | null
  readonly forwarded: AcquirerMessage | null
  /** The reversal that names this message, or the message in the archive. */
  readonly reversal: Reversal | ArchivedMessage | null
  /** The sale of a void, or of the reversal of a sale. */
  readonly original: SaleState | null
  /** Whether the sale that the message names is a sale of the terminal in the archive. */
  readonly isOriginalArchived: boolean
  /** Whether the terminal has a forwarded sale that the message names, and whose outcome is unknown. It has no row yet. */
  readonly isOriginalPending: boolean
  /** The entry that a reversal names (like `earlier`), its state at the acquirer, and an earlier reversal of it. */
  readonly target: JournalEntry | null
  readonly targetForwarded: AcquirerMessage | null
  /** Whether the journal has a claim of the target. Then `targetForwarded` is null only when its row is lost. */
  readonly isTargetClaimed: boolean
  /** Whether the terminal sent a sale or a void after the target. */
  readonly isTargetFollowed: boolean
  readonly targetReversal: Reversal | ArchivedMessage | null
  /** The batch that the message names, when it exists. */
  readonly namedBatch: Batch | null
  /** Whether the journal has a message of that batch. Only a settlement or an upload loads it. */
  readonly isBatchUsed: boolean
  /** The totals that the terminal declared last in that batch. */
  readonly declared: DeclaredTotals | null
  /** Whether a message of the terminal has an unknown outcome and no case. The totals are unknown then. */
  readonly undecided: boolean
  /** The key of the forwarded sale that has the trace number of this captured sale at the acquirer. */
  readonly takenBy: string | null
  /** The guards of everything above that is outside the terminal's journal, with their versions. */
  readonly needs: readonly Need[]
  /** The refusals of the sender today. Null: nobody counts them (refusal-quota.ts). */
  readonly refusals: SenderRefusals | null
}

/** Fresh values for a decision. They come from outside, so that a decision depends on its arguments alone. */
export interface Generated {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** A new retrieval reference number, 12 digits. */
  readonly rrn: string
  /** A new authorization code, 6 digits. */
  readonly authorizationCode: string
  /** A new id of a sale or void, 32 hex digits. It begins with the merchant's bucket. */
  readonly id: string
  /** A new STAN (field 11) for the acquirer, six digits, not 000000. */
  readonly acquirerStan: string
  /** The acquirer's day of `now` by its cut-off, MMDD. Absent: no days are settled with it. */
  readonly acquirerDate?: string
}

export type Decision =
  /** Write this entry, then answer from it. `moves`: the guards that it raises. */
  | { readonly kind: 'commit'; readonly draft: DraftEntry; readonly moves?: readonly string[] }
  /** Answer from an entry that is in the journal. */
  | { readonly kind: 'replay'; readonly entry: JournalEntry; readonly answer: Answer }
  /** The message was forwarded and its outcome is unknown: return no answer. */
  | { readonly kind: 'pending'; readonly forwarded: AcquirerMessage; readonly claim: JournalEntry }
  /** Answer without an entry: a copy may be decided again. `declared`: to keep for the closing of the batch. */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly declared?: DeclaredTotals }

type TerminalContext = Pick<LoadedState, 'terminal' | 'merchant'>

/** The decided fields of an answer at `generated.now`. `reason` null: approved, field 39 is 00. */
export function answerOf(
  context: TerminalContext,
  generated: Generated,
  reason: DeclineReason | null,
  more: Partial<Pick<Answer, 'authorizationCode' | 'totals' | 'rrn'>> = {},
): Answer {
  return {
    responseCode: reason === null ? '00' : refusalOf(reason).responseCode,
    reason,
    rrn: generated.rrn,
    authorizationCode: null,
    at: generated.now,
    ...localFields(generated.now, context.merchant),
    textEncoding: context.terminal.textEncoding,
    ...(reason !== null && context.terminal.texts === 'short' ? { texts: 'short' } : {}),
    ...more,
  }
}

/** A decision to write: an approval with its effects, or a refusal that a retransmission must get again. */
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

/** Whether the entry is of the same message as the request with its key. */
const isSameContent = (request: RequestBase, earlier: JournalEntry): boolean =>
  earlier.contentFingerprint === request.contentFingerprint ||
  earlier.contentFingerprint === request.otherFingerprint

/**
 * The answer to a message whose key is in use (semantics.md, Identity). Same content: the first answer again. Other
 * content: a refusal. A reversed message has no effect in either order, so its copies are refused. The outcome of a message in the
 * archive is there, so its copies are refused too. Null: the message is new. Throws Error when an entry without an answer is not a claim.
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
  if (earlier !== null && !isSameContent(request, earlier)) return refuse('key_reused_with_different_content')
  if (reversal?.kind === 'archived') return refuse('message_archived')
  if (reversal !== null) return refuse('message_reversed')
  if (earlier === null) return null
  const { answer } = earlier
  if (answer !== null) return { kind: 'replay', entry: earlier, answer }
  if (loadedState.forwarded === null) throw new Error('an entry without an answer is a claim')
  return { kind: 'pending', forwarded: loadedState.forwarded, claim: earlier }
}
