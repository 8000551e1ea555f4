/**
 * @module SQL that moves a segment out of the database: the row of the segment, its names, and the deletion of what left. The
 * statements are one transaction. They may run again at any time, and change nothing twice.
 */

import { ACQUIRER_STATES, isUnsettled } from '../../domain/acquirer-state.ts'
import { followsAnother } from '../entry/columns.ts'
import type { SegmentRange, SegmentRow } from './segment.ts'

/** A text as an SQL literal. */
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

const entriesOf = ({ terminalId, firstSeq, lastSeq }: SegmentRange): string =>
  `terminal_id = ${text(terminalId)} and seq between ${firstSeq} and ${lastSeq}`

/** The keys of the entries of a segment. */
const keysOf = (range: SegmentRange): string => `(select message_key from journal where ${entriesOf(range)})`

/** The rows that leave with a segment, by table. The journal is last, because the others are found by it. */
export const leaving = (
  range: SegmentRange & { readonly openBatch: string },
): readonly (readonly [table: string, where: string])[] => [
  ['sale', `message_key in ${keysOf(range)}`],
  ['void', `message_key in ${keysOf(range)}`],
  ['acquirer_message', `message_key in ${keysOf(range)}`],
  ['acquirer_date', `message_key in ${keysOf(range)}`],
  ['reversal', entriesOf(range)],
  ['batch_difference', entriesOf(range)],
  [
    'batch',
    `terminal_id = ${text(range.terminalId)} and state = 'closed' and batch_number < ${text(range.openBatch)}`,
  ],
  ['journal', entriesOf(range)],
]

/** No message has the key of an entry that follows another one. */
const FOLLOWS = followsAnother('message_key')

/** SQL: the names of a segment that is in the database, as the column `name`. D1 takes no more than five terms in one `union`. */
export const namesIn = (range: SegmentRange): readonly string[] => [
  `select message_key as name from journal where ${entriesOf(range)} and not (${FOLLOWS})`,
  `select rrn_raw as name from journal where ${entriesOf(range)} and rrn_raw is not null`,
  `select target_key as name from reversal where ${entriesOf(range)}`,
  `select id_raw as name from sale where message_key in ${keysOf(range)}`,
  `select rrn_raw as name from sale where message_key in ${keysOf(range)}`,
  `select id_raw as name from void where message_key in ${keysOf(range)}`,
]

/** SQL: a name as a text with its type. */
export const NAME_TEXT = `case typeof(name) when 'blob' then 'b' || hex(name) when 'integer' then 'n' || name else 't' || name end`

const UNSETTLED = ACQUIRER_STATES.filter(isUnsettled).map(text).join(', ')

/**
 * SQL: nothing has changed since the plan, and nothing in the segment can change again. No entry after it follows an entry in it,
 * ends or makes a void in it, or reverses a message in it.
 */
const mayLeave = ({ terminalId, firstSeq, lastSeq, lastHash }: SegmentRow): string => {
  const range = { terminalId, firstSeq, lastSeq }
  const ofTerminal = `terminal_id = ${text(terminalId)}`
  return `
    exists (select 1 from journal where ${ofTerminal} and seq = ${lastSeq} and hash_raw = x'${lastHash}')
    and (select count(*) from journal where ${entriesOf(range)}) = ${lastSeq - firstSeq + 1}
    and coalesce((select max(last_seq) from archive_segment where ${ofTerminal}), 0) = ${firstSeq - 1}
    and exists (select 1 from terminal where ${ofTerminal} and head_seq > ${lastSeq})
    and not exists (select 1 from acquirer_message where message_key in ${keysOf(range)}
      and (next_at is not null or state in (${UNSETTLED}) or case_opened_at is not null and case_closed_at is null))
    and not exists (select 1 from sale join terminal using (terminal_id)
      where sale.message_key in ${keysOf(range)} and sale.batch_number = terminal.batch_number)
    and not exists (select 1 from journal where ${ofTerminal} and seq > ${lastSeq} and abs(void_of) <= ${lastSeq}
      and void_of is not null)
    and not exists (select 1 from journal as one where one.terminal_id = ${text(terminalId)}
      and one.seq between ${firstSeq} and ${lastSeq} and (
        exists (select 1 from journal as later where later.message_key > one.message_key || '|'
          and later.message_key < one.message_key || '}' and (later.terminal_id <> one.terminal_id or later.seq > ${lastSeq}))
        or exists (select 1 from reversal where target_key = one.message_key
          and (terminal_id <> one.terminal_id or seq > ${lastSeq}))))`
}

const rowOf = ({ terminalId, firstSeq, mac }: SegmentRow): string =>
  `terminal_id = ${text(terminalId)} and first_seq = ${firstSeq} and mac = ${text(mac)}`

/** SQL: the row of a segment, unless the segment may not leave. */
export const insertSegment = (row: SegmentRow): string => insertRow(row, mayLeave(row))

/** SQL: the row of a segment that left before. */
export const insertLeft = (row: SegmentRow): string => insertRow(row, 'true')

function insertRow(row: SegmentRow, condition: string): string {
  const values = [
    `(select coalesce(max(id), 0) + 1 from archive_segment)`,
    text(row.terminalId),
    text(row.month),
    row.firstSeq,
    row.lastSeq,
    text(row.lastHash),
    text(row.openBatch),
    text(row.digest),
    text(row.names),
    text(row.state),
    row.archivedAt,
    text(row.mac),
    row.macKey,
  ].join(', ')
  return `insert into archive_segment (id, terminal_id, month, first_seq, last_seq, last_hash, open_batch, digest, names, state,
    archived_at, mac, mac_key) select ${values} where ${condition}`
}

/** SQL: the names and the deletions of a segment whose row is in the database. Without the row they do nothing. */
export const emptySegment = (row: SegmentRow): string[] => [
  ...namesIn(row).map(
    (
      names,
    ) => `insert or ignore into archived (name, segment) select named.name, kept.id from archive_segment as kept
      join (${names}) as named where ${rowOf(row).replace('terminal_id', 'kept.terminal_id')}`,
  ),
  ...leaving(row).map(
    ([table, where]) =>
      `delete from ${table} where ${where} and exists (select 1 from archive_segment where ${rowOf(row)})`,
  ),
]

/** SQL: the columns of segments, by the members of a row. */
export const SEGMENT_COLUMNS = `terminal_id as terminalId, month, first_seq as firstSeq, last_seq as lastSeq,
  last_hash as lastHash, open_batch as openBatch, digest, names, state, archived_at as archivedAt, mac, mac_key as macKey`
