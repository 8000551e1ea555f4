/**
 * @module The sources of derived members: the columns of a row, the parts of its key, and the entry that it follows.
 * An outcome, for example, follows its claim.
 */

import { ACQUIRER_KEY } from '../../domain/message-key.ts'
import type { Batch, DraftEntry, Effects, EntryKind, Totals } from '../../domain/types.ts'

/** The columns of a row that its body does not repeat. */
export interface EntryColumns {
  /** The stream: a terminal number, or `merchant:` and a merchant number. */
  readonly terminalId: string
  readonly seq: number
  readonly messageKey: string
  /** The new RRN of the entry; null when it has none or repeats one. */
  readonly rrn: string | null
}

/** How an entry changes one batch: amounts and counts to add, which may be negative, and its state afterwards. */
export interface BatchChange extends Totals {
  /** Six digits. */
  readonly batchNumber: string
  readonly state: Batch['state']
}

/** The effects as the journal has them: totals as the change of one batch, not as the batch after it. */
export interface StoredEffects extends Omit<Effects, 'batch'> {
  readonly batchChange?: BatchChange
}

/** An entry as the journal has it, with its columns. */
export interface StoredEntry extends Omit<DraftEntry, 'effects'>, EntryColumns {
  readonly effects: StoredEffects
}

/** The entry that another entry follows: the claim of a forwarded message, or its captured sale. */
export type BaseEntry = Pick<
  DraftEntry,
  'messageKey' | 'merchantId' | 'contentFingerprint' | 'door' | 'request'
> & { readonly effects: Pick<Effects, 'sale' | 'claimedSale' | 'voidRecord' | 'claim'> }

const FOLLOWS = /^(.+)\|(?:outcome|give_up|acquirer_undone|case\|\d+|case_closed\|\d+)$/

/** The key of the entry that the entry with this key follows; null when it follows none. */
export function baseKeyOf(messageKey: string): string | null {
  return FOLLOWS.exec(messageKey)?.[1] ?? null
}

interface KeyParts {
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly stan: string
}

/** The parts of the key of a terminal's message, or of a message that only the acquirer has. */
function partsOf(messageKey: string): KeyParts | null {
  if (!messageKey.startsWith('pos|') && !messageKey.startsWith(ACQUIRER_KEY)) return null
  const [, merchantId = '', terminalId = '', batchNumber = '', stan = ''] = messageKey.split('|')
  return { merchantId, terminalId, batchNumber, stan }
}

/** The merchant of a JSON request's key, or of a merchant's stream. */
function merchantOf({ messageKey, terminalId }: EntryColumns): string | undefined {
  if (messageKey.startsWith('api|')) return messageKey.split('|', 2)[1]
  return terminalId.startsWith('merchant:') ? terminalId.slice('merchant:'.length) : undefined
}

/** The sources of the derived members of one entry. Reading and writing fill it in the same order. */
export class EntryScope {
  readonly columns: EntryColumns
  readonly kind: EntryKind
  /** The key of the message itself: for an entry that follows another, the other's key. */
  readonly message: string
  /** Whether the key is one of an entry that follows another. */
  readonly isFollowing: boolean
  readonly parts: KeyParts | null
  /** The merchant by the columns, when they name one. */
  readonly merchantId: string | undefined
  /** The entry that this one follows, when the body depends on it. */
  base: BaseEntry | null = null
  /** The entry: when it is read, its members so far. */
  entry: Partial<StoredEntry> = {}
  /** The effects likewise. */
  effects: StoredEffects = {}

  constructor(columns: EntryColumns, kind: EntryKind) {
    this.columns = columns
    this.kind = kind
    const baseKey = baseKeyOf(columns.messageKey)
    this.isFollowing = baseKey !== null
    this.message = baseKey ?? columns.messageKey
    this.parts = partsOf(this.message)
    this.merchantId = this.parts?.merchantId ?? merchantOf(columns)
  }

  get at(): number {
    return this.entry.at ?? 0
  }

  get request(): Readonly<Record<string, string>> {
    return this.entry.request ?? {}
  }

  get isReversal(): boolean {
    return this.kind === 'sale_reversal' || this.kind === 'void_reversal'
  }

  /** The key of the message that the entry is about: for a terminal's reversal, its target. */
  get target(): string {
    return this.isReversal ? this.message.replace(/_reversal$/, '') : this.message
  }

  /** Whether the entry's answer refuses the message. Undefined without an answer. */
  get isRefused(): boolean | undefined {
    const answer = this.entry.answer ?? null
    return answer === null ? undefined : answer.reason !== null
  }

  /** The sale or void that the entry, or the one before it, records. */
  get record() {
    const own = this.effects.voidRecord ?? this.effects.sale ?? this.effects.claimedSale
    if (own !== undefined || this.base === null) return own
    const { voidRecord, sale, claimedSale, claim } = this.base.effects
    return voidRecord ?? sale ?? claimedSale ?? claim
  }

  /** The amount by the request, in minor units; NaN when it names none. */
  get amount(): number {
    const { request } = this
    return Number(request['4'] ?? request.amount ?? request.acquirerAmount ?? NaN)
  }
}
