/** @module Reads the chains of a database page by page, each with its head. */

import type { JournalRow } from '../../store/journal.ts'
import type { HeadRow } from '../../store/rebuild.ts'
import { type Row, sqlText } from './database.ts'
import type { RunSql } from './read-pages.ts'

/** Entries of one page. An entry has some hundred bytes. */
const PAGE = 2000

/** A chain, as the database has it. */
export interface Chain {
  readonly stream: string
  /** Null if the row with the head is missing. */
  head: HeadRow | null
  readonly rows: NumberedRow[]
}

/**
 * Reads page by page, while the service may write. The statement of a row also reads the head of its stream. So the last
 * row of a chain and its head belong to one moment.
 */
export async function* readChains(runSql: RunSql, stream?: string): AsyncGenerator<Chain> {
  let chain: Chain | undefined
  let after: readonly [string, number] = ['', 0]
  for (;;) {
    const [page = []] = await runSql(pageOf(stream, after))
    for (const row of page) {
      const id = String(row.terminal_id)
      if (chain !== undefined && chain.stream !== id) {
        yield chain
        chain = undefined
      }
      chain ??= { stream: id, head: null, rows: [] }
      chain.head = row.headSeq === null ? null : headRow(id, row)
      if (row.seq !== null) chain.rows.push(journalRow(row))
      after = [id, Number(row.seq ?? 0)]
    }
    if (page.length < PAGE) break
  }
  if (chain !== undefined) yield chain
}

/** A stream without an entry is a row too, and so is an entry without a stream. */
function pageOf(stream: string | undefined, [afterId, afterSeq]: readonly [string, number]): string {
  const one = stream === undefined ? '' : `and terminal_id = ${sqlText(stream)}`
  const entry = 'j.seq, j.hash, j.message_key as messageKey, j.rrn, j.body, j.rowid as number'
  return `with t as (
      select terminal_id, head_seq, head_hash, head_mac, head_mac_key from terminal union all
      select 'merchant:' || merchant_id, head_seq, head_hash, head_mac, head_mac_key from merchant union all
      select 'region', head_seq, head_hash, head_mac, head_mac_key from region)
    select * from (
      select t.terminal_id, t.head_seq as headSeq, t.head_hash as headHash, t.head_mac as headMac,
        t.head_mac_key as headMacKey, ${entry}
      from t left join journal j on j.terminal_id = t.terminal_id
      union all
      select j.terminal_id, null, null, null, null, ${entry}
      from journal j where not exists (select 1 from t where t.terminal_id = j.terminal_id)
    ) where (terminal_id, coalesce(seq, 0)) > (${sqlText(afterId)}, ${afterSeq}) ${one}
    order by terminal_id, seq limit ${PAGE}`
}

const headRow = (stream: string, row: Row): HeadRow => ({
  stream,
  seq: Number(row.headSeq),
  hash: String(row.headHash),
  mac: String(row.headMac),
  keyId: Number(row.headMacKey),
})

/** An entry, and its number in the order of all commits. */
export type NumberedRow = JournalRow & { readonly number: number }

const journalRow = (row: Row): NumberedRow => ({
  terminalId: String(row.terminal_id),
  seq: Number(row.seq),
  hash: String(row.hash),
  messageKey: String(row.messageKey),
  rrn: row.rrn === null ? null : String(row.rrn),
  body: String(row.body),
  number: Number(row.number),
})
