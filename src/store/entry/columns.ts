/**
 * @module The sources of derived members: the columns of a row, the parts of its key, and the entry that it follows.
 * An outcome, for example, follows its claim.
 */

import type { PosMessageKey } from '../../domain/message-key.ts'
import type { DraftEntry, Effects, EntryKind, StoredEffects } from '../../domain/types.ts'

/** The columns of a row that its body does not repeat. */
export interface EntryColumns {
  /** The stream: a terminal number, `merchant:` and a merchant number, or `region`. */
  readonly terminalId: string
  readonly seq: number
  readonly messageKey: string
  /** The new RRN of the entry; null when it has none or repeats one. */
  readonly rrn: string | null
}

/** An entry as the journal has it, with its columns. */
export interface StoredEntry extends Omit<DraftEntry, 'effects'>, EntryColumns {
  readonly effects: StoredEffects
}

/** The entry that another entry follows: the claim of a forwarded message, or its captured sale. */
export type BaseEntry = Pick<
  DraftEntry,
  'messageKey' | 'merchantId' | 'contentFingerprint' | 'door' | 'request' | 'at' | 'actor'
> & { readonly effects: Pick<Effects, 'sale' | 'claimedSale' | 'voidRecord' | 'claim'> }

/**
 * The endings of a key that follows another key (domain/message-key.ts). After the second list comes the number of the entry, and
 * after the third the fingerprint of a caller's key.
 */
const ENDINGS = ['o', 'give_up', 'acquirer_undone']
const NUMBERED_ENDINGS = ['case', 'case_closed']
const KEYED_ENDINGS = ['case_note']

/** The endings that something comes after, as patterns of SQL. */
const LONG_ENDINGS = [
  ...NUMBERED_ENDINGS.map((ending) => ({ ending, pattern: `*|${ending}|[0-9]*` })),
  ...KEYED_ENDINGS.map((ending) => ({ ending, pattern: `*|${ending}|[0-9a-f]*` })),
]

const FOLLOWS = new RegExp(
  `^(.+)\\|(?:${ENDINGS.join('|')}|(?:${NUMBERED_ENDINGS.join('|')})\\|\\d+|(?:${KEYED_ENDINGS.join('|')})\\|[0-9a-f]+)$`,
)

/** SQL condition: the column has the key of an entry that follows another one. */
export const followsAnother = (column: string): string =>
  [...ENDINGS.map((ending) => `*|${ending}`), ...LONG_ENDINGS.map(({ pattern }) => pattern)]
    .map((pattern) => `${column} glob '${pattern}'`)
    .join(' or ')

/** SQL: the key of the message itself, for a key of the column: for an entry that follows another, the other's key. */
export const messageKeyIn = (column: string): string =>
  `case ${[
    ...ENDINGS.map(
      (ending) =>
        `when ${column} glob '*|${ending}' then substr(${column}, 1, length(${column}) - ${ending.length + 1})`,
    ),
    ...LONG_ENDINGS.map(
      ({ ending, pattern }) =>
        `when ${column} glob '${pattern}' then substr(${column}, 1, instr(${column}, '|${ending}|') - 1)`,
    ),
  ].join(' ')} else ${column} end`

/** The key of the entry that the entry with this key follows; null when it follows none. */
export function baseKeyOf(messageKey: string): string | null {
  return FOLLOWS.exec(messageKey)?.[1] ?? null
}

/** The key of a terminal's message in this format: terminal, batch and STAN, and the code of its kind. */
const TERMINAL_KEY = /^([^|]{8})(\d{6})(\d{6})(?:s|v|sr|vr|c|u)(?:\||$)/

/** The key of a message that only the acquirer has. */
const ACQUIRER_ONLY_KEY = /^acquirer\|([^|]*)\|([^|]*)\|([^|]*)/

function partsIn(key: RegExp, messageKey: string): PosMessageKey | null {
  const [, terminalId, batchNumber = '', stan = ''] = key.exec(messageKey) ?? []
  return terminalId === undefined ? null : { terminalId, batchNumber, stan }
}

/** The merchant of a merchant's stream. The stream of the region has none. */
function merchantOf({ terminalId }: EntryColumns): string | undefined {
  if (terminalId === 'region') return ''
  return terminalId.startsWith('merchant:') ? terminalId.slice('merchant:'.length) : undefined
}

/** The state around a row that a body may depend on. Reading must get the same as writing. */
export interface EntryContext {
  /** The merchant of the terminal. Null: the body has it. */
  readonly merchantId: string | null
  /** The entry that this one follows, when the decision has it. */
  readonly base: BaseEntry | null
}

/** The sources of the derived members of one entry. Reading and writing fill it in the same order. */
export class EntryScope {
  readonly columns: EntryColumns
  readonly kind: EntryKind
  /** The key of the message itself: for an entry that follows another, the other's key. */
  readonly message: string
  /** Whether the key is one of an entry that follows another. */
  readonly isFollowing: boolean
  readonly parts: PosMessageKey | null
  /** Whether the message is a terminal's own, by its key. */
  readonly isTerminals: boolean
  /** The merchant of the terminal or of the stream. A `provision` entry has it in its body, for the later ones. */
  readonly merchantId: string | undefined
  /** The entry that this one follows, when the body depends on it. */
  base: BaseEntry | null = null
  /** The entry: when it is read, its members so far. */
  entry: Partial<StoredEntry> = {}
  /** The effects likewise. */
  effects: StoredEffects = {}

  constructor(columns: EntryColumns, kind: EntryKind, merchantId: string | null) {
    this.columns = columns
    this.kind = kind
    const baseKey = baseKeyOf(columns.messageKey)
    this.isFollowing = baseKey !== null
    this.message = baseKey ?? columns.messageKey
    const ofTerminal = partsIn(TERMINAL_KEY, this.message)
    this.isTerminals = ofTerminal !== null
    this.parts = ofTerminal ?? partsIn(ACQUIRER_ONLY_KEY, this.message)
    this.merchantId = kind === 'provision' ? undefined : (merchantId ?? merchantOf(columns))
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
    return this.isReversal && this.isTerminals ? this.message.replace(/r$/, '') : this.message
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
