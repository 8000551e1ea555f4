/** @module The identity of a message (semantics.md, Identity), as one string for one unique index. */

import type { EntryKind } from './types.ts'

export interface PosMessageKey {
  /** Field 41, 8 characters. */
  readonly terminalId: string
  /** Field 60.2, 6 digits. */
  readonly batchNumber: string
  /** Field 11, 6 digits. */
  readonly stan: string
}

/** The end of a terminal's message key. The reversal of a message has the key of the message as its beginning. */
const CODES = {
  sale: 's',
  void: 'v',
  sale_reversal: 'sr',
  void_reversal: 'vr',
  settlement: 'c',
  upload_end: 'u',
} as const
export type PosKind = keyof typeof CODES

const KINDS = new Map<string, PosKind>(Object.entries(CODES).map(([kind, code]) => [code, kind as PosKind]))

/**
 * The key of a terminal's message: field 41, field 60.2, field 11, and the kind. A terminal number belongs to one merchant, so field
 * 42 is not in it. All parts but the last have a fixed length, so no two keys are equal.
 */
export const posMessageKey = (key: PosMessageKey, kind: PosKind): string =>
  `${key.terminalId}${key.batchNumber}${key.stan}${CODES[kind]}`

/** The parts of a terminal's message key; null for any other key. */
export function posPartsOf(messageKey: string): (PosMessageKey & { readonly kind: PosKind }) | null {
  const [, terminalId = '', batchNumber = '', stan = '', code = ''] =
    /^([^|]{8})(\d{6})(\d{6})([a-z]+)(?:\||$)/.exec(messageKey) ?? []
  const kind = KINDS.get(code)
  return kind === undefined ? null : { terminalId, batchNumber, stan, kind }
}

/** The key of a JSON request: the caller's own key within its scope, a merchant or `admin`. */
export const apiMessageKey = (scope: string, kind: EntryKind, idempotencyKey: string): string =>
  `api|${scope}|${kind}|${idempotencyKey}`

/** Key of the outcome of a claim. It is short: half of the entries of a forwarded message have it. */
export const outcomeKey = (messageKey: string): string => `${messageKey}|o`
/** Key of another entry after a claim. */
export const followUpKey = (messageKey: string, kind: 'give_up' | 'acquirer_undone'): string =>
  `${messageKey}|${kind}`

/** Key of an entry that may come more than once, by its `seq`: a case, or a decision that answers no message. */
export const laterKey = (messageKey: string, kind: 'case' | 'case_closed', seq: number): string =>
  `${messageKey}|${kind}|${seq}`

/** Key of a note on the case of a message. `fingerprint`: of the note's `Idempotency-Key`, lower-case hex. */
export const noteKey = (messageKey: string, fingerprint: string): string =>
  `${messageKey}|case_note|${fingerprint}`

/** The beginning of the key of a message that only the acquirer has. */
export const ACQUIRER_KEY = 'acquirer|'

/** The key of a message that only the acquirer has, under the acquirer's numbers. */
export const acquirerKey = (
  reference: Omit<PosMessageKey, 'stan'> & { readonly acquirerStan: string; readonly kind: 'sale' | 'void' },
): string =>
  `${ACQUIRER_KEY}${reference.terminalId}|${reference.batchNumber}|${reference.acquirerStan}|${reference.kind}`

/** The key of a captured sale that arrives after its reversal. The tombstone keeps the sale's own key from use. */
export const tombstonedKey = (saleKey: string): string => `${saleKey}|tombstoned`
