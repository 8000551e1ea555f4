/**
 * @module Reads the whole journal: the chains in the database, with what is in the archive before them. With the folder of the
 * archive it reads the segments too, and every entry is checked.
 */

import type { Keyring } from '../../crypto/keyring.ts'
import { emptySegment, insertSegment, NAME_TEXT, namesIn } from '../../store/archive/move-out.ts'
import { namesDigest, type SegmentRange, type SegmentRow } from '../../store/archive/segment.ts'
import type { ChainFault, JournalRow } from '../../store/journal.ts'
import type { HeadRow } from '../../store/rebuild.ts'
import type { ArchiveFolder } from './archive-folder.ts'
import { type ArchivedChain, type Execute, readArchive } from './archived-chain.ts'
import { replicaOf, UnappliedEntry } from './audit-tables.ts'
import { type NumberedRow, readChains } from './read-chains.ts'
import type { Replica } from './replica.ts'
import { faultOfChain } from './verify-chain.ts'

export interface Verified {
  readonly terminalId: string
  /** Entries in the database. */
  readonly entries: number
  /** Entries in the archive. */
  readonly archived: number
  readonly fault: ChainFault | null
}

/** A journal whose chains were checked. */
export interface Journal {
  readonly verified: readonly Verified[]
  /** In the order of the commits, but with a folder those of the archive come first, stream by stream. */
  readonly rows: readonly JournalRow[]
  readonly heads: readonly HeadRow[]
  readonly archives: readonly ArchivedChain[]
}

interface Options {
  /** One chain only. */
  readonly stream?: string | undefined
  readonly folder?: ArchiveFolder | undefined
}

/** Reads all chains or one, and checks each. */
export async function readJournal(
  execute: Execute,
  keyring: Keyring,
  { stream, folder }: Options = {},
): Promise<Journal> {
  const archives = await readArchive(execute, keyring, folder ?? null)
  const verified: Verified[] = []
  const left: JournalRow[] = []
  const rows: NumberedRow[] = []
  const heads: HeadRow[] = []
  const seen = new Set<string>()
  const read = async (sql: string) => await execute([sql])
  for await (const chain of readChains(read, stream)) {
    const archive = archives.get(chain.stream)
    const fault = await faultOfChain(chain, keyring, archive)
    seen.add(chain.stream)
    verified.push({
      terminalId: chain.stream,
      entries: chain.rows.length,
      archived: archive?.end.seq ?? 0,
      fault,
    })
    left.push(...(archive?.rows ?? []))
    rows.push(...chain.rows)
    if (chain.head !== null) heads.push(chain.head)
  }
  for (const [terminalId, { fault, end }] of archives)
    if (!seen.has(terminalId) && (stream === undefined || stream === terminalId))
      verified.push({ terminalId, entries: 0, archived: end.seq, fault: fault ?? LOST })
  const ours = [...archives].flatMap(([of, one]) => (stream === undefined || of === stream ? [one] : []))
  // The numbers of commits begin again in a database that was exported and imported. So files have none.
  const inOrder = [...left, ...rows.toSorted((a, b) => a.number - b.number)]
  return { verified, rows: inOrder, heads, archives: ours }
}

const LOST: ChainFault = { seq: 1, why: 'the row with the head of the chain is missing' }

/** A journal as a database that has exactly what its entries give. */
export type ReplayedJournal =
  | { readonly replica: Replica; readonly fault: null }
  /** An entry that does not follow from those before it, or a segment whose names are not what its entries give. */
  | { readonly replica: null; readonly fault: Verified }

/**
 * Replays a sound journal. With the files, the replica first has everything, and then the segments leave it as they left the database.
 */
export async function replay(journal: Journal): Promise<ReplayedJournal> {
  try {
    return await replayInOrder(journal)
  } catch (error) {
    if (!(error instanceof UnappliedEntry)) throw error
    const { terminalId, seq, message: why } = error
    return { replica: null, fault: { terminalId, entries: 0, archived: 0, fault: { seq, why } } }
  }
}

async function replayInOrder({ rows, heads, archives }: Journal): Promise<ReplayedJournal> {
  const isWhole = archives.every(({ rows: ofFiles, segments }) => ofFiles !== null || segments.length === 0)
  if (!isWhole) {
    const states = archives.flatMap(({ state }) => (state === null ? [] : [state]))
    return { replica: await replicaOf(rows, heads, states), fault: null }
  }
  const replica = await replicaOf(rows, heads)
  for (const row of archives.flatMap(({ segments }) => segments)) {
    const digest = await digestOfNames(replica, row)
    for (const sql of [insertSegment(row), ...emptySegment(row)]) replica.rows(sql)
    const why =
      digest === row.names
        ? faultAfter(replica, row)
        : 'its names in the archive are not those of its entries'
    if (why === null) continue
    replica.close()
    const { terminalId, firstSeq: seq, lastSeq: archived } = row
    return { replica: null, fault: { terminalId, entries: 0, archived, fault: { seq, why } } }
  }
  return { replica, fault: null }
}

/** The digest of the names of a segment that is still in the replica. */
export function digestOfNames(replica: Replica, range: SegmentRange): Promise<string> {
  const names = namesIn(range).flatMap((sql) => replica.rows(`select ${NAME_TEXT} as text from (${sql})`))
  return namesDigest([...new Set(names.map(({ text }) => String(text)))])
}

function faultAfter(replica: Replica, { terminalId, lastSeq }: SegmentRow): string | null {
  const isLeft =
    replica.rows('select 1 from journal where terminal_id = ? and seq = ?', terminalId, lastSeq).length > 0
  return isLeft ? 'its segment in the archive has what other entries need' : null
}
