/**
 * @module A chain: entries of one terminal in one set. Each is decided on the state that the one before leaves.
 *
 * An entry of a chain changes the head of its terminal, the totals and the entries with its own key and sale. So a chain holds
 * sales, voids of different sales, and the acquirer's events about different messages. Any other message is a chain of its
 * own, and a message that needs an earlier one waits for a later set.
 */

import { isUndecided } from '../domain/acquirer-state.ts'
import type { Batch, Effects } from '../domain/types.ts'
import type { SignedHead } from '../store/head-mac.ts'
import type { Loaded } from '../store/load.ts'
import type { CommitItem } from '../store/step.ts'
import type { Ready, SubmittedWork } from './commit-set.ts'
import type { Request } from './decide.ts'

export interface TerminalChain {
  /** The entries, in order. */
  readonly entries: readonly Ready[]
  /** Whether the state was read at the head on which the chain begins. A warm state, or one that was loaded ahead, may be older. */
  beginsAt(loaded: Loaded): boolean
  /** The state of a message that it takes, after its entries. */
  after(loaded: Loaded): Loaded
  /** Whether the message may be decided on that state. */
  takes(work: SubmittedWork, request: Request, loaded: Loaded): boolean
  /** Adds an entry. Returns whether another one may follow. */
  add(ready: Ready): boolean
}

const KINDS: readonly Request['kind'][] = ['sale', 'captured_sale', 'void', 'acquirer_event']

/** All that an entry before another one may do. `acquirerMoves`: of its own message only. */
const EFFECTS: readonly (keyof Effects)[] = [
  'sale',
  'claimedSale',
  'voidRecord',
  'claim',
  'batch',
  'acquirerMoves',
]

export function createChain(): TerminalChain {
  const entries: Ready[] = []
  const keys = new Set<string>()
  const saleIds = new Set<string>()
  const rrns = new Set<string>()
  /** The trace numbers that claims drew for the acquirer. */
  const claimedStans = new Set<string>()
  /** The messages at the acquirer that an event moved. */
  const moved = new Set<string>()
  let reached: Reached | null = null
  return {
    entries,
    beginsAt({ head }) {
      const [first] = entries
      return first === undefined || first.loaded.head.hash === head.hash
    },
    after: (loaded) => (reached === null ? loaded : stateAfter(loaded, reached)),
    takes({ message }, request, { original }) {
      if (entries.length === 0) return true
      const { messageKey } = request
      if (!KINDS.includes(request.kind) || message.breaks > 0) return false
      if (keys.has(messageKey) || moved.has(messageKey)) return false
      const { saleKey, saleRrn, capturedStan } = message.message.load
      if (saleKey !== undefined && keys.has(saleKey)) return false
      if (saleRrn !== undefined && rrns.has(saleRrn)) return false
      if (capturedStan !== undefined && claimedStans.has(capturedStan)) return false
      // Without its sale a void may be of a sale of this chain.
      if (request.kind !== 'void') return true
      if (original === null || saleIds.has(original.sale.id)) return false
      return ![original.sale, original.liveVoid].some((one) => one !== null && moved.has(one.messageKey))
    },
    add(ready) {
      const { row, effects, moves: guards, masterKey } = ready.item
      entries.push(ready)
      reached = reachedBy(ready.item, reached)
      keys.add(row.messageKey)
      if (effects.voidRecord !== undefined) saleIds.add(effects.voidRecord.saleId)
      if (effects.claim !== undefined) claimedStans.add(effects.claim.acquirerStan)
      const { rrn } = effects.sale ?? effects.claimedSale ?? {}
      if (rrn !== undefined) rrns.add(rrn)
      const names = Object.keys(effects) as (keyof Effects)[]
      const moves = (effects.acquirerMoves ?? []).map(({ messageKey }) => messageKey)
      for (const key of moves) moved.add(key)
      return (
        ready.work.message.breaks === 0 &&
        guards.length === 0 &&
        moves.every((key) => key === ready.forwarded?.messageKey) &&
        masterKey === undefined &&
        names.every((name) => EFFECTS.includes(name))
      )
    },
  }
}

/** The state of the terminal after the last entry. */
interface Reached {
  readonly head: SignedHead
  readonly batch: Batch
  readonly undecided: boolean
}

const reachedBy = ({ row, headMac, effects, terminal }: CommitItem, before: Reached | null): Reached => ({
  head: { seq: row.seq, hash: row.hash, ...headMac },
  batch: effects.batch ?? terminal.batch,
  undecided: before?.undecided === true || (effects.claim !== undefined && isUndecided(effects.claim.state)),
})

/** The state of a message that names none of the entries. */
function stateAfter(loaded: Loaded, { head, batch, undecided }: Reached): Loaded {
  const { terminal, namedBatch } = loaded
  if (terminal === null) return loaded
  const { seq, hash } = head
  return {
    ...loaded,
    head,
    terminal: { ...terminal, head: { seq, hash }, batch },
    namedBatch: namedBatch?.batchNumber === batch.batchNumber ? batch : namedBatch,
    undecided: loaded.undecided || undecided,
  }
}
