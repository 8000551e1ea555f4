/**
 * @module `annul journal verify`: checks the hash chain of each terminal, merchant and region against the head in its own row,
 * and names the first bad entry.
 */

import { REGION_STREAM } from '../domain/decide-api-key.ts'
import { type ChainFault, type JournalRow, verifyChain } from '../store/journal.ts'
import { type Database, databaseOf, query, type Row, sqlText } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import type { VERIFY_JOURNAL } from './table/operation.ts'

/** Entries of one page. An entry has one or two kilobytes. */
const PAGE = 500

/** The chain of a terminal or a merchant, as the database has it. */
interface Chain {
  readonly terminalId: string
  /** Null if the terminal's own row is missing. */
  head: { readonly seq: number; readonly hash: string } | null
  readonly rows: JournalRow[]
}

export interface Verified {
  readonly terminalId: string
  readonly entries: number
  readonly fault: ChainFault | null
}

export const run: Run<typeof VERIFY_JOURNAL> = async (parsed, io) => {
  let bad = 0
  let count = 0
  for await (const verified of verifyJournal(databaseOf(parsed), parsed.tid)) {
    count++
    const sound = verified.fault === null
    if (!sound) bad++
    io.stdout(parsed.json ? JSON.stringify({ ...verified, sound }) : sentence(verified))
  }
  if (count === 0) io.stderr('journal verify: the database has no chain to verify')
  return bad > 0 || (count === 0 && parsed.tid !== undefined) ? 1 : 0
}

export const sentence = ({ terminalId, entries, fault }: Verified): string =>
  fault === null
    ? `${nameOf(terminalId)}: ${entries} entries, the chain is sound`
    : `${nameOf(terminalId)}: entry ${fault.seq} is bad: ${fault.why}`

/** The streams of merchants and of the region are named as such. */
const nameOf = (stream: string): string =>
  stream === REGION_STREAM
    ? 'the keys of administrators'
    : stream.replace(/^(merchant:|)/, (is) => (is === '' ? 'terminal ' : 'merchant '))

/** Checks one chain after the other, or that of one terminal. */
export async function* verifyJournal(database: Database, terminalId?: string): AsyncGenerator<Verified> {
  for await (const { terminalId: id, head, rows } of chains(database, terminalId)) {
    const fault =
      head === null
        ? { seq: rows[0]?.seq ?? 1, why: "the terminal's own row is missing" }
        : await verifyChain(rows, head)
    yield { terminalId: id, entries: rows.length, fault }
  }
}

/**
 * Reads page by page, while the service may write. The statement of a row also reads the head of its terminal. So the
 * last row of a chain and its head belong to one moment.
 */
async function* chains(database: Database, terminalId: string | undefined): AsyncGenerator<Chain> {
  let chain: Chain | undefined
  let after: readonly [string, number] = ['', 0]
  for (;;) {
    const [page = []] = await query(database, pageOf(terminalId, after))
    for (const row of page) {
      const { terminalId: id, headSeq, headHash, seq } = row
      if (chain !== undefined && chain.terminalId !== id) {
        yield chain
        chain = undefined
      }
      chain ??= { terminalId: String(id), head: null, rows: [] }
      chain.head = headSeq === null ? null : { seq: Number(headSeq), hash: String(headHash) }
      if (seq !== null) chain.rows.push(journalRow(row))
      after = [String(id), Number(seq ?? 0)]
    }
    if (page.length < PAGE) break
  }
  if (chain !== undefined) yield chain
}

/** A terminal without an entry is a row too, and so is an entry without a terminal. */
function pageOf(terminalId: string | undefined, [afterId, afterSeq]: readonly [string, number]): string {
  const one = terminalId === undefined ? '' : `and terminal_id = ${sqlText(terminalId)}`
  return `select * from (
    select t.terminal_id, t.terminal_id as terminalId, t.head_seq as headSeq, t.head_hash as headHash, j.seq,
      j.hash, j.message_key as messageKey, j.rrn, j.body
    from (select terminal_id, head_seq, head_hash from terminal
      union all select 'merchant:' || merchant_id, head_seq, head_hash from merchant
      union all select 'region', head_seq, head_hash from region) t
      left join journal j on j.terminal_id = t.terminal_id
    union all
    select j.terminal_id, j.terminal_id, null, null, j.seq, j.hash, j.message_key, j.rrn, j.body
    from journal j where not exists (select 1 from terminal t where t.terminal_id = j.terminal_id)
      and not exists (select 1 from merchant m where 'merchant:' || m.merchant_id = j.terminal_id)
      and not (j.terminal_id = 'region' and exists (select 1 from region))
  ) where (terminal_id, coalesce(seq, 0)) > (${sqlText(afterId)}, ${afterSeq}) ${one}
  order by terminal_id, seq limit ${PAGE}`
}

const journalRow = (row: Row): JournalRow => ({
  terminalId: String(row.terminalId),
  seq: Number(row.seq),
  hash: String(row.hash),
  messageKey: String(row.messageKey),
  rrn: row.rrn === null ? null : String(row.rrn),
  body: String(row.body),
})
