/** @module The tables of the archive: its segments, and the names of what is in them (docs/decisions/2026-12-01-archive.md). */

import { sql } from 'drizzle-orm'
import { blob, check, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** A part of a terminal's journal that is in the archive. The segments of a terminal follow each other without a gap. */
export const archiveSegment = sqliteTable(
  'archive_segment',
  {
    id: integer('id').primaryKey(),
    terminalId: text('terminal_id').notNull(),
    /** In UTC, `YYYY-MM`. */
    month: text('month').notNull(),
    firstSeq: integer('first_seq').notNull(),
    lastSeq: integer('last_seq').notNull(),
    /** Hash of the last entry: the chain in the database begins after it. */
    lastHash: text('last_hash').notNull(),
    /** The batch that is open after the last entry. */
    openBatch: text('open_batch').notNull(),
    /** SHA-256 of the content of the file. */
    digest: text('digest').notNull(),
    /** SHA-256 of the names of the segment (`namesDigest`). */
    names: text('names').notNull(),
    /** JSON: a `SegmentState`. */
    state: text('state').notNull(),
    archivedAt: integer('archived_at').notNull(),
    mac: text('mac').notNull(),
    macKey: integer('mac_key').notNull(),
  },
  (t) => [
    uniqueIndex('archive_segment_place').on(t.terminalId, t.firstSeq),
    check('archive_segment_order', sql`${t.firstSeq} between 1 and ${t.lastSeq}`),
  ],
)

/**
 * The names of what is in the archive. A message key is text, the id of a sale or void is bytes, and an RRN is a number. An RRN of
 * a captured sale that is no number is text.
 */
export const archived = sqliteTable(
  'archived',
  { name: blob('name').notNull(), segment: integer('segment').notNull() },
  (t) => [primaryKey({ columns: [t.name, t.segment] })],
)
