/**
 * @module Plans which entries of a terminal's journal go into the archive: the longest beginning of months that have been over for
 * more than 190 days. Nothing in it can change any more.
 */

import type { AcquirerState } from '../../domain/acquirer-state.ts'
import { isCaseOpen, isUnsettled } from '../../domain/acquirer-state.ts'
import { acquirerKey } from '../../domain/message-key.ts'
import type { JournalEntry } from '../../domain/types.ts'
import type { SegmentRange, SegmentState } from '../../store/archive/segment.ts'
import { baseKeyOf } from '../../store/entry/columns.ts'
import { Replay } from '../../store/replay.ts'
import type { ArchivedChain } from './archived-chain.ts'
import { raisedBy } from './audit-tables.ts'
import type { NumberedRow } from './read-chains.ts'

/** The days from the end of a month to its archive. A captured sale is at most 180 days old, and an inquiry works as long. */
const ARCHIVE_AFTER_DAYS = 190

const DAY_MS = 24 * 60 * 60_000

export interface PlannedSegment extends SegmentRange {
  /** In UTC, `YYYY-MM`. */
  readonly month: string
  readonly rows: readonly NumberedRow[]
  /** Hash of the entry before the first one. */
  readonly previousHash: string
  readonly lastHash: string
  readonly state: SegmentState
}

/** A forwarded message, as far as its archive depends on it. */
export interface MessageState {
  readonly state: AcquirerState
  readonly caseOpenedAt: number | null
  readonly caseClosedAt: number | null
  readonly nextAt: number | null
}

/** The UTC month of a time in milliseconds since the epoch. */
const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7)

/** Whether the month ended more than 190 days before `now`. */
export function isOver(month: string, now: number): boolean {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return Date.UTC(year, number, 1) + ARCHIVE_AFTER_DAYS * DAY_MS < now
}

/** All names that an entry gives or uses: message keys, ids of sales and voids, and numbers at the acquirer. */
export function namesOf({ messageKey, effects }: JournalEntry): string[] {
  const { sale, claimedSale, voidRecord, voidMoved, claim, acquirerMoves = [], reversals = [] } = effects
  const records = [sale, claimedSale, voidRecord].flatMap((one) =>
    one === undefined ? [] : [one.id, one.messageKey],
  )
  return [
    baseKeyOf(messageKey) ?? messageKey,
    ...records,
    ...(voidRecord === undefined ? [] : [voidRecord.saleId]),
    ...(voidMoved === undefined ? [] : [voidMoved.id]),
    ...(claim === undefined ? [] : [claim.messageKey, acquirerKey(claim)]),
    // The acquirer's list may have had this captured sale before.
    ...(sale === undefined ? [] : [acquirerKey({ ...sale, acquirerStan: sale.stan, kind: 'sale' })]),
    ...acquirerMoves.map((move) => move.messageKey),
    ...reversals.map(({ targetKey }) => targetKey),
  ]
}

interface Read {
  readonly row: NumberedRow
  readonly month: string
  readonly state: SegmentState
  readonly closesBatch: boolean
  readonly names: readonly string[]
}

function readAll(rows: readonly NumberedRow[], { state }: ArchivedChain): Read[] {
  const replay = new Replay(state === null ? [] : [state.terminal])
  let raised = state?.raised ?? 0
  let month = ''
  return rows.map((row) => {
    const { entry } = replay.next(row)
    const terminal = replay.terminalNow(row.terminalId)
    if (terminal === undefined) throw new SyntaxError(`journal entry: ${row.terminalId} has no terminal`)
    if (raisedBy(entry) !== null) raised++
    // Clocks of isolates differ a little. The months of a chain never go back.
    const own = monthOf(entry.at)
    if (own > month) month = own
    return {
      row,
      month,
      state: { terminal, raised },
      closesBatch: entry.effects.nextBatch !== undefined,
      names: namesOf(entry),
    }
  })
}

const mayChange = (message: MessageState): boolean =>
  isUnsettled(message.state) || isCaseOpen(message) || message.nextAt !== null

/**
 * The numbers of leading entries that may leave, ascending. Each of these entries is of a closed batch and of a month that has been
 * over for long enough. None has an undecided message or an open case. No entry after them depends on one of them, and the head stays.
 */
function cutsOf(
  entries: readonly Read[],
  messages: ReadonlyMap<string, MessageState>,
  now: number,
): number[] {
  const young = entries.findIndex(({ month }) => !isOver(month, now))
  const open = entries.findLastIndex(({ closesBatch }) => closesBatch) + 1
  const changing = entries.findIndex(({ names }) =>
    names.some((name) => {
      const message = messages.get(name)
      return message !== undefined && mayChange(message)
    }),
  )
  const most = Math.min(
    young < 0 ? entries.length : young,
    changing < 0 ? entries.length : changing,
    open,
    entries.length - 1,
  )
  const firstOf = new Map<string, number>()
  const earliest = entries.map(({ names }, i) => {
    for (const name of names) if (!firstOf.has(name)) firstOf.set(name, i)
    return Math.min(...names.map((name) => firstOf.get(name) ?? i))
  })
  const cuts: number[] = []
  let least = entries.length
  for (let i = entries.length - 1; i > 0; i--) {
    least = Math.min(least, earliest[i] ?? i)
    if (i <= most && least >= i) cuts.unshift(i)
  }
  return cuts
}

/**
 * Plans the segments of one terminal. `rows` are the entries in the database, whose chain was checked; `messages` the forwarded
 * messages by their keys; `now` is in milliseconds since the epoch. The months are in UTC. A segment has one month. Entries that
 * depend on each other across the end of a month stay together, in the later month.
 */
export function planArchive(
  rows: readonly NumberedRow[],
  archive: ArchivedChain,
  messages: ReadonlyMap<string, MessageState>,
  now: number,
): PlannedSegment[] {
  const entries = readAll(rows, archive)
  const cuts = cutsOf(entries, messages, now)
  const ends = cuts.filter(
    (cut, i) =>
      cuts[i + 1] === undefined || entries[(cuts[i + 1] ?? 0) - 1]?.month !== entries[cut - 1]?.month,
  )
  let begin = 0
  let previousHash = archive.end.hash
  return ends.flatMap((end) => {
    const of = entries.slice(begin, end)
    begin = end
    const [first] = of
    const last = of.at(-1)
    if (first === undefined || last === undefined) return []
    const { terminalId, seq: firstSeq } = first.row
    const { seq: lastSeq, hash: lastHash } = last.row
    const planned: PlannedSegment = {
      terminalId,
      firstSeq,
      lastSeq,
      month: last.month,
      rows: of.map(({ row }) => row),
      previousHash,
      lastHash,
      state: last.state,
    }
    previousHash = lastHash
    return [planned]
  })
}
