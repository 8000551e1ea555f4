/**
 * @module `annul journal verify`: checks every terminal's hash chain against the head in its own row and names the first bad
 * entry. Exit code 1 when any chain is bad.
 */

import { type ChainFault, type JournalRow, verifyChain } from '../store/journal.ts'
import { DATABASE_TEXTS, type Database, databaseOf, query, type Row, sqlText } from './lib/database.ts'
import { withFailure } from './lib/failure.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf, oneOf } from './lib/ndjson.ts'
import { terminalIdOf } from './lib/options.ts'

/** Entries of one page; each is a kilobyte or two. */
const PAGE = 500

/** A terminal's chain as it lies in the database. */
interface Chain {
  readonly terminalId: string
  /** Null where the terminal's own row is gone. */
  head: { readonly seq: number; readonly hash: string } | null
  readonly rows: JournalRow[]
}

export interface Verified {
  readonly terminalId: string
  readonly entries: number
  readonly fault: ChainFault | null
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('journal', io, async () => {
    const texts = ['tid', ...DATABASE_TEXTS]
    const { values, positionals } = flagsOf(args, texts, ['remote', 'ndjson'], 1)
    oneOf({ operation: positionals[0] }, 'operation', ['verify'])
    const terminalId = values.tid === undefined ? undefined : terminalIdOf(values)
    let bad = 0
    let count = 0
    for await (const verified of verifyJournal(databaseOf(values), terminalId)) {
      count++
      if (verified.fault !== null) bad++
      io.stdout(
        values.ndjson ? JSON.stringify({ ...verified, sound: verified.fault === null }) : sentence(verified),
      )
    }
    if (count === 0) io.stderr('journal: there is no terminal to verify')
    return bad > 0 || (count === 0 && terminalId !== undefined) ? 1 : 0
  })
}

export const sentence = ({ terminalId, entries, fault }: Verified): string =>
  fault === null
    ? `terminal ${terminalId}: ${entries} entries, the chain is sound`
    : `terminal ${terminalId}: entry ${fault.seq} is bad: ${fault.why}`

/** Checks one chain after the other; of one terminal only where it is named. */
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
 * Reads page by page while the service may go on writing: each row brings its terminal's head as of the same statement, so
 * that the last row of a chain and the head that it is compared with are of one moment.
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

/** Terminals without an entry, and entries without a terminal, are rows too. */
function pageOf(terminalId: string | undefined, [afterId, afterSeq]: readonly [string, number]): string {
  const one = terminalId === undefined ? '' : `and terminal_id = ${sqlText(terminalId)}`
  return `select * from (
    select t.terminal_id, t.terminal_id as terminalId, t.head_seq as headSeq, t.head_hash as headHash, j.seq,
      j.previous_hash as previousHash, j.hash, j.message_key as messageKey, j.rrn, j.body
    from terminal t left join journal j on j.terminal_id = t.terminal_id
    union all
    select j.terminal_id, j.terminal_id, null, null, j.seq, j.previous_hash, j.hash, j.message_key, j.rrn, j.body
    from journal j where not exists (select 1 from terminal t where t.terminal_id = j.terminal_id)
  ) where (terminal_id, coalesce(seq, 0)) > (${sqlText(afterId)}, ${afterSeq}) ${one}
  order by terminal_id, seq limit ${PAGE}`
}

const journalRow = (row: Row): JournalRow => ({
  terminalId: String(row.terminalId),
  seq: Number(row.seq),
  previousHash: String(row.previousHash),
  hash: String(row.hash),
  messageKey: String(row.messageKey),
  rrn: row.rrn === null ? null : String(row.rrn),
  body: String(row.body),
})
