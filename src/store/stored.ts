/**
 * @module Columns in their stored form, and the virtual columns that readers use. A member `…Raw` is the stored form of the
 * member before the suffix (schema.ts).
 */

import { type SQL, sql } from 'drizzle-orm'
import { customType, integer, text } from 'drizzle-orm/sqlite-core'
import { ACQUIRER_STATES } from '../domain/acquirer-state.ts'
import { field } from './statements.ts'

const virtual = { mode: 'virtual' } as const

/** A virtual column: the hex digits of the bytes in the column `…_raw`. */
export const hexOf = (name: string) =>
  text(name).generatedAlwaysAs(sql.raw(`lower(hex(${name}_raw))`), virtual)

/** A text of exactly `length` decimal digits is stored as a number, any other as it is. */
export const digitsOrText = (length: number) =>
  customType<{ data: unknown }>({ dataType: () => `digits ${length}` })

/** A virtual column: the text of a column `digitsOrText`, or of a number with so many digits. */
export const digitsOf = (name: string, length: number) =>
  text(name).generatedAlwaysAs(
    sql.raw(
      `iif(typeof(${name}_raw) in ('integer', 'real'), printf('%0${length}d', ${name}_raw), ${name}_raw)`,
    ),
    virtual,
  )

/** A virtual column: a part of a terminal's message key (domain/message-key.ts). */
export const partOf = (name: string, from: number, length: number) =>
  text(name).generatedAlwaysAs(sql.raw(`substr(message_key, ${from}, ${length})`), virtual)

/** A virtual column: the state. `approved` is stored as null, since most rows have it. */
export const stateColumn = () =>
  text('state', { enum: ACQUIRER_STATES })
    .generatedAlwaysAs(sql`coalesce(state_raw, 'approved')`, virtual)
    .notNull()

/**
 * The acquirer's numbers of a sale or void, once both sides agree on its message. They never change. The trigger `settle` writes
 * them.
 */
export const settledNumbers = () => ({
  acquirerStanRaw: integer('acquirer_stan_raw'),
  acquirerStan: digitsOf('acquirer_stan', 6),
  acquirerRrnRaw: digitsOrText(12)('acquirer_rrn_raw'),
  acquirerRrn: digitsOf('acquirer_rrn', 12),
  /** Milliseconds from the sale or void to the answer of the acquirer. */
  settledAfter: integer('settled_after'),
})

/** The last columns of a sale: its numbers at the acquirer, and the facts that are decided with it (domain/sale-facts.ts). */
export const saleFacts = () => ({
  ...settledNumbers(),
  /** Milliseconds from the sale to the end of its window. -1: the batch ends it. Null: an old sale, and the settings decide. */
  windowMs: integer('window_ms'),
  /** 0 or 1. They take no byte. */
  isRrnMade: integer('is_rrn_made').notNull(),
})

/** SQL of the stored form of a member of an item, by the type of its column. */
export function stored(member: string, type: string): SQL {
  const value = field(member)
  if (type === 'blob') return sql`unhex(${value})`
  if (type === 'text') return sql`nullif(${value}, 'approved')`
  const [, length] = /^digits (\d+)$/.exec(type) ?? []
  if (length === undefined) return sql`cast(${value} as integer)`
  const isDigits = sql`length(${value}) = ${sql.raw(length)} and ${value} not glob '*[^0-9]*'`
  return sql`iif(${isDigits}, cast(${value} as integer), ${value})`
}
