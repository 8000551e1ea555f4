/**
 * @module Moves old months of terminals' journals into an archive, while the service serves. Every chain is checked first. Then each
 * segment is written, brought to the disk, read back and checked. Only then do its rows leave, in one transaction.
 */

import type { Keyring } from '../../crypto/keyring.ts'
import {
  emptySegment,
  insertLeft,
  insertSegment,
  leaving,
  SEGMENT_COLUMNS,
} from '../../store/archive/move-out.ts'
import { type SegmentRow, segmentContent } from '../../store/archive/segment.ts'
import { canonical } from '../../store/journal.ts'
import { isOurMac } from '../../store/stored-mac.ts'
import { contentOf, readSegment, sealed } from './archive-file.ts'
import type { ArchiveFolder } from './archive-folder.ts'
import { type ArchivedChain, type Execute, NOT_ARCHIVED, readArchive } from './archived-chain.ts'
import { NOT_PROJECTED, plain, replicaOf } from './audit-tables.ts'
import type { Row } from './database.ts'
import { Failure } from './failure.ts'
import { type MessageState, type PlannedSegment, planArchive } from './plan-archive.ts'
import { type Chain, readChains } from './read-chains.ts'
import { digestOfNames } from './read-journal.ts'
import type { Replica } from './replica.ts'
import { faultOfChain } from './verify-chain.ts'

export interface ArchiveOptions {
  readonly execute: Execute
  readonly keyring: Keyring
  readonly folder: ArchiveFolder
  /** Milliseconds since the epoch. */
  readonly now: number
  /** False: only says what would leave. */
  readonly isApplied: boolean
  /** Called for each segment that left, or would leave. */
  readonly tell: (segment: ArchivedSegment) => void
}

export interface ArchivedSegment {
  readonly terminalId: string
  /** In UTC, `YYYY-MM`. */
  readonly month: string
  readonly first: number
  readonly last: number
  readonly entries: number
  /** Whether its rows have left the database. */
  readonly archived: boolean
}

/** Segments of one transaction. */
const AT_ONCE = 8

/** The messages that may change again. */
const MESSAGES = `select message_key as messageKey, state, case_opened_at as caseOpenedAt, case_closed_at as caseClosedAt,
  next_at as nextAt from acquirer_message
  where next_at is not null or state in ('pending', 'undoing', 'reversing')
    or case_opened_at is not null and case_closed_at is null`

/** Returns whether every planned segment left. Throws Failure when a chain, a table or a file is not as it should be. */
export async function archiveJournal(options: ArchiveOptions): Promise<boolean> {
  const { execute, isApplied } = options
  if (isApplied) await finishSegments(options)
  const archives = await readArchive(execute, options.keyring, null)
  for await (const chain of chainsOf(options)) await checkChain(options, chain, archives)
  for (const [stream, { fault }] of archives)
    if (fault !== null) throw new Failure(`nothing was archived: ${stream}, entry ${fault.seq}: ${fault.why}`)
  const [messages = []] = await execute([MESSAGES])
  const byKey = new Map(messages.map((one) => [String(one.messageKey), one as unknown as MessageState]))
  let all = true
  let waiting: Ready[] = []
  const flush = async (): Promise<void> => {
    all = (await moveOut(options, waiting)) && all
    waiting = []
  }
  for await (const chain of chainsOf(options)) {
    if (!/^(?=.{8}$)[A-Za-z0-9]+ *$/.test(chain.stream)) continue
    const archive = archives.get(chain.stream) ?? NOT_ARCHIVED
    await checkChain(options, chain, archives)
    for (const one of await readyOf(
      options,
      chain,
      archive,
      planArchive(chain.rows, archive, byKey, options.now),
    )) {
      waiting.push(one)
      if (waiting.length === AT_ONCE) await flush()
    }
  }
  await flush()
  return all
}

const chainsOf = ({ execute }: ArchiveOptions) => readChains(async (sql) => (await execute([sql])) as Row[][])

async function checkChain(
  { keyring }: ArchiveOptions,
  chain: Chain,
  archives: ReadonlyMap<string, ArchivedChain>,
): Promise<void> {
  const fault = await faultOfChain(chain, keyring, archives.get(chain.stream))
  if (fault !== null)
    throw new Failure(`nothing was archived: ${chain.stream}, entry ${fault.seq}: ${fault.why}`)
}

/** Deletes what is left of segments whose transaction did not end. Their files were checked before. */
async function finishSegments({ execute, keyring }: ArchiveOptions): Promise<void> {
  const [left = []] = await execute([UNFINISHED])
  for (const found of left) {
    const row = found as unknown as SegmentRow
    if (!(await isOurMac(keyring.verifyJournalMac, segmentContent(row), row.mac, row.macKey)))
      throw new Failure(`nothing was archived: ${row.terminalId}: the row of a segment is not the service’s`)
    await execute(emptySegment(row))
  }
}

const UNFINISHED = `select ${SEGMENT_COLUMNS} from archive_segment as kept where exists (select 1 from journal
  where journal.terminal_id = kept.terminal_id and journal.seq between kept.first_seq and kept.last_seq)
  order by terminal_id, first_seq`

/** A segment that was checked and can leave. */
interface Ready {
  readonly planned: PlannedSegment
  readonly row: SegmentRow
  readonly text: string
  /** The rows that the journal gives for it, as texts. */
  readonly expected: readonly string[]
  /** SQL that reads the same rows from the database. */
  readonly selects: readonly string[]
}

/** Seals each planned segment, and computes the rows and names that leave with it, from the entries alone. */
async function readyOf(
  options: ArchiveOptions,
  chain: Chain,
  archive: ArchivedChain,
  segments: readonly PlannedSegment[],
): Promise<Ready[]> {
  const { keyring, now } = options
  await removeStale(options, chain, archive, segments)
  if (segments.length === 0 || chain.head === null) return []
  const replica = await replicaOf(chain.rows, [chain.head], archive.state === null ? [] : [archive.state])
  for (const row of archive.segments) replica.rows(insertLeft(row))
  const ready: Ready[] = []
  let from = archive.state?.terminal.batch.batchNumber ?? '000000'
  for (const planned of segments) {
    const { digest, text } = await sealed(contentOf(planned, planned, planned.rows), keyring)
    const openBatch = planned.state.terminal.batch.batchNumber
    const { terminalId, month, firstSeq, lastSeq, lastHash } = planned
    const unsigned = {
      terminalId,
      month,
      firstSeq,
      lastSeq,
      lastHash,
      openBatch,
      digest,
      names: await digestOfNames(replica, planned),
      state: JSON.stringify(planned.state),
      archivedAt: now,
    }
    const mac = (await keyring.journalMac(segmentContent(unsigned))).toHex()
    const row = { ...unsigned, mac, macKey: keyring.journalKeyId }
    const selects = selectsOf(replica, row, from)
    const expected = selects.map((sql) => textOf(replica.rows(sql)))
    for (const sql of [insertSegment(row), ...emptySegment(row)]) replica.rows(sql)
    if (replica.rows(`select 1 from journal where seq = ${lastSeq}`).length > 0)
      throw new Failure(`nothing was archived: ${terminalId}: entry ${lastSeq} cannot leave`)
    from = openBatch
    ready.push({ planned, row, text, expected, selects })
  }
  replica.close()
  return ready
}

const textOf = (rows: readonly Row[]): string =>
  rows
    .map((row) => canonical({ ...row }))
    .toSorted()
    .join('\n')

/** SQL that reads the rows of a segment, without those that follow from nothing. */
const selectsOf = (replica: Replica, row: SegmentRow, fromBatch: string): string[] =>
  leaving(row)
    .filter(([table]) => table !== 'journal')
    .map(([table, where]) => {
      const columns = replica.storedColumns(table).filter((name) => !NOT_PROJECTED.includes(name))
      const since = table === 'batch' ? ` and batch_number >= '${fromBatch}'` : ''
      return `select ${columns.map(plain).join(', ')} from ${table} where ${where}${since}`
    })

/**
 * Removes files of an earlier run that ended before its rows left: their entries are all in the database. Throws Failure on any
 * other file that no row names.
 */
async function removeStale(
  { folder, keyring, isApplied }: ArchiveOptions,
  { stream, rows }: Chain,
  { segments }: ArchivedChain,
  planned: readonly PlannedSegment[],
): Promise<void> {
  const hashes = new Map(rows.map(({ seq, hash }) => [seq, hash]))
  for (const name of folder.files(stream)) {
    if (segments.some((row) => folder.isNamed(row, name))) continue
    const file = await folder.file(stream, name, keyring)
    const foreign = (why: string) => new Failure(`nothing was archived: ${stream}/${name}: ${why}`)
    if (typeof file === 'string') throw foreign(file)
    const isHere = file.rows.every(
      ({ terminalId, seq, hash }) => terminalId === stream && hashes.get(seq) === hash,
    )
    if (!isHere) throw foreign('it is not a segment of this database')
    if (isApplied && !planned.some((one) => folder.isNamed(one, name))) folder.remove(stream, name)
  }
}

/** Compares the rows of the segments, writes the files, and deletes the rows. Returns whether all left. */
async function moveOut(options: ArchiveOptions, ready: readonly Ready[]): Promise<boolean> {
  const { execute, keyring, folder, isApplied, tell } = options
  if (ready.length === 0) return true
  const found = await execute(ready.flatMap(({ selects }) => selects))
  let next = 0
  for (const { planned, expected } of ready)
    for (const rows of expected)
      if (textOf(found[next++] ?? []) !== rows)
        throw new Failure(
          `nothing more was archived: the tables of ${planned.terminalId} are not as its journal gives them: run \`annul journal verify\``,
        )
  const left = new Set<string>()
  if (isApplied) {
    for (const { planned, text, row } of ready) {
      const read = await readSegment(folder.write(planned, text), keyring)
      if (typeof read === 'string' || read.digest !== row.digest)
        throw new Failure(
          `nothing more was archived: the file of ${planned.terminalId} was not written as it is`,
        )
    }
    const macs = `select mac from archive_segment where mac in (${macsOf(ready)})`
    const moves = ready.flatMap(({ row }) => [insertSegment(row), ...emptySegment(row)])
    for (const { mac } of (await execute([...moves, macs])).at(-1) ?? []) left.add(String(mac))
  }
  for (const { planned, row } of ready) {
    const { terminalId, month, firstSeq, lastSeq, rows } = planned
    tell({
      terminalId,
      month,
      first: firstSeq,
      last: lastSeq,
      entries: rows.length,
      archived: left.has(row.mac),
    })
  }
  return !isApplied || ready.every(({ row }) => left.has(row.mac))
}

const macsOf = (ready: readonly Ready[]): string => ready.map(({ row }) => `'${row.mac}'`).join(', ')
