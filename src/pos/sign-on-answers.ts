/**
 * @module The keys of answered sign-ons, as field 62 has them. Until a MAC verifies under a pending key set, each sign-on
 * gets the same keys. So a repeated one needs no key in clear.
 *
 * The bytes are keys under the master key of the terminal, as everyone on the way of the answer sees them. They belong to
 * the wrapped keys from which they were made. When one of these is another, they are made anew.
 */

import { createRecent } from '../domain/recent.ts'
import type { Terminal } from '../domain/types.ts'
import type { WrappedKeySet } from '../store/load.ts'

/** The most terminals, about a kilobyte each. */
const KEPT = 4096

/** The wrapped keys of an answer. */
export interface AnswerKeys {
  readonly masterKey: { readonly version: number; readonly wrapped: string }
  readonly set: WrappedKeySet
}

type TerminalName = Pick<Terminal, 'terminalId' | 'merchantId'>

const nameOf = ({ terminalId, merchantId }: TerminalName): string => `${terminalId}|${merchantId}`

export interface SignOnAnswers {
  /** Whether a sign-on of this terminal under this merchant was answered lately. */
  has(terminalId: string, merchantId: string): boolean
  /** Field 62 from memory, or from `make`. Its errors are passed on. */
  field62(terminal: TerminalName, keys: AnswerKeys, make: () => Promise<Uint8Array>): Promise<Uint8Array>
}

/** The memory of one isolate. */
export function createSignOnAnswers(): SignOnAnswers {
  /** By terminal, then by layout (60.3). */
  const kept = createRecent<Map<string, { readonly keys: AnswerKeys; readonly bytes: Uint8Array }>>(KEPT)
  return {
    has: (terminalId, merchantId) => kept.get(nameOf({ terminalId, merchantId })) !== undefined,
    async field62(terminal, keys, make) {
      const { layout } = keys.set
      const name = nameOf(terminal)
      const known = kept.get(name)?.get(layout)
      if (known !== undefined && isSame(known.keys, keys)) return known.bytes
      const bytes = await make()
      const byLayout = kept.get(name) ?? new Map()
      kept.set(name, byLayout.set(layout, { keys, bytes }))
      return bytes
    },
  }
}

const isSame = (a: AnswerKeys, b: AnswerKeys): boolean =>
  a.masterKey.version === b.masterKey.version &&
  a.masterKey.wrapped === b.masterKey.wrapped &&
  a.set.version === b.set.version &&
  a.set.mak === b.set.mak &&
  a.set.tpk === b.set.tpk &&
  a.set.tdk === b.set.tdk
