/**
 * @module The terminals that this isolate has just written for: the state after their last entry. A sale or void of such a terminal needs
 * no load, so it costs one trip.
 *
 * A state may be stale, because other isolates write too. So only an entry is decided on it, and the commit proves the state. The head
 * of the journal covers all that the terminal did, and the guard of the merchant covers the rest. An answer without an entry is
 * decided again on a fresh load.
 */

import type { AcquirerMove } from '../domain/acquirer-move.ts'
import { merchantGuard, type Need } from '../domain/guard.ts'
import { createRecent } from '../domain/recent.ts'
import { TERMINAL_SENDER } from '../domain/refusal-quota.ts'
import type {
  AcquirerMessage,
  Effects,
  JournalEntry,
  Merchant,
  SaleState,
  Terminal,
} from '../domain/types.ts'
import type { SignedHead } from '../store/head-mac.ts'
import { openEntry } from '../store/journal.ts'
import { type Loaded, type LoadItem, usableKeySets, type WrappedKeySet } from '../store/load.ts'
import type { CommitItem } from '../store/step.ts'
import type { PipelineOptions } from './types.ts'

export interface WarmStates {
  /** The state of a message. Null: it must be loaded. `day`: the UTC day, in days since the epoch. */
  find(load: LoadItem, day: number): Loaded | null
  /** Keeps the state after an entry that is in the journal. It was decided on `loaded`, which `load` names. */
  keep(load: LoadItem, loaded: Loaded, item: CommitItem): void
  /** Forgets a terminal whose state may be stale. It stays cold for a while, because another isolate writes for it too. */
  forget(terminalId: string): void
}

/** The options of a pipeline with its warm states. */
export interface WarmOptions extends PipelineOptions {
  readonly warm: WarmStates
}

/** Milliseconds for which a forgotten terminal stays cold: a stale state costs one trip more than a load does. */
const COLD_MS = 10_000

/** The most terminals of an isolate, over all its databases. One takes up to 17 kB, so all take up to 17 MB of the 128 MB. */
export const WARM_TERMINALS = 1_000

/** The most last messages of a terminal whose copies are known. */
const LAST_KEYS = 16

/** The most sales of a terminal. Most voids are of one of its last sales. */
const SALES = 16

interface Warm {
  readonly terminal: Terminal
  readonly head: SignedHead
  readonly merchant: Merchant
  readonly keySets: readonly WrappedKeySet[]
  readonly needs: readonly Need[]
  /** The message keys of its last entries, the oldest first. The journal has the answers to their copies. */
  readonly lastKeys: readonly string[]
  /** Sales without a void or reversal, the oldest first. */
  readonly sales: readonly SaleState[]
  /** Claims that wait for the acquirer's answer to their request, the oldest first. */
  readonly claims: readonly JournalEntry[]
}

/** The members of the load of a sale, or of a void by its reference. That of an acquirer's answer has two of them. */
const SUPPORTED: readonly (keyof LoadItem)[] = [
  'terminalId',
  'batchNumber',
  'messageKey',
  'saleKey',
  'saleRrn',
]

/** The effects after which a terminal stays warm. */
const KEPT: readonly (keyof Effects)[] = [
  'sale',
  'claimedSale',
  'voidRecord',
  'claim',
  'batch',
  'acquirerMoves',
  'voidMoved',
  'reversals',
  'keyVersion',
]

/** `now`: milliseconds since the epoch. `most`: the most terminals. */
export function createWarmStates(now: () => number, most: number = WARM_TERMINALS): WarmStates {
  const terminals = createRecent<Warm>(most)
  const coldUntil = createRecent<number>(most)
  return {
    find(load, day) {
      const known = terminals.get(load.terminalId ?? '')
      if (known === undefined) return null
      if (Object.entries(load).some(([name, value]) => value !== undefined && !isSupported(name))) return null
      const isVoid = load.saleKey !== undefined || load.saleRrn !== undefined
      if (load.batchNumber === undefined) return isVoid ? null : stateOfClaim(known, load, day)
      if (load.batchNumber !== known.terminal.batch.batchNumber) return null
      if (load.messageKey !== undefined && known.lastKeys.includes(load.messageKey)) return null
      const original = isVoid ? saleOf(known, load) : null
      return original === undefined ? null : stateOf(known, original, day)
    },
    keep(load, loaded, item) {
      const { terminalId } = item.row
      const before = terminals.get(terminalId)
      const known =
        before?.head.seq === loaded.head.seq && before.head.hash === loaded.head.hash ? before : null
      const next = warmAfter(known, load, loaded, item)
      terminals.delete(terminalId)
      if (next !== null && (coldUntil.get(terminalId) ?? 0) <= now()) terminals.set(terminalId, next)
    },
    forget(terminalId) {
      terminals.delete(terminalId)
      coldUntil.set(terminalId, now() + COLD_MS)
    },
  }
}

const isSupported = (name: string): boolean => (SUPPORTED as readonly string[]).includes(name)

/** The sale of a void, by its key if the message has one. */
const saleOf = ({ sales }: Warm, { saleKey, saleRrn }: LoadItem): SaleState | undefined =>
  sales.find(({ sale }) => (saleKey === undefined ? sale.rrn === saleRrn : sale.messageKey === saleKey))

/** The state of a message that is not in the journal. The commit refuses one that is. */
const stateOf = (
  { terminal, head, merchant, keySets, needs }: Warm,
  original: SaleState | null,
  day: number,
): Loaded => ({
  isWarm: true,
  terminal,
  head,
  merchant,
  keySets,
  needs,
  original,
  isOriginalArchived: false,
  isOriginalPending: false,
  earlier: null,
  claim: null,
  forwarded: null,
  reversal: null,
  target: null,
  targetForwarded: null,
  targetReversal: null,
  isTargetClaimed: false,
  isTargetFollowed: false,
  namedBatch: terminal.batch,
  isBatchUsed: false,
  declared: null,
  undecided: false,
  takenBy: null,
  // The commit counts the refusals, and refuses one beyond the quota.
  refusals: { key: TERMINAL_SENDER + terminal.terminalId, day, written: 0 },
  masterKey: null,
  credential: null,
})

/** The state of the acquirer's answer to a claim. */
function stateOfClaim(known: Warm, { messageKey }: LoadItem, day: number): Loaded | null {
  const claim = known.claims.find((one) => one.messageKey === messageKey)
  if (claim === undefined) return null
  const forwarded = claim.effects.claim ?? null
  return { ...stateOf(known, null, day), namedBatch: null, earlier: claim, claim, forwarded, undecided: true }
}

/** Null: the next message of the terminal must be loaded. */
function warmAfter(known: Warm | null, load: LoadItem, loaded: Loaded, item: CommitItem): Warm | null {
  const { row, headMac, effects, moves, masterKey } = item
  const names = Object.keys(effects) as (keyof Effects)[]
  const { terminal, merchant } = loaded
  if (terminal === null || merchant === null || moves.length > 0 || masterKey !== undefined) return null
  if (!names.every((name) => KEPT.includes(name))) return null
  // A load by the sale alone has no keys of the terminal.
  const keySets = load.terminalId === undefined ? known?.keySets : loaded.keySets
  if (keySets === undefined) return null
  const { seq, hash } = row
  const guard = merchantGuard(merchant.merchantId)
  const { keyVersion = terminal.keyVersion } = effects
  const terminalAfter = {
    ...terminal,
    keyVersion,
    head: { seq, hash },
    batch: effects.batch ?? terminal.batch,
  }
  return {
    merchant,
    keySets: usableKeySets(keySets, terminalAfter),
    needs: loaded.needs.filter(([key]) => key === guard),
    terminal: terminalAfter,
    head: { seq, hash, ...headMac },
    lastKeys: [...(known?.lastKeys ?? []), row.messageKey].slice(-LAST_KEYS),
    sales: salesAfter(known?.sales ?? [], load, loaded, effects),
    claims: claimsAfter(known?.claims ?? [], item, merchant.merchantId),
  }
}

/** A void or reversal takes its sale away. A reversal may be of any message, so it takes all. */
function salesAfter(
  sales: readonly SaleState[],
  load: LoadItem,
  { forwarded }: Loaded,
  effects: Effects,
): SaleState[] {
  const { sale, voidRecord, voidMoved, reversals, acquirerMoves } = effects
  if (voidMoved !== undefined || reversals !== undefined) return []
  const moved = acquirerMoves?.map(({ messageKey }) => messageKey) ?? []
  const left = sales.filter(
    (one) => one.sale.id !== voidRecord?.saleId && !moved.includes(one.sale.messageKey),
  )
  const [move, ...others] = acquirerMoves ?? []
  const message = forwarded === null ? null : messageAfter(forwarded, move)
  // A message that still waits for the acquirer or for a person is loaded.
  if (sale?.status !== 'approved' || message === undefined || others.length > 0) return left
  if (load.capturedStan !== undefined) return left
  // The terminal's own sale, with an RRN of ours.
  const state: SaleState = {
    sale,
    liveVoid: null,
    isVoidedByEntries: false,
    isVoidRowLost: false,
    isRrnOurs: true,
    reversed: false,
    ownVoids: [],
    forwarded: message,
    batchState: 'open',
  }
  return [...left, state].slice(-SALES)
}

/** The message after its approval. Undefined: it is not simply approved. */
function messageAfter(message: AcquirerMessage, move: AcquirerMove | undefined): AcquirerMessage | undefined {
  if (move?.messageKey !== message.messageKey || move.state !== 'approved' || message.state !== 'pending')
    return undefined
  if (move.caseReason !== undefined || move.acquirerAmount !== undefined || message.caseReason !== null)
    return undefined
  const { at: movedAt, decideBy = message.decideBy, acquirerStatus = message.acquirerStatus } = move
  const acquirerRrn = move.acquirerRrn ?? message.acquirerRrn
  return { ...message, state: 'approved', movedAt, decideBy, acquirerStatus, acquirerRrn }
}

/** Any move of a message takes its claim away. */
function claimsAfter(
  claims: readonly JournalEntry[],
  { row, effects: { claim, acquirerMoves } }: CommitItem,
  merchantId: string,
): JournalEntry[] {
  const moved = acquirerMoves?.map(({ messageKey }) => messageKey) ?? []
  const left = claims.filter(({ messageKey }) => !moved.includes(messageKey))
  if (claim?.state !== 'pending') return left
  return [...left, openEntry(row, { base: null, merchantId })].slice(-SALES)
}
