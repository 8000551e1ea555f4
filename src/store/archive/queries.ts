/** @module SQL on the names of the archive. A name is compared in its stored form: text, bytes or a number. */

import { type SQL, sql } from 'drizzle-orm'

/** SQL: the name when the archive has it, else null. */
export const archivedName = (name: SQL): SQL => sql`(select name from archived where name = ${name} limit 1)`

/**
 * SQL: the terminal whose archive has a sale with one of these names; null for none. Captured sales bring RRNs of their own, so
 * the terminal of the item comes first.
 */
export const archivedSaleTerminal = (id: SQL, key: SQL, rrn: SQL): SQL =>
  sql`(select kept.terminal_id from archived join archive_segment as kept on kept.id = archived.segment
    where archived.name in (${id}, ${key}, ${rrn})
    order by kept.terminal_id is item.value ->> 'terminalId' desc limit 1)`

/** SQL: whether a batch of the terminal is closed, and entries of it may be in the archive. */
export const isBatchArchived = (terminalId: SQL, batchNumber: SQL) =>
  sql<number>`(exists (select 1 from archive_segment where terminal_id = ${terminalId} and open_batch >= ${batchNumber})
    and ${batchNumber} <> terminal.batch_number)`
