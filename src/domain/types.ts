/** @module The nouns of the domain: terminals, sales, voids, batches, journal entries and what they do. */

import type { AcquirerMove, CaseReason } from './acquirer-move.ts'
import type { AcquirerState, AcquirerStatus } from './acquirer-state.ts'
import type { DeclineReason } from './decline-reason.ts'

/** Amount in minor units of its currency (fen for 156), 0 … 999,999,999,999. */
export type Amount = number

export type TerminalStatus = 'active' | 'blocked' | 'stolen' | 'retired'

/** MAC algorithm and key length of a terminal (protocol.md §4). The names are those of the CLI. */
export const MAC_PROFILES = [
  'cup-ecb',
  'cup-ecb-16',
  'x9.9',
  'x9.19',
  'x9.19-bin4',
  'x9.19-hex4',
  'cup-sm4',
  'xor-3des',
] as const
export type MacProfile = (typeof MAC_PROFILES)[number]

/** How long a sale can be voided while its batch is open (semantics.md, Window). */
export type WindowPolicy =
  | { readonly kind: 'business_day' }
  | { readonly kind: 'same_batch' }
  | { readonly kind: 'minutes'; readonly minutes: number }

export interface Merchant {
  readonly merchantId: string
  readonly name: string
  readonly status: 'active' | 'closed'
  /** IANA time zone; the cut-off is local to it. */
  readonly timeZone: string
  /** Local cut-off time, `HH:MM`. */
  readonly cutOff: string
  readonly window: WindowPolicy
  /** ISO 4217, three digits: the one currency of its sales, so that a batch adds up. */
  readonly currencyCode: string
}

/** A merchant's settings as far as someone names them. */
export type MerchantChange = Pick<Merchant, 'merchantId'> & Partial<Merchant>

/** Totals of a batch in minor units and counts. Debit: sales. Credit: voids. Reversed items are in neither. */
export interface Totals {
  readonly debitAmount: Amount
  readonly debitCount: number
  readonly creditAmount: Amount
  readonly creditCount: number
}

export interface Batch extends Totals {
  /** Six digits, field 60.2. */
  readonly batchNumber: string
  readonly state: 'open' | 'closed'
}

export interface Terminal {
  readonly terminalId: string
  readonly merchantId: string
  readonly status: TerminalStatus
  readonly macProfile: MacProfile
  /** Encoding of the words in field 63. */
  readonly textEncoding: 'gbk' | 'ascii'
  /** Whether settlement messages (0500, 0320) must carry field 64. */
  readonly settlementMac: 'optional' | 'required'
  /** Version of the key set in use; null until the first MAC verified. */
  readonly keyVersion: number | null
  readonly batch: Batch
  readonly head: Head
}

/** Where a terminal's journal stands: the last entry's number and hash. */
export interface Head {
  readonly seq: number
  /** SHA-256, lower-case hex. */
  readonly hash: string
}

/** What is kept of a card: never more than first six, last four and a keyed fingerprint (HMAC-SHA-256, hex). */
export interface Card {
  readonly first6: string
  readonly last4: string
  readonly fingerprint: string
}

export interface Sale {
  readonly id: string
  readonly messageKey: string
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly stan: string
  readonly amount: Amount
  /** ISO 4217 numeric, three digits. */
  readonly currencyCode: string
  /** The merchant's fee for the sale in minor units, where the feed says it. */
  readonly fee: Amount | null
  readonly card: Card | null
  readonly rrn: string
  readonly authorizationCode: string | null
  readonly status: 'approved' | 'declined'
  /** Milliseconds since the epoch. */
  readonly soldAt: number
}

/** A sale with what has happened to it since. */
export interface SaleState {
  readonly sale: Sale
  readonly liveVoid: {
    readonly id: string
    readonly messageKey: string
    readonly state: AcquirerState
    /** Whether an acquirer was told of it. */
    readonly forwarded: boolean
  } | null
  readonly reversed: boolean
  /** The sale as the acquirer knows it; null where it was not forwarded. */
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
  /** Null where the void was asked through the JSON door. */
  readonly stan: string | null
  readonly amount: Amount
  readonly currencyCode: string
  readonly rrn: string
  readonly originalRrn: string
  /** Null while the acquirer has not answered, or where it gave none. */
  readonly authorizationCode: string | null
  /** Why the merchant voids; named on the JSON door only. */
  readonly reason: string | null
  /** The sale's fee, given back in full; a void has none of its own. */
  readonly feeReturned: Amount | null
  readonly voidedAt: number
  /** Without an acquirer behind us: `approved`, then perhaps `reversed`. */
  readonly state: AcquirerState
}

/** A message by what names it at the acquirer. */
export interface AcquirerReference {
  /** Six digits. */
  readonly batchNumber: string
  /** Field 11, six digits. */
  readonly stan: string
  /** 12 characters; null where neither side has one. */
  readonly rrn: string | null
  /** Six characters. */
  readonly authorizationCode: string | null
}

/** A sale or void that was forwarded to the acquirer, with the identity that it has there in every try. */
export interface AcquirerMessage {
  readonly messageKey: string
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  /** Field 11 towards the acquirer, six digits: our own. */
  readonly acquirerStan: string
  readonly amount: Amount
  readonly currencyCode: string
  /** Of a void: the sale as the acquirer knows it. */
  readonly original: AcquirerReference | null
  /** Our RRN. */
  readonly rrn: string
  /** The acquirer's RRN, once it has told one. */
  readonly acquirerRrn: string | null
  readonly state: AcquirerState
  /** Milliseconds since the epoch. */
  readonly claimedAt: number
  /** When it came into its state. */
  readonly movedAt: number
  /** When it is final or a case at the latest. */
  readonly decideBy: number
  readonly caseReason: CaseReason | null
  readonly caseOpenedAt: number | null
  /** When acquirer and we agreed after all, or a person decided. */
  readonly caseClosedAt: number | null
  /** Null: not a word that says what stands there. */
  readonly acquirerStatus: AcquirerStatus | null
  /** The amount in the acquirer's list, where it was held against ours. */
  readonly acquirerAmount: Amount | null
}

/** A message that was reversed, or (tombstone) was reversed before it was ever seen. */
export interface Reversal {
  readonly targetKey: string
  readonly kind: 'reversed' | 'tombstone'
}

/** What an entry does to the projections. The journal is the truth; the projections replay these. */
export interface Effects {
  readonly sale?: Sale
  /** The void as it stands from now on. */
  readonly voidRecord?: VoidRecord
  /** A void in its next state. `at`: when it was reversed, if it was. */
  readonly voidMoved?: {
    readonly id: string
    readonly state: AcquirerState
    readonly reversedAt: number | null
  }
  /** The message that is to be forwarded to the acquirer. */
  readonly claim?: AcquirerMessage
  /** The sale that it will be when the acquirer approves. */
  readonly claimedSale?: Sale
  readonly acquirerMoves?: readonly AcquirerMove[]
  /** Message keys that can have no effect any more. */
  readonly reversals?: readonly Reversal[]
  readonly batch?: Batch
  /** The batch opened in place of a closed one. */
  readonly nextBatch?: Batch
  readonly terminal?: Pick<Terminal, 'status' | 'macProfile' | 'textEncoding' | 'settlementMac'>
  /** The named settings change; the others stay as they are, or become the defaults of a new merchant. */
  readonly merchant?: MerchantChange
  /** The key set in use from this entry on; null ends every key set. */
  readonly keyVersion?: number | null
}

export type EntryKind =
  /** Forwarded, and not answered yet; the outcome is an entry of its own. */
  | 'sale_claim'
  | 'void_claim'
  | 'give_up'
  | 'acquirer_undone'
  | 'case'
  /** What only the acquirer's list has. */
  | 'acquirer_only'
  /** A person's decision; where it answers the message, its outcome. */
  | 'case_closed'
  | 'provision'
  | 'sale'
  | 'void'
  | 'sale_reversal'
  | 'void_reversal'
  | 'settlement'
  | 'upload_end'

/** The decided fields of an answer, from which the first answer and every replay are built. */
export interface Answer {
  /** Field 39. */
  readonly responseCode: string
  readonly reason: DeclineReason | null
  readonly rrn: string
  readonly authorizationCode: string | null
  /** Milliseconds since the epoch; fields 12 and 13 in the merchant's time zone are beside it. */
  readonly at: number
  readonly localTime: string
  readonly localDate: string
  readonly settlementDate: string
  /** Field 63 as answered, upper-case hex. */
  readonly privateData: string
  /** Field 48 of a settlement answer, digits. */
  readonly totals?: string
  /** Of a fed sale: until when it could be voided as its merchant was set then. */
  readonly voidableUntil?: number | null
}

/** A journal entry before it has its place in the chain. */
export interface DraftEntry {
  readonly terminalId: string
  readonly merchantId: string
  readonly kind: EntryKind
  readonly messageKey: string
  /** HMAC-SHA-256 of what the message asks, hex: tells a retransmission from a reuse of its key. */
  readonly contentFingerprint: string
  readonly door: 'terminal' | 'json'
  /** The request, masked: field number or JSON name → value. */
  readonly request: Readonly<Record<string, string>>
  /** Null where nothing is told yet, or to no one. */
  readonly answer: Answer | null
  readonly effects: Effects
  readonly at: number
}

/** An entry in its place: `hash` is SHA-256 over `previousHash` and the canonical encoding of the rest. */
export interface JournalEntry extends DraftEntry {
  readonly seq: number
  readonly previousHash: string
  readonly hash: string
}
