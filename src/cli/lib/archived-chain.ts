/** @module The part of a chain that is in the archive: checks the rows of its segments, their names, and their files. */

import type { Keyring } from '../../crypto/keyring.ts'
import { GENESIS } from '../../domain/decide-provision.ts'
import type { Head } from '../../domain/types.ts'
import { NAME_TEXT, SEGMENT_COLUMNS } from '../../store/archive/move-out.ts'
import {
  namesDigest,
  type SegmentRow,
  type SegmentState,
  segmentContent,
  segmentState,
} from '../../store/archive/segment.ts'
import { type ChainFault, type JournalRow, verifyChain } from '../../store/journal.ts'
import { isOurMac } from '../../store/stored-mac.ts'
import type { ArchiveFolder } from './archive-folder.ts'
import type { Row } from './database.ts'

/** Executes statements as one transaction, and returns the rows of each. */
export type Execute = (statements: readonly string[]) => Promise<readonly (readonly Row[])[]>

export interface ArchivedChain {
  readonly segments: readonly SegmentRow[]
  readonly fault: ChainFault | null
  /** The last entry in the archive. The chain in the database begins after it. */
  readonly end: Head
  /** Null without a segment. */
  readonly state: SegmentState | null
  /** The entries of the files; null without a folder. */
  readonly rows: readonly JournalRow[] | null
}

/** A chain of which nothing is in the archive. */
export const NOT_ARCHIVED: ArchivedChain = {
  segments: [],
  fault: null,
  end: GENESIS,
  state: null,
  rows: null,
}

type Verifies = Pick<Keyring, 'verifyJournalMac'>

/** Names of one page. */
const PAGE = 20_000

interface StoredSegment extends SegmentRow {
  readonly id: number
}

/**
 * Reads the archive of each stream, and checks it. With a folder it checks the files too. A file that no row names is a fault of
 * its stream.
 */
export async function readArchive(
  execute: Execute,
  keyring: Verifies,
  folder: ArchiveFolder | null,
): Promise<Map<string, ArchivedChain>> {
  // Each call takes seconds, so the first page of names comes with the segments.
  const [found = [], firstNames = []] = await execute([
    `select id, ${SEGMENT_COLUMNS} from archive_segment order by terminal_id, first_seq`,
    pageAfter(''),
  ])
  const segments = found as unknown as readonly StoredSegment[]
  const names = await readNames(execute, firstNames)
  const streams = Map.groupBy(segments, ({ terminalId }) => terminalId)
  for (const stream of folder?.streams() ?? []) if (!streams.has(stream)) streams.set(stream, [])
  const chains = new Map<string, ArchivedChain>()
  for (const [stream, rows] of streams)
    chains.set(stream, await chainOf(stream, rows, names, keyring, folder))
  return chains
}

const pageAfter = (after: string): string =>
  `select segment, ${NAME_TEXT} as text, quote(name) as literal from archived ${after} order by name, segment limit ${PAGE}`

/** The names of each segment, as texts with their types, page by page after the first page. */
async function readNames(execute: Execute, firstPage: readonly Row[]): Promise<Map<number, string[]>> {
  const names = new Map<number, string[]>()
  for (let page = firstPage; ; ) {
    for (const { segment, text } of page) {
      const list = names.get(Number(segment)) ?? []
      list.push(String(text))
      names.set(Number(segment), list)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return names
    const after = `where (name, segment) > (${last.literal}, ${last.segment})`
    page = (await execute([pageAfter(after)]))[0] ?? []
  }
}

async function chainOf(
  stream: string,
  segments: readonly StoredSegment[],
  names: ReadonlyMap<number, string[]>,
  keyring: Verifies,
  folder: ArchiveFolder | null,
): Promise<ArchivedChain> {
  const ofRows = await faultOfRows(segments, names, keyring)
  const files = folder === null || ofRows !== null ? null : await folder.read(stream, segments, keyring)
  const last = segments.at(-1)
  const end = last === undefined ? GENESIS : { seq: last.lastSeq, hash: last.lastHash }
  const rows = files?.rows ?? null
  const ofFiles = files?.fault ?? (rows === null ? null : await verifyChain(rows, end))
  return {
    segments,
    fault: ofRows ?? ofFiles,
    end,
    state: last === undefined || ofRows !== null ? null : segmentState(last),
    rows,
  }
}

async function faultOfRows(
  segments: readonly StoredSegment[],
  names: ReadonlyMap<number, string[]>,
  { verifyJournalMac }: Verifies,
): Promise<ChainFault | null> {
  let next = 1
  for (const row of segments) {
    const fault = (why: string): ChainFault => ({ seq: next, why })
    if (row.firstSeq !== next) return fault('the row of its segment in the archive is missing')
    if (!(await isOurMac(verifyJournalMac, segmentContent(row), row.mac, row.macKey)))
      return fault('the row of its segment in the archive is not the service’s')
    if ((await namesDigest(names.get(row.id) ?? [])) !== row.names)
      return fault('the names of its segment in the archive were changed')
    next = row.lastSeq + 1
  }
  return null
}
