/** @module Shared parts of the steps that apply a set of entries to the projections. */

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Need } from '../domain/guard.ts'
import type { CountedRefusal } from '../domain/refusal-quota.ts'
import type { Effects, Terminal } from '../domain/types.ts'
import type { Db } from './db.ts'
import type { HeadMac } from './head-mac.ts'
import type { SealedRow } from './journal.ts'
import { field } from './statements.ts'
import { stored } from './stored.ts'

export interface CommitItem {
  readonly row: SealedRow
  /** The MAC of the head that the entry becomes. */
  readonly headMac: HeadMac
  readonly effects: Effects
  /** The guards, with the versions that the decision was loaded with. */
  readonly needs: readonly Need[]
  /** The message key of the sale that a void names. */
  readonly saleKey?: string | undefined
  /** The guards that the entry raises. */
  readonly moves: readonly string[]
  /** The entry is a refusal that counts (refusal-quota.ts). */
  readonly refusal?: CountedRefusal | undefined
  /** The terminal as it was loaded. */
  readonly terminal: Terminal
  /** Whether the entry is only applied again. Then the keys of the terminal stay as they are. */
  readonly isReplayed?: boolean
  /** A new wrapped master key; only with a `provision` entry. */
  readonly masterKey?: { readonly version: number; readonly wrapped: string }
}

export type CommitRow = Record<string, unknown>

/** The value of every stored column from the item, in the order of the table. */
export function fromItem(table: SQLiteTable): SQL {
  const columns = Object.entries(getTableColumns(table)).filter(
    ([, { generated }]) => generated === undefined,
  )
  return sql.join(
    columns.map(([member, column]) => storedValue(member, column.getSQLType())),
    sql`, `,
  )
}

/** A member `…Raw` has the value of the member before the suffix. */
function storedValue(member: string, type: string): SQL {
  const [, plain] = /^(\w+)Raw$/.exec(member) ?? []
  if (plain === undefined) return field(member)
  return stored(plain, type)
}

/** SQL: the entry is in the journal, and the terminal's row does not count it yet. */
export const IS_NEW = sql`exists (select 1 from journal where terminal_id = item.value ->> 'entryTerminalId'
    and seq = item.value ->> 'entrySeq' and hash_raw = unhex(item.value ->> 'entryHash'))
  and not exists (select 1 from terminal where terminal_id = item.value ->> 'entryTerminalId'
    and head_seq >= item.value ->> 'entrySeq')`

/** SQL: the rows of the items whose entries are new. */
export const newItems = (table: SQLiteTable, items: SQL): SQL =>
  sql`select ${fromItem(table)} from ${items} where ${IS_NEW}`

/** A list of one value, or of none. */
export const optional = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value])

/** SQL: the column of the row that an upsert could not insert. */
export const excluded = (column: string): SQL => sql`${sql.raw(`excluded.${column}`)}`

/** A kind of write: the rows of an item for one table, and the statement that writes them. */
export interface Step {
  readonly rows: (item: CommitItem) => readonly object[]
  readonly table: string
  /** The row of the table that a row changes. */
  readonly target: (row: CommitRow) => string
  /** The values of an inserted row that no other row may have, besides its key. */
  readonly unique?: (row: CommitRow) => readonly string[]
  /** Keys of messages at the acquirer whose rows wait for those of the item, or these for those: both keep their order. */
  readonly messages?: (item: CommitItem) => readonly string[]
  /** Whether the statement is an `update`. It changes a row once, whatever the number of rows about it. */
  readonly isUpdate?: boolean
  readonly statement: (db: Db, rows: readonly CommitRow[]) => BatchItem<'sqlite'>
}
