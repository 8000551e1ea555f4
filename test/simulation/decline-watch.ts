/**
 * @module Someone on the way from the acquirer: it sends a decline without a MAC in place of some approvals. None of
 * them may count.
 */

import type { Declines } from '../../src/acquirer/profile.ts'
import type { Core } from '../../src/core/instance.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import type { Ledger } from '../../src/simulator/ledger.ts'
import { simulatedRequestOf, withoutMac } from '../../src/simulator/messages.ts'
import { must } from './checks.ts'
import type { Kinds } from './coverage.ts'
import type { Storage } from './platform/d1.ts'

const CODE = 39
const AUTHORIZATION_CODE = 38
const MAC = 64
/** Field 39 of a forged decline. */
const REFUSED = '05'

export interface DeclineWatchOptions {
  readonly core: Core
  readonly kinds: Kinds
  /** Whether the service believes a decline of a sale without a MAC. */
  readonly believes: Declines
  /** Draws whether a decline takes the place of an approval. */
  readonly forges: (kind: 'sale' | 'void' | 'reversal') => boolean
}

export class DeclineWatch {
  readonly #options: DeclineWatchOptions

  constructor(options: DeclineWatchOptions) {
    this.#options = options
  }

  /** The answer that arrives for this request. */
  pass(request: Uint8Array, answer: Uint8Array | null): Uint8Array | null {
    const { core, forges, kinds } = this.#options
    const sentRequest = readMessage(request, core.lrc)
    const given = answer === null ? null : readMessage(answer, core.lrc)
    if (given?.ok !== true || !sentRequest.ok) return answer
    const { frame, message } = sentRequest.value
    const kind = simulatedRequestOf(message)?.kind
    if (kind === undefined || kind === 'inquiry') return answer
    const { fields, mti } = given.value.message
    if (fields.get(CODE) === '00') {
      if (!forges(kind)) return answer
      kinds.note(`forged declines of a ${kind}`)
      const forged = new Map(fields).set(CODE, REFUSED)
      forged.delete(AUTHORIZATION_CODE)
      forged.delete(MAC)
      return withoutMac({ core }, frame, { mti, fields: forged })
    }
    if (!fields.has(MAC)) this.#noteUnsigned(kind)
    return answer
  }

  #noteUnsigned(kind: 'sale' | 'void' | 'reversal'): void {
    const { kinds, believes } = this.#options
    const isBelieved = kind === 'sale' && believes === 'unsigned'
    kinds.note(`unsigned declines of a ${kind}${isBelieved ? ', believed' : ''}`)
  }

  /** No reversal counts as refused that the acquirer has made. */
  check(ledger: Ledger, storage: Storage): void {
    const reversed = new Set<string>()
    for (const { of, terminalId, batchNumber, stan, state } of ledger.items())
      if (state === 'reversed') reversed.add(`${of} ${terminalId} ${batchNumber} ${stan}`)
    const cases = storage.rows(
      `select message_key, kind || ' ' || terminal_id || ' ' || batch_number || ' ' || acquirer_stan as slot
       from acquirer_record where case_reason = 'reversal_refused' and state in ('undoing', 'reversing')`,
    )
    for (const { message_key, slot } of cases)
      must(
        !reversed.has(String(slot)),
        `the reversal of ${message_key} counts as refused, but the acquirer has made it`,
      )
  }
}
