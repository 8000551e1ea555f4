/** @module The nouns of the domain: terminals, sales, voids, batches, journal entries and their effects. */

import type { AcquirerMove, CaseReason } from './acquirer-move.ts'
import type { AcquirerState, AcquirerStatus } from './acquirer-state.ts'
import type { Actor } from './actor.ts'
import type { ApiKey } from './api-key.ts'
import type { DeclineReason } from './decline-reason.ts'
import type { KeyVersions } from './key-lifetime.ts'
import type { MerchantRules } from './merchant-rules.ts'
import type { Reversal } from './reversal.ts'
import type { SaleFacts, WindowPolicy } from './sale-facts.ts'
import type { StoredProfile, TerminalProfile } from './terminal-profile.ts'
import type { BatchClosing, Totals } from './totals.ts'
import type { VoidMove } from './void-move.ts'

/** Amount in minor units of its currency (fen for 156), 0 to 999,999,999,999. */
export type Amount = number

/** A rule that is absent is the usual one (`rulesOf`). */
export interface Merchant extends Partial<MerchantRules> {
  readonly merchantId: string
  readonly name: string
  readonly status: 'active' | 'closed'
  /** IANA time zone. The cut-off is local to it. */
  readonly timeZone: string
  /** Local cut-off time, `HH:MM`. */
  readonly cutOff: string
  readonly window: WindowPolicy
  /** ISO 4217 numeric, three digits. A merchant has one currency, so that a batch adds up. */
  readonly currencyCode: string
}

export interface Batch extends Totals {
  /** Six digits, field 60.2. */
  readonly batchNumber: string
  readonly state: 'open' | 'closed'
  /** The part of the totals that is not the terminal's own (office-totals.ts). Absent: none. */
  readonly office?: Totals
}

export interface Terminal extends KeyVersions, TerminalProfile {
  readonly terminalId: string
  readonly merchantId: string
  readonly batch: Batch
  readonly head: Head
}

/** The head of a terminal's journal: number and hash of the last entry. */
export interface Head {
  readonly seq: number
  /** SHA-256, lower-case hex. */
  readonly hash: string
}

/** The parts of a card number that Annul keeps: first six, last four, and a keyed fingerprint, 32 hex digits. */
export interface Card {
  readonly first6: string
  readonly last4: string
  readonly fingerprint: string
}

export interface Sale extends SaleFacts {
  readonly id: string
  readonly messageKey: string
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly stan: string
  readonly amount: Amount
  /** ISO 4217 numeric, three digits. */
  readonly currencyCode: string
  /** The merchant's fee for the sale in minor units. Null when it was not given. */
  readonly fee: Amount | null
  readonly card: Card | null
  readonly rrn: string
  readonly authorizationCode: string | null
  readonly status: 'approved' | 'declined'
  /** Milliseconds since the epoch. */
  readonly soldAt: number
}

/** A sale and its later void and reversal. */
export interface SaleState {
  readonly sale: Sale
  readonly liveVoid: {
    readonly id: string
    readonly messageKey: string
    readonly state: AcquirerState
    /** Whether the void was forwarded to the acquirer. */
    readonly forwarded: boolean
    /** The void at the acquirer, as long as it waits there for anything. */
    readonly message?: AcquirerMessage | null
  } | null
  /** Whether the entries make a void and do not end it (void-count.ts). */
  readonly isVoidedByEntries: boolean
  /** Whether the live void, as the entries have it, lacks its row here or at the acquirer. */
  readonly isVoidRowLost: boolean
  /** Whether Annul made the RRN of the sale. Else its caller gave it: a captured sale with the acquirer's own RRN. */
  readonly isRrnOurs: boolean
  readonly reversed: boolean
  /** The keys of its voids that are in the terminal's own totals (office-totals.ts). */
  readonly ownVoids: readonly string[]
  /** The sale at the acquirer; null when it was not forwarded. */
  readonly forwarded: AcquirerMessage | null
  readonly batchState: Batch['state']
}

export interface VoidRecord {
  readonly id: string
  readonly messageKey: string
  readonly saleId: string
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  /** Null for a void through the JSON API. */
  readonly stan: string | null
  readonly amount: Amount
  readonly currencyCode: string
  readonly rrn: string
  readonly originalRrn: string
  /** Null before the acquirer's answer, or when it gives none. */
  readonly authorizationCode: string | null
  /** The merchant's reason for the void; only the JSON API has it. */
  readonly reason: string | null
  /** The fee of the sale in minor units, returned in full. A void has no fee. */
  readonly feeReturned: Amount | null
  readonly voidedAt: number
  /** Without a remote acquirer: `approved`, then `reversed` after a reversal. */
  readonly state: AcquirerState
}

/** The acquirer's reference of a message. */
export interface AcquirerReference {
  /** Six digits. */
  readonly batchNumber: string
  /** Field 11, six digits. */
  readonly stan: string
  /** 12 characters, the acquirer's own. Null when it has given none. */
  readonly rrn: string | null
  /** Six characters. */
  readonly authorizationCode: string | null
}

/** A sale or void that was forwarded to the acquirer. Every try uses the same identity there. */
export interface AcquirerMessage {
  readonly messageKey: string
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  /** Field 11 for the acquirer, six digits. It is our own number. */
  readonly acquirerStan: string
  readonly amount: Amount
  readonly currencyCode: string
  /** For a void: the sale, with the acquirer's numbers. */
  readonly original: AcquirerReference | null
  /** Our RRN, 12 digits. */
  readonly rrn: string
  /** The acquirer's RRN, when it has sent one. */
  readonly acquirerRrn: string | null
  readonly state: AcquirerState
  /** Milliseconds since the epoch, like all times here. */
  readonly claimedAt: number
  /** The time of the last change of state. */
  readonly movedAt: number
  /** The deadline: the message is then final or a case. */
  readonly decideBy: number
  readonly caseReason: CaseReason | null
  readonly caseOpenedAt: number | null
  /** The time at which both sides agreed, or a person decided. */
  readonly caseClosedAt: number | null
  /** Null: the acquirer has sent no definite statement. */
  readonly acquirerStatus: AcquirerStatus | null
  /** The amount in the acquirer's list, after a comparison with ours. */
  readonly acquirerAmount: Amount | null
}

/** The effects of an entry on the projections, which follow from them. The journal is the truth. */
export interface Effects extends Partial<KeyVersions> {
  readonly sale?: Sale
  readonly voidRecord?: VoidRecord
  readonly voidMoved?: VoidMove
  /** The message to forward to the acquirer. */
  readonly claim?: AcquirerMessage
  /** The sale after the acquirer's approval. */
  readonly claimedSale?: Sale
  readonly acquirerMoves?: readonly AcquirerMove[]
  /** Message keys that can have no effect any more. */
  readonly reversals?: readonly Reversal[]
  readonly batch?: Batch
  /** The batch that opens after a closed one. */
  readonly nextBatch?: Batch
  readonly terminal?: StoredProfile
  /** The merchant, or the bearer key, from this entry on. */
  readonly merchant?: Merchant
  readonly apiKey?: ApiKey
  readonly closing?: BatchClosing
}

/** The effects as the journal has them: totals as the change of one batch, not as the batch after it. */
export interface StoredEffects extends Omit<Effects, 'batch'> {
  /** Amounts and counts to add, which may be negative, and the state of the batch afterwards. */
  readonly batchChange?: Batch
}

export type EntryKind =
  /** Forwarded without an answer yet. The outcome is another entry. */
  | 'sale_claim'
  | 'void_claim'
  | 'give_up'
  | 'acquirer_undone'
  | 'case'
  /** A message that only the acquirer's list has. */
  | 'acquirer_only'
  /** A person's decision. It is the outcome when it answers the message. */
  | 'case_closed'
  | 'case_note'
  | 'provision'
  /** In the stream of a merchant, or for keys of administrators of the region. All others are in that of a terminal. */
  | 'merchant'
  | 'api_key'
  | 'sale'
  | 'void'
  | 'sale_reversal'
  | 'void_reversal'
  | 'settlement'
  | 'upload_end'

/** The decided fields of an answer. The first answer and every replay are built from them. */
export interface Answer {
  /** Field 39, two characters. */
  readonly responseCode: string
  readonly reason: DeclineReason | null
  readonly rrn: string
  readonly authorizationCode: string | null
  /** Milliseconds since the epoch. `localTime` and `localDate` are fields 12 and 13 in the merchant's time zone. */
  readonly at: number
  readonly localTime: string
  readonly localDate: string
  readonly settlementDate: string
  /** The encoding of the texts in field 63, which follow from the reason. */
  readonly textEncoding: Terminal['textEncoding']
  /** `short`: field 63 has at most 63 bytes. Absent: it has the long form, or there is no reason. */
  readonly texts?: 'short'
  /** Field 48 of a settlement answer, 62 digits. */
  readonly totals?: string
  /** In old entries of captured sales: the end of the window. A newer sale has it itself. */
  readonly voidableUntil?: number | null
}

/** A journal entry before it has its number in the chain. */
export interface DraftEntry {
  readonly terminalId: string
  readonly merchantId: string
  readonly kind: EntryKind
  readonly messageKey: string
  /** Fingerprint of the content (crypto/keyring.ts), 32 hex digits. A retransmission has the same one, a reused key another. */
  readonly contentFingerprint: string
  readonly door: 'terminal' | 'json'
  /** The masked request: field number or JSON name → value. */
  readonly request: Readonly<Record<string, string>>
  /** Null before there is an answer, and in entries that answer no message. */
  readonly answer: Answer | null
  readonly effects: Effects
  readonly at: number
  readonly actor?: Actor
}

/** An entry in the chain. `hash` is SHA-256 over the hash before it and the canonical encoding of the rest. */
export interface JournalEntry extends Omit<DraftEntry, 'effects'> {
  readonly effects: StoredEffects
  readonly seq: number
  readonly hash: string
}
