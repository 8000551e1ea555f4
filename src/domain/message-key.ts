/** @module The business identity of a message (semantics.md, Identity), as one string for one unique index. */

import type { EntryKind } from './types.ts'

export interface PosMessageKey {
  /** Field 42, 15 characters. */
  readonly merchantId: string
  /** Field 41, 8 characters. */
  readonly terminalId: string
  /** Field 60.2, 6 digits. */
  readonly batchNumber: string
  /** Field 11, 6 digits. */
  readonly stan: string
}

/** Every part but the last is of fixed length and free of `|`, so no two keys share a string. */
export const posMessageKey = (key: PosMessageKey, kind: EntryKind): string =>
  `pos|${key.merchantId}|${key.terminalId}|${key.batchNumber}|${key.stan}|${kind}`

/** The parts of a terminal's message key; null of any other key. */
export function posPartsOf(messageKey: string): (PosMessageKey & { readonly kind: string }) | null {
  const [door, merchantId = '', terminalId = '', batchNumber = '', stan = '', kind = ''] =
    messageKey.split('|')
  return door === 'pos' ? { merchantId, terminalId, batchNumber, stan, kind } : null
}

/** The JSON door's identity: the caller's own key within its scope, a merchant or `admin`. */
export const apiMessageKey = (scope: string, kind: EntryKind, idempotencyKey: string): string =>
  `api|${scope}|${kind}|${idempotencyKey}`

/** Keys of the entries that follow a claim. */
export const outcomeKey = (messageKey: string): string => `${messageKey}|outcome`
export const followUpKey = (messageKey: string, kind: 'give_up' | 'acquirer_undone'): string =>
  `${messageKey}|${kind}`

/** Of what may come more than once, by the number of its entry: a difference found, a person's word that answers no one. */
export const laterKey = (messageKey: string, kind: 'case' | 'case_closed', seq: number): string =>
  `${messageKey}|${kind}|${seq}`

/** How the key of a message that only the acquirer has begins. */
export const ACQUIRER_KEY = 'acquirer|'

/** A message that only the acquirer has, as it is named there. */
export const acquirerKey = (
  reference: Omit<PosMessageKey, 'stan'> & { readonly acquirerStan: string },
): string =>
  `${ACQUIRER_KEY}${reference.merchantId}|${reference.terminalId}|${reference.batchNumber}|${reference.acquirerStan}`

/** A sale that the feed told of after its reversal: its own key takes no entry any more. */
export const tombstonedKey = (saleKey: string): string => `${saleKey}|buried`
