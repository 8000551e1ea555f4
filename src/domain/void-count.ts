/**
 * @module Whether an entry makes a void of a sale, or ends one. The journal counts both. A sale is voided while more are made
 * than ended. So a lost row of `void` lets no second void through.
 */

import type { StoredEffects } from './types.ts'

export type VoidSign = 1 | -1

/** 1: the entry makes a void. −1: it ends one. Undefined: neither. `messageKey`: the key of the entry. */
export function voidSignOf(
  messageKey: string,
  { voidRecord, voidMoved }: Pick<StoredEffects, 'voidRecord' | 'voidMoved'>,
): VoidSign | undefined {
  const state = voidRecord?.state ?? voidMoved?.state
  const isEnded = state === 'declined' || state === 'reversed'
  // The first entry of a void has the void's own key. Its outcome has another.
  if (voidRecord !== undefined && voidRecord.messageKey === messageKey) return isEnded ? undefined : 1
  return isEnded ? -1 : undefined
}

/** The keys among which the ended void is. */
export const endedKeysOf = ({ voidRecord, reversals = [], acquirerMoves = [] }: StoredEffects): string[] => [
  ...(voidRecord === undefined ? [] : [voidRecord.messageKey]),
  ...reversals.map(({ targetKey }) => targetKey),
  ...acquirerMoves.map(({ messageKey }) => messageKey),
]
