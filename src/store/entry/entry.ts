/**
 * @module Writes an entry as the body of its row, and reads it back (docs/journal.md). A body is a JSON list: the number
 * of the format, the kind, and the members of the entry by the tables of that format.
 */

import type { Actor } from '../../domain/actor.ts'
import type { Batch, DraftEntry, EntryKind, StoredEffects } from '../../domain/types.ts'
import { answerForm } from './answer.ts'
import { CODED_CHANNELS, CODED_DOORS, CODED_KINDS } from './codes.ts'
import { type EntryColumns, type EntryContext, EntryScope, type StoredEntry } from './columns.ts'
import { effectsForm, storedEffects } from './effects.ts'
import { requestForm } from './request.ts'
import { describeList, given, objectForm, orNull, readList, tableOf, usually, writeList } from './schema.ts'
import { atForm, hexForm, malformed, plainNumber, plainText, truth } from './values.ts'

/** The number of the format that this version writes. */
export const ENTRY_FORMAT = 2

interface KindOfEntry {
  /** Whether its message has a content of its own, even when it follows no other entry. */
  readonly hasContent: boolean
  /** Whether it usually answers a message. */
  readonly answers: boolean
}

const ANSWER_TO_MESSAGE: KindOfEntry = { hasContent: true, answers: true }
const LATER_ANSWER: KindOfEntry = { hasContent: true, answers: false }
const WITHOUT_MESSAGE: KindOfEntry = { hasContent: false, answers: false }

/** Every kind. A body has its code (`CODED_KINDS`). */
const KINDS: Readonly<Record<EntryKind, KindOfEntry>> = {
  sale: ANSWER_TO_MESSAGE,
  void: ANSWER_TO_MESSAGE,
  sale_claim: LATER_ANSWER,
  void_claim: LATER_ANSWER,
  give_up: LATER_ANSWER,
  acquirer_undone: LATER_ANSWER,
  case: WITHOUT_MESSAGE,
  case_closed: LATER_ANSWER,
  acquirer_only: WITHOUT_MESSAGE,
  sale_reversal: ANSWER_TO_MESSAGE,
  void_reversal: ANSWER_TO_MESSAGE,
  settlement: ANSWER_TO_MESSAGE,
  upload_end: ANSWER_TO_MESSAGE,
  provision: { hasContent: false, answers: true },
  merchant: WITHOUT_MESSAGE,
  api_key: WITHOUT_MESSAGE,
  case_note: WITHOUT_MESSAGE,
}

/** Every kind, in the order of the page of the format. */
export const STORED_KINDS = CODED_KINDS.codes as readonly EntryKind[]

export const ACTOR_TABLE = tableOf<Actor>('actor', {
  channel: given(CODED_CHANNELS),
  operator: orNull(plainText),
  keyId: orNull(plainText),
  address: orNull(plainText),
  policy: orNull(plainNumber),
})

/** The sender of an outcome: an acquirer's answer, or the time. */
const USUAL_ACTOR = { channel: 'cron', operator: null, keyId: null, address: null } as const

interface EntryView extends Omit<DraftEntry, 'terminalId' | 'messageKey' | 'kind' | 'effects'> {
  readonly effects: StoredEffects
  /** Whether members follow from the entry that this one follows. */
  readonly follows: boolean
}

export const ENTRY_TABLE = tableOf<EntryView>(
  'entry',
  {
    follows: usually(truth, '1 after a key of another entry', ({ isFollowing }) => isFollowing),
    at: given(atForm),
    door: usually(CODED_DOORS, 'that of the claim; by the key', ({ base, isTerminals }) =>
      base === null ? (isTerminals ? 'terminal' : 'json') : base.door,
    ),
    merchantId: usually(
      plainText,
      'that of the claim, or of the stream',
      ({ base, merchantId }) => base?.merchantId ?? merchantId,
    ),
    contentFingerprint: usually(hexForm, 'that of the claim; empty for some kinds', ({ base, kind }) =>
      base === null ? (KINDS[kind].hasContent ? undefined : '') : base.contentFingerprint,
    ),
    request: usually(requestForm, 'that of the claim', ({ base }) => base?.request),
    answer: usually(answerForm, 'null for kinds that answer nothing', ({ kind }) =>
      KINDS[kind].answers ? undefined : null,
    ),
    effects: usually(effectsForm, 'none', () => ({})),
    actor: usually(objectForm(ACTOR_TABLE), '`cron` with the policy of the claim, else absent', ({ base }) =>
      base?.actor === undefined ? undefined : { ...USUAL_ACTOR, policy: base.actor.policy },
    ),
  },
  ['follows', 'contentFingerprint', 'request', 'answer', 'effects'],
)

/** The state of a decision that a body may depend on. */
export interface WritingContext extends EntryContext {
  /** The new RRN of the entry; null when it has none or repeats one. */
  readonly rrn: string | null
  /** The open batch of the decision. */
  readonly before: Batch | null
}

/** The body of an entry. Equal entries have equal bodies. Throws RangeError on totals of another batch than `before`. */
export function encodeEntry(draft: DraftEntry, { rrn, before, base, merchantId }: WritingContext): string {
  const { kind, terminalId, messageKey } = draft
  // The body depends on no number of the row.
  const scope = new EntryScope({ terminalId, messageKey, rrn, seq: 0 }, kind, merchantId)
  if (base !== null && scope.isFollowing && base.messageKey === scope.message) scope.base = base
  const effects = storedEffects(draft.effects, before)
  const entry = { ...draft, effects, follows: scope.base !== null }
  scope.entry = entry
  scope.effects = effects
  return JSON.stringify([
    ENTRY_FORMAT,
    CODED_KINDS.write(kind, scope),
    ...writeList(ENTRY_TABLE, entry, scope),
  ])
}

/** An entry that was read, and the scope with which its members were derived. */
interface Read {
  readonly entry: StoredEntry
  readonly list: readonly unknown[]
  readonly scope: EntryScope
}

type Reader = (
  kind: EntryKind,
  list: readonly unknown[],
  columns: EntryColumns,
  context: EntryContext,
) => Read

/** The reader of each format that was ever written. A reader stays for good. */
const READERS: ReadonlyMap<unknown, Reader> = new Map([[ENTRY_FORMAT, readFormat2]])

/**
 * Reads an entry. Its base has the key `baseKeyOf`. Throws SyntaxError on a body that is not of a known format, and on
 * one whose base or merchant is missing in the context.
 */
export const decodeEntry = (columns: EntryColumns, body: string, context: EntryContext): StoredEntry =>
  read(columns, body, context).entry

/** The members that a body has, by their names, without the derived ones. Throws SyntaxError like `decodeEntry`. */
export function describeEntry(
  columns: EntryColumns,
  body: string,
  context: EntryContext,
): Record<string, unknown> {
  const { list, scope, entry } = read(columns, body, context)
  return { format: ENTRY_FORMAT, kind: entry.kind, ...describeList(ENTRY_TABLE, list, scope) }
}

function read(columns: EntryColumns, body: string, context: EntryContext): Read {
  const stored: unknown = JSON.parse(body)
  if (!Array.isArray(stored)) throw malformed('expected a list')
  const [format, code, ...list] = stored
  const reader = READERS.get(format)
  if (reader === undefined) throw malformed(`this version does not know format ${JSON.stringify(format)}`)
  const kind = typeof code === 'number' ? STORED_KINDS[code] : undefined
  if (kind === undefined) throw malformed('unknown kind')
  return reader(kind, list, columns, context)
}

function readFormat2(
  kind: EntryKind,
  list: readonly unknown[],
  columns: EntryColumns,
  context: EntryContext,
): Read {
  const { base, merchantId } = context
  const scope = new EntryScope(columns, kind, merchantId)
  if (followsIn(list, scope)) {
    if (base === null || base.messageKey !== scope.message)
      throw malformed(`the entry ${scope.message} is missing`)
    scope.base = base
  }
  const view: { -readonly [Name in keyof EntryView]?: EntryView[Name] } = {}
  scope.entry = view
  readList(ENTRY_TABLE, list, scope, view)
  if (view.merchantId === undefined) throw malformed('the merchant of the terminal is missing')
  const { follows: _, ...members } = view
  const { terminalId, messageKey, rrn, seq } = columns
  const entry: StoredEntry = { ...(members as EntryView), kind, terminalId, messageKey, rrn, seq }
  return { entry, list, scope }
}

/** Whether members follow from another entry: by the first bit of the mask, before anything else is read. */
function followsIn([mask, first]: readonly unknown[], scope: EntryScope): boolean {
  return typeof mask === 'number' && (mask & 1) !== 0 ? first === 1 : scope.isFollowing
}
